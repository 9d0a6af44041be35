#if defined(VECDB_DISPATCH_X86)

// One namespace of xsimd per instruction set: its inline functions must not be shared.
#define xsimd vecdb_xs_sse2
#include <immintrin.h>
#include <xsimd/xsimd.hpp>

#include "simd/kernel_tables.h"

namespace vecdb::simd {
namespace {

struct Isa {
  using Arch = xsimd::sse2;
  using Batch = xsimd::batch<float, Arch>;
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

  // This level has no instruction for it.
  static std::uint64_t Popcount(std::uint64_t word) {
    word -= (word >> 1) & 0x5555555555555555U;
    word = (word & 0x3333333333333333U) + ((word >> 2) & 0x3333333333333333U);
    word = (word + (word >> 4)) & 0x0F0F0F0F0F0F0F0FU;
    return (word * 0x0101010101010101U) >> 56;
  }
};

}  // namespace
}  // namespace vecdb::simd

#include "simd/kernels.inl"

namespace vecdb::simd {
const KernelTable& Sse2Kernels() {
  static const KernelTable table = MakeTable();
  return table;
}
}  // namespace vecdb::simd

#endif  // VECDB_DISPATCH_X86
