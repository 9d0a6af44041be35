// One Bloom filter over the keys of many sealed segments of a shard, so that a write asks once, not
// once for each segment, whether its keys are new. It knows which segments it includes; the others
// are asked themselves. Lives in memory only and can always be built again from the key files. Why,
// and what it costs: docs/adr/0020-one-key-filter-a-shard.md.
//
// Thread safety: all methods from any thread. Readers never wait for the thread that adds.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/ids.h"
#include "base/memory_budget.h"
#include "base/mutex.h"
#include "base/shared_bloom.h"
#include "segment/segment.h"

namespace vecdb::segment {

class ShardKeyFilter {
 public:
  using Segments = std::vector<std::shared_ptr<const Segment>>;

  // What the filter knew at a moment; stays true for ever, since sealed segments never change.
  class Known {
   public:
    // Every key of the segment is in the filter.
    bool Includes(SegmentId id) const;
    // may[i] = 0 only if no row of an included segment has a key with hashes[i].
    void MayContain(std::span<const std::uint64_t> hashes, std::uint8_t* may) const {
      bloom_->MayContainMany(hashes, may);
    }

   private:
    friend class ShardKeyFilter;
    std::shared_ptr<base::SharedBloom> bloom_;  // Known shares it with those before and after
    std::uint64_t keys_ = 0;                    // added to it
    std::vector<SegmentId> included_;           // sorted
  };
  std::shared_ptr<const Known> Pin() const EXCLUDES(mutex_);  // null while nothing is included

  // Whether Add would have something to do. `sealed` are all sealed segments of the shard; a lone
  // one gains nothing from a second filter beside its own.
  bool IsBehind(const Segments& sealed) const;

  // Includes those of `sealed` that are not yet. When they do not fit, a larger filter is built
  // from all of `sealed` if `may_grow`, otherwise nothing is done. A segment that cannot be read is
  // left out; the first failure is returned after the others are in. Does nothing while another
  // thread adds; ends early, without harm, when `stop` becomes true. A larger filter is charged to
  // `budget`, if there is one, and not built where that has no room; the budget outlives it.
  Status Add(const Segments& sealed, bool may_grow, const std::atomic<bool>& stop,
             base::MemoryBudget* budget = nullptr);

  // `merged` have only keys of `inputs`, which are about to go: included without a look at them if
  // all inputs are. Does nothing while another thread adds.
  void Replace(std::span<const SegmentId> inputs, std::span<const SegmentId> merged);

  // Includes nothing any more, and says what that gives back. Add() builds it again.
  std::uint64_t Drop() EXCLUDES(mutex_);

  std::uint64_t memory_bytes() const;

 private:
  Status AddAlone(const Segments& sealed, bool may_grow, const std::atomic<bool>& stop,
                  base::MemoryBudget* budget);
  void Publish(Known known) EXCLUDES(mutex_);

  std::atomic<bool> adding_{false};
  mutable base::Mutex mutex_;  // leaf
  std::shared_ptr<const Known> known_ GUARDED_BY(mutex_);
};

}  // namespace vecdb::segment
