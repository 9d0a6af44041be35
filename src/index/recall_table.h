// What recall a walk had with how many candidates, as measured when the graph was built.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace vecdb::index {

struct MeasuredRecall {
  std::uint32_t k = 0;
  std::uint32_t ef = 0;
  float recall = 0;     // of the k nearest, mean over the queries
  float distances = 0;  // computed for a query, mean
};

class RecallTable {
 public:
  RecallTable() = default;
  // In the order of k, then of ef.
  explicit RecallTable(std::vector<MeasuredRecall> rows) : rows_(std::move(rows)) {}

  const std::vector<MeasuredRecall>& rows() const { return rows_; }

  // How many candidates it takes: at least k, and the least measured ef whose recall reached the
  // target, of the measured k's the two next to this one. Beyond what was measured it grows on.
  std::size_t EfFor(std::size_t k, float recall) const;
  // Whether the most candidates measured had this recall, of the k's that EfFor() looks at. True
  // where nothing was measured.
  bool Reaches(std::size_t k, float recall) const;
  // Distances a walk with so many candidates computes; a guess where nothing was measured.
  double DistancesOf(std::size_t ef) const;

 private:
  double EfOfMeasured(std::uint32_t k, float recall) const;

  std::vector<MeasuredRecall> rows_;
};

}  // namespace vecdb::index
