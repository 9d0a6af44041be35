// Permits that one thread gives and another waits for. Not std::counting_semaphore: that one yields
// the processor several times before it sleeps, which costs more than the sleep where many wait.
//
// Thread safety: all methods from any thread. Who has acquired may destroy the semaphore at once,
// even while the Release that let him pass has not returned.
#pragma once

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

 private:
  sem_t semaphore_;
};

}  // namespace vecdb::base
