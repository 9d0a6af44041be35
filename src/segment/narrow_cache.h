// Narrow copies of columns that filters have read more than once, as long as there is room. Each can
// be had again from its column, so they are the first to go; those used longest ago go before the
// others. Why: docs/adr/0060-filters-read-narrow-copies.md.
//
// Thread safety: all methods from any thread. Nobody waits for a copy: who asks while it is made
// reads the column.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/deadline.h"
#include "base/memory_budget.h"
#include "base/mutex.h"
#include "segment/narrow_column.h"
#include "segment/segment.h"

namespace vecdb::segment {

class NarrowCache;

// Those of one segment, shared by all of its forms.
class NarrowColumns {
 public:
  explicit NarrowColumns(NarrowCache& cache);  // which outlives it
  ~NarrowColumns();
  NarrowColumns(const NarrowColumns&) = delete;
  NarrowColumns& operator=(const NarrowColumns&) = delete;

  // Null where there is none (yet). `segment` is the one they are of. The second who asks makes it.
  std::shared_ptr<const NarrowColumn> Find(const Segment& segment, std::uint32_t field,
                                           const base::Deadline& deadline) EXCLUDES(mutex_);
  std::uint64_t memory_bytes() const EXCLUDES(mutex_);

 private:
  friend class NarrowCache;
  class Making;
  struct One {
    std::shared_ptr<const NarrowColumn> column;
    std::uint64_t used_at = 0;  // in questions to the cache
    std::uint32_t wait = 2;     // questions until it is made, this one too
    bool making = false;
    bool too_wide = false;
  };
  struct Place {
    std::uint64_t used_at;
    NarrowColumns* of;
    std::uint32_t field;
  };
  void Finish(std::uint32_t field, const NarrowColumn::Made& made) EXCLUDES(mutex_);
  void List(std::vector<Place>* places) EXCLUDES(mutex_);
  // Lets go of it, if nobody else holds it.
  std::shared_ptr<const NarrowColumn> Drop(std::uint32_t field) EXCLUDES(mutex_);

  NarrowCache& cache_;
  std::list<NarrowColumns*>::iterator place_;  // the cache's
  mutable base::Mutex mutex_;                  // leaf
  std::map<std::uint32_t, One> fields_ GUARDED_BY(mutex_);
};

class NarrowCache {
 public:
  // Holds up to `most_bytes`, and less where the budget, which outlives it, has no room.
  NarrowCache(std::uint64_t most_bytes, base::MemoryBudget& budget)
      : budget_(budget), share_(most_bytes) {}

  // Until they have given back so much, copies that nobody reads; returns how much they have.
  std::uint64_t Evict(std::uint64_t bytes) { return Evict(bytes, ~std::uint64_t{0}); }
  std::uint64_t bytes() const { return share_.used(); }

 private:
  friend class NarrowColumns;
  // The same, of those used before.
  std::uint64_t Evict(std::uint64_t bytes, std::uint64_t before) EXCLUDES(mutex_);
  std::optional<NarrowColumn::Memory> Reserve(std::uint64_t bytes) EXCLUDES(mutex_);

  // constant after construction
  base::MemoryBudget& budget_;
  // thread-safe by themselves
  base::MemoryBudget share_;
  std::atomic<std::uint64_t> questions_{0};
  // guarded
  base::Mutex mutex_;  // before a segment's own
  std::list<NarrowColumns*> segments_ GUARDED_BY(mutex_);
};

}  // namespace vecdb::segment
