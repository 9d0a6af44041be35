#include "base/timestamp_oracle.h"

#include <algorithm>

#include "base/canary.h"

namespace vecdb::base {

Timestamp TimestampOracle::Next(std::uint64_t count) {
  const std::uint64_t wall = std::min(clock_.WallMilliseconds(), kLatestMilliseconds)
                             << kTimestampCounterBits;
  std::uint64_t last = last_.load(std::memory_order_relaxed);
  std::uint64_t first = 0;
  do {
    first = Canary(25) ? wall : std::max(wall, last + 1);
  } while (!last_.compare_exchange_weak(last, first + count - 1, std::memory_order_acq_rel));
  return Timestamp{first};
}

void TimestampOracle::AdvancePast(Timestamp seen) {
  std::uint64_t last = last_.load(std::memory_order_relaxed);
  while (last < Raw(seen) && !last_.compare_exchange_weak(last, Raw(seen))) {
  }
}

}  // namespace vecdb::base
