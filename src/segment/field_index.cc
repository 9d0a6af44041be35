#include "segment/field_index.h"

#include "base/status.h"

namespace vecdb::segment {

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
