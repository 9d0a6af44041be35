// One collection while the database is open: its record, its current View and its lanes.
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "catalog/properties.h"
#include "catalog/records.h"
#include "compaction/death_watch.h"
#include "roles/channel.h"
#include "roles/lane_queue.h"
#include "roles/partitions.h"
#include "roles/recall_probes.h"
#include "segment/shard_key_filter.h"
#include "segment/view.h"

namespace vecdb::roles {

// What takes the rows of one partition in one lane.
struct Growing {
  std::shared_ptr<segment::GrowingSegment> segment;
  std::chrono::steady_clock::time_point last_write;
  bool due = false;  // to be sealed: large enough, idle for long, or the largest under pressure
};

// The write path of one shard (one vchannel): whoever holds it is the shard's only writer.
struct Lane {
  LaneQueue queue;  // of the writes that need no other lane
  base::Mutex mutex;
  std::map<PartitionId, Growing> growing GUARDED_BY(mutex);  // those with Partition::open
  bool dropped GUARDED_BY(mutex) = false;
  std::atomic<bool> due{false};  // one of its growing segments is
  std::atomic<bool> seal_asked{false};
  std::atomic<bool> grown{false};  // see SegmentEvents::OnGrown()
};

// Sends each row to one of so many partitions by its value of a field.
struct PartitionKey {
  std::uint32_t field = 0;
  std::uint32_t partitions = 0;
};

using Indexes = std::map<std::uint32_t, catalog::IndexRecord>;  // declared, by field

struct LiveCollection : std::enable_shared_from_this<LiveCollection> {
  LiveCollection(catalog::CollectionRecord r, std::shared_ptr<Channel> writes_to,
                 std::shared_ptr<const segment::View> view, catalog::Properties properties = {},
                 const Partitions::Named& created = {}, Indexes indexes = {})
      : record(std::move(r)),
        channel(std::move(writes_to)),
        partition_key(KeyOf(record)),
        clustering_key(ClusteringKeyOf(record)),
        partitions(created, partition_key ? partition_key->partitions : 0, record.options.shards),
        board(std::move(view)),
        name_(record.name),
        properties_(std::make_shared<const catalog::Properties>(std::move(properties))),
        indexes_(std::make_shared<const Indexes>(std::move(indexes))) {
    for (std::uint32_t i = 0; i < record.options.shards; ++i) {
      lanes.push_back(std::make_unique<Lane>());
      if (!record.options.check_keys) continue;
      key_filters.push_back(std::make_unique<segment::ShardKeyFilter>());
    }
  }

  // kNotFound once it was dropped: handles may outlive what they name.
  Status CheckAlive() const;
  // kFailedPrecondition while it is released; and for a View that was published then, though it may
  // be loaded by now.
  Status CheckLoaded() const;
  Status CheckLoaded(const segment::View& view) const;

  // kNotFound names it.
  Result<std::shared_ptr<Partition>> FindPartition(std::string_view name) const;
  // The same for calls that may name one: kInvalidArgument where there is a partition key.
  Result<std::shared_ptr<Partition>> NamedPartition(std::string_view name) const;
  Status CheckNoPartitionKey() const;
  Status NoPartitionNamed(std::string_view name) const;  // kNotFound

  // Null where keys are not checked.
  segment::ShardKeyFilter* KeyFilter(ShardId shard) const {
    return key_filters.empty() ? nullptr : key_filters[shard].get();
  }
  std::uint64_t KeyFilterBytes() const;

  std::string name() const EXCLUDES(changes_mutex_) {
    base::MutexLock lock(changes_mutex_);
    return name_;
  }
  // The coordinator's strand only, when the change is durable; so below. Needs no memory.
  void SetName(std::string next) EXCLUDES(changes_mutex_) {
    base::MutexLock lock(changes_mutex_);
    name_.swap(next);
  }
  // Whoever decides something by several of them takes them once.
  std::shared_ptr<const catalog::Properties> properties() const EXCLUDES(changes_mutex_) {
    base::MutexLock lock(changes_mutex_);
    return properties_;
  }
  // Rows that were written before this have expired now, by the wall clock: all of their physical
  // time and the ttl lies in the past. 0 without a ttl.
  Timestamp AliveFrom(const base::Clock& clock) const;
  void SetProperties(std::shared_ptr<const catalog::Properties> next) EXCLUDES(changes_mutex_) {
    base::MutexLock lock(changes_mutex_);
    properties_.swap(next);
  }

  std::shared_ptr<const Indexes> indexes() const EXCLUDES(changes_mutex_) {
    base::MutexLock lock(changes_mutex_);
    return indexes_;
  }
  void SetIndexes(std::shared_ptr<const Indexes> next) EXCLUDES(changes_mutex_) {
    base::MutexLock lock(changes_mutex_);
    indexes_.swap(next);
  }
  // How the last attempt to build an index ended.
  Status index_outcome() const EXCLUDES(changes_mutex_) {
    base::MutexLock lock(changes_mutex_);
    return index_outcome_;
  }
  void SetIndexOutcome(Status outcome) EXCLUDES(changes_mutex_) {
    base::MutexLock lock(changes_mutex_);
    index_outcome_ = std::move(outcome);
  }

  const catalog::CollectionRecord record;  // with the name that it had at first: see name()
  const std::shared_ptr<Channel> channel;  // record.pchannel
  const std::optional<PartitionKey> partition_key;
  const std::optional<std::uint32_t> clustering_key;  // its field
  Partitions partitions;
  // That reads left out for their partition or the range of their clustering key.
  mutable std::atomic<std::uint64_t> pruned_segments{0};
  std::atomic<bool> dropped{false};        // the drop is durable
  std::atomic<bool> flush_asked{false};    // a task that flushes what is pending waits in the queue
  std::atomic<bool> deletes_asked{false};  // the same for one that saves deletes
  std::atomic<LoadState> load_state{LoadState::kLoaded};
  segment::ViewBoard board;
  std::vector<std::unique_ptr<Lane>> lanes;  // by shard; the vector never changes
  // By shard, or none; the vector never changes. Built once a first write shows that there are
  // writes.
  std::vector<std::unique_ptr<segment::ShardKeyFilter>> key_filters;
  std::atomic<bool> written{false};        // since the database was opened
  std::atomic<bool> filters_asked{false};  // a task that adds to the filters waits in the queue

  static std::optional<PartitionKey> KeyOf(const catalog::CollectionRecord& record);
  static std::optional<std::uint32_t> ClusteringKeyOf(const catalog::CollectionRecord& record);
  // ---- compaction
  std::atomic<bool> compact_asked{false};  // a job that nobody asked for waits in the queue
  std::atomic<std::int64_t> compact_not_before_ms{0};  // of the steady clock, after failures
  std::atomic<int> compact_failures{0};                // one after the other
  // ---- indexes
  std::atomic<bool> index_asked{false};              // a job waits in the queue:
  std::atomic<JobId> index_job{0};                   // this one
  std::atomic<std::int64_t> index_not_before_ms{0};  // of the steady clock, after failures
  std::atomic<int> index_failures{0};                // one after the other
  std::atomic<bool> parts_asked{false};              // a task that builds a part waits, or runs
  mutable RecallProbes probes;
  mutable compaction::DeathWatch deaths;  // looked at whenever plans are picked

  // Sealed against more rows, not committed as files; oldest first.
  base::Mutex pending_mutex;  // leaf
  std::deque<std::shared_ptr<segment::GrowingSegment>> pending GUARDED_BY(pending_mutex);

 private:
  mutable base::Mutex changes_mutex_;  // leaf
  std::string name_ GUARDED_BY(changes_mutex_);
  std::shared_ptr<const catalog::Properties> properties_ GUARDED_BY(changes_mutex_);
  std::shared_ptr<const Indexes> indexes_ GUARDED_BY(changes_mutex_);
  Status index_outcome_ GUARDED_BY(changes_mutex_);
};

// The collections by name and alias. Thread-safe; its lock is a leaf. What changes them needs no
// memory, and so cannot fail behind a commit.
class Collections {
 public:
  using Map = std::map<std::string, std::shared_ptr<LiveCollection>, std::less<>>;
  using Entry = Map::node_type;

  // By name or alias: no name is both.
  std::shared_ptr<LiveCollection> Find(std::string_view name) const;
  std::shared_ptr<LiveCollection> FindAliased(std::string_view alias) const;
  std::vector<std::shared_ptr<LiveCollection>> All() const;                    // in name order
  std::vector<std::string> Names() const;                                      // in order
  std::vector<std::string> AliasesOf(const LiveCollection& collection) const;  // in order
  Map Aliases() const;

  static Entry EntryFor(std::string name, std::shared_ptr<LiveCollection> collection);
  void Add(Entry entry);
  void Remove(const LiveCollection& collection);
  void Rename(std::string_view from, std::string to);
  void SetAlias(Entry entry);
  void DropAlias(std::string_view alias);

 private:
  mutable base::Mutex mutex_;
  Map by_name_ GUARDED_BY(mutex_);
  Map by_alias_ GUARDED_BY(mutex_);
};

}  // namespace vecdb::roles
