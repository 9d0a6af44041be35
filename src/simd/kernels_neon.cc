#if defined(__aarch64__)

// One namespace of xsimd per instruction set: its inline functions must not be shared.
#define xsimd vecdb_xs_neon
#include <cstring>

#include <arm_neon.h>
#include <xsimd/xsimd.hpp>

#include "simd/kernel_tables.h"

namespace vecdb::simd {
namespace {

struct Isa {
  using Arch = xsimd::neon64;
  using Batch = xsimd::batch<float, Arch>;
  static constexpr Level kLevel = Level::kNeon;
  static constexpr const char* kName = "neon";
  static constexpr auto kCrc32c = Crc32cTable;
  static constexpr std::size_t kPackedDimension = 0;

  static Batch LoadTail(const float* p, std::size_t n) {
    float lanes[4] = {0, 0, 0, 0};
    std::memcpy(lanes, p, n * sizeof(float));
    return Batch::load_unaligned(lanes);
  }

  static void Sum4(Batch a, Batch b, Batch c, Batch d, float* out) {
    vst1q_f32(out, vpaddq_f32(vpaddq_f32(a, b), vpaddq_f32(c, d)));
  }

  static std::uint64_t Popcount(std::uint64_t word) { return vaddv_u8(vcnt_u8(vcreate_u8(word))); }
};

}  // namespace
}  // namespace vecdb::simd

#include "simd/kernels.inl"

namespace vecdb::simd {
const KernelTable& NeonKernels() {
  static const KernelTable table = MakeTable();
  return table;
}
}  // namespace vecdb::simd

#endif  // __aarch64__
