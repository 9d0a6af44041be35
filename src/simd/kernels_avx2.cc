#if defined(VECDB_DISPATCH_X86)

// One namespace of xsimd per instruction set: its inline functions must not be shared.
#define xsimd vecdb_xs_avx2
#include <immintrin.h>
#include <xsimd/xsimd.hpp>

#include "simd/kernel_tables.h"

namespace vecdb::simd {
namespace {

// Eight integers from kTailMask + 8 - n have their first n lanes set.
alignas(64) constexpr std::int32_t kTailMask[16] = {-1, -1, -1, -1, -1, -1, -1, -1,
                                                    0,  0,  0,  0,  0,  0,  0,  0};

struct Isa {
  using Arch = xsimd::fma3<xsimd::avx2>;
  using Batch = xsimd::batch<float, Arch>;
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

  static std::uint64_t Popcount(std::uint64_t word) {
    return static_cast<std::uint64_t>(_mm_popcnt_u64(word));
  }

 private:
  // The halves of a added, then the halves of b.
  static __m256 Halves(__m256 a, __m256 b) {
    return _mm256_add_ps(_mm256_permute2f128_ps(a, b, 0x20), _mm256_permute2f128_ps(a, b, 0x31));
  }
};

}  // namespace
}  // namespace vecdb::simd

#include "simd/kernels.inl"

namespace vecdb::simd {
const KernelTable& Avx2Kernels() {
  static const KernelTable table = MakeTable();
  return table;
}
}  // namespace vecdb::simd

#endif  // VECDB_DISPATCH_X86
