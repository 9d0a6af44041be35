#if defined(VECDB_DISPATCH_X86)

// The headers of g++ 12 leave unused lanes undefined on purpose and then warn about it.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

// One namespace of xsimd per instruction set: its inline functions must not be shared.
#define xsimd vecdb_xs_avx512
#include <immintrin.h>
#include <xsimd/xsimd.hpp>

#include "simd/lanes512.inl"

namespace vecdb::simd {
namespace {

struct Isa {
  using Arch = xsimd::avx512bw;
  using Batch = xsimd::batch<float, Arch>;
  using Ints = xsimd::batch<std::int32_t, Arch>;
  static constexpr Level kLevel = Level::kAvx512;
  static constexpr const char* kName = "avx512";
  static constexpr auto kCrc32c = Crc32cSse42;
  static constexpr std::size_t kPackedDimension = 4;

  static Batch LoadTail(const float* p, std::size_t n) {
    return Batch(_mm512_maskz_loadu_ps(FirstLanes(n), p));
  }

  static void Sum4(Batch a, Batch b, Batch c, Batch d, float* out) {
    const __m512 ab = Halves(a, b);
    const __m512 cd = Halves(c, d);
    SumPacked(Batch(_mm512_add_ps(_mm512_shuffle_f32x4(ab, cd, 0x88),
                                  _mm512_shuffle_f32x4(ab, cd, 0xDD))),
              out);
  }

  static void SumPacked(Batch lanes, float* out) {
    const __m512 pairs = _mm512_add_ps(lanes, _mm512_permute_ps(lanes, 0xB1));
    const __m512 sums = _mm512_add_ps(pairs, _mm512_permute_ps(pairs, 0x4E));
    const __m512i first = _mm512_castsi128_si512(_mm_setr_epi32(0, 4, 8, 12));
    _mm_storeu_ps(out, _mm512_castps512_ps128(_mm512_permutexvar_ps(first, sums)));
  }

  static Batch PackContiguous(const float* p, std::size_t d, std::size_t rows) {
    const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3);
    const __m512i row = _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
    const __m512i from =
        _mm512_add_epi32(lane, _mm512_mullo_epi32(row, _mm512_set1_epi32(static_cast<int>(d))));
    const __m512 floats = _mm512_maskz_loadu_ps(FirstLanes(d * rows), p);
    return Batch(_mm512_maskz_permutexvar_ps(FirstOfEachFour(d), from, floats));
  }

  static Batch PackGathered(const float* const* rows, std::size_t d) {
    const __mmask8 mask = static_cast<__mmask8>(FirstLanes(d));
    const __m256 low =
        _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_maskz_loadu_ps(mask, rows[0])),
                             _mm_maskz_loadu_ps(mask, rows[1]), 1);
    const __m256 high =
        _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_maskz_loadu_ps(mask, rows[2])),
                             _mm_maskz_loadu_ps(mask, rows[3]), 1);
    return Batch(_mm512_insertf32x8(_mm512_castps256_ps512(low), high, 1));
  }

  static Batch PackQuery(const float* p, std::size_t d) {
    return Batch(
        _mm512_broadcast_f32x4(_mm_maskz_loadu_ps(static_cast<__mmask8>(FirstLanes(d)), p)));
  }

  static Batch LoadF16(const std::uint16_t* p) { return WidenedF16(LoadSixteen(p)); }
  static Batch LoadF16Tail(const std::uint16_t* p, std::size_t n) {
    return WidenedF16(_mm256_maskz_loadu_epi16(FirstLanes(n), p));
  }
  static Batch LoadBf16(const std::uint16_t* p) { return WidenedBf16(LoadSixteen(p)); }
  static Batch LoadBf16Tail(const std::uint16_t* p, std::size_t n) {
    return WidenedBf16(_mm256_maskz_loadu_epi16(FirstLanes(n), p));
  }

  static void StoreLow16(std::uint16_t* p, Ints integers) {
    StoreSixteen(p, _mm512_cvtepi32_epi16(integers));
  }
  static void StoreF16(std::uint16_t* p, Batch floats) {
    StoreSixteen(p, _mm512_cvtps_ph(floats, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
  }

  template <class Int>
  static std::uint64_t Mask(xsimd::batch_bool<Int, Arch> lanes) {
    return lanes.data;
  }

  static std::uint64_t Popcount(std::uint64_t word) {
    return static_cast<std::uint64_t>(_mm_popcnt_u64(word));
  }

 private:
  static __m256i LoadSixteen(const std::uint16_t* p) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  }
  static void StoreSixteen(std::uint16_t* p, __m256i halves) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), halves);
  }
  static Batch WidenedF16(__m256i halves) { return Batch(_mm512_cvtph_ps(halves)); }
  static Batch WidenedBf16(__m256i halves) {
    return Batch(_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16)));
  }
  static __mmask16 FirstLanes(std::size_t n) { return static_cast<__mmask16>((1U << n) - 1); }
  static __mmask16 FirstOfEachFour(std::size_t n) {
    return static_cast<__mmask16>(((1U << n) - 1) * 0x1111U);
  }
  // The halves of a added, then the halves of b.
  static __m512 Halves(__m512 a, __m512 b) {
    return _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x44), _mm512_shuffle_f32x4(a, b, 0xEE));
  }
};

// Thirty-two components, widened.
struct Int8Lanes : Lanes512 {
  using V = __m512i;
  static constexpr std::size_t kBytes = 32;

  static V Load(const void* p) {
    return _mm512_cvtepi8_epi16(_mm256_loadu_si256(static_cast<const __m256i*>(p)));
  }
  static V LoadTail(const void* p, std::size_t n) {
    return _mm512_cvtepi8_epi16(
        _mm256_maskz_loadu_epi8(static_cast<__mmask32>((std::uint64_t{1} << n) - 1), p));
  }
  static Sums AddProducts(Sums sums, V a, V b) {
    return _mm512_add_epi32(sums, _mm512_madd_epi16(a, b));
  }
  static Sums AddSquares(Sums sums, V a, V b) {
    const V difference = _mm512_sub_epi16(a, b);
    return AddProducts(sums, difference, difference);
  }
};

// Each four bits select their count.
struct BitLanes : Bytes512 {
  static Sums AddBits(Sums sums, V v) {
    const V counts =
        _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
    const V fours = _mm512_set1_epi8(0x0F);
    const V low = _mm512_shuffle_epi8(counts, _mm512_and_si512(v, fours));
    const V high = _mm512_shuffle_epi8(counts, _mm512_and_si512(_mm512_srli_epi16(v, 4), fours));
    return _mm512_add_epi32(sums,
                            _mm512_sad_epu8(_mm512_add_epi8(low, high), _mm512_setzero_si512()));
  }
};

// Two products of a c and a signed byte fit 16 bits.
struct Int4Lanes : Nibbles512<BitLanes> {
  static Sums AddProducts(Sums sums, V c, V v) {
    const V pairs = _mm512_maddubs_epi16(c, v);
    return _mm512_add_epi32(sums, _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
  }
};

}  // namespace
}  // namespace vecdb::simd

#include "simd/kernels.inl"

namespace vecdb::simd {
const KernelTable& Avx512Kernels() {
  return kKernels;
}
}  // namespace vecdb::simd

#endif  // VECDB_DISPATCH_X86
