// A row x and a query q are too far where their product is below a limit, which the kernel computes
// as factor(x) * factor(q) + term(q). Here is where factors and terms come from; all are exact or
// err towards lower limits, that is towards rows that are named.
//
// Be e = rounding_ and X, Q the norms as they were computed. Every sum of n products that a kernel
// makes, in whatever order, is within e times the sum of their sizes; that holds for the squared
// norms, for the product p that the limit is compared with, for the product that a distance is made
// of, and, of squared differences, for the distance itself. And |x||q| is no less than the sum of
// the sizes of x's and q's products. Thrice e where twice is proved leaves e, which is at least 16
// roundings, for what is computed here and in the kernel's comparison.
//
// L2: the exact distance is |x|^2 + |q|^2 - 2 xq, and xq <= p + e (|x|^2 + |q|^2) / 2. So it is at
// least (1 - 2e)(X^2 + Q^2) - 2p, and the distance that a search would compute is above the bound b
// where p < ((1 - 3e) X^2 + (1 - 3e) Q^2 - (1 + 3e) b) / 2.
//
// IP: the product that a search would compute is at most p + 2e |x||q|: below -b where
// p < -b - 3e |x||q|.
//
// COSINE: that product by XQ, where the search's own XQ may be another by 2e: below -b where
// p < XQ (-b - 4e (1 + |b|)). Neither X nor Q is short: there squares would have been lost.
//
// Where numbers are so small that they are rounded to denormals, or to zero by a processor that is
// told to, each rounding may add up to FLT_MIN: `smallest_`.
#include "query/near_rows.h"

#include <algorithm>
#include <bit>
#include <cfloat>
#include <cmath>
#include <limits>

#include "query/aligned.h"
#include "simd/kernels.h"

namespace vecdb::query {
namespace {

constexpr float kNever = std::numeric_limits<float>::quiet_NaN();  // as a limit: none is below
// No vector of a field has a larger squared norm; beyond it products might overflow.
constexpr float kLargestSquaredNorm = 1e38F;
constexpr float kSmallestSquaredNorm = 1e-30F;  // what COSINE takes for no short vector

// Multiples of the kernel's rows that stay in a first cache while panels pass by.
std::size_t RowsAtOnce(std::size_t dimension) {
  constexpr std::size_t kBytes = std::size_t{16} << 10;
  constexpr std::size_t kRows = simd::ProductKernels::kRows;
  const std::size_t fit = kBytes / sizeof(float) / dimension / kRows;
  return std::clamp<std::size_t>(fit, 1, 20) * kRows;
}

double RoundingOf(std::size_t dimension) {
  const double roundings = static_cast<double>(dimension + 16) * 0x1p-24;
  return roundings / (1 - roundings);
}

}  // namespace

std::unique_ptr<NearRows> NearRows::Make(Metric metric, const float* queries, std::size_t count,
                                         std::size_t dimension) {
  constexpr std::size_t kMostDimensions = 32768;
  const std::size_t width = simd::Kernels().products.width;
  if (width == 0 || dimension > kMostDimensions) return nullptr;
  const std::size_t panels = (count + width - 1) / width;
  if (2 * count < panels * width) return nullptr;
  return std::unique_ptr<NearRows>(new NearRows(metric, queries, count, dimension));
}

NearRows::NearRows(Metric metric, const float* queries, std::size_t count, std::size_t dimension)
    : metric_(metric),
      count_(count),
      dimension_(dimension),
      width_(simd::Kernels().products.width),
      panels_((count + width_ - 1) / width_),
      rows_at_once_(RowsAtOnce(dimension)),
      rounding_(RoundingOf(dimension)),
      smallest_(16.0 * FLT_MIN * static_cast<double>(dimension + 4)),
      values_(AlignedIn(&values_room_, panels_ * width_ * dimension)),
      norm2_(count),
      factors_(panels_ * width_),
      terms_(panels_ * width_),
      row_factors_(rows_at_once_),
      unused_(rows_at_once_),
      row_norm2_(rows_at_once_),
      words_(panels_ * rows_at_once_) {
  for (std::size_t q = 0; q < count; ++q) {
    const float* const query = queries + q * dimension;
    float* const panel = values_ + q / width_ * width_ * dimension + q % width_;
    for (std::size_t i = 0; i < dimension; ++i) panel[i * width_] = query[i];
    norm2_[q] = simd::Kernels().f32.norm2(query, dimension);
  }
}

void NearRows::SetBounds(std::span<const float> bounds) {
  for (std::size_t q = 0; q < count_; ++q) SetQuery(q, norm2_[q], bounds[q]);
}

void NearRows::SetQuery(std::size_t q, float norm2, float bound) {
  const double b = metric_ == Metric::kCosine ? std::clamp(bound, -2.0F, 2.0F) : bound;
  double factor = kNever;
  double term = -smallest_;
  if (!(norm2 <= kLargestSquaredNorm)) {
    term = kNever;
  } else if (metric_ == Metric::kL2) {
    factor = 1;
    term += ((1 - 3 * rounding_) * norm2 - (1 + 3 * rounding_) * b) / 2;
  } else if (metric_ == Metric::kInnerProduct) {
    factor = -3 * rounding_ * std::sqrt(norm2 + smallest_);
    term += -b - 4 * 0x1p-24 * std::abs(b);
  } else {
    factor = std::sqrt(double{norm2}) * (-b - 4 * rounding_ * (1 + std::abs(b)));
  }
  factors_[q] = static_cast<float>(factor);
  terms_[q] = static_cast<float>(term);
}

float NearRows::FactorOfRow(float norm2) const {
  if (!(norm2 <= kLargestSquaredNorm)) return kNever;
  if (metric_ == Metric::kL2) return static_cast<float>((1 - 3 * rounding_) / 2 * norm2);
  if (metric_ == Metric::kInnerProduct) return static_cast<float>(std::sqrt(norm2 + smallest_));
  return norm2 < kSmallestSquaredNorm ? kNever : std::sqrt(norm2);
}

void NearRows::Find(const Rows& rows, std::size_t first, std::vector<NearPair>* near) {
  const simd::KernelTable& kernels = simd::Kernels();
  kernels.f32.ip_norm_many(values_, rows.base, dimension_, rows.n, unused_.data(),
                           row_norm2_.data());
  for (std::size_t i = 0; i < rows.n; ++i) row_factors_[i] = FactorOfRow(row_norm2_[i]);
  kernels.products.reach(
      {values_, panels_, factors_.data(), terms_.data()},
      {rows.base, dimension_, rows.n, row_factors_.data(), rows.next, rows.next_bytes},
      words_.data());
  for (std::size_t p = 0; p < panels_; ++p) {
    const std::size_t queries = std::min(count_ - p * width_, width_);
    const auto real = static_cast<std::uint32_t>((std::uint64_t{1} << queries) - 1);
    for (std::size_t i = 0; i < rows.n; ++i) {
      for (std::uint32_t word = words_[p * rows.n + i] & real; word != 0; word &= word - 1) {
        const std::size_t q = p * width_ + static_cast<std::size_t>(std::countr_zero(word));
        near->push_back({static_cast<std::uint32_t>(first + i), static_cast<std::uint32_t>(q)});
      }
    }
  }
}

}  // namespace vecdb::query
