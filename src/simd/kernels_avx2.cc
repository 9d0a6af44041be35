#if defined(VECDB_DISPATCH_X86)

// One namespace of xsimd per instruction set: its inline functions must not be shared.
#define xsimd vecdb_xs_avx2
#include <immintrin.h>
#include <xsimd/xsimd.hpp>

#include "simd/rows.inl"

namespace vecdb::simd {
namespace {

// n bytes, 0 < n < 16, and zeros.
__m128i LoadFew(const void* p, std::size_t n) {
  const TwoWords words = LoadFewBytes(p, n);
  return _mm_set_epi64x(static_cast<long long>(words.high), static_cast<long long>(words.low));
}

// Eight integers from kTailMask + 8 - n have their first n lanes set.
alignas(64) constexpr std::int32_t kTailMask[16] = {-1, -1, -1, -1, -1, -1, -1, -1,
                                                    0,  0,  0,  0,  0,  0,  0,  0};

struct Isa {
  using Arch = xsimd::fma3<xsimd::avx2>;
  using Batch = xsimd::batch<float, Arch>;
  using Ints = xsimd::batch<std::int32_t, Arch>;
  static constexpr Level kLevel = Level::kAvx2;
  static constexpr const char* kName = "avx2";
  static constexpr auto kCrc32c = Crc32cSse42;
  static constexpr std::size_t kPackedDimension = 0;

  static Batch LoadTail(const float* p, std::size_t n) {
    const __m256i mask = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kTailMask + 8 - n));
    return Batch(_mm256_maskload_ps(p, mask));
  }

  static void Sum4(Batch a, Batch b, Batch c, Batch d, float* out) {
    const __m256 ab = Halves(a, b);
    const __m256 cd = Halves(c, d);
    const __m256 low = _mm256_unpacklo_ps(ab, cd);   // a0 c0 a1 c1 | b0 d0 b1 d1
    const __m256 high = _mm256_unpackhi_ps(ab, cd);  // a2 c2 a3 c3 | b2 d2 b3 d3
    const __m256 sums = _mm256_add_ps(low, high);    // a02 c02 a13 c13 | b.. d..
    const __m128 ac = _mm256_castps256_ps128(sums);
    const __m128 bd = _mm256_extractf128_ps(sums, 1);
    const __m128 even = _mm_unpacklo_ps(ac, bd);  // a02 b02 c02 d02
    const __m128 odd = _mm_unpackhi_ps(ac, bd);   // a13 b13 c13 d13
    _mm_storeu_ps(out, _mm_add_ps(even, odd));
  }

  static Batch LoadF16(const std::uint16_t* p) { return WidenedF16(LoadEight(p)); }
  static Batch LoadF16Tail(const std::uint16_t* p, std::size_t n) {
    return WidenedF16(LoadFew(p, n * sizeof *p));
  }
  static Batch LoadBf16(const std::uint16_t* p) { return WidenedBf16(LoadEight(p)); }
  static Batch LoadBf16Tail(const std::uint16_t* p, std::size_t n) {
    return WidenedBf16(LoadFew(p, n * sizeof *p));
  }

  static void StoreLow16(std::uint16_t* p, Ints integers) {
    const __m256i low = _mm256_and_si256(integers, _mm256_set1_epi32(0xFFFF));
    StoreEight(p, _mm_packus_epi32(_mm256_castsi256_si128(low), _mm256_extracti128_si256(low, 1)));
  }
  static void StoreF16(std::uint16_t* p, Batch floats) {
    StoreEight(p, _mm256_cvtps_ph(floats, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
  }

  template <class Int>
  static std::uint64_t Mask(xsimd::batch_bool<Int, Arch> lanes) {
    const __m256i bits = lanes;
    if constexpr (sizeof(Int) == 8) {
      return static_cast<unsigned>(_mm256_movemask_pd(_mm256_castsi256_pd(bits)));
    } else if constexpr (sizeof(Int) == 4) {
      return static_cast<unsigned>(_mm256_movemask_ps(_mm256_castsi256_ps(bits)));
    } else if constexpr (sizeof(Int) == 2) {
      return static_cast<unsigned>(_mm_movemask_epi8(
          _mm_packs_epi16(_mm256_castsi256_si128(bits), _mm256_extracti128_si256(bits, 1))));
    } else {
      return static_cast<unsigned>(_mm256_movemask_epi8(bits));
    }
  }

  static std::uint64_t Mask(xsimd::batch_bool<float, Arch> lanes) {
    return static_cast<unsigned>(_mm256_movemask_ps(lanes));
  }

  static std::uint64_t Popcount(std::uint64_t word) {
    return static_cast<std::uint64_t>(_mm_popcnt_u64(word));
  }

 private:
  static __m128i LoadEight(const std::uint16_t* p) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  }
  static void StoreEight(std::uint16_t* p, __m128i halves) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), halves);
  }
  static Batch WidenedF16(__m128i halves) { return Batch(_mm256_cvtph_ps(halves)); }
  static Batch WidenedBf16(__m128i halves) {
    return Batch(_mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16)));
  }
  // The halves of a added, then the halves of b.
  static __m256 Halves(__m256 a, __m256 b) {
    return _mm256_add_ps(_mm256_permute2f128_ps(a, b, 0x20), _mm256_permute2f128_ps(a, b, 0x31));
  }
};

// For rows of bytes.
struct Lanes256 {
  static constexpr bool kPacks = false;
  using V = __m256i;
  using Sums = __m256i;

  static Sums Zero() { return _mm256_setzero_si256(); }
  static void Sum4(Sums a, Sums b, Sums c, Sums d, std::int32_t* out) {
    const __m256i lanes = _mm256_hadd_epi32(_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d));
    _mm_storeu_si128(
        reinterpret_cast<__m128i*>(out),
        _mm_add_epi32(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256(lanes, 1)));
  }
};

// Sixteen components, widened.
struct Int8Lanes : Lanes256 {
  static constexpr std::size_t kBytes = 16;

  static V Load(const void* p) {
    return _mm256_cvtepi8_epi16(_mm_loadu_si128(static_cast<const __m128i*>(p)));
  }
  static V LoadTail(const void* p, std::size_t n) { return _mm256_cvtepi8_epi16(LoadFew(p, n)); }
  static Sums AddProducts(Sums sums, V a, V b) {
    return _mm256_add_epi32(sums, _mm256_madd_epi16(a, b));
  }
  static Sums AddSquares(Sums sums, V a, V b) {
    const V difference = _mm256_sub_epi16(a, b);
    return AddProducts(sums, difference, difference);
  }
};

struct BitLanes : Lanes256 {
  static constexpr std::size_t kBytes = 32;

  static V Load(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }
  static V LoadTail(const void* p, std::size_t n) {
    if (n < 16) return _mm256_zextsi128_si256(LoadFew(p, n));
    const __m128i* const half = static_cast<const __m128i*>(p);
    const __m128i rest = n == 16 ? _mm_setzero_si128() : LoadFew(half + 1, n - 16);
    return _mm256_setr_m128i(_mm_loadu_si128(half), rest);
  }
  static V And(V a, V b) { return _mm256_and_si256(a, b); }
  static V Or(V a, V b) { return _mm256_or_si256(a, b); }
  static V Xor(V a, V b) { return _mm256_xor_si256(a, b); }
  // Each four bits select their count.
  static Sums AddBits(Sums sums, V v) {
    const V counts = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1,
                                      2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
    const V fours = _mm256_set1_epi8(0x0F);
    const V low = _mm256_shuffle_epi8(counts, _mm256_and_si256(v, fours));
    const V high = _mm256_shuffle_epi8(counts, _mm256_and_si256(_mm256_srli_epi16(v, 4), fours));
    return _mm256_add_epi32(sums,
                            _mm256_sad_epu8(_mm256_add_epi8(low, high), _mm256_setzero_si256()));
  }
};

// Two products of a c and a signed byte fit 16 bits.
struct Int4Lanes : BitLanes {
  static V Every(int byte) { return _mm256_set1_epi8(static_cast<char>(byte)); }
  static V Down4(V v) { return _mm256_srli_epi16(v, 4); }
  static V Up3(V v) { return _mm256_slli_epi16(v, 3); }
  static Sums AddProducts(Sums sums, V c, V v) {
    const V pairs = _mm256_maddubs_epi16(c, v);
    return _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
  }
};

}  // namespace
}  // namespace vecdb::simd

#include "simd/kernels.inl"

namespace vecdb::simd {
const KernelTable& Avx2Kernels() {
  return kKernels;
}
}  // namespace vecdb::simd

#endif  // VECDB_DISPATCH_X86
