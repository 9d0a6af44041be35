// Between two pieces of long work: halts it while it is paused, slows it to so many bytes a second,
// and ends it.
//
// Thread safety: all methods from any thread.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/clock.h"
#include "base/mutex.h"

namespace vecdb::base {

class Pacer {
 public:
  // `bytes_per_second` 0: no limit. The clock outlives the pacer.
  Pacer(const Clock& clock, std::uint64_t bytes_per_second)
      : clock_(clock), bytes_per_second_(bytes_per_second) {}

  // After `bytes` were moved: returns when work may go on; false when it is to end.
  bool Pass(std::uint64_t bytes) EXCLUDES(mutex_);

  void Pause() EXCLUDES(mutex_);
  void Resume() EXCLUDES(mutex_);
  void Stop() EXCLUDES(mutex_);  // for good: whoever waits in Pass() is let go
  bool paused() const EXCLUDES(mutex_);
  bool stopped() const EXCLUDES(mutex_);

 private:
  const Clock& clock_;
  const std::uint64_t bytes_per_second_;
  mutable Mutex mutex_;  // leaf
  CondVar changed_;
  bool paused_ GUARDED_BY(mutex_) = false;
  bool stopped_ GUARDED_BY(mutex_) = false;
  std::chrono::steady_clock::time_point free_at_ GUARDED_BY(mutex_);  // what was moved is paid for
};

}  // namespace vecdb::base
