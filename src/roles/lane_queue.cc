#include "roles/lane_queue.h"

#include <utility>

namespace vecdb::roles {

bool LaneQueue::Enter(WriteTicket* ticket) {
  base::MutexLock lock(mutex_);
  if (!std::exchange(taken_, true)) return true;
  ticket->state = WriteTicket::State::kWaiting;
  ticket->next = nullptr;
  (first_ == nullptr ? first_ : last_->next) = ticket;
  last_ = ticket;
  return false;
}

bool LaneQueue::Withdraw(WriteTicket* ticket) {
  base::MutexLock lock(mutex_);
  WriteTicket* before = nullptr;
  for (WriteTicket* at = first_; at != nullptr; before = at, at = at->next) {
    if (at != ticket) continue;
    (before == nullptr ? first_ : before->next) = ticket->next;
    if (last_ == ticket) last_ = before;
    return true;
  }
  return false;
}

WriteTicket* LaneQueue::TakeWaiting() {
  base::MutexLock lock(mutex_);
  return std::exchange(first_, nullptr);
}

void LaneQueue::Leave() {
  WriteTicket* next = nullptr;
  {
    base::MutexLock lock(mutex_);
    next = first_;
    taken_ = next != nullptr;
    if (next != nullptr) first_ = next->next;
  }
  if (next == nullptr) return;
  next->state = WriteTicket::State::kTurn;
  wal::Sleepers woken;
  woken.Add(&next->sleeper);
}

}  // namespace vecdb::roles
