#include "roles/write_buffer.h"

#include <chrono>

#include "base/status.h"

namespace vecdb::roles {

void WriteBuffer::Subtract(std::uint64_t bytes) {
  {
    base::MutexLock lock(mutex_);
    bytes_ -= bytes;
  }
  changed_.NotifyAll();
}

Status WriteBuffer::WaitForRoom(const std::function<Status()>& health,
                                const base::Deadline& deadline) {
  if (HasRoom()) return Status();
  const std::uint64_t known = events_->LastFailure().count;
  const bool helps = !deadline.limited() || background_.threads() == 0;
  while (!HasRoom()) {
    VECDB_TRY(deadline.Check());
    VECDB_TRY(health());
    if (const BackgroundFailure failure = events_->LastFailure(); failure.count != known) {
      return base::ResourceExhausted(
          "the write buffer is full ({} of {} bytes) and making room failed: {}", bytes_.load(),
          limit_bytes_, failure.status.ToString());
    }
    events_->OnPressure();
    if (helps && background_.RunOne()) continue;  // without threads it is the only one
    base::MutexLock lock(mutex_);
    if (HasRoom()) break;
    const std::chrono::milliseconds nap =
        deadline.limited() ? base::Deadline::kLongestWait : std::chrono::milliseconds(20);
    changed_.WaitUntil(mutex_, std::chrono::steady_clock::now() + nap);
  }
  return Status();
}

}  // namespace vecdb::roles
