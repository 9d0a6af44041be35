// Which rows may be near enough to one of many queries: by inner products, which cost less than
// distances when many queries meet many rows, and what their rounding can amount to. A row that is
// not named is farther than the bound, whatever the rounding; a row that is named may be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "vecdb/schema.h"

namespace vecdb::query {

// A row, by its place among those asked for, and the number of the query.
struct NearPair {
  std::uint32_t row = 0;
  std::uint32_t query = 0;
};

// Thread safety: one thread at a time.
class NearRows {
 public:
  // Rows one after the other, and the bytes that will be asked for next.
  struct Rows {
    const float* base = nullptr;
    std::size_t n = 0;  // at most rows_at_once()
    const void* next = nullptr;
    std::size_t next_bytes = 0;
  };

  // Of `count` queries, one after the other. Null where distances cost no more: so few queries, or
  // no kernel for these products.
  static std::unique_ptr<NearRows> Make(Metric metric, const float* queries, std::size_t count,
                                        std::size_t dimension);

  std::size_t rows_at_once() const { return rows_at_once_; }
  // A row farther than bounds[q] from query q is not wanted. Not NaN.
  void SetBounds(std::span<const float> bounds);
  // Appends those that may be wanted, as rows from `first` on. Any bits make rows: those of which
  // nothing can be said, as of NaN, are named for all queries.
  void Find(const Rows& rows, std::size_t first, std::vector<NearPair>* near);

 private:
  NearRows(Metric metric, const float* queries, std::size_t count, std::size_t dimension);

  float FactorOfRow(float norm2) const;
  // Of length `norm2`; a distance of up to `bound` is wanted.
  void SetQuery(std::size_t q, float norm2, float bound);

  // constant after construction
  const Metric metric_;
  const std::size_t count_;
  const std::size_t dimension_;
  const std::size_t width_;  // of a panel
  const std::size_t panels_;
  const std::size_t rows_at_once_;
  const double rounding_;  // of a sum of as many products, at most, relative to their sizes
  const double smallest_;  // what the numbers that are too small to be kept can sum up to
  std::vector<float> values_room_;
  float* const values_;       // of the panels
  std::vector<float> norm2_;  // of the queries

  std::vector<float> factors_;  // of the queries, for the bounds that were set
  std::vector<float> terms_;
  // for the rows that are looked at
  std::vector<float> row_factors_;
  std::vector<float> unused_;
  std::vector<float> row_norm2_;
  std::vector<std::uint32_t> words_;
};

}  // namespace vecdb::query
