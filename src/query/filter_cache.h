// What filters have left of sealed segments, kept for the next search that has the same filter:
// from the second time on, for texts that are never said again would push out the others. Those
// used longest ago go first. Rows of a segment never change, so only deletes, which are not looked
// at here, and time come in between.
//
// Thread safety: all methods from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bitmap.h"
#include "base/ids.h"
#include "base/memory_budget.h"
#include "base/mutex.h"

namespace vecdb::query {

class FilterCache {
 public:
  // Holds up to `most_bytes`, and less where the budget, which outlives it, has no room.
  FilterCache(std::uint64_t most_bytes, base::MemoryBudget& budget)
      : most_bytes_(most_bytes), budget_(budget) {}

  // The rows of a segment for which a filter of this text is true; null when that is not known.
  std::shared_ptr<const base::Bitmap> Find(SegmentId segment, std::string_view filter)
      EXCLUDES(mutex_);
  // Whether that was asked lately, which it has been from now on.
  bool WasAsked(SegmentId segment, std::string_view filter) EXCLUDES(mutex_);
  void Put(SegmentId segment, std::string_view filter, std::shared_ptr<const base::Bitmap> passed)
      EXCLUDES(mutex_);
  // Forgets all; how many bytes it had.
  std::uint64_t Clear() EXCLUDES(mutex_);

  std::uint64_t bytes() const EXCLUDES(mutex_);

 private:
  using Name = std::pair<SegmentId, std::string>;
  struct Entry {
    Name name;
    std::shared_ptr<const base::Bitmap> passed;
    std::uint64_t bytes = 0;
    base::MemoryReservation memory;
  };
  // Hashes of what was asked, two in each place: so that the filters of a few searches, of hundreds
  // of segments, do not make each other forgotten.
  struct Asked {
    std::size_t last = 0;
    std::size_t before = 0;
  };
  static constexpr std::size_t kAskedPlaces = 4096;
  void DropOldest() REQUIRES(mutex_);

  const std::uint64_t most_bytes_;
  base::MemoryBudget& budget_;
  mutable base::Mutex mutex_;                    // leaf, but for the budget's
  std::list<Entry> entries_ GUARDED_BY(mutex_);  // that used last in front
  std::map<Name, std::list<Entry>::iterator> by_name_ GUARDED_BY(mutex_);
  std::uint64_t bytes_ GUARDED_BY(mutex_) = 0;
  std::vector<Asked> asked_ GUARDED_BY(mutex_);  // empty before the first question
};

}  // namespace vecdb::query
