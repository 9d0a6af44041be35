// Which rows of a segment are deleted, and since when: row -> timestamp of the delete. A row is
// hidden at T iff its tombstone is <= T.
//
// Marks come in timestamp order (under the shard's lane). Thread safety: all methods from any
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "vecdb/types.h"

#include "base/bitmap.h"
#include "base/ids.h"
#include "base/memory_budget.h"
#include "base/mutex.h"

namespace vecdb::segment {

struct Tombstone {
  RowIndex row = 0;
  Timestamp timestamp{0};
  Lsn lsn = 0;  // of the record that caused it; 0 for one loaded from a file

  friend bool operator==(const Tombstone&, const Tombstone&) = default;
};

class Tombstones {
 public:
  // From now on their memory is counted. `budget` outlives this object.
  void ChargeTo(base::MemoryBudget& budget);

  // The first mark of a row counts; later ones change nothing and return false.
  bool Mark(RowIndex row, Timestamp timestamp, Lsn lsn);
  // Tombstones read from a file; before anyone else uses this object.
  void Load(std::span<const Tombstone> saved);

  bool empty() const;
  std::size_t count() const;
  bool IsMarked(RowIndex row) const;  // at any time
  bool IsDeletedAt(RowIndex row, Timestamp t) const;
  // The rows deleted at t as a bitmap (shorter than the segment: zeros beyond); nullptr = none.
  // Cached: costs a pointer copy while nothing changes and t is not in the past, and for the past
  // moment that was asked for last.
  std::shared_ptr<const base::Bitmap> DeletedAt(Timestamp t) const;

  // Those later than t, in timestamp order.
  std::vector<Tombstone> MarkedAfter(Timestamp t) const;

  // Saving: All() is what to write; after the file is committed, MarkSaved(its count).
  std::vector<Tombstone> All() const;
  void MarkSaved(std::size_t count);
  Lsn first_lsn_after(std::size_t count) const;  // of mark number `count`; kNoLsn past the end
  Lsn first_unsaved_lsn() const;                 // kNoLsn when everything is saved

 private:
  const std::shared_ptr<const base::Bitmap>& PastOf(std::size_t marks) const REQUIRES(mutex_);
  void Charge() REQUIRES(mutex_);

  mutable base::Mutex mutex_;                        // leaf
  std::vector<Tombstone> marks_ GUARDED_BY(mutex_);  // in timestamp order
  base::Bitmap deleted_ GUARDED_BY(mutex_);
  std::size_t saved_ GUARDED_BY(mutex_) = 0;
  mutable std::shared_ptr<const base::Bitmap> cached_ GUARDED_BY(mutex_);  // of all marks
  // Of the first `past_marks_`: what a snapshot asks for again and again.
  mutable std::shared_ptr<const base::Bitmap> past_ GUARDED_BY(mutex_);
  mutable std::size_t past_marks_ GUARDED_BY(mutex_) = 0;
  base::MemoryReservation memory_ GUARDED_BY(mutex_);
};

}  // namespace vecdb::segment
