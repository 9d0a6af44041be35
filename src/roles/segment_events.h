// News from the workers to the coordinator: the only way up (rule 10). Called with no lock held.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "vecdb/status.h"

#include "base/ids.h"
#include "roles/live_collection.h"

namespace vecdb::roles {

// Runs a task and says how it ended, also when memory ran out in it: no thread of vecdb's own may
// end the process.
using Guard = std::function<Status(const std::function<Status()>& task)>;

// How often sealing or flushing in the background has failed, and why the last time.
struct BackgroundFailure {
  std::uint64_t count = 0;
  Status status = {};
};

// Where rows of a partition go.
struct PartitionLane {
  std::shared_ptr<Partition> partition;
  ShardId shard = 0;
};

class SegmentEvents {
 public:
  virtual ~SegmentEvents() = default;
  // Growing segments of the shard are due to be sealed.
  virtual void OnDue(std::shared_ptr<LiveCollection> collection, ShardId shard) = 0;
  // So many rows came to a growing segment that some of them may be worth an index.
  virtual void OnGrown(const std::shared_ptr<LiveCollection>& collection) = 0;
  // Rows are about to be written where none were before. OK: there is a growing segment in each of
  // the lanes, if the partition has not been dropped since.
  virtual Status OnFirstRows(LiveCollection& collection, std::span<const PartitionLane> lanes) = 0;
  // The first write since the database was opened is about to be made.
  virtual void OnFirstWrite(std::shared_ptr<LiveCollection> collection) = 0;
  // Rows in memory are above the write buffer: seal and flush whatever is largest, and try again
  // what could not be flushed before.
  virtual void OnPressure() = 0;
  virtual BackgroundFailure LastFailure() const = 0;
};

}  // namespace vecdb::roles
