// How much memory one database uses for what grows with its data, by account, and where it ends.
//
// Two ways to be charged. Reserve() may be refused: what asks can wait, do with less or fail.
// Take() is for what must not fail, because a write is in the log already or because it is what
// makes room: `reserve_bytes` of the limit are kept for it. So a flush finishes when everything
// else is full.
//
// What can be had again from files is given up first: see SetReclaim().
//
// Thread safety: all methods from any thread, with no lock of the budget's held when it calls out.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>

#include "vecdb/result.h"

#include "base/deadline.h"
#include "base/mutex.h"

namespace vecdb::base {

enum class MemoryAccount : std::uint8_t {
  kGrowing,   // rows that are in no file yet
  kSegments,  // keys, timestamps and tombstones of sealed segments, and what is loaded for good
  kColumns,   // of sealed segments, as long as there is room
  kFilters,   // of the keys of all sealed segments of a shard
  kJobs,      // flushes and compactions at work
  kWrites,    // large batches on their way to the log
  kReads,     // candidates, bitmaps and rows of large reads
};
inline constexpr std::size_t kMemoryAccounts = 7;

// As messages say it: "growing rows".
std::string_view ToString(MemoryAccount account);

class MemoryBudget;

// Some bytes of one account, given back at the end. One thread at a time.
class MemoryReservation {
 public:
  MemoryReservation() = default;  // of no budget: nothing is counted
  MemoryReservation(MemoryReservation&& other) noexcept { *this = std::move(other); }
  MemoryReservation& operator=(MemoryReservation&& other) noexcept;
  ~MemoryReservation();

  std::uint64_t bytes() const { return bytes_; }
  // To so many bytes, whatever the limit; smaller gives back. Needs no memory.
  void Resize(std::uint64_t bytes);
  // To more bytes, or not at all: see MemoryBudget::Reserve.
  Status GrowTo(std::uint64_t bytes);

 private:
  friend class MemoryBudget;
  MemoryReservation(MemoryBudget* budget, MemoryAccount account, std::uint64_t bytes)
      : budget_(budget), account_(account), bytes_(bytes) {}

  MemoryBudget* budget_ = nullptr;  // outlives this
  MemoryAccount account_ = MemoryAccount::kGrowing;
  std::uint64_t bytes_ = 0;
};

class MemoryBudget {
 public:
  // Without a limit (0) it only counts. `reserve_bytes` are less than the limit.
  explicit MemoryBudget(std::uint64_t limit_bytes = 0, std::uint64_t reserve_bytes = 0)
      : limit_(limit_bytes), open_(limit_bytes - reserve_bytes) {}
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  // Called where room is wanted: gives up about so many bytes, or what can be, and says how many.
  using Reclaim = std::function<std::uint64_t(std::uint64_t bytes)>;
  // Called by who waits for room, again and again: may begin what gives some back later, and must
  // not wait for it.
  using Pressure = std::function<void()>;
  void SetReclaim(Reclaim reclaim, Pressure pressure = {}) {  // before the first use
    reclaim_ = std::move(reclaim);
    pressure_ = std::move(pressure);
  }
  // From now on nobody waits: the database is about to be closed.
  void EndWaits() EXCLUDES(mutex_);

  bool limited() const { return limit_ != 0; }
  std::uint64_t limit() const { return limit_; }
  // Whether so much more could be reserved now, or ever.
  bool Fits(std::uint64_t bytes) const { return !limited() || used() + bytes <= open_; }
  bool CanEverFit(std::uint64_t bytes) const { return !limited() || bytes <= open_; }

  // Asks for room where there is none, without waiting; kResourceExhausted names the budget and the
  // account.
  Result<MemoryReservation> Reserve(MemoryAccount account, std::uint64_t bytes);
  // The same, but waits for so long while others give back, and not beyond the deadline.
  Result<MemoryReservation> ReserveWithin(MemoryAccount account, std::uint64_t bytes,
                                          std::chrono::milliseconds patience,
                                          const Deadline& deadline = {});
  // Only where there is room already: empty when not.
  std::optional<MemoryReservation> TryReserve(MemoryAccount account, std::uint64_t bytes);
  // Never refused.
  MemoryReservation Take(MemoryAccount account, std::uint64_t bytes);
  // As far as possible, lets so many more bytes fit.
  void MakeRoom(std::uint64_t bytes);
  // What a refusal says.
  Status Refused(MemoryAccount account, std::uint64_t bytes) const;

  std::uint64_t used() const { return total_.used.load(std::memory_order_relaxed); }
  std::uint64_t peak() const { return total_.peak.load(std::memory_order_relaxed); }
  std::uint64_t used(MemoryAccount account) const {
    return accounts_[Index(account)].used.load(std::memory_order_relaxed);
  }
  std::uint64_t peak(MemoryAccount account) const {
    return accounts_[Index(account)].peak.load(std::memory_order_relaxed);
  }

 private:
  friend class MemoryReservation;
  struct Meter {
    std::atomic<std::uint64_t> used{0};
    std::atomic<std::uint64_t> peak{0};
  };
  static std::size_t Index(MemoryAccount account) { return static_cast<std::size_t>(account); }
  static void Add(Meter& meter, std::uint64_t bytes);
  static void NotePeak(Meter& meter, std::uint64_t used);
  bool TryAdd(MemoryAccount account, std::uint64_t bytes);
  void Add(MemoryAccount account, std::uint64_t bytes);
  void Subtract(MemoryAccount account, std::uint64_t bytes) EXCLUDES(mutex_);
  Status AddOrRefuse(MemoryAccount account, std::uint64_t bytes);
  void WaitForChange(const Deadline& deadline) EXCLUDES(mutex_);

  // constant after construction, or the first use
  const std::uint64_t limit_;
  const std::uint64_t open_;  // what Reserve() may fill
  Reclaim reclaim_;
  Pressure pressure_;
  // thread-safe by themselves
  Meter total_;
  std::array<Meter, kMemoryAccounts> accounts_;
  std::atomic<int> waiting_{0};
  std::atomic<bool> ending_{false};
  // guarded
  Mutex mutex_;  // leaf
  CondVar changed_;
};

}  // namespace vecdb::base
