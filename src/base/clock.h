// Time, injected so that tests can turn the hands.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace vecdb::base {

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual std::uint64_t WallMilliseconds() const = 0;             // since 1970; may jump
  virtual std::chrono::steady_clock::time_point Now() const = 0;  // never goes back
};

// The machine's clock; lives as long as the process and has no state.
const Clock& SystemClock();

class ManualClock final : public Clock {
 public:
  explicit ManualClock(std::uint64_t wall_ms = 1'700'000'000'000) : wall_ms_(wall_ms) {}
  std::uint64_t WallMilliseconds() const override { return wall_ms_.load(); }
  std::chrono::steady_clock::time_point Now() const override {
    return std::chrono::steady_clock::time_point(std::chrono::milliseconds(steady_ms_.load()));
  }
  void Advance(std::chrono::milliseconds by) {
    wall_ms_ += static_cast<std::uint64_t>(by.count());
    steady_ms_ += by.count();
  }
  void SetWall(std::uint64_t wall_ms) { wall_ms_ = wall_ms; }  // the steady hand stays

 private:
  std::atomic<std::uint64_t> wall_ms_;
  std::atomic<std::int64_t> steady_ms_{1'000};
};

}  // namespace vecdb::base
