// When a call has to end: at a time, when its caller says so, or never.
//
// Thread safety: constant after construction.
#pragma once

#include <chrono>
#include <stop_token>
#include <string_view>

#include "vecdb/status.h"

#include "base/clock.h"
#include "base/mutex.h"

namespace vecdb::base {

class Deadline {
 public:
  Deadline() = default;  // never
  static const Deadline& Never();
  // `clock` outlives this.
  Deadline(const Clock& clock, std::chrono::milliseconds timeout, std::stop_token stop);

  bool limited() const { return clock_ != nullptr; }

  // kCancelled, kDeadlineExceeded, or OK: then there is time left. A comparison where there is no
  // limit; otherwise it asks the clock.
  Status Check() const { return passed() ? Why() : Status(); }
  // Whether Check() would fail, and from now on for ever. Needs no memory.
  bool passed() const { return limited() && Look(); }

  // Sleeps until `changed` is notified, or until it is time to Check() again.
  void Wait(CondVar& changed, Mutex& mutex) const REQUIRES(mutex);

  // How long a wait may last before the next Check().
  static constexpr std::chrono::milliseconds kLongestWait{2};

 private:
  bool Look() const;
  Status Why() const;

  const Clock* clock_ = nullptr;  // null: no limit
  std::chrono::milliseconds timeout_{0};
  std::chrono::steady_clock::time_point end_ = std::chrono::steady_clock::time_point::max();
  std::stop_token stop_;
};

// For who polls what cannot wake him: sleeps for a moment, a fraction of a millisecond.
void Pause();

// kInvalidArgument for a timeout below 0; `option` is where it was given.
Status CheckTimeout(std::string_view option, std::chrono::milliseconds timeout);

}  // namespace vecdb::base
