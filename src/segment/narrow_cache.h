// Narrow copies of columns that filters have read more than once, as long as there is room. Each
// can be had again from its column, so they are the first to go; those used longest ago go before
// the others. Why: docs/adr/0060-filters-read-narrow-copies.md.
//
// Thread safety: all methods from any thread. Nobody waits for a copy: who asks while it is made
// reads the column.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
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

// A small build has none; its tests try them all the same.
#if defined(VECDB_EDGE) && !defined(VECDB_TESTING)
inline constexpr bool kNarrowCopies = false;
#else
inline constexpr bool kNarrowCopies = true;
#endif

// Those of one segment, shared by all of its forms.
class NarrowColumns {
 public:
  NarrowColumns(NarrowCache& cache, std::size_t fields);  // the cache outlives it
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
  std::shared_ptr<const NarrowColumn> Make(const Segment& segment, std::uint32_t field,
                                           const base::Deadline& deadline,
                                           NarrowColumn::Outcome* outcome) const;
  // When the one of those used before `end` was used that nobody else holds and that was used
  // longest ago; `end` where there is none.
  std::uint64_t Oldest(std::uint64_t end) EXCLUDES(mutex_);
  // Lets go of what was used then; how many bytes it had.
  std::uint64_t Drop(std::uint64_t used_at) EXCLUDES(mutex_);

  NarrowCache& cache_;
  mutable base::Mutex mutex_;  // leaf
  std::vector<One> fields_ GUARDED_BY(mutex_);
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
  std::vector<NarrowColumns*> segments_ GUARDED_BY(mutex_);
};

}  // namespace vecdb::segment
