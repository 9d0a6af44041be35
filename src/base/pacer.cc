#include "base/pacer.h"

#include <algorithm>

namespace vecdb::base {
namespace {

// So long ago somebody waited, and is expected to wait again.
constexpr std::chrono::milliseconds kWhile{20};
constexpr std::chrono::milliseconds kLongestRest{20};

}  // namespace

Pacer::Steady::duration Pacer::Rest(Steady::time_point now) const {
  const Steady::rep waiter = waiter_at_.load(std::memory_order_relaxed);
  if (waiter == 0 || now.time_since_epoch() - Steady::duration(waiter) > kWhile) return {};
  const auto worked = std::chrono::duration<double>(now - working_at_);
  const std::chrono::duration<double> longest = kLongestRest;
  return std::chrono::duration_cast<Steady::duration>(std::min(longest, worked * (1 / share_ - 1)));
}

void Pacer::Begin() {
  MutexLock lock(mutex_);
  working_at_ = Steady::now();
}

bool Pacer::Pass(std::uint64_t bytes) {
  MutexLock lock(mutex_);
  if (bytes_per_second_ != 0) {
    const double seconds = static_cast<double>(bytes) / static_cast<double>(bytes_per_second_);
    const auto cost = std::chrono::duration_cast<std::chrono::steady_clock::duration>(
        std::chrono::duration<double>(seconds));
    free_at_ = std::max(free_at_, clock_.Now()) + cost;
  }
  const auto end_of_work = Steady::now();
  const auto rested_at = end_of_work + Rest(end_of_work);
  while (!stopped_) {
    if (paused_) {
      changed_.Wait(mutex_);
      continue;
    }
    const auto now = clock_.Now();
    const auto steady_now = Steady::now();
    const bool paid = bytes_per_second_ == 0 || free_at_ <= now;
    if (paid && rested_at <= steady_now) {
      working_at_ = steady_now;
      return true;
    }
    // An injected clock may be turned at any moment, so never sleep longer than this.
    const auto wait = std::min<Steady::duration>(paid ? rested_at - steady_now : free_at_ - now,
                                                 std::chrono::milliseconds(20));
    changed_.WaitUntil(mutex_, steady_now + wait);
  }
  return false;
}

void Pacer::Pause() {
  MutexLock lock(mutex_);
  paused_ = true;
}

void Pacer::Resume() {
  MutexLock lock(mutex_);
  paused_ = false;
  changed_.NotifyAll();
}

void Pacer::Stop() {
  MutexLock lock(mutex_);
  stopped_ = true;
  changed_.NotifyAll();
}

bool Pacer::paused() const {
  MutexLock lock(mutex_);
  return paused_;
}

bool Pacer::stopped() const {
  MutexLock lock(mutex_);
  return stopped_;
}

}  // namespace vecdb::base
