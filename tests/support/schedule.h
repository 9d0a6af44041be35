// Makes threads take turns as the machine seldom lets them, after the idea of probabilistic
// concurrency testing: each thread gets a random priority at its first schedule point, and at a few
// random moments the thread that comes by falls below all others. At a point a thread stands back
// while threads of a higher priority come by points of theirs, for a while: it may hold a lock that
// they wait for. So one thread stops in the middle of a step while others run through many.
//
// The seed gives priorities and moments; the rest is the machine's, so a failure is likely to come
// back, and not certain to.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace vecdb::test {

class Schedule {
 public:
  // From now on, for every thread of the process; one Schedule at a time. It outlives the database
  // whose threads it holds up.
  explicit Schedule(std::uint64_t seed);
  ~Schedule();
  Schedule(const Schedule&) = delete;
  Schedule& operator=(const Schedule&) = delete;

  std::uint64_t points() const { return points_.load(); }          // passed, by all threads
  std::uint64_t stood_back() const { return stood_back_.load(); }  // at how many of them one waited

 private:
  static constexpr std::size_t kMostThreads = 32;
  static constexpr std::size_t kFalls = 4;

  struct Slot {
    std::atomic<std::int64_t> priority{0};
    std::atomic<std::uint64_t> last_point{0};  // 0: no thread has this slot
  };

  static void AtPoint();
  Slot* MySlot();
  void Pass();
  bool IsOutranked(const Slot& mine) const;

  const std::uint64_t seed_;
  const std::uint64_t number_;  // tells the threads of this one from those of an earlier one
  std::array<std::uint64_t, kFalls> falls_{};  // at these points
  std::array<Slot, kMostThreads> slots_;
  std::atomic<std::size_t> threads_{0};
  std::atomic<std::uint64_t> points_{0};
  std::atomic<std::uint64_t> stood_back_{0};
  // Yields of all threads that are left: others that go on until one has ended must not hold it up
  // for ever.
  std::atomic<std::int64_t> patience_{20'000};
  std::atomic<std::int64_t> lowest_{0};
};

}  // namespace vecdb::test
