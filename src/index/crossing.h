// From the rows of one index to those of another: for each the nearest there, or about. A search of
// both begins in the second where its crossing leads from the rows that it has found in the first,
// and has not to find its way from the entries. Only if it has found some that are as near as rows
// of the first index are to each other: where that has none like the query, what is nearest there
// says nothing. Why: docs/adr/0065-searches-cross-over.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "vecdb/status.h"

#include "base/deadline.h"
#include "index/index.h"

namespace vecdb::index {

// Immutable.
class Crossing {
 public:
  // `usual`: how far rows of the first index may be from their nearest there.
  Crossing(std::vector<std::uint32_t> to, float usual) : to_(std::move(to)), usual_(usual) {}

  // What `found` in the first index leads to in the other, each row once, into `seeds`; as many as
  // have room, and none where the nearest of them is farther than usual.
  std::span<const std::uint32_t> SeedsOf(std::span<const Neighbor> found,
                                         std::span<std::uint32_t> seeds) const;
  std::uint32_t operator[](RowIndex row) const { return to_[row]; }
  RowIndex rows() const { return static_cast<RowIndex>(to_.size()); }

 private:
  const std::vector<std::uint32_t> to_;  // one for each row of the first index
  const float usual_;
};

// Makes one, some rows at a time. The rows come in the order in which the links of the first index
// lead to them, so that each begins its search where the row before it ended.
//
// Thread safety: one thread at a time.
class CrossingBuild {
 public:
  // Both have graphs, and vectors of one field, by L2 or COSINE (CanCross).
  CrossingBuild(std::shared_ptr<const Index> from, std::shared_ptr<const Index> to);

  // Whether there is more to do. The first time reads the first index whole, unless that was done.
  Result<bool> Go(RowIndex rows, const base::Deadline& deadline);
  // Behind the last Go().
  std::shared_ptr<const Crossing> Take();

  // Held by one that is being made for so many rows, and by one that is there.
  static std::uint64_t MemoryToBuild(RowIndex rows) { return 3 * MemoryOf(rows); }
  static std::uint64_t MemoryOf(RowIndex rows) { return rows * sizeof(std::uint32_t); }

 private:
  Status Begin(const base::Deadline& deadline);
  Status FindUsual(const base::Deadline& deadline);
  float DistanceToNearest(std::uint32_t row);
  std::span<const float> Numbers(std::uint32_t row, std::vector<float>* room) const;
  Status Cross(std::uint32_t row, const base::Deadline& deadline);

  const std::shared_ptr<const Index> from_;
  const std::shared_ptr<const Index> to_;
  std::vector<std::uint32_t> crossed_;  // and, of rows still to come, where they begin
  std::vector<std::uint32_t> order_;    // rows that links have led to
  std::vector<bool> reached_;
  std::size_t done_ = 0;  // of the order
  float usual_ = 0;
  std::vector<float> numbers_;
  std::vector<float> others_;
  std::vector<Neighbor> found_;
};

// Whether both have graphs of vectors that lie near each other where distances say so: products of
// long vectors with any others are large.
bool CanCross(const Index& from, const Index& to);

}  // namespace vecdb::index
