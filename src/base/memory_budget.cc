#include "base/memory_budget.h"

#include <algorithm>

#include "base/status.h"

namespace vecdb::base {
namespace {

constexpr std::chrono::milliseconds kNap{20};

}  // namespace

std::string_view ToString(MemoryAccount account) {
  switch (account) {
    case MemoryAccount::kGrowing:
      return "growing rows";
    case MemoryAccount::kSegments:
      return "keys of sealed segments";
    case MemoryAccount::kColumns:
      return "columns of sealed segments";
    case MemoryAccount::kFilters:
      return "filters of keys";
    case MemoryAccount::kJobs:
      return "background jobs";
    case MemoryAccount::kWrites:
      return "writes";
    case MemoryAccount::kReads:
      return "reads";
  }
  return "unknown";
}

// ---- MemoryReservation ------------------------------------------------------------------

MemoryReservation& MemoryReservation::operator=(MemoryReservation&& other) noexcept {
  std::swap(budget_, other.budget_);
  std::swap(account_, other.account_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

MemoryReservation::~MemoryReservation() {
  Resize(0);
}

void MemoryReservation::Resize(std::uint64_t bytes) {
  if (budget_ == nullptr || bytes == bytes_) return;
  if (bytes > bytes_) {
    budget_->Add(account_, bytes - bytes_);
  } else {
    budget_->Subtract(account_, bytes_ - bytes);
  }
  bytes_ = bytes;
}

Status MemoryReservation::GrowTo(std::uint64_t bytes) {
  if (budget_ == nullptr || bytes <= bytes_) return Status();
  VECDB_TRY(budget_->AddOrRefuse(account_, bytes - bytes_));
  bytes_ = bytes;
  return Status();
}

// ---- MemoryBudget -----------------------------------------------------------------------

void MemoryBudget::NotePeak(Meter& meter, std::uint64_t used) {
  std::uint64_t peak = meter.peak.load(std::memory_order_relaxed);
  while (peak < used && !meter.peak.compare_exchange_weak(peak, used, std::memory_order_relaxed)) {
  }
}

void MemoryBudget::Add(Meter& meter, std::uint64_t bytes) {
  NotePeak(meter, meter.used.fetch_add(bytes, std::memory_order_relaxed) + bytes);
}

void MemoryBudget::Add(MemoryAccount account, std::uint64_t bytes) {
  Add(total_, bytes);
  Add(accounts_[Index(account)], bytes);
}

bool MemoryBudget::TryAdd(MemoryAccount account, std::uint64_t bytes) {
  if (!limited()) {
    Add(account, bytes);
    return true;
  }
  std::uint64_t used = total_.used.load(std::memory_order_relaxed);
  do {
    if (used > open_ || bytes > open_ - used) return false;
  } while (!total_.used.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  NotePeak(total_, used + bytes);
  Add(accounts_[Index(account)], bytes);
  return true;
}

// Whoever begins to wait while this is under way is woken by nobody, and naps.
void MemoryBudget::Subtract(MemoryAccount account, std::uint64_t bytes) {
  accounts_[Index(account)].used.fetch_sub(bytes, std::memory_order_relaxed);
  total_.used.fetch_sub(bytes, std::memory_order_relaxed);
  if (waiting_.load(std::memory_order_relaxed) == 0) return;
  MutexLock lock(mutex_);
  changed_.NotifyAll();
}

void MemoryBudget::MakeRoom(std::uint64_t bytes) {
  if (!limited() || reclaim_ == nullptr) return;
  const std::uint64_t wanted = used() + bytes;
  // More than asked for, so that who needs a little does not ask each time.
  if (wanted > open_) (void)reclaim_(std::max(wanted - open_, limit_ / 64));
}

Status MemoryBudget::AddOrRefuse(MemoryAccount account, std::uint64_t bytes) {
  if (TryAdd(account, bytes)) return Status();
  MakeRoom(bytes);
  return TryAdd(account, bytes) ? Status() : Refused(account, bytes);
}

std::optional<MemoryReservation> MemoryBudget::TryReserve(MemoryAccount account,
                                                          std::uint64_t bytes) {
  if (!TryAdd(account, bytes)) return std::nullopt;
  return MemoryReservation(this, account, bytes);
}

Result<MemoryReservation> MemoryBudget::Reserve(MemoryAccount account, std::uint64_t bytes) {
  VECDB_TRY(AddOrRefuse(account, bytes));
  return MemoryReservation(this, account, bytes);
}

Result<MemoryReservation> MemoryBudget::ReserveWithin(MemoryAccount account, std::uint64_t bytes,
                                                      std::chrono::milliseconds patience,
                                                      const Deadline& deadline) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (true) {
    auto reserved = Reserve(account, bytes);
    if (reserved.ok() || !CanEverFit(bytes)) return reserved;
    if (ending_ || deadline.passed() || std::chrono::steady_clock::now() >= end) return reserved;
    if (pressure_ != nullptr) pressure_();
    WaitForChange(deadline);
  }
}

void MemoryBudget::EndWaits() {
  ending_ = true;
  MutexLock lock(mutex_);
  changed_.NotifyAll();
}

MemoryReservation MemoryBudget::Take(MemoryAccount account, std::uint64_t bytes) {
  Add(account, bytes);
  return MemoryReservation(this, account, bytes);
}

void MemoryBudget::WaitForChange(const Deadline& deadline) {
  waiting_.fetch_add(1, std::memory_order_relaxed);
  {
    MutexLock lock(mutex_);
    const std::chrono::milliseconds nap = deadline.limited() ? Deadline::kLongestWait : kNap;
    changed_.WaitUntil(mutex_, std::chrono::steady_clock::now() + nap);
  }
  waiting_.fetch_sub(1, std::memory_order_relaxed);
}

Status MemoryBudget::Refused(MemoryAccount account, std::uint64_t bytes) const {
  std::size_t most = 0;
  for (std::size_t i = 1; i < kMemoryAccounts; ++i) {
    if (accounts_[i].used.load() > accounts_[most].used.load()) most = i;
  }
  return ResourceExhausted(
      "Options::memory_budget_bytes of {} has no room for {} ({} more bytes): {} are in use, {} of "
      "them for {}; {} are kept for flushing",
      limit_, ToString(account), bytes, used(), accounts_[most].used.load(),
      ToString(static_cast<MemoryAccount>(most)), limit_ - open_);
}

}  // namespace vecdb::base
