// What the reliability tests make a database do: a list of steps, made before it runs, so that a
// test that stops in the middle (a fault, a power cut, a kill) knows what was asked for and what
// was still to come. The oracle (oracle.h) says what each step must leave.
//
//   const Workload steps = FixedWorkload();
//   for (const Step& step : steps) Perform(*database, step);
//
// Rows have one of the shapes of shapes.h, and as version the number of the step that wrote them:
// who reads a version knows its batch.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "support/shapes.h"

namespace vecdb::test {

enum class StepKind {
  kCreate,
  kDrop,
  kInsert,
  kUpsert,
  kDelete,
  kChangeNames,    // name, alias and properties of one collection, there and back
  kFlush,          // one collection
  kCompact,        // one collection
  kIndex,          // one collection: every field that can have one gets another, which is built
  kFlushAll,       // Database::Flush
  kWaitDurable,    // everything written so far
  kBackground,     // time passes, then the due work is done
  kRead,           // every row, and a search
  kReopen,         // Close, Open
  kKill,           // the process ends without Close; Open
  kDropPartition,  // the one of kFirstParted; none is no failure
};

// Rows with these keys and above are written into a partition of their own, which the write creates
// when it is missing; those below into the default one. The rows of one
// write are of one kind.
inline constexpr std::int64_t kFirstParted = 1'000'000;

const char* NameOf(StepKind kind);

struct Step {
  StepKind kind = StepKind::kRead;
  std::string collection = {};
  CollectionOptions options = {};                   // kCreate
  std::size_t shape = 0;                            // kCreate; a name always has the same
  std::vector<Book> books = {};                     // kInsert, kUpsert
  std::vector<std::int64_t> deleted = {};           // kDelete
  Durability durability = Durability::kEveryWrite;  // of a write

  bool writes_rows() const {
    return kind == StepKind::kInsert || kind == StepKind::kUpsert || kind == StepKind::kDelete;
  }
  // Changes what a collection holds, or whether there is one.
  bool changes() const {
    return writes_rows() || kind == StepKind::kCreate || kind == StepKind::kDrop ||
           kind == StepKind::kDropPartition;
  }
};
std::string Describe(const Step& step);

using Workload = std::vector<Step>;

// Two collections, one with two shards, and everything that the engine does with rows: batches,
// upserts and deletes of growing and of sealed rows, partitions that come and go, flushes of rows
// and of deletes alone, sealing because a segment is full or idle, rotation of the log, a drop,
// reopening after a close and after a kill. Writes have `durability`. The collections have three
// shapes, from `first_shape` on.
Workload FixedWorkload(Durability durability = Durability::kEveryWrite,
                       std::size_t first_shape = 0);

// Steps drawn at random, in three collections with shapes that follow from the seed; keys collide,
// so that inserts are refused now and then. Without a durability every write draws its own.
Workload RandomWorkload(std::uint64_t seed, std::size_t steps,
                        std::optional<Durability> durability = {});

// Hands one step to the database: not kReopen and kKill, which are about the database itself, nor
// kRead, whose answer is for the oracle. `clock` is turned by kBackground.
Status Perform(Database& database, const Step& step, base::ManualClock& clock);
// Ends what kChangeNames left when it was cut short: of a collection's two names it has one.
Status RestoreNames(Database& database);

}  // namespace vecdb::test
