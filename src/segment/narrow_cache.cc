#include "segment/narrow_cache.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace vecdb::segment {
namespace {

// Questions about a field until it is tried again to make a copy for which there was no room.
constexpr std::uint32_t kPatience = 64;
// A copy that nobody has used for so many questions is in the way of others.
constexpr std::uint64_t kStale = 4096;

}  // namespace

// ---- NarrowColumns ----------------------------------------------------------------------

NarrowColumns::NarrowColumns(NarrowCache& cache, std::size_t fields)
    : cache_(cache), fields_(fields) {
  base::MutexLock lock(cache_.mutex_);
  cache_.segments_.push_back(this);
}

NarrowColumns::~NarrowColumns() {
  base::MutexLock lock(cache_.mutex_);
  std::erase(cache_.segments_, this);
}

// One thread's turn to make a copy. However it ends, another may try.
class NarrowColumns::Making {
 public:
  Making(NarrowColumns& columns, std::uint32_t field) : columns_(columns), field_(field) {}
  ~Making() {
    base::MutexLock lock(columns_.mutex_);
    One& one = columns_.fields_[field_];
    one.making = false;
    one.column = column;
    one.too_wide = outcome == NarrowColumn::Outcome::kTooWide;
    one.wait = kPatience;
  }
  Making(const Making&) = delete;
  Making& operator=(const Making&) = delete;

  std::shared_ptr<const NarrowColumn> column = nullptr;
  NarrowColumn::Outcome outcome = NarrowColumn::Outcome::kRefused;

 private:
  NarrowColumns& columns_;
  const std::uint32_t field_;
};

std::shared_ptr<const NarrowColumn> NarrowColumns::Find(const Segment& segment, std::uint32_t field,
                                                        const base::Deadline& deadline) {
  const std::uint64_t now = cache_.questions_.fetch_add(1, std::memory_order_relaxed) + 1;
  {
    base::MutexLock lock(mutex_);
    One& one = fields_[field];
    one.used_at = now;
    if (one.column != nullptr) return one.column;
    if (one.making || one.too_wide || --one.wait != 0) return nullptr;
    one.making = true;
  }
  Making making(*this, field);
  making.column = Make(segment, field, deadline, &making.outcome);
  return making.column;
}

std::shared_ptr<const NarrowColumn> NarrowColumns::Make(const Segment& segment, std::uint32_t field,
                                                        const base::Deadline& deadline,
                                                        NarrowColumn::Outcome* outcome) const {
  auto column = std::make_shared<NarrowColumn>(segment, field);
  *outcome = column->FindFrame(segment, deadline);
  if (*outcome != NarrowColumn::Outcome::kMade) return nullptr;
  *outcome = NarrowColumn::Outcome::kRefused;
  auto memory = cache_.Reserve(column->MemoryNeeded());
  if (!memory) return nullptr;
  *outcome = column->Fill(segment, std::move(*memory), deadline);
  if (*outcome != NarrowColumn::Outcome::kMade) return nullptr;
  return column;
}

std::uint64_t NarrowColumns::memory_bytes() const {
  std::uint64_t bytes = 0;
  base::MutexLock lock(mutex_);
  for (const One& one : fields_) {
    if (one.column != nullptr) bytes += one.column->memory_bytes();
  }
  return bytes;
}

// Who holds it besides has it from Find(), which takes the lock for it: a lone owner stays alone.
std::uint64_t NarrowColumns::Oldest(std::uint64_t end) {
  base::MutexLock lock(mutex_);
  for (const One& one : fields_) {
    if (one.column.use_count() == 1) end = std::min(end, one.used_at);
  }
  return end;
}

std::uint64_t NarrowColumns::Drop(std::uint64_t used_at) {
  base::MutexLock lock(mutex_);
  for (One& one : fields_) {
    if (one.used_at != used_at || one.column.use_count() != 1) continue;
    const std::uint64_t bytes = one.column->memory_bytes();
    one.column.reset();
    return bytes;
  }
  return 0;  // somebody asked for it meanwhile
}

// ---- NarrowCache ------------------------------------------------------------------------

std::uint64_t NarrowCache::Evict(std::uint64_t bytes, std::uint64_t before) {
  std::uint64_t given_back = 0;
  base::MutexLock lock(mutex_);
  while (given_back < bytes) {
    NarrowColumns* segment = nullptr;
    std::uint64_t oldest = before;
    for (NarrowColumns* const one : segments_) {
      const std::uint64_t used_at = one->Oldest(oldest);
      if (used_at < oldest) segment = one;
      oldest = used_at;
    }
    if (segment == nullptr) break;
    given_back += segment->Drop(oldest);
  }
  return given_back;
}

// Only where there is room already: nothing that others have gives way to a copy, but for copies
// that nobody uses.
std::optional<NarrowColumn::Memory> NarrowCache::Reserve(std::uint64_t bytes) {
  NarrowColumn::Memory memory;
  auto share = share_.TryReserve(base::MemoryAccount::kColumns, bytes);
  if (!share) {
    const std::uint64_t now = questions_.load(std::memory_order_relaxed);
    (void)Evict(bytes, now - std::min(now, kStale));
    share = share_.TryReserve(base::MemoryAccount::kColumns, bytes);
  }
  if (!share) return std::nullopt;
  auto budget = budget_.TryReserve(base::MemoryAccount::kColumns, bytes);
  if (!budget) return std::nullopt;
  memory.share = std::move(*share);
  memory.budget = std::move(*budget);
  return memory;
}

}  // namespace vecdb::segment
