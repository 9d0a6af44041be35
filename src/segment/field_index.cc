#include "segment/field_index.h"

#include <utility>

#include "base/status.h"

namespace vecdb::segment {
namespace {

constexpr std::uint32_t kAsks = 16;         // until a crossing is worth making
constexpr std::uint32_t kPatience = 65536;  // asks until it is tried again, if it was not made

}  // namespace

CrossingPlace::CrossingPtr CrossingPlace::Find(const FieldIndex& from, bool* wanted) {
  base::MutexLock lock(mutex_);
  if (kept_[1].from == from.number()) std::swap(kept_[0], kept_[1]);
  if (kept_[0].from == from.number()) return kept_[0].crossing;
  if (std::exchange(missed_, from.number()) != from.number()) asks_left_ = kAsks;
  *wanted = --asks_left_ == 0;
  if (*wanted) asks_left_ = kPatience;
  return nullptr;
}

bool CrossingPlace::Has(const FieldIndex& from) const {
  base::MutexLock lock(mutex_);
  return kept_[0].from == from.number() || kept_[1].from == from.number();
}

void CrossingPlace::Set(const FieldIndex& from, CrossingPtr crossing,
                        base::MemoryReservation memory) {
  Kept kept{from.number(), std::move(crossing), std::move(memory)};
  base::MutexLock lock(mutex_);
  std::swap(kept_[1], kept);  // what it replaces ends behind the lock
  std::swap(kept_[0], kept_[1]);
}

std::uint64_t CrossingPlace::Drop() {
  std::array<Kept, 2> dropped;
  {
    base::MutexLock lock(mutex_);
    std::swap(dropped, kept_);
  }
  return dropped[0].memory.bytes() + dropped[1].memory.bytes();
}

static std::uint64_t NextNumber() {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

FieldIndex::FieldIndex(const catalog::IndexFileRecord& record,
                       std::shared_ptr<const index::Index> index)
    : record_(record), index_(std::move(index)), number_(NextNumber()) {
}

FieldIndex::FieldIndex(const catalog::IndexFileRecord& record, const Status& damage)
    : FieldIndex(record, std::shared_ptr<const index::Index>()) {
  NoteDamage(damage);
}

void FieldIndex::NoteDamage(const Status& damage) const {
  base::MutexLock lock(mutex_);
  if (damaged_.load(std::memory_order_relaxed)) return;
  damage_ = damage;
  damaged_.store(true, std::memory_order_release);
}

Status FieldIndex::Verify() const {
  VECDB_TRY(damage());
  Status found = index_->Verify();
  if (found.ok()) verified_.store(true, std::memory_order_relaxed);
  if (found.code() == StatusCode::kCorruption) NoteDamage(found);
  return found;
}

Status FieldIndex::damage() const {
  base::MutexLock lock(mutex_);
  return damage_;
}

index::Shape ShapeOf(const Field& field, RowIndex rows) {
  return {field.type, field.metric, field.dimension, rows};
}

}  // namespace vecdb::segment
