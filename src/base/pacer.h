// Between two pieces of long work: halts it while it is paused, slows it to so many bytes a second,
// lets it rest while others wait for the disk, and ends it.
//
// Thread safety: all methods from any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "base/clock.h"
#include "base/mutex.h"

namespace vecdb::base {

class Pacer {
 public:
  // `bytes_per_second` 0: no limit. `share`, above 0 and at most 1: of its time that work takes
  // while others wait. The clock outlives the pacer.
  Pacer(const Clock& clock, std::uint64_t bytes_per_second, double share = 1)
      : clock_(clock), bytes_per_second_(bytes_per_second), share_(share) {}

  // Work begins; what was before is no work.
  void Begin() EXCLUDES(mutex_);
  // After `bytes` were moved: returns when work may go on; false when it is to end.
  bool Pass(std::uint64_t bytes) EXCLUDES(mutex_);
  // Somebody is about to wait for the disk: for a while work takes no more than its share.
  void NoteWaiter() {
    if (share_ < 1) waiter_at_.store(SinceStart(), std::memory_order_relaxed);
  }

  void Pause() EXCLUDES(mutex_);
  void Resume() EXCLUDES(mutex_);
  void Stop() EXCLUDES(mutex_);  // for good: whoever waits in Pass() is let go
  bool paused() const EXCLUDES(mutex_);
  bool stopped() const EXCLUDES(mutex_);

 private:
  using Steady = std::chrono::steady_clock;  // also where the clock is injected: work takes time

  static Steady::rep SinceStart() { return Steady::now().time_since_epoch().count(); }
  Steady::duration Rest(Steady::time_point now) const REQUIRES(mutex_);

  const Clock& clock_;
  const std::uint64_t bytes_per_second_;
  const double share_;
  std::atomic<Steady::rep> waiter_at_{0};  // 0: nobody has waited
  mutable Mutex mutex_;                    // leaf
  CondVar changed_;
  bool paused_ GUARDED_BY(mutex_) = false;
  bool stopped_ GUARDED_BY(mutex_) = false;
  Steady::time_point free_at_ GUARDED_BY(mutex_);     // what was moved is paid for
  Steady::time_point working_at_ GUARDED_BY(mutex_);  // since then
};

}  // namespace vecdb::base
