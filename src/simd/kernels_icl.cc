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
    Sums products;
    VECDB_ALWAYS_INLINE void Clear() { products = Zero(); }
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
    Sums products;
    Sums squares;
    Sums row_raise;
    VECDB_ALWAYS_INLINE void Clear() { products = squares = row_raise = Zero(); }
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

// Differences need nine bits. Thirty-two components, widened.
struct Int8L2 : Lanes512 {
  using V = __m512i;
  static constexpr std::size_t kBytes = 32;
  static constexpr std::size_t kResults = 1;

  VECDB_ALWAYS_INLINE static V Load(const void* p) {
    return _mm512_cvtepi8_epi16(_mm256_loadu_si256(static_cast<const __m256i*>(p)));
  }
  VECDB_ALWAYS_INLINE static V LoadTail(const void* p, std::size_t n) {
    return _mm512_cvtepi8_epi16(
        _mm256_maskz_loadu_epi8(static_cast<__mmask32>((std::uint64_t{1} << n) - 1), p));
  }
  struct Row {
    Sums squares;
    VECDB_ALWAYS_INLINE void Clear() { squares = Zero(); }
    VECDB_ALWAYS_INLINE void Add(V query, V row) {
      const V difference = _mm512_sub_epi16(query, row);
      squares = _mm512_dpwssd_epi32(squares, difference, difference);
    }
  };
  VECDB_ALWAYS_INLINE void AddQuery(V) {}
  VECDB_ALWAYS_INLINE Sums Lanes(std::size_t, const Row& row) const { return row.squares; }
};

struct BitLanes : Bytes512 {
  static constexpr bool kPacks = true;

  template <std::size_t kRowBytes>
  VECDB_ALWAYS_INLINE static V Repeated(const void* p) {
    if constexpr (kRowBytes == 4) return _mm512_set1_epi32(LoadWord<std::int32_t>(p));
    if constexpr (kRowBytes == 8) return _mm512_set1_epi64(LoadWord<std::int64_t>(p));
    if constexpr (kRowBytes == 16) {
      return _mm512_broadcast_i32x4(_mm_loadu_si128(static_cast<const __m128i*>(p)));
    }
    return _mm512_broadcast_i64x4(_mm256_loadu_si256(static_cast<const __m256i*>(p)));
  }
  // The lanes of a row are folded until its first one has the sum.
  template <std::size_t kRowBytes>
  VECDB_ALWAYS_INLINE static void StorePacked(Sums sums, void* out) {
    if constexpr (kRowBytes == 4) {
      _mm512_storeu_si512(out, sums);
      return;
    }
    if constexpr (kRowBytes >= 32) {
      sums = _mm512_add_epi32(sums, _mm512_permutex_epi64(sums, 0x4E));
    }
    if constexpr (kRowBytes >= 16) {
      sums = _mm512_add_epi32(sums, _mm512_shuffle_epi32(sums, _MM_PERM_BADC));
    }
    sums = _mm512_add_epi32(sums, _mm512_srli_epi64(sums, 32));
    const __m512i count = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m512i first = _mm512_mullo_epi32(count, _mm512_set1_epi32(kRowBytes / 4));
    const __m512i packed = _mm512_permutexvar_epi32(first, sums);
    std::memcpy(out, &packed, kBytes / kRowBytes * sizeof(std::int32_t));
  }
  VECDB_ALWAYS_INLINE static Sums AddBits(Sums sums, V v) {
    return _mm512_add_epi32(sums, _mm512_popcnt_epi32(v));
  }
};

struct Int4Lanes : Nibbles512<BitLanes> {
  VECDB_ALWAYS_INLINE static Sums AddProducts(Sums sums, V c, V v) {
    return _mm512_dpbusd_epi32(sums, c, v);
  }
};

}  // namespace
}  // namespace vecdb::simd

#include "simd/nibbles.inl"

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
  table.i4 = kInt4Kernels;
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
