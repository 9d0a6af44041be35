// When a growing segment takes no more rows and is written to files: pure functions of what is
// known about it. Beside these it is sealed by Flush, by a full write buffer and by a close.
#pragma once

#include <chrono>
#include <cstdint>

#include "vecdb/options.h"

#include "base/ids.h"

namespace vecdb::roles {

struct GrowingFacts {
  SegmentId id = 0;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  std::chrono::milliseconds quiet{0};  // since its last row
  std::chrono::milliseconds age{0};    // since its first
  bool long_log = false;               // its channel's log has grown long
};

enum class SealReason { kNone, kSize, kRows, kIdle, kAge, kLongLog };

// Where a segment seals by size: up to a tenth below the limit, another for each, so that segments
// that were begun together are not all written together.
std::uint64_t SealBytes(SegmentId id, std::uint64_t limit);

// Looked at with every write.
SealReason WhyFull(const GrowingFacts& facts, const CollectionOptions& options);
// Looked at now and then; never for a segment without rows.
SealReason WhyDue(const GrowingFacts& facts, const CollectionOptions& options,
                  std::chrono::milliseconds seal_after);

}  // namespace vecdb::roles
