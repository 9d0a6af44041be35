// Hands out the database's timestamps: 46 bits of wall milliseconds, 18 bits of counter, as in
// Milvus. Strictly increasing whatever the wall clock does.
#pragma once

#include <atomic>
#include <cstdint>

#include "vecdb/types.h"

#include "base/clock.h"

namespace vecdb::base {

inline constexpr int kTimestampCounterBits = 18;
// A clock gone wild, far beyond the year 2500, must not use up all the time there is.
inline constexpr std::uint64_t kLatestMilliseconds = (std::uint64_t{1} << 44) - 1;

constexpr std::uint64_t Raw(Timestamp timestamp) {
  return static_cast<std::uint64_t>(timestamp);
}
// Later than every timestamp handed out.
inline constexpr Timestamp kEndOfTime{~std::uint64_t{0}};
constexpr std::uint64_t PhysicalMilliseconds(Timestamp timestamp) {
  return Raw(timestamp) >> kTimestampCounterBits;
}

// Thread-safe.
class TimestampOracle {
 public:
  explicit TimestampOracle(const Clock& clock) : clock_(clock) {}

  // The first of `count` consecutive timestamps, all larger than any given before.
  Timestamp Next(std::uint64_t count = 1);

  // Nothing handed out from now on is `seen` or older. Recovery calls it with what it finds.
  void AdvancePast(Timestamp seen);

  Timestamp last() const { return Timestamp{last_.load(std::memory_order_acquire)}; }

 private:
  const Clock& clock_;  // outlives the oracle
  std::atomic<std::uint64_t> last_{0};
};

}  // namespace vecdb::base
