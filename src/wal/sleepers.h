// Threads that sleep until another one has done something for them.
#pragma once

#include <chrono>

#include "base/semaphore.h"

namespace vecdb::wal {

class Sleeper;

// Some of them in a row. Wakes them where it ends: let that never be under a lock that they take
// next. Not thread-safe.
class Sleepers {
 public:
  Sleepers() = default;
  ~Sleepers();
  Sleepers(const Sleepers&) = delete;
  Sleepers& operator=(const Sleepers&) = delete;

  int count() const { return count_; }
  void Add(Sleeper* sleeper);
  void TakeOne(Sleepers* from);
  void TakeAll(Sleepers* from);

 private:
  Sleeper* first_ = nullptr;
  Sleeper* last_ = nullptr;
  int count_ = 0;
};

// One who sleeps, on his own stack, apart from all others: he needs no lock to learn what he is
// woken for. Where many are woken at once, those woken first wake the others.
class Sleeper {
 public:
  void Sleep();
  // False when nobody woke him within about `time`: then he is still where he waits.
  bool SleepFor(std::chrono::milliseconds time);

 private:
  void WakeOthers();
  friend class Sleepers;
  base::Semaphore woken_;
  Sleeper* next_ = nullptr;
  Sleepers others_;  // whom this one wakes
};

inline void Sleepers::Add(Sleeper* sleeper) {
  sleeper->next_ = nullptr;
  (first_ == nullptr ? first_ : last_->next_) = sleeper;
  last_ = sleeper;
  ++count_;
}

inline void Sleepers::TakeOne(Sleepers* from) {
  Sleeper* const sleeper = from->first_;
  if (sleeper == nullptr) return;
  from->first_ = sleeper->next_;
  --from->count_;
  Add(sleeper);
}

inline void Sleepers::TakeAll(Sleepers* from) {
  if (from->first_ == nullptr) return;
  (first_ == nullptr ? first_ : last_->next_) = from->first_;
  last_ = from->last_;
  count_ += from->count_;
  from->first_ = nullptr;
  from->count_ = 0;
}

// Who is woken may be gone at once, and his node with him.
inline Sleepers::~Sleepers() {
  while (count_ > 0) {
    Sleepers woken;
    woken.TakeOne(this);
    Sleeper* const sleeper = woken.first_;
    woken.first_ = nullptr;
    woken.count_ = 0;
    for (int half = count_ / 2; half > 0; --half) sleeper->others_.TakeOne(this);
    sleeper->woken_.Release();
  }
}

inline void Sleeper::Sleep() {
  woken_.Acquire();
  WakeOthers();
}

inline bool Sleeper::SleepFor(std::chrono::milliseconds time) {
  if (!woken_.AcquireWithin(time)) return false;
  WakeOthers();
  return true;
}

inline void Sleeper::WakeOthers() {
  Sleepers others;
  others.TakeAll(&others_);
}

}  // namespace vecdb::wal
