// Searches of one collection that wait to be made again by looking at every row, and what share of
// the nearest rows those found that were. A few wait, the rest is let go: it is a sample.
//
// Thread safety: all methods from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <utility>

#include "vecdb/request.h"

#include "base/ids.h"
#include "base/memory_budget.h"
#include "base/mutex.h"
#include "query/owned_vector.h"

namespace vecdb::roles {

// A search that owns what it looks for.
struct KeptSearch {
  std::uint32_t field = 0;
  IndexId index = 0;  // that the field had
  SearchRequest request;
  query::OwnedVector query;
  base::MemoryReservation memory = {};
};

class RecallProbes {
 public:
  static constexpr std::size_t kMostWaiting = 16;
  static constexpr std::size_t kMostAtOnce = 4;  // are made before others have their turn

  // Whether it is one of those that are kept: every so many-th, unless enough wait.
  bool Wants(std::uint32_t every) EXCLUDES(mutex_);
  // Lets it go where there is no room for it.
  void Keep(KeptSearch search, base::MemoryBudget& memory) EXCLUDES(mutex_);
  bool any() const EXCLUDES(mutex_);
  std::optional<KeptSearch> Take() EXCLUDES(mutex_);  // the oldest

  struct Measured {
    std::uint64_t searches = 0;
    std::uint64_t found = 0;   // rows
    std::uint64_t wanted = 0;  // of so many that are the nearest
  };
  void Note(std::uint32_t field, IndexId index, const Measured& one) EXCLUDES(mutex_);
  Measured Of(std::uint32_t field, IndexId index) const EXCLUDES(mutex_);

  std::atomic<bool> asked{false};  // a task that makes some again waits in the queue

 private:
  std::atomic<std::uint64_t> searches_{0};
  mutable base::Mutex mutex_;  // leaf
  std::deque<KeptSearch> waiting_ GUARDED_BY(mutex_);
  std::map<std::uint32_t, std::pair<IndexId, Measured>> measured_ GUARDED_BY(mutex_);  // by field
};

}  // namespace vecdb::roles
