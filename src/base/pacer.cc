#include "base/pacer.h"

#include <algorithm>

namespace vecdb::base {

bool Pacer::Pass(std::uint64_t bytes) {
  MutexLock lock(mutex_);
  if (bytes_per_second_ != 0) {
    const double seconds = static_cast<double>(bytes) / static_cast<double>(bytes_per_second_);
    const auto cost = std::chrono::duration_cast<std::chrono::steady_clock::duration>(
        std::chrono::duration<double>(seconds));
    free_at_ = std::max(free_at_, clock_.Now()) + cost;
  }
  while (!stopped_) {
    if (paused_) {
      changed_.Wait(mutex_);
      continue;
    }
    const auto now = clock_.Now();
    if (bytes_per_second_ == 0 || free_at_ <= now) return true;
    // An injected clock may be turned at any moment, so never sleep longer than this.
    const auto wait = std::min<std::chrono::steady_clock::duration>(free_at_ - now,
                                                                    std::chrono::milliseconds(20));
    changed_.WaitUntil(mutex_, std::chrono::steady_clock::now() + wait);
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
