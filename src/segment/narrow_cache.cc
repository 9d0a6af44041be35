#include "segment/narrow_cache.h"

#include <algorithm>
#include <utility>

namespace vecdb::segment {
namespace {

// Questions about a field until it is tried again to make a copy for which there was no room.
constexpr std::uint32_t kPatience = 64;
// A copy that nobody has used for so many questions is in the way of others.
constexpr std::uint64_t kStale = 4096;

}  // namespace

// ---- NarrowColumns ----------------------------------------------------------------------

NarrowColumns::NarrowColumns(NarrowCache& cache) : cache_(cache) {
  base::MutexLock lock(cache_.mutex_);
  place_ = cache_.segments_.insert(cache_.segments_.end(), this);
}

NarrowColumns::~NarrowColumns() {
  base::MutexLock lock(cache_.mutex_);
  cache_.segments_.erase(place_);
}

// One thread's turn to make a copy. However it ends, another may try.
class NarrowColumns::Making {
 public:
  Making(NarrowColumns& columns, std::uint32_t field) : columns_(columns), field_(field) {}
  ~Making() { columns_.Finish(field_, made); }
  Making(const Making&) = delete;
  Making& operator=(const Making&) = delete;

  NarrowColumn::Made made{NarrowColumn::Outcome::kRefused};

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
  const auto reserve = [this](std::uint64_t bytes) { return cache_.Reserve(bytes); };
  making.made = NarrowColumn::Make(segment, field, reserve, deadline);
  return making.made.column;
}

void NarrowColumns::Finish(std::uint32_t field, const NarrowColumn::Made& made) {
  base::MutexLock lock(mutex_);
  One& one = fields_[field];
  one.making = false;
  one.column = made.column;
  one.too_wide = made.outcome == NarrowColumn::Outcome::kTooWide;
  one.wait = kPatience;
}

std::uint64_t NarrowColumns::memory_bytes() const {
  std::uint64_t bytes = 0;
  base::MutexLock lock(mutex_);
  for (const auto& [field, one] : fields_) {
    if (one.column != nullptr) bytes += one.column->memory_bytes();
  }
  return bytes;
}

void NarrowColumns::List(std::vector<Place>* places) {
  base::MutexLock lock(mutex_);
  for (const auto& [field, one] : fields_) {
    if (one.column != nullptr) places->push_back({one.used_at, this, field});
  }
}

// Who holds it besides has it from Find(), which takes the lock for it: a lone owner stays alone.
std::shared_ptr<const NarrowColumn> NarrowColumns::Drop(std::uint32_t field) {
  base::MutexLock lock(mutex_);
  One& one = fields_[field];
  if (one.column == nullptr || one.column.use_count() > 1) return nullptr;
  return std::exchange(one.column, nullptr);
}

// ---- NarrowCache ------------------------------------------------------------------------

std::uint64_t NarrowCache::Evict(std::uint64_t bytes, std::uint64_t before) {
  std::vector<std::shared_ptr<const NarrowColumn>> gone;  // end after the lock
  std::uint64_t given_back = 0;
  base::MutexLock lock(mutex_);
  std::vector<NarrowColumns::Place> places;
  for (NarrowColumns* const segment : segments_) segment->List(&places);
  std::sort(places.begin(), places.end(),
            [](const auto& a, const auto& b) { return a.used_at < b.used_at; });
  gone.reserve(places.size());
  for (const NarrowColumns::Place& place : places) {
    if (given_back >= bytes || place.used_at >= before) break;
    auto one = place.of->Drop(place.field);
    if (one == nullptr) continue;
    given_back += one->memory_bytes();
    gone.push_back(std::move(one));
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
