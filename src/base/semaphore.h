// Permits that one thread gives and another waits for. Not std::counting_semaphore: that one yields
// the processor several times before it sleeps, which costs more than the sleep where many wait.
//
// Thread safety: all methods from any thread. Who has acquired may destroy the semaphore at once,
// even while the Release that let him pass has not returned.
#pragma once

#include <chrono>
#include <ctime>

#include <semaphore.h>

namespace vecdb::base {

class Semaphore {
 public:
  Semaphore() { sem_init(&semaphore_, 0, 0); }
  ~Semaphore() { sem_destroy(&semaphore_); }
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;

  void Release() { sem_post(&semaphore_); }
  void Acquire() {
    while (sem_wait(&semaphore_) != 0) {  // a signal came in between
    }
  }
  // False when no permit came within about `time`; also when a signal came first.
  bool AcquireWithin(std::chrono::milliseconds time) {
    timespec end = {};
    std::timespec_get(&end, TIME_UTC);
    const auto nanoseconds = end.tv_nsec + time.count() * 1'000'000;
    end.tv_sec += static_cast<time_t>(nanoseconds / 1'000'000'000);
    end.tv_nsec = static_cast<decltype(end.tv_nsec)>(nanoseconds % 1'000'000'000);
    return sem_timedwait(&semaphore_, &end) == 0;
  }

 private:
  sem_t semaphore_;
};

}  // namespace vecdb::base
