// What a compaction reads, and how fast.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "vecdb/status.h"

#include "segment/segment.h"

namespace vecdb::compaction {

using Inputs = std::vector<std::shared_ptr<const segment::Segment>>;  // sealed

// Called between two pieces of work with the bytes of the last; kCancelled ends the work.
using Pace = std::function<Status(std::uint64_t bytes)>;

}  // namespace vecdb::compaction
