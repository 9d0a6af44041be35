#if defined(VECDB_DISPATCH_X86)

// One namespace of xsimd per instruction set: its inline functions must not be shared.
#define xsimd vecdb_xs_sse2
#include <immintrin.h>
#include <xsimd/xsimd.hpp>

#include "simd/rows.inl"

namespace vecdb::simd {
namespace {

struct Isa {
  using Arch = xsimd::sse2;
  using Batch = xsimd::batch<float, Arch>;
  using Ints = xsimd::batch<std::int32_t, Arch>;
  static constexpr Level kLevel = Level::kSse2;
  static constexpr const char* kName = "sse2";
  static constexpr auto kCrc32c = Crc32cTable;
  static constexpr std::size_t kPackedDimension = 0;

  static Batch LoadTail(const float* p, std::size_t n) {
    if (n == 1) return Batch(_mm_load_ss(p));
    const __m128 two = _mm_castsi128_ps(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)));
    return Batch(n == 2 ? two : _mm_movelh_ps(two, _mm_load_ss(p + 2)));
  }

  static void Sum4(Batch a, Batch b, Batch c, Batch d, float* out) {
    const __m128 low_ab = _mm_unpacklo_ps(a, b);   // a0 b0 a1 b1
    const __m128 high_ab = _mm_unpackhi_ps(a, b);  // a2 b2 a3 b3
    const __m128 low_cd = _mm_unpacklo_ps(c, d);
    const __m128 high_cd = _mm_unpackhi_ps(c, d);
    const __m128 ab = _mm_add_ps(low_ab, high_ab);  // a02 b02 a13 b13
    const __m128 cd = _mm_add_ps(low_cd, high_cd);
    _mm_storeu_ps(out, _mm_add_ps(_mm_movelh_ps(ab, cd), _mm_movehl_ps(cd, ab)));
  }

  static Batch LoadF16(const std::uint16_t* p) { return WidenedF16(LoadFour(p)); }
  static Batch LoadF16Tail(const std::uint16_t* p, std::size_t n) {
    return WidenedF16(LoadFew(p, n));
  }
  static Batch LoadBf16(const std::uint16_t* p) { return WidenedBf16(LoadFour(p)); }
  static Batch LoadBf16Tail(const std::uint16_t* p, std::size_t n) {
    return WidenedBf16(LoadFew(p, n));
  }

  // Packing saturates signed integers, so the low halves become signed first.
  static void StoreLow16(std::uint16_t* p, Ints integers) {
    const __m128i low = _mm_srai_epi32(_mm_slli_epi32(integers, 16), 16);
    _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_packs_epi32(low, low));
  }

  // Below 2^-14, adding 0.5 leaves units of 2^-24 in the low bits, rounded by the addition. Above,
  // the exponent is rebased and 13 bits of fraction are rounded off.
  static void StoreF16(std::uint16_t* p, Batch floats) {
    const __m128i bits = _mm_castps_si128(floats);
    const __m128i sign = _mm_and_si128(_mm_srli_epi32(bits, 16), _mm_set1_epi32(0x8000));
    const __m128i size = _mm_and_si128(bits, _mm_set1_epi32(0x7FFFFFFF));
    const __m128i tiny =
        _mm_sub_epi32(_mm_castps_si128(_mm_add_ps(_mm_castsi128_ps(size), _mm_set1_ps(0.5F))),
                      _mm_castps_si128(_mm_set1_ps(0.5F)));
    const __m128i rebased = _mm_sub_epi32(size, _mm_set1_epi32(112 << 23));
    const __m128i odd = _mm_and_si128(_mm_srli_epi32(rebased, 13), _mm_set1_epi32(1));
    const __m128i normal =
        _mm_srli_epi32(_mm_add_epi32(rebased, _mm_add_epi32(odd, _mm_set1_epi32(0xFFF))), 13);
    const __m128i nan = _mm_or_si128(
        _mm_set1_epi32(0x7E00), _mm_and_si128(_mm_srli_epi32(size, 13), _mm_set1_epi32(0x1FF)));
    __m128i half = Choose(_mm_cmplt_epi32(size, _mm_set1_epi32(0x38800000)), tiny, normal);
    half = Choose(_mm_cmpgt_epi32(size, _mm_set1_epi32(0x477FFFFF)), _mm_set1_epi32(0x7C00), half);
    half = Choose(_mm_cmpgt_epi32(size, _mm_set1_epi32(0x7F800000)), nan, half);
    StoreLow16(p, Ints(_mm_or_si128(half, sign)));
  }

  template <class Int>
  static std::uint64_t Mask(xsimd::batch_bool<Int, Arch> lanes) {
    const __m128i bits = lanes;
    if constexpr (sizeof(Int) == 8) {
      return static_cast<unsigned>(_mm_movemask_pd(_mm_castsi128_pd(bits)));
    } else if constexpr (sizeof(Int) == 4) {
      return static_cast<unsigned>(_mm_movemask_ps(_mm_castsi128_ps(bits)));
    } else if constexpr (sizeof(Int) == 2) {
      return static_cast<unsigned>(_mm_movemask_epi8(_mm_packs_epi16(bits, _mm_setzero_si128())));
    } else {
      return static_cast<unsigned>(_mm_movemask_epi8(bits));
    }
  }

  static std::uint64_t Mask(xsimd::batch_bool<float, Arch> lanes) {
    return static_cast<unsigned>(_mm_movemask_ps(lanes));
  }

  // This level has no instruction for it.
  static std::uint64_t Popcount(std::uint64_t word) {
    word -= (word >> 1) & 0x5555555555555555U;
    word = (word & 0x3333333333333333U) + ((word >> 2) & 0x3333333333333333U);
    word = (word + (word >> 4)) & 0x0F0F0F0F0F0F0F0FU;
    return (word * 0x0101010101010101U) >> 56;
  }

 private:
  static __m128i LoadFour(const std::uint16_t* p) {
    return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p));
  }
  static __m128i LoadFew(const std::uint16_t* p, std::size_t n) {
    return _mm_cvtsi64_si128(static_cast<long long>(LoadFewBytes(p, n * sizeof *p).low));
  }
  static Batch WidenedBf16(__m128i halves) {
    return Batch(_mm_castsi128_ps(_mm_unpacklo_epi16(_mm_setzero_si128(), halves)));
  }
  // Exponent and fraction in their places are a float 2^112 too small, denormal or not; only
  // infinity and NaN have an exponent of their own.
  static Batch WidenedF16(__m128i halves) {
    const __m128i wide = _mm_unpacklo_epi16(halves, _mm_setzero_si128());
    const __m128i size = _mm_slli_epi32(_mm_and_si128(wide, _mm_set1_epi32(0x7FFF)), 13);
    const __m128i sign = _mm_slli_epi32(_mm_and_si128(wide, _mm_set1_epi32(0x8000)), 16);
    const __m128 scaled = _mm_mul_ps(_mm_castsi128_ps(size), _mm_set1_ps(0x1p112F));
    const __m128i endless = _mm_and_si128(_mm_cmpgt_epi32(size, _mm_set1_epi32(0x0F7FFFFF)),
                                          _mm_set1_epi32(0x7F800000));
    return Batch(_mm_or_ps(scaled, _mm_castsi128_ps(_mm_or_si128(endless, sign))));
  }
  static __m128i Choose(__m128i mask, __m128i yes, __m128i no) {
    return _mm_or_si128(_mm_and_si128(mask, yes), _mm_andnot_si128(mask, no));
  }
};

// For rows of bytes.
struct Lanes128 {
  static constexpr bool kPacks = false;
  using V = __m128i;
  using Sums = __m128i;

  static Sums Zero() { return _mm_setzero_si128(); }
  static __m128i Few(const void* p, std::size_t n) {
    const TwoWords words = LoadFewBytes(p, n);
    return _mm_set_epi64x(static_cast<long long>(words.high), static_cast<long long>(words.low));
  }
  static void Sum4(Sums a, Sums b, Sums c, Sums d, std::int32_t* out) {
    const __m128i ab = _mm_add_epi32(_mm_unpacklo_epi32(a, b), _mm_unpackhi_epi32(a, b));
    const __m128i cd = _mm_add_epi32(_mm_unpacklo_epi32(c, d), _mm_unpackhi_epi32(c, d));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out),
                     _mm_add_epi32(_mm_unpacklo_epi64(ab, cd), _mm_unpackhi_epi64(ab, cd)));
  }
};

// Eight components, widened.
struct Int8Lanes : Lanes128 {
  static constexpr std::size_t kBytes = 8;

  static V Load(const void* p) { return Widened(_mm_loadl_epi64(static_cast<const __m128i*>(p))); }
  static V LoadTail(const void* p, std::size_t n) { return Widened(Few(p, n)); }
  static Sums AddProducts(Sums sums, V a, V b) { return _mm_add_epi32(sums, _mm_madd_epi16(a, b)); }
  static Sums AddSquares(Sums sums, V a, V b) {
    const V difference = _mm_sub_epi16(a, b);
    return AddProducts(sums, difference, difference);
  }

 private:
  static V Widened(__m128i bytes) { return _mm_srai_epi16(_mm_unpacklo_epi8(bytes, bytes), 8); }
};

struct BitLanes : Lanes128 {
  static constexpr std::size_t kBytes = 16;

  static V Load(const void* p) { return _mm_loadu_si128(static_cast<const __m128i*>(p)); }
  static V LoadTail(const void* p, std::size_t n) { return Few(p, n); }
  static V And(V a, V b) { return _mm_and_si128(a, b); }
  static V Or(V a, V b) { return _mm_or_si128(a, b); }
  static V Xor(V a, V b) { return _mm_xor_si128(a, b); }
  static Sums AddBits(Sums sums, V v) {
    const V fives = _mm_set1_epi8(0x55);
    const V threes = _mm_set1_epi8(0x33);
    v = _mm_sub_epi8(v, _mm_and_si128(_mm_srli_epi64(v, 1), fives));
    v = _mm_add_epi8(_mm_and_si128(v, threes), _mm_and_si128(_mm_srli_epi64(v, 2), threes));
    v = _mm_and_si128(_mm_add_epi8(v, _mm_srli_epi64(v, 4)), _mm_set1_epi8(0x0F));
    return _mm_add_epi32(sums, _mm_sad_epu8(v, _mm_setzero_si128()));
  }
};

// Products of bytes are made of words.
struct Int4Lanes : BitLanes {
  static V Every(int byte) { return _mm_set1_epi8(static_cast<char>(byte)); }
  static V Down4(V v) { return _mm_srli_epi16(v, 4); }
  static V Up3(V v) { return _mm_slli_epi16(v, 3); }
  static Sums AddProducts(Sums sums, V c, V v) {
    const V zeros = _mm_setzero_si128();
    const V low = _mm_madd_epi16(_mm_unpacklo_epi8(c, zeros), Signed(_mm_unpacklo_epi8(zeros, v)));
    const V high = _mm_madd_epi16(_mm_unpackhi_epi8(c, zeros), Signed(_mm_unpackhi_epi8(zeros, v)));
    return _mm_add_epi32(sums, _mm_add_epi32(low, high));
  }

 private:
  static V Signed(V raised) { return _mm_srai_epi16(raised, 8); }
};

}  // namespace
}  // namespace vecdb::simd

#include "simd/kernels.inl"

namespace vecdb::simd {
const KernelTable& Sse2Kernels() {
  return kKernels;
}
}  // namespace vecdb::simd

#endif  // VECDB_DISPATCH_X86
