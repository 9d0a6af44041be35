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
  if (from_ == from.number() && crossing_ != nullptr) return crossing_;
  if (from_ != from.number()) {
    from_ = from.number();
    asks_left_ = kAsks;
    crossing_.reset();
    memory_.Resize(0);
  }
  *wanted = --asks_left_ == 0;
  if (*wanted) asks_left_ = kPatience;
  return nullptr;
}

void CrossingPlace::Set(const FieldIndex& from, CrossingPtr crossing,
                        base::MemoryReservation memory) {
  base::MutexLock lock(mutex_);
  if (from_ != from.number()) return;  // searches come from elsewhere by now
  crossing_ = std::move(crossing);
  memory_ = std::move(memory);
}

std::uint64_t CrossingPlace::Drop() {
  base::MutexLock lock(mutex_);
  crossing_.reset();
  const std::uint64_t bytes = memory_.bytes();
  memory_.Resize(0);
  return bytes;
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
