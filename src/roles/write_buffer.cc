#include "roles/write_buffer.h"

#include <algorithm>
#include <array>
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

// Whether a flush, or the end of a read, a job or another write, may still make room in the budget.
// Of columns only those are left that a read holds.
bool WriteBuffer::WillFit() const {
  using base::MemoryAccount;
  constexpr std::array kPassing = {MemoryAccount::kJobs, MemoryAccount::kReads,
                                   MemoryAccount::kWrites, MemoryAccount::kColumns};
  return bytes_.load() != 0 ||
         std::any_of(kPassing.begin(), kPassing.end(),
                     [this](MemoryAccount account) { return memory_.used(account) != 0; });
}

void WriteBuffer::Nap(std::uint64_t bytes, const base::Deadline& deadline) {
  base::MutexLock lock(mutex_);
  if (HasRoom(bytes)) return;
  const std::chrono::milliseconds nap =
      deadline.limited() ? base::Deadline::kLongestWait : std::chrono::milliseconds(20);
  changed_.WaitUntil(mutex_, std::chrono::steady_clock::now() + nap);
}

Status WriteBuffer::WaitForRoom(std::uint64_t bytes, const std::function<Status()>& health,
                                const base::Deadline& deadline) {
  if (HasRoom(bytes)) return Status();
  const std::uint64_t known = events_->LastFailure().count;
  const bool helps = !deadline.limited() || background_.threads() == 0;
  while (true) {
    memory_.MakeRoom(bytes);
    if (HasRoom(bytes)) return Status();
    const bool full = !memory_.Fits(bytes);
    if (full && (deadline.passed() || !memory_.CanEverFit(bytes) || !WillFit())) {
      return memory_.Refused(base::MemoryAccount::kWrites, bytes);
    }
    VECDB_TRY(deadline.Check());
    VECDB_TRY(health());
    if (const BackgroundFailure failure = events_->LastFailure(); failure.count != known) {
      return base::ResourceExhausted(
          "the write buffer is full ({} of {} bytes) and making room failed: {}", bytes_.load(),
          limit_bytes_, failure.status.ToString());
    }
    events_->OnPressure();
    if (helps && background_.RunOne()) continue;  // without threads it is the only one
    Nap(bytes, deadline);
  }
}

Result<base::MemoryReservation> WriteBuffer::Reserve(std::uint64_t bytes,
                                                     const std::function<Status()>& health,
                                                     const base::Deadline& deadline) {
  while (true) {
    VECDB_TRY(WaitForRoom(bytes, health, deadline));
    auto taken = memory_.TryReserve(base::MemoryAccount::kWrites, bytes);
    if (taken) return std::move(*taken);  // else another writer was faster
  }
}

}  // namespace vecdb::roles
