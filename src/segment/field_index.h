// The index of one field in one sealed segment, open for searching.
//
// Thread safety: all methods from any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "base/memory_budget.h"
#include "base/mutex.h"
#include "catalog/records.h"
#include "index/crossing.h"
#include "index/index.h"
#include "io/block_file.h"

namespace vecdb::segment {

class FieldIndex;

// How searches come to an index from others, as long as there is room: the two crossings that were
// used last. Thread-safe; nobody waits for one.
class CrossingPlace {
 public:
  using CrossingPtr = std::shared_ptr<const index::Crossing>;

  // Null where there is none (yet) from that index; *wanted when it has been missed so often, one
  // time after the other, that it is worth making.
  CrossingPtr Find(const FieldIndex& from, bool* wanted) EXCLUDES(mutex_);
  bool Has(const FieldIndex& from) const EXCLUDES(mutex_);
  // In the place of the one that was used longest ago.
  void Set(const FieldIndex& from, CrossingPtr crossing, base::MemoryReservation memory)
      EXCLUDES(mutex_);
  std::uint64_t Drop() EXCLUDES(mutex_);  // how many bytes they had

 private:
  struct Kept {
    std::uint64_t from = 0;  // the number of that index
    CrossingPtr crossing = nullptr;
    base::MemoryReservation memory = {};
  };

  mutable base::Mutex mutex_;                       // leaf, but for the budget's
  std::array<Kept, 2> kept_ GUARDED_BY(mutex_);     // that used last in front
  std::uint64_t missed_ GUARDED_BY(mutex_) = 0;     // the number of the index last asked in vain
  std::uint32_t asks_left_ GUARDED_BY(mutex_) = 0;  // of it
};

class FieldIndex : public std::enable_shared_from_this<FieldIndex> {
 public:
  FieldIndex(const catalog::IndexFileRecord& record, std::shared_ptr<const index::Index> index);
  // Of a file that cannot be used: as good as none, until another is built.
  FieldIndex(const catalog::IndexFileRecord& record, const Status& damage);

  const catalog::IndexFileRecord& record() const { return record_; }

  // Null when it is damaged: an exact scan answers then.
  const index::Index* usable() const {
    return damaged_.load(std::memory_order_acquire) ? nullptr : index_.get();
  }
  // For who needs them longer than the segment is there; null where there is none.
  std::shared_ptr<const index::Index> share_usable() const {
    return usable() == nullptr ? nullptr : index_;
  }
  std::shared_ptr<const FieldIndex> share() const { return weak_from_this().lock(); }
  std::uint64_t number() const { return number_; }  // no other of this process has it
  CrossingPlace& crossing() const { return crossing_; }
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
  const std::uint64_t number_;
  mutable CrossingPlace crossing_;
  mutable base::Mutex mutex_;  // leaf
  mutable Status damage_ GUARDED_BY(mutex_);
  mutable std::atomic<bool> damaged_{false};
  mutable std::atomic<bool> verified_{false};
  mutable std::atomic<bool> taken_{false};
};

// The field's vectors as an index sees them.
index::Shape ShapeOf(const Field& field, RowIndex rows);

}  // namespace vecdb::segment
