#include "roles/watermark.h"

#include <algorithm>

#include "base/canary.h"
#include "base/status.h"

namespace vecdb::roles {

void Watermark::Start(Timestamp recovered) {
  base::MutexLock lock(mutex_);
  durable_ = base::Raw(recovered);
  visible_.store(durable_, std::memory_order_release);
}

void Watermark::Begin(Timestamp timestamp) {
  base::MutexLock lock(mutex_);
  entries_.push_back(Entry{base::Raw(timestamp), false, false});
}

void Watermark::Applied(Timestamp timestamp, bool needs_sync) {
  base::SchedulePoint();
  base::MutexLock lock(mutex_);
  const auto entry =
      std::lower_bound(entries_.begin(), entries_.end(), base::Raw(timestamp),
                       [](const Entry& e, std::uint64_t t) { return e.timestamp < t; });
  entry->applied = true;
  entry->needs_sync = needs_sync && !base::Canary(36);
  Advance();
}

void Watermark::Durable(Timestamp timestamp) {
  if (ReadTime() >= timestamp) return;
  base::MutexLock lock(mutex_);
  durable_ = std::max(durable_, base::Raw(timestamp));
  Advance();
}

void Watermark::Fail(const Status& cause) {
  base::MutexLock lock(mutex_);
  if (failure_.ok()) failure_ = cause;
  changed_.NotifyAll();
}

Status Watermark::WaitFor(Timestamp timestamp, const base::Deadline& deadline) {
  if (ReadTime() >= timestamp) return Status();
  base::MutexLock lock(mutex_);
  while (ReadTime() < timestamp) {
    if (!failure_.ok()) return failure_;
    VECDB_TRY(deadline.Check());
    deadline.Wait(changed_, mutex_);
  }
  return Status();
}

Status Watermark::WaitForBegun(Timestamp timestamp, const base::Deadline& deadline) {
  base::MutexLock lock(mutex_);
  while (!entries_.empty() && entries_.front().timestamp <= base::Raw(timestamp)) {
    if (!failure_.ok()) return failure_;
    VECDB_TRY(deadline.Check());
    deadline.Wait(changed_, mutex_);
  }
  return Status();
}

void Watermark::Advance() {
  if (!failure_.ok()) return;
  std::uint64_t visible = 0;
  while (!entries_.empty()) {
    const Entry& front = entries_.front();
    if (!front.applied || (front.needs_sync && front.timestamp > durable_)) break;
    visible = front.timestamp;
    entries_.pop_front();
  }
  if (visible == 0) return;
  visible_.store(visible, std::memory_order_release);
  changed_.NotifyAll();
}

}  // namespace vecdb::roles
