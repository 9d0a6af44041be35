// The best k candidates of a search, whatever segments they come from: one heap, ties by key. The
// same reduction at every level, so 1 segment and 50 give the same answer.
#pragma once

#include <cstddef>
#include <limits>
#include <vector>

#include "base/ids.h"
#include "chunk/keys.h"
#include "segment/segment.h"

namespace vecdb::query {

// Inside, distances are smaller = nearer (rule 8).
struct Candidate {
  float distance = 0;
  RowIndex row = 0;
  const segment::Segment* segment = nullptr;  // pinned by the read's View
  chunk::KeyView key;                         // text lent by the segment
};

// Candidates of equal distance go by key; of equal keys, where those are not checked, by place: the
// answer does not depend on who found what first.
bool KeyBefore(const Candidate& a, const Candidate& b);

// The key of a row; text is lent by the segment for as long as it lives.
Result<chunk::KeyView> KeyAt(const segment::Segment& segment, RowIndex row);

class TopK {
 public:
  explicit TopK(std::size_t k) : k_(k) { heap_.reserve(k < 1024 ? k : 1024); }

  // Only a row at most this far can still enter.
  float bound() const {
    return heap_.size() < k_ ? std::numeric_limits<float>::infinity() : heap_.front().distance;
  }
  Status Offer(float distance, const segment::Segment& segment, RowIndex row);
  // Another of the same k, empty; and what such a one has found.
  TopK Empty() const { return TopK(k_); }
  void Merge(const TopK& other);
  // As if nothing of this segment had been offered, but for what it has displaced.
  void Forget(const segment::Segment& segment);

  // Nearest first; empties the heap.
  std::vector<Candidate> Take();

 private:
  void Add(const Candidate& candidate);

  std::size_t k_;
  std::vector<Candidate> heap_;  // the worst on top
};

}  // namespace vecdb::query
