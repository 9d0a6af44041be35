#include "segment/growing_key_index.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <random>

#include "base/prefetch.h"

namespace vecdb::segment {
namespace {

constexpr std::uint64_t kFewestSlots = 64;
constexpr std::size_t kBatch = 64;  // keys whose memory fetches overlap

// Unknown to who chooses the keys, else many could be chosen whose slots are one and the same.
std::uint64_t SecretFactor() {
  static const std::uint64_t factor = [] {
    std::random_device device;
    return (std::uint64_t{device()} << 32 | device()) | 1;
  }();
  return factor;
}

// The upper half of a slot; the lower is row + 1. Its leading bits are the slot the search starts
// at. Multiply-shift (Dietzfelbinger and others, 1997): for a random odd factor, two hashes rarely
// meet.
std::uint32_t TagOf(std::uint64_t hash) {
  return static_cast<std::uint32_t>((hash ^ hash >> 32) * SecretFactor() >> 32);
}
std::uint32_t TagIn(std::uint64_t slot) {
  return static_cast<std::uint32_t>(slot >> 32);
}
RowIndex RowIn(std::uint64_t slot) {
  return static_cast<RowIndex>(slot) - 1;
}
std::uint64_t SlotOf(std::uint32_t tag, RowIndex row) {
  return std::uint64_t{tag} << 32 | (row + 1);
}

}  // namespace

struct GrowingKeyIndex::Table {
  explicit Table(std::uint64_t slot_count)
      : mask(slot_count - 1),
        shift(32 - std::countr_zero(slot_count)),
        capacity(static_cast<RowIndex>(std::min<std::uint64_t>(slot_count * 7 / 10, 0xFFFF'FFFE))),
        slots(new std::atomic<std::uint64_t>[slot_count]),
        previous(new std::atomic<std::uint32_t>[capacity]) {}

  std::uint64_t Home(std::uint32_t tag) const { return std::uint64_t{tag} >> shift; }
  std::uint64_t After(std::uint64_t at) const { return (at + 1) & mask; }

  const std::uint64_t mask;
  const int shift;
  const RowIndex capacity;  // rows; at most 0.7 of the slots are taken
  const std::unique_ptr<std::atomic<std::uint64_t>[]> slots;
  const std::unique_ptr<std::atomic<std::uint32_t>[]> previous;  // by row: older row + 1, 0 = none
};

GrowingKeyIndex::GrowingKeyIndex(const GrowingColumn& keys)
    : keys_(keys), table_(std::make_shared<Table>(kFewestSlots)), published_(table_) {
  static_cast<void>(SecretFactor());  // where it fails, if it does, nothing has been written yet
}
GrowingKeyIndex::~GrowingKeyIndex() = default;

std::shared_ptr<const GrowingKeyIndex::Table> GrowingKeyIndex::Pin() const {
  base::MutexLock lock(mutex_);
  return published_;
}

std::uint64_t GrowingKeyIndex::memory_bytes() const {
  return sizeof(*this) + sizeof(Table) + (table_->mask + 1) * sizeof(std::uint64_t) +
         table_->capacity * sizeof(std::uint32_t);
}

// Tags hold all that a slot's place needs, so no key is looked at again.
void GrowingKeyIndex::Reserve(RowIndex rows) {
  if (rows <= table_->capacity) return;
  auto grown = std::make_shared<Table>(std::bit_ceil(std::uint64_t{rows} * 10 / 7 + 1));
  for (std::uint64_t i = 0; i <= table_->mask; ++i) {
    const std::uint64_t slot = table_->slots[i].load(std::memory_order_relaxed);
    if (slot == 0) continue;
    std::uint64_t at = grown->Home(TagIn(slot));
    while (grown->slots[at].load(std::memory_order_relaxed) != 0) at = grown->After(at);
    grown->slots[at].store(slot, std::memory_order_relaxed);
  }
  for (RowIndex row = 0; row < table_->capacity; ++row) {
    grown->previous[row].store(table_->previous[row].load(std::memory_order_relaxed),
                               std::memory_order_relaxed);
  }
  table_ = grown;
  base::MutexLock lock(mutex_);
  published_ = std::move(grown);
}

void GrowingKeyIndex::Insert(RowIndex first, RowIndex rows) {
  if (keys_.type() == DataType::kVarChar) {
    InsertAll<std::string_view>(first, rows);
  } else {
    InsertAll<std::int64_t>(first, rows);
  }
}

template <typename Key>
void GrowingKeyIndex::InsertAll(RowIndex first, RowIndex rows) {
  const RowIndex end = first + rows;
  for (RowIndex row = first; row < end;) {
    const chunk::ColumnView view = keys_.Read(row, std::min<RowIndex>(end - row, kBatch));
    InsertBatch(row, view.As<Key>());
    row += static_cast<RowIndex>(view.rows);
  }
}

// A slot is stored with release order after everything it leads to: the key's bytes and `previous`.
template <typename Key>
void GrowingKeyIndex::InsertBatch(RowIndex first, std::span<const Key> keys) {
  Table& table = *table_;
  std::uint32_t tags[kBatch];
  for (std::size_t i = 0; i < keys.size(); ++i) {
    tags[i] = TagOf(chunk::HashKey(keys[i]));
    base::PrefetchToWrite(&table.slots[table.Home(tags[i])]);
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const RowIndex row = first + static_cast<RowIndex>(i);
    std::uint64_t at = table.Home(tags[i]);
    std::uint64_t slot = table.slots[at].load(std::memory_order_relaxed);
    while (slot != 0 && (TagIn(slot) != tags[i] || keys_.At<Key>(RowIn(slot)) != keys[i])) {
      at = table.After(at);
      slot = table.slots[at].load(std::memory_order_relaxed);
    }
    table.previous[row].store(static_cast<std::uint32_t>(slot), std::memory_order_relaxed);
    table.slots[at].store(SlotOf(tags[i], row), std::memory_order_release);
  }
}

GrowingKeyIndex::Cursor GrowingKeyIndex::Find(chunk::KeyView key, std::uint64_t hash) const {
  Cursor found;
  found.table_ = Pin();
  const Table& table = *found.table_;
  const std::uint32_t tag = TagOf(hash);
  const auto same_key = [&](RowIndex row) {
    if (const auto* number = std::get_if<std::int64_t>(&key)) {
      return keys_.At<std::int64_t>(row) == *number;
    }
    return keys_.At<std::string_view>(row) == *std::get_if<std::string_view>(&key);
  };
  for (std::uint64_t at = table.Home(tag);; at = table.After(at)) {
    const std::uint64_t slot = table.slots[at].load(std::memory_order_acquire);
    if (slot == 0) return found;
    if (TagIn(slot) != tag || !same_key(RowIn(slot))) continue;
    found.next_ = static_cast<std::uint32_t>(slot);
    return found;
  }
}

void GrowingKeyIndex::Cursor::Next() {
  next_ = table_->previous[row()].load(std::memory_order_relaxed);
}

void GrowingKeyIndex::MayContain(std::span<const std::uint64_t> hashes, std::uint8_t* may) const {
  const std::shared_ptr<const Table> table = Pin();
  const auto contains = [&](std::uint32_t tag) -> std::uint8_t {
    for (std::uint64_t at = table->Home(tag);; at = table->After(at)) {
      const std::uint64_t slot = table->slots[at].load(std::memory_order_relaxed);
      if (slot == 0) return 0;
      if (TagIn(slot) == tag) return 1;
    }
  };
  for (std::size_t i = 0; i < std::min(kBatch, hashes.size()); ++i) {
    base::Prefetch(&table->slots[table->Home(TagOf(hashes[i]))]);
  }
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    if (i + kBatch < hashes.size()) {
      base::Prefetch(&table->slots[table->Home(TagOf(hashes[i + kBatch]))]);
    }
    may[i] = contains(TagOf(hashes[i]));
  }
}

}  // namespace vecdb::segment
