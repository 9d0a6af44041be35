// One thing at a time, in the order asked: a function given to Run() runs on the caller's thread
// when its turn has come. Not re-entrant: a function on a strand must not call Run() of the same
// strand.
#pragma once

#include <cstdint>
#include <utility>

#include "base/mutex.h"

namespace vecdb::base {

class Strand {
 public:
  template <typename F>
  auto Run(F&& function) EXCLUDES(mutex_) {
    Turn turn(*this);
    return std::forward<F>(function)();
  }

 private:
  class Turn {
   public:
    explicit Turn(Strand& strand) : strand_(strand) {
      MutexLock lock(strand_.mutex_);
      const std::uint64_t ticket = strand_.next_ticket_++;
      while (strand_.serving_ != ticket) strand_.changed_.Wait(strand_.mutex_);
    }
    ~Turn() {
      {
        MutexLock lock(strand_.mutex_);
        ++strand_.serving_;
      }
      strand_.changed_.NotifyAll();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    Strand& strand_;
  };

  Mutex mutex_;
  CondVar changed_;
  std::uint64_t next_ticket_ GUARDED_BY(mutex_) = 0;
  std::uint64_t serving_ GUARDED_BY(mutex_) = 0;
};

}  // namespace vecdb::base
