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

#include "simd/kernel_tables.h"

namespace vecdb::simd {
namespace {

struct Isa {
  using Arch = xsimd::avx512bw;
  using Batch = xsimd::batch<float, Arch>;
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

  static std::uint64_t Popcount(std::uint64_t word) {
    return static_cast<std::uint64_t>(_mm_popcnt_u64(word));
  }

 private:
  static __mmask16 FirstLanes(std::size_t n) { return static_cast<__mmask16>((1U << n) - 1); }
  static __mmask16 FirstOfEachFour(std::size_t n) {
    return static_cast<__mmask16>(((1U << n) - 1) * 0x1111U);
  }
  // The halves of a added, then the halves of b.
  static __m512 Halves(__m512 a, __m512 b) {
    return _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x44), _mm512_shuffle_f32x4(a, b, 0xEE));
  }
};

}  // namespace
}  // namespace vecdb::simd

#include "simd/kernels.inl"

namespace vecdb::simd {
const KernelTable& Avx512Kernels() {
  static const KernelTable table = MakeTable();
  return table;
}
}  // namespace vecdb::simd

#endif  // VECDB_DISPATCH_X86
