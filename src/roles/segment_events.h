// News from the workers to the coordinator: the only way up (rule 10). Called with no lock held.
#pragma once

#include <memory>

#include "base/ids.h"
#include "roles/live_collection.h"

namespace vecdb::roles {

class SegmentEvents {
 public:
  virtual ~SegmentEvents() = default;
  // The shard's growing segment has reached its limit.
  virtual void OnFull(std::shared_ptr<LiveCollection> collection, ShardId shard) = 0;
  // Rows in memory are above the write buffer: seal and flush whatever is largest.
  virtual void OnPressure() = 0;
};

}  // namespace vecdb::roles
