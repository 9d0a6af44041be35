// One long random life of a database: every call is made against the engine and against plain
// maps, and what the engine answers must be what the maps say. The disk is in memory; the process
// "ends" now and then without closing, or loses power.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "brute_force.h"
#include "support/crash_file_system.h"
#include "support/test_database.h"
#include "table.h"

namespace vecdb::test {

enum class Operation : std::uint8_t {
  kInsert,
  kUpsert,
  kDelete,
  kGet,
  kQuery,
  kSearch,
  kCount,
  kCreate,
  kDrop,
  kFlush,
  kFlushAll,
  kWaitDurable,
  kBackground,
  kReopen,
  kKill,
  kRefused,
  kRename,
  kAlias,
  kAlter,
  kDescribe,
  kCreatePartition,
  kDropPartition,
  kDeleteWhere,
  kSnapshot,
  kIterate,
  kRelease,
  kCompact,
  kIndex,
};
inline constexpr std::size_t kOperations = 28;
inline constexpr std::uint32_t kKeyedPartitions = 5;

struct RunConfig {
  std::string name;
  Shape shape;
  std::uint32_t shards = 1;
  std::size_t segment_rows = 0;
  std::size_t key_space = 200;
  LoadMode load = LoadMode::kMapped;
  Durability durability = Durability::kEveryWrite;
  bool mixed_durability = false;  // each write picks its own
  bool power_cuts = false;        // a kill may also take what is not synced
  std::size_t write_buffer_bytes = 256u << 20;
  std::uint32_t channels = 1;
  std::uint64_t memory_budget_bytes = 0;  // with one, columns are closed now and then
  bool partition_key = false;             // field "big" chooses partitions; else they are named
  std::string clustering_key = {};        // compactions are by it
};

// What the runs of one test did.
struct RunFigures {
  std::uint64_t operations = 0;
  std::uint64_t kills = 0;
  std::uint64_t power_cuts = 0;
  std::uint64_t cuts_within_calls = 0;
  std::uint64_t reopens = 0;
  std::uint64_t self_searches = 0;
  std::array<std::array<bool, kOperations>, kOperations> pairs{};
  int PairsSeenPercent() const;
};

class ModelRun {
 public:
  ModelRun(const RunConfig& config, std::uint64_t seed, RunFigures* figures);

  // Makes one call. Returns what was wrong, or "".
  std::string Step();
  // Compares everything with the maps: rows, counts, names.
  std::string CheckEverything();
  // Every live row is found by its own vector.
  std::string CheckSelfSearch();

  std::string Context() const;  // configuration, seed, the last calls
  TestDatabase& database() { return *database_; }
  const RunConfig& config() const { return config_; }

 private:
  struct Modelled {
    std::uint64_t number = 0;         // differs between collections that had one name
    Table table;                      // those that have expired, too
    std::map<Key, std::string> home;  // the partitions of rows outside of the default one
    std::vector<std::string> partitions = {"_default"};
    CollectionProperties properties = {};
    std::map<std::string, IndexSpec> indexes;  // by field
    std::vector<Key> retired;                  // keys that were given once (auto_id)
  };
  struct Before {
    Key key;
    std::shared_ptr<const Record> record;  // null: was not there
    std::string home;
  };
  // What a write replaced, to be undone when the power went before it was durable.
  struct Undo {
    Timestamp timestamp{0};
    std::uint64_t collection = 0;
    std::vector<Before> before;
  };
  using Rows = std::vector<std::shared_ptr<const Record>>;

  Operation PickOperation();
  std::string Perform(Operation operation);
  std::string Insert();
  std::string Upsert();
  std::string Delete();
  std::string Get();
  std::string Query();
  std::string Search();
  std::string SearchPages(const SearchRequest& request, const Value& query, const Where& where,
                          const BruteForce& expected);
  std::string SearchMany(const SearchRequest& request, const Value& query, const Where& where,
                         const BruteForce& expected);
  std::string Count();
  std::string Create();
  std::string Drop();
  std::string Flush();
  std::string Compact();
  std::string FlushAll();
  std::string WaitDurable();
  std::string Background();
  std::string Reopen();
  std::string Kill();
  std::string Refused();
  std::string Rename();
  std::string Alias();
  std::string Alter();
  std::string Describe();
  std::string CreatePartition();
  std::string DropPartition();
  // ---- model_snapshots.cc
  std::string DeleteWhere();
  std::string TakeOrReadSnapshot();
  std::string Iterate();
  std::string ReleaseAndLoad();
  // ---- model_indexes.cc
  std::string Index();
  std::string CheckIndexes(const Collection& collection, const Modelled& modelled);
  SearchEffort PickEffort();
  ReadOptions PickReadOptions();

  std::string CheckDescription(const std::string& name, const Modelled& modelled);
  std::string CheckAliases();
  std::string DeleteExpired();
  Table Alive(const Modelled& modelled) const;  // what has not expired now
  bool IsFree(const std::string& name) const;
  std::vector<std::string> AliasesOf(const Modelled& modelled) const;
  std::string PowerCut();
  std::string ReadOnlyVisit();
  void WatchDisk();
  std::string CutDuringACall();
  std::string FindSurvivors();
  void Settle(std::deque<Undo>::iterator end);  // what is before `end` can no longer be lost
  std::string Note(std::string text);           // keeps it for Context(); returns ""
  std::string Acknowledge(const Result<WriteReceipt>& receipt, Undo undo);
  std::string AddAutoKeys(const std::vector<Key>& keys, Rows* rows);
  WriteOptions PickWriteOptions();
  Rows MakeRows(bool only_free);
  std::vector<Key> PickKeys(std::size_t most);
  Key PickKey();
  Where PickWhere();
  std::vector<std::string> PickOutput();
  // A collection by chance; false and a checked refusal when there is none of that name.
  bool PickCollection(std::string* wrong);

  // ---- partitions (model_partitions.cc) -----------------------------------------------
  static const std::string& HomeOf(const Modelled& modelled, const Key& key);
  static void Put(Modelled* modelled, const Key& key, std::shared_ptr<const Record> record,
                  const std::string& home);
  Before BeforeOf(const Key& key) const;
  std::string PickHome();
  std::vector<std::string> PickPartitions();
  Table TableIn(const std::vector<std::string>& partitions) const;
  std::string CheckPartitions(const Collection& collection, const Modelled& modelled);

  Collection Open();

  // A moment that is held, and what the collection was then.
  struct Held {
    Snapshot snapshot;
    Table table;
  };

  const RunConfig config_;
  const std::uint64_t seed_;
  RunFigures* const figures_;
  Random random_;
  const Schema schema_;
  std::shared_ptr<CrashFileSystem> crash_disk_;  // with power cuts
  std::unique_ptr<TestDatabase> database_;
  std::map<std::string, Modelled> collections_;
  std::map<std::string, std::uint64_t> aliases_;  // to numbers of collections
  std::map<const Record*, Timestamp> written_;    // of every row that may be read
  std::string name_;                              // of the collection in hand
  Modelled* modelled_ = nullptr;                  // the same
  std::deque<Held> held_;                         // of this opening of the database
  std::deque<Undo> undo_;                         // what a power cut may take, oldest first
  // The disk as it is just before its n-th operation from now on; 0: not watched for.
  std::uint64_t cut_after_ = 0;
  std::optional<CrashSnapshot> cut_;
  bool cutting_ = false;  // what this call acknowledges comes after the cut
  std::uint64_t next_number_ = 1;
  Timestamp last_{0};
  std::int64_t last_auto_key_ = 0;
  std::deque<std::string> notes_;
  std::uint64_t steps_ = 0;
  Operation previous_ = Operation::kInsert;
};

}  // namespace vecdb::test
