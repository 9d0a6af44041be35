#include "roles/seal_policy.h"

#include <algorithm>

namespace vecdb::roles {
namespace {

// Rows are counted in 32 bits; what is written while the sealing waits its turn has room above.
constexpr std::uint64_t kMostRows = std::uint64_t{1} << 30;
constexpr std::uint64_t kSteps = 1024;  // of the tenth

}  // namespace

std::uint64_t SealBytes(SegmentId id, std::uint64_t limit) {
  const std::uint64_t mixed = (id * 0x9E37'79B9'7F4A'7C15ULL) >> 32;
  return limit - limit / 10 / kSteps * (mixed % (kSteps + 1));
}

SealReason WhyFull(const GrowingFacts& facts, const CollectionOptions& options) {
  const std::uint64_t most_rows = options.segment_rows == 0
                                      ? kMostRows
                                      : std::min<std::uint64_t>(options.segment_rows, kMostRows);
  if (facts.bytes >= SealBytes(facts.id, options.segment_bytes)) return SealReason::kSize;
  return facts.rows >= most_rows ? SealReason::kRows : SealReason::kNone;
}

SealReason WhyDue(const GrowingFacts& facts, const CollectionOptions& options,
                  std::chrono::milliseconds seal_after) {
  if (facts.rows == 0) return SealReason::kNone;
  if (facts.long_log) return SealReason::kLongLog;
  if (facts.quiet >= options.seal_after_idle) return SealReason::kIdle;
  return facts.age >= seal_after ? SealReason::kAge : SealReason::kNone;
}

}  // namespace vecdb::roles
