#include "segment/shard_key_filter.h"

#include <algorithm>

#include "base/status.h"
#include "chunk/validate.h"

namespace vecdb::segment {
namespace {

constexpr std::uint64_t kFewestKeys = 4096;  // of a filter
constexpr RowIndex kStep = 8192;             // rows between two looks at `stop`

std::uint64_t RowsOf(const ShardKeyFilter::Segments& segments) {
  std::uint64_t rows = 0;
  for (const auto& segment : segments) rows += segment->rows();
  return rows;
}

ShardKeyFilter::Segments NotIn(const ShardKeyFilter::Known* known,
                               const ShardKeyFilter::Segments& sealed) {
  if (known == nullptr) return sealed;
  ShardKeyFilter::Segments missing;
  for (const auto& segment : sealed) {
    if (!known->Includes(segment->id())) missing.push_back(segment);
  }
  return missing;
}

void HashAll(const chunk::ColumnView& keys, std::vector<std::uint64_t>* hashes) {
  hashes->clear();
  if (keys.type == DataType::kVarChar) {
    for (const std::string_view key : keys.As<std::string_view>()) {
      hashes->push_back(chunk::HashKey(key));
    }
  } else {
    for (const std::int64_t key : keys.As<std::int64_t>()) hashes->push_back(chunk::HashKey(key));
  }
}

// Ends the turn of the thread that adds, however it ends.
class Turn {
 public:
  explicit Turn(std::atomic<bool>& taken) : taken_(taken) {}
  ~Turn() { taken_.store(false, std::memory_order_release); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  std::atomic<bool>& taken_;
};

// A filter and what it was charged with.
struct Charged {
  base::MemoryReservation memory;
  std::unique_ptr<base::SharedBloom> bloom;
};

// Empty where the budget has no room.
Result<std::shared_ptr<base::SharedBloom>> MakeBloom(std::uint64_t keys,
                                                     base::MemoryBudget* budget) {
  const auto made = std::make_shared<Charged>();
  if (budget != nullptr) {
    auto memory =
        budget->TryReserve(base::MemoryAccount::kFilters, base::SharedBloom::MemoryFor(keys));
    if (!memory) return std::shared_ptr<base::SharedBloom>();
    made->memory = std::move(*memory);
  }
  made->bloom = base::SharedBloom::Make(keys);
  if (made->bloom == nullptr) {
    return base::ResourceExhausted("there is no memory for a filter of {} keys", keys);
  }
  return std::shared_ptr<base::SharedBloom>(made, made->bloom.get());
}

// False when stopped. A failure or a stop leaves some of the keys in, which does no harm.
Result<bool> AddKeys(const Segment& segment, const std::atomic<bool>& stop,
                     base::SharedBloom* bloom) {
  const auto field = static_cast<std::uint32_t>(chunk::KeyFieldIndex(segment.schema()));
  const RowIndex rows = segment.rows();
  std::vector<std::uint64_t> hashes;
  for (RowIndex row = 0; row < rows;) {
    if (stop.load(std::memory_order_relaxed)) return false;
    VECDB_TRY_ASSIGN(const auto keys, segment.Read(field, row, std::min(kStep, rows - row)));
    HashAll(keys, &hashes);
    bloom->AddMany(hashes);
    row += static_cast<RowIndex>(keys.rows);
  }
  return true;
}

}  // namespace

bool ShardKeyFilter::Known::Includes(SegmentId id) const {
  return std::binary_search(included_.begin(), included_.end(), id);
}

std::shared_ptr<const ShardKeyFilter::Known> ShardKeyFilter::Pin() const {
  base::MutexLock lock(mutex_);
  return known_;
}

void ShardKeyFilter::Publish(Known known) {
  std::sort(known.included_.begin(), known.included_.end());
  std::shared_ptr<const Known> next = std::make_shared<const Known>(std::move(known));
  base::MutexLock lock(mutex_);
  known_.swap(next);  // what was published before ends after the lock, with `next`
}

std::uint64_t ShardKeyFilter::memory_bytes() const {
  const auto known = Pin();
  return known == nullptr ? 0 : known->bloom_->memory_bytes();
}

bool ShardKeyFilter::IsBehind(const Segments& sealed) const {
  return sealed.size() >= 2 && !NotIn(Pin().get(), sealed).empty();
}

Status ShardKeyFilter::Add(const Segments& sealed, bool may_grow, const std::atomic<bool>& stop,
                           base::MemoryBudget* budget) {
  if (adding_.exchange(true, std::memory_order_acquire)) return Status();
  const Turn turn(adding_);
  return AddAlone(sealed, may_grow, stop, budget);
}

std::uint64_t ShardKeyFilter::Drop() {
  std::shared_ptr<const Known> dropped;  // ends after the lock
  base::MutexLock lock(mutex_);
  known_.swap(dropped);
  return dropped == nullptr ? 0 : dropped->bloom_->memory_bytes();
}

void ShardKeyFilter::Replace(std::span<const SegmentId> inputs, std::span<const SegmentId> merged) {
  if (adding_.exchange(true, std::memory_order_acquire)) return;
  const Turn turn(adding_);
  const std::shared_ptr<const Known> old = Pin();
  if (old == nullptr) return;
  const auto known = [&](SegmentId id) { return old->Includes(id); };
  const bool all = std::all_of(inputs.begin(), inputs.end(), known);
  Known next = *old;
  std::erase_if(next.included_, [&](SegmentId id) {
    return std::find(inputs.begin(), inputs.end(), id) != inputs.end();
  });
  if (all) next.included_.insert(next.included_.end(), merged.begin(), merged.end());
  Publish(std::move(next));
}

// A filter is made half as large again as it must be, so that each key is read again about three
// times at most while a collection grows. Readers use the old one until the larger is complete.
Status ShardKeyFilter::AddAlone(const Segments& sealed, bool may_grow,
                                const std::atomic<bool>& stop, base::MemoryBudget* budget) {
  const std::shared_ptr<const Known> old = Pin();
  Segments missing = NotIn(old.get(), sealed);
  if (sealed.size() < 2 || missing.empty()) return Status();
  Known next = old == nullptr ? Known() : *old;
  const bool fits = old != nullptr && old->keys_ + RowsOf(missing) <= old->bloom_->capacity();
  if (!fits) {
    if (!may_grow) return Status();
    const std::uint64_t rows = RowsOf(sealed);
    next = Known();
    VECDB_TRY_ASSIGN(next.bloom_, MakeBloom(std::max(kFewestKeys, rows + rows / 2), budget));
    if (next.bloom_ == nullptr) return Status();
    missing = sealed;
  }
  Status first;
  for (const auto& segment : missing) {
    const Result<bool> complete = AddKeys(*segment, stop, next.bloom_.get());
    if (first.ok()) first = complete.status();
    if (!complete.ok()) continue;
    if (!*complete) return first;
    next.included_.push_back(segment->id());
    next.keys_ += segment->rows();
  }
  Publish(std::move(next));
  return first;
}

}  // namespace vecdb::segment
