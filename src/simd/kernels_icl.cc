// AVX-512 with VNNI and VPOPCNTDQ: dot products of bytes and counts of bits are instructions. What
// concerns floats is AVX-512's.
#if defined(VECDB_DISPATCH_X86)

// The headers of g++ 12 leave unused lanes undefined on purpose and then warn about it.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include <immintrin.h>

#include "simd/lanes512.inl"

namespace vecdb::simd {
namespace {

// The instruction multiplies unsigned bytes with signed ones. So one side, x, goes as x + 128,
// which adds 128 times the sum of the other side; that is summed too and subtracted. Lanes may
// wrap: the result does not.
struct VnniLanes : Bytes512 {
  VECDB_ALWAYS_INLINE static V Raised(V v) {
    return _mm512_xor_si512(v, _mm512_set1_epi8(static_cast<char>(0x80)));
  }
  VECDB_ALWAYS_INLINE static Sums AddProducts(Sums sums, V raised, V v) {
    return _mm512_dpbusd_epi32(sums, raised, v);
  }
  // 128 times v.
  VECDB_ALWAYS_INLINE static Sums AddRaise(Sums sums, V v) {
    return _mm512_dpbusd_epi32(sums, _mm512_set1_epi8(static_cast<char>(0x80)), v);
  }
  VECDB_ALWAYS_INLINE static Sums Minus(Sums a, Sums b) { return _mm512_sub_epi32(a, b); }
};

struct Int8Ip : VnniLanes {
  static constexpr std::size_t kResults = 1;
  struct Row {
    Sums products = Zero();
    VECDB_ALWAYS_INLINE void Add(V query, V row) {
      products = AddProducts(products, Raised(row), query);
    }
  };
  VECDB_ALWAYS_INLINE void AddQuery(V query) { raise = AddRaise(raise, query); }
  VECDB_ALWAYS_INLINE Sums Lanes(std::size_t, const Row& row) const {
    return Minus(row.products, raise);
  }
  Sums raise = Zero();
};

struct Int8IpNorm : VnniLanes {
  static constexpr std::size_t kResults = 2;
  struct Row {
    Sums products = Zero();
    Sums squares = Zero();
    Sums row_raise = Zero();
    VECDB_ALWAYS_INLINE void Add(V query, V row) {
      const V raised = Raised(row);
      products = AddProducts(products, raised, query);
      squares = AddProducts(squares, raised, row);
      row_raise = AddRaise(row_raise, row);
    }
  };
  VECDB_ALWAYS_INLINE void AddQuery(V query) { raise = AddRaise(raise, query); }
  VECDB_ALWAYS_INLINE Sums Lanes(std::size_t k, const Row& row) const {
    return k == 0 ? Minus(row.products, raise) : Minus(row.squares, row.row_raise);
  }
  Sums raise = Zero();
};

// (q - r)^2 = q^2 + r^2 - 2 q r.
struct Int8L2 : VnniLanes {
  static constexpr std::size_t kResults = 1;
  using Row = Int8IpNorm::Row;
  VECDB_ALWAYS_INLINE void AddQuery(V query) {
    squares = AddProducts(squares, Raised(query), query);
    raise = AddRaise(raise, query);
  }
  VECDB_ALWAYS_INLINE Sums Lanes(std::size_t, const Row& row) const {
    const Sums product = Minus(row.products, raise);
    const Sums both = _mm512_add_epi32(Minus(squares, raise), Minus(row.squares, row.row_raise));
    return Minus(both, _mm512_add_epi32(product, product));
  }
  Sums squares = Zero();
  Sums raise = Zero();
};

struct BitLanes : Bytes512 {
  VECDB_ALWAYS_INLINE static Sums AddBits(Sums sums, V v) {
    return _mm512_add_epi32(sums, _mm512_popcnt_epi32(v));
  }
};

}  // namespace
}  // namespace vecdb::simd

#include "simd/bytes.inl"

namespace vecdb::simd {
namespace {

std::uint64_t PopcountWords(const std::uint64_t* a, std::size_t n) {
  __m512i sums[4] = {};
  std::size_t i = 0;
  for (; n - i >= 32; i += 32) {
    Repeat<4>(VECDB_EACH(k) {
      sums[k] = _mm512_add_epi64(sums[k], _mm512_popcnt_epi64(_mm512_loadu_si512(a + i + 8 * k)));
    });
  }
  for (; i < n; i += 8) {
    const __mmask8 mask = n - i >= 8 ? __mmask8{0xFF} : static_cast<__mmask8>((1U << (n - i)) - 1);
    sums[0] = _mm512_add_epi64(sums[0], _mm512_popcnt_epi64(_mm512_maskz_loadu_epi64(mask, a + i)));
  }
  const __m512i low = _mm512_add_epi64(sums[0], sums[1]);
  const __m512i high = _mm512_add_epi64(sums[2], sums[3]);
  return static_cast<std::uint64_t>(_mm512_reduce_add_epi64(_mm512_add_epi64(low, high)));
}

KernelTable MakeTable() {
  KernelTable table = Avx512Kernels();
  table.level = Level::kIcl;
  table.name = "icl";
  table.i8 = kInt8Kernels;
  table.bits = kBitKernels;
  table.words.popcount = PopcountWords;
  return table;
}

}  // namespace

const KernelTable& IclKernels() {
  static const KernelTable table = MakeTable();
  return table;
}

}  // namespace vecdb::simd

#endif  // VECDB_DISPATCH_X86
