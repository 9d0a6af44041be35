#include "index/recall_table.h"

#include <algorithm>
#include <cmath>

namespace vecdb::index {
namespace {

// Where nothing was measured.
constexpr double kPlainFactor = 4;  // candidates for each row wanted
constexpr double kLeastCandidates = 64;
constexpr double kDistancesOfCandidate = 20;

}  // namespace

// Straight lines between the measured points, over -log(1 - recall), in which they are nearly one.
double RecallTable::EfOfMeasured(std::uint32_t k, float recall) const {
  const MeasuredRecall* below = nullptr;
  for (const MeasuredRecall& row : rows_) {
    if (row.k != k) continue;
    if (row.recall < recall) {
      below = &row;
      continue;
    }
    if (below == nullptr) return row.ef;
    const auto height = [](float x) { return -std::log(std::max(1.0 - double{x}, 1e-4)); };
    const double rise = height(row.recall) - height(below->recall);
    const double part = rise > 0 ? (height(recall) - height(below->recall)) / rise : 1;
    return below->ef + std::clamp(part, 0.0, 1.0) * (row.ef - below->ef);
  }
  // Never reached: with each doubling what is missed is about halved.
  const double missed = (1.0 - double{below->recall}) / std::max(1.0 - double{recall}, 1e-4);
  return below->ef * std::max(2.0, missed);
}

std::size_t RecallTable::EfFor(std::size_t k, float recall) const {
  double ef = std::max(kPlainFactor * static_cast<double>(k), kLeastCandidates);
  if (!rows_.empty()) {
    const MeasuredRecall* low = nullptr;
    const MeasuredRecall* high = nullptr;
    for (const MeasuredRecall& row : rows_) {
      if (row.k <= k) low = &row;
      if (row.k >= k && high == nullptr) high = &row;
    }
    if (low == nullptr) low = high;
    if (high == nullptr) high = low;
    const double at_low = EfOfMeasured(low->k, recall);
    const double at_high = EfOfMeasured(high->k, recall);
    if (low->k == high->k) {
      // Beyond the largest k that was measured as many more candidates as rows are wanted.
      ef = at_low + (k > low->k ? static_cast<double>(k - low->k) * 1.2 : 0.0);
    } else {
      const double part = std::log(static_cast<double>(k) / low->k) /
                          std::log(static_cast<double>(high->k) / low->k);
      ef = at_low + part * (at_high - at_low);
    }
  }
  return std::max(k, static_cast<std::size_t>(std::ceil(ef)));
}

bool RecallTable::Reaches(std::size_t k, float recall) const {
  const MeasuredRecall* low = nullptr;  // of each k the last row has the best recall
  const MeasuredRecall* high = nullptr;
  for (const MeasuredRecall& row : rows_) {
    if (row.k <= k) low = &row;
    if (row.k >= k && (high == nullptr || row.k == high->k)) high = &row;
  }
  return (low == nullptr || low->recall >= recall) && (high == nullptr || high->recall >= recall);
}

double RecallTable::DistancesOf(std::size_t ef) const {
  const MeasuredRecall* nearest = nullptr;
  for (const MeasuredRecall& row : rows_) {
    if (row.distances > 0 && (nearest == nullptr || row.ef <= ef)) nearest = &row;
  }
  const double wanted = static_cast<double>(ef);
  if (nearest == nullptr) return kDistancesOfCandidate * wanted;
  return double{nearest->distances} * std::max(1.0, wanted / nearest->ef);
}

}  // namespace vecdb::index
