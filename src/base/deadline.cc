#include "base/deadline.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "base/forever.h"
#include "base/status.h"

namespace vecdb::base {
namespace {

// Far from where adding to a time overflows.
constexpr std::chrono::hours kForever{24 * 365 * 100};

}  // namespace

Deadline::Deadline(const Clock& clock, std::chrono::milliseconds timeout, std::stop_token stop)
    : timeout_(timeout), stop_(std::move(stop)) {
  if (timeout.count() == 0 && !stop_.stop_possible()) return;
  clock_ = &clock;
  if (timeout.count() == 0) return;
  end_ = clock.Now() + std::min<std::chrono::milliseconds>(timeout, kForever);
}

const Deadline& Deadline::Never() {
  static const Forever<Deadline> never;
  return *never;
}

bool Deadline::Look() const {
  return stop_.stop_requested() || (timeout_.count() != 0 && clock_->Now() >= end_);
}

Status Deadline::Why() const {
  if (stop_.stop_requested()) return Cancelled("the call was told to stop");
  return DeadlineExceeded("the call took longer than its timeout of {} ms", timeout_.count());
}

void Deadline::Wait(CondVar& changed, Mutex& mutex) const {
  if (!limited()) return changed.Wait(mutex);
  changed.WaitUntil(mutex, std::chrono::steady_clock::now() + kLongestWait);
}

void Pause() {
  std::this_thread::sleep_for(std::chrono::microseconds(200));
}

Status CheckTimeout(std::string_view option, std::chrono::milliseconds timeout) {
  if (timeout.count() >= 0) return Status();
  return InvalidArgument("{} is {} ms, below 0; 0 is no limit", option, timeout.count());
}

}  // namespace vecdb::base
