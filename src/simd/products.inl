// The kernel of ProductKernels, once over xsimd: see floats.inl for what includes it and how. Lanes
// are queries and every component of a row meets all lanes of a panel, so nothing is summed over
// lanes and what is loaded serves a whole tile: all that is left is a multiplication and an
// addition for each component of each pair.
#ifndef VECDB_SIMD_PRODUCTS_INL_
#define VECDB_SIMD_PRODUCTS_INL_

#include "simd/floats.inl"

namespace vecdb::simd {
namespace {

constexpr std::size_t kPanel = 2 * kLanes;
// Beside the sums of so many rows and a panel, the panel's queries and a component have registers.
#if defined(__aarch64__)
constexpr std::size_t kProductRows = 12;
#else
constexpr std::size_t kProductRows = kLanes >= 16 ? 12 : 6;
#endif
static_assert(ProductKernels::kRows % kProductRows == 0 && kPanel <= 32);

// Sum 2 * r + b belongs to row r and the queries of batch b.
VECDB_ALWAYS_INLINE void AddProducts(const float* panel, const float* const* rows,
                                     std::size_t dimension, F32* sums) {
  Clear<2 * kProductRows>(sums);
  for (std::size_t i = 0; i < dimension; ++i, panel += kPanel) {
    const F32 low = F32::load_unaligned(panel);
    const F32 high = F32::load_unaligned(panel + kLanes);
    Repeat<kProductRows>(VECDB_EACH(r) {
      F32 component(rows[r][i]);
      KeepInRegister(&component);
      sums[2 * r] = xsimd::fma(component, low, sums[2 * r]);
      sums[2 * r + 1] = xsimd::fma(component, high, sums[2 * r + 1]);
    });
  }
}

// A bit a lane: not below the limit, nor beside it in any order.
VECDB_ALWAYS_INLINE std::uint32_t NotBelow(F32 products, F32 limits) {
  constexpr std::uint64_t kAll = (std::uint64_t{1} << kLanes) - 1;
  return static_cast<std::uint32_t>(~Isa::Mask(products < limits) & kAll);
}

// Rows from i on and one panel. The last row stands in for those that a tile lacks.
void ReachTile(const ProductQueries& queries, std::size_t panel, const ProductRows& rows,
               std::size_t i, std::uint32_t* words) {
  const std::size_t left = rows.n - i < kProductRows ? rows.n - i : kProductRows;
  const float* at[kProductRows];
  Repeat<kProductRows>(
      VECDB_EACH(r) { at[r] = rows.base + (i + (r < left ? r : left - 1)) * rows.dimension; });
  F32 sums[2 * kProductRows];
  AddProducts(queries.values + panel * kPanel * rows.dimension, at, rows.dimension, sums);
  const float* const factors = queries.factors + panel * kPanel;
  const float* const terms = queries.terms + panel * kPanel;
  const F32 low_factor = F32::load_unaligned(factors);
  const F32 high_factor = F32::load_unaligned(factors + kLanes);
  const F32 low_term = F32::load_unaligned(terms);
  const F32 high_term = F32::load_unaligned(terms + kLanes);
  Repeat<kProductRows>(VECDB_EACH(r) {
    if (r < left) {
      const F32 factor(rows.factors[i + r]);
      const std::uint32_t low = NotBelow(sums[2 * r], xsimd::fma(factor, low_factor, low_term));
      const std::uint32_t high =
          NotBelow(sums[2 * r + 1], xsimd::fma(factor, high_factor, high_term));
      words[r] = high << kLanes | low;
    }
  });
}

void Reach(const ProductQueries& queries, const ProductRows& rows, std::uint32_t* words) {
  const std::size_t tiles = (rows.n + kProductRows - 1) / kProductRows * queries.panels;
  const std::size_t part = rows.next_bytes / (tiles + 1) + 1;
  std::uintptr_t next = reinterpret_cast<std::uintptr_t>(rows.next);
  for (std::size_t panel = 0; panel < queries.panels; ++panel) {
    for (std::size_t i = 0; i < rows.n; i += kProductRows, next += part) {
      PrefetchBytes(next, part);
      ReachTile(queries, panel, rows, i, words + panel * rows.n + i);
    }
  }
}

}  // namespace
}  // namespace vecdb::simd

#endif  // VECDB_SIMD_PRODUCTS_INL_
