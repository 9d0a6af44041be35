#include "compaction/death_watch.h"

#include <algorithm>
#include <utility>

namespace vecdb::compaction {
namespace {

constexpr std::int64_t kLookMs = 5'000;
constexpr std::int64_t kAheadMs = 300'000;

}  // namespace

bool DeathWatch::Dies(const SegmentFacts& segment, const Seen& seen, std::int64_t now_ms) {
  if (segment.dead_rows <= seen.dead_rows) return false;
  const auto died = static_cast<double>(segment.dead_rows - seen.dead_rows);
  const auto looks = static_cast<double>(std::max(now_ms - seen.since_ms, kLookMs));
  const double soon = static_cast<double>(segment.dead_rows) + died * (kAheadMs / looks);
  return 2 * soon >= static_cast<double>(segment.rows);
}

void DeathWatch::Look(std::int64_t now_ms, std::span<SegmentFacts> segments) {
  base::MutexLock lock(mutex_);
  std::map<SegmentId, Seen> next;  // without those that are gone
  for (SegmentFacts& segment : segments) {
    const auto known = seen_.find(segment.id);
    Seen seen = known == seen_.end() ? Seen{now_ms, segment.dead_rows} : known->second;
    const bool dies = Dies(segment, seen, now_ms);
    segment.dying = dies || seen.dying;
    if (now_ms - seen.since_ms >= kLookMs) {
      segment.dying = dies;
      seen = {now_ms, segment.dead_rows, dies};
    }
    next.emplace(segment.id, seen);
  }
  seen_.swap(next);
}

}  // namespace vecdb::compaction
