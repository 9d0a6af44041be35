// The index of one field in one sealed segment, open for searching.
//
// Thread safety: all methods from any thread.
#pragma once

#include <atomic>
#include <memory>

#include "base/mutex.h"
#include "catalog/records.h"
#include "index/index.h"
#include "io/block_file.h"

namespace vecdb::segment {

class FieldIndex {
 public:
  FieldIndex(const catalog::IndexFileRecord& record, std::shared_ptr<const index::Index> index)
      : record_(record), index_(std::move(index)) {}
  // Of a file that cannot be used: as good as none, until another is built.
  FieldIndex(const catalog::IndexFileRecord& record, const Status& damage)
      : record_(record), damage_(damage), damaged_(true) {}

  const catalog::IndexFileRecord& record() const { return record_; }

  // Null when it is damaged: an exact scan answers then.
  const index::Index* usable() const {
    return damaged_.load(std::memory_order_acquire) ? nullptr : index_.get();
  }
  // Reads every byte of it. Damage that is found is noted, and the answer. Searches are quicker
  // behind it, since they trust what it has seen.
  Status Verify() const EXCLUDES(mutex_);
  bool verified() const { return verified_.load(std::memory_order_relaxed); }
  // True once: for who has no background that verifies, and does it when it is first searched.
  bool TakeVerification() const {
    return !verified() && !taken_.load(std::memory_order_relaxed) && !taken_.exchange(true);
  }
  // What a search or a check found; the first counts.
  void NoteDamage(const Status& damage) const EXCLUDES(mutex_);
  Status damage() const EXCLUDES(mutex_);

 private:
  const catalog::IndexFileRecord record_;
  const std::shared_ptr<const index::Index> index_;
  mutable base::Mutex mutex_;  // leaf
  mutable Status damage_ GUARDED_BY(mutex_);
  mutable std::atomic<bool> damaged_{false};
  mutable std::atomic<bool> verified_{false};
  mutable std::atomic<bool> taken_{false};
};

// The field's vectors as an index sees them.
index::Shape ShapeOf(const Field& field, RowIndex rows);

}  // namespace vecdb::segment
