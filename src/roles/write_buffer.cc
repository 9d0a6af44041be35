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

Status WriteBuffer::WaitForRoom(const std::function<Status()>& health) {
  if (HasRoom()) return Status();
  const std::uint64_t known = events_->LastFailure().count;
  while (!HasRoom()) {
    VECDB_TRY(health());
    if (const BackgroundFailure failure = events_->LastFailure(); failure.count != known) {
      return base::ResourceExhausted(
          "the write buffer is full ({} of {} bytes) and making room failed: {}", bytes_.load(),
          limit_bytes_, failure.status.ToString());
    }
    events_->OnPressure();
    if (background_.RunOne()) continue;  // lends a hand; without threads it is the only one
    base::MutexLock lock(mutex_);
    if (HasRoom()) break;
    changed_.WaitUntil(mutex_, std::chrono::steady_clock::now() + std::chrono::milliseconds(20));
  }
  return Status();
}

}  // namespace vecdb::roles
