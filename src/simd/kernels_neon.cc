#if defined(__aarch64__)

// One namespace of xsimd per instruction set: its inline functions must not be shared.
#define xsimd vecdb_xs_neon
#include <cstring>

#include <arm_neon.h>
#include <xsimd/xsimd.hpp>

#include "simd/rows.inl"

namespace vecdb::simd {
namespace {

struct Isa {
  using Arch = xsimd::neon64;
  using Batch = xsimd::batch<float, Arch>;
  using Ints = xsimd::batch<std::int32_t, Arch>;
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

  static Batch LoadF16(const std::uint16_t* p) { return WidenedF16(vld1_u16(p)); }
  static Batch LoadF16Tail(const std::uint16_t* p, std::size_t n) {
    return WidenedF16(LoadFew(p, n));
  }
  static Batch LoadBf16(const std::uint16_t* p) { return WidenedBf16(vld1_u16(p)); }
  static Batch LoadBf16Tail(const std::uint16_t* p, std::size_t n) {
    return WidenedBf16(LoadFew(p, n));
  }

  static void StoreLow16(std::uint16_t* p, Ints integers) {
    vst1_u16(p, vmovn_u32(vreinterpretq_u32_s32(integers)));
  }
  static void StoreF16(std::uint16_t* p, Batch floats) {
    vst1_u16(p, vreinterpret_u16_f16(vcvt_f16_f32(floats)));
  }

  // Each lane keeps the bit of its place; their sum is the mask.
  static std::uint64_t Mask(xsimd::batch_bool<std::int64_t, Arch> lanes) {
    return (vgetq_lane_u64(lanes, 0) & 1) | (vgetq_lane_u64(lanes, 1) & 2);
  }
  static std::uint64_t Mask(xsimd::batch_bool<std::int32_t, Arch> lanes) {
    const uint32x4_t places = {1, 2, 4, 8};
    return vaddvq_u32(vandq_u32(lanes, places));
  }
  static std::uint64_t Mask(xsimd::batch_bool<float, Arch> lanes) {
    const uint32x4_t places = {1, 2, 4, 8};
    return vaddvq_u32(vandq_u32(lanes, places));
  }
  static std::uint64_t Mask(xsimd::batch_bool<std::int16_t, Arch> lanes) {
    const uint16x8_t places = {1, 2, 4, 8, 16, 32, 64, 128};
    return vaddvq_u16(vandq_u16(lanes, places));
  }
  static std::uint64_t Mask(xsimd::batch_bool<std::int8_t, Arch> lanes) {
    const uint8x16_t places = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    const uint8x16_t bits = vandq_u8(lanes, places);
    const std::uint64_t high = vaddv_u8(vget_high_u8(bits));
    return high << 8 | vaddv_u8(vget_low_u8(bits));
  }

  static std::uint64_t Popcount(std::uint64_t word) { return vaddv_u8(vcnt_u8(vcreate_u8(word))); }

 private:
  static uint16x4_t LoadFew(const std::uint16_t* p, std::size_t n) {
    return vcreate_u16(LoadFewBytes(p, n * sizeof *p).low);
  }
  static Batch WidenedF16(uint16x4_t halves) {
    return Batch(vcvt_f32_f16(vreinterpret_f16_u16(halves)));
  }
  static Batch WidenedBf16(uint16x4_t halves) {
    return Batch(vreinterpretq_f32_u32(vshll_n_u16(halves, 16)));
  }
};

// For rows of bytes.
struct Lanes128 {
  static constexpr bool kPacks = false;
  using V = uint8x16_t;
  using Sums = uint32x4_t;
  static constexpr std::size_t kBytes = 16;

  static V Load(const std::uint8_t* p) { return vld1q_u8(p); }
  static V LoadTail(const std::uint8_t* p, std::size_t n) {
    const TwoWords words = LoadFewBytes(p, n);
    return vcombine_u8(vcreate_u8(words.low), vcreate_u8(words.high));
  }
  static Sums Zero() { return vdupq_n_u32(0); }
  static void Sum4(Sums a, Sums b, Sums c, Sums d, std::int32_t* out) {
    vst1q_s32(out, vreinterpretq_s32_u32(vpaddq_u32(vpaddq_u32(a, b), vpaddq_u32(c, d))));
  }
};

struct Int8Lanes : Lanes128 {
  static Sums AddProducts(Sums sums, V a, V b) {
    const int8x16_t x = vreinterpretq_s8_u8(a);
    const int8x16_t y = vreinterpretq_s8_u8(b);
    const int32x4_t low =
        vpadalq_s16(vreinterpretq_s32_u32(sums), vmull_s8(vget_low_s8(x), vget_low_s8(y)));
    return vreinterpretq_u32_s32(vpadalq_s16(low, vmull_high_s8(x, y)));
  }
  // A difference of two signed bytes has a size of at most 255.
  static Sums AddSquares(Sums sums, V a, V b) {
    const uint8x16_t size =
        vreinterpretq_u8_s8(vabdq_s8(vreinterpretq_s8_u8(a), vreinterpretq_s8_u8(b)));
    const uint8x8_t low = vget_low_u8(size);
    return vpadalq_u16(vpadalq_u16(sums, vmull_u8(low, low)), vmull_high_u8(size, size));
  }
};

struct BitLanes : Lanes128 {
  static V And(V a, V b) { return vandq_u8(a, b); }
  static V Or(V a, V b) { return vorrq_u8(a, b); }
  static V Xor(V a, V b) { return veorq_u8(a, b); }
  static Sums AddBits(Sums sums, V v) { return vpadalq_u16(sums, vpaddlq_u8(vcntq_u8(v))); }
};

struct Int4Lanes : BitLanes {
  static V Every(int byte) { return vdupq_n_u8(static_cast<std::uint8_t>(byte)); }
  static V Down4(V v) { return vshrq_n_u8(v, 4); }
  static V Up3(V v) { return vshlq_n_u8(v, 3); }
  static Sums AddProducts(Sums sums, V c, V v) { return Int8Lanes::AddProducts(sums, c, v); }
};

}  // namespace
}  // namespace vecdb::simd

#include "simd/kernels.inl"

namespace vecdb::simd {
const KernelTable& NeonKernels() {
  return kKernels;
}
}  // namespace vecdb::simd

#endif  // __aarch64__
