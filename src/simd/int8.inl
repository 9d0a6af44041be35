// What is summed for int8, where an instruction set multiplies 16-bit integers: see bytes.inl. The
// class Int8Lanes has, besides V, kBytes, Load, LoadTail, Sums and Sum4,
//   AddProducts(sums, a, b)       sums + a * b
//   AddSquares(sums, a, b)        sums + (a - b)^2
#ifndef VECDB_SIMD_INT8_INL_
#define VECDB_SIMD_INT8_INL_

#include "simd/rows.inl"

namespace vecdb::simd {
namespace {

struct Int8L2 : Int8Lanes {
  static constexpr std::size_t kResults = 1;
  struct Row {
    Sums sums;
    VECDB_ALWAYS_INLINE void Clear() { sums = Zero(); }
    VECDB_ALWAYS_INLINE void Add(V query, V row) { sums = AddSquares(sums, query, row); }
  };
  VECDB_ALWAYS_INLINE void AddQuery(V) {}
  VECDB_ALWAYS_INLINE Sums Lanes(std::size_t, const Row& row) const { return row.sums; }
};

struct Int8Ip : Int8Lanes {
  static constexpr std::size_t kResults = 1;
  struct Row {
    Sums sums;
    VECDB_ALWAYS_INLINE void Clear() { sums = Zero(); }
    VECDB_ALWAYS_INLINE void Add(V query, V row) { sums = AddProducts(sums, query, row); }
  };
  VECDB_ALWAYS_INLINE void AddQuery(V) {}
  VECDB_ALWAYS_INLINE Sums Lanes(std::size_t, const Row& row) const { return row.sums; }
};

struct Int8IpNorm : Int8Lanes {
  static constexpr std::size_t kResults = 2;
  struct Row {
    Sums products;
    Sums squares;
    VECDB_ALWAYS_INLINE void Clear() { products = squares = Zero(); }
    VECDB_ALWAYS_INLINE void Add(V query, V row) {
      products = AddProducts(products, query, row);
      squares = AddProducts(squares, row, row);
    }
  };
  VECDB_ALWAYS_INLINE void AddQuery(V) {}
  VECDB_ALWAYS_INLINE Sums Lanes(std::size_t k, const Row& row) const {
    return k == 0 ? row.products : row.squares;
  }
};

}  // namespace
}  // namespace vecdb::simd

#endif  // VECDB_SIMD_INT8_INL_
