// Numbers as bytes, in plain loops that compilers turn into vectors of whatever instruction set
// this is compiled for: there is no branch and no comparison of floats.
#ifndef VECDB_SIMD_ENCODE_INL_
#define VECDB_SIMD_ENCODE_INL_

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace vecdb::simd {
namespace {

constexpr std::size_t kNumbersAtOnce = 16;

inline std::int32_t BitsOfNumber(float number) {
  std::int32_t bits = 0;
  std::memcpy(&bits, &number, sizeof bits);
  return bits;
}

inline float NumberOfBits(std::int32_t bits) {
  float number = 0;
  std::memcpy(&number, &bits, sizeof number);
  return number;
}

inline std::int32_t Unlike(float a, float b) {
  return BitsOfNumber(a + 0.0F) ^ BitsOfNumber(b + 0.0F);
}

// Writes the nearest codes of a few numbers; 0 where they say them exactly.
inline std::int32_t EncodeSome(const float* numbers, const float* offsets, float scale,
                               std::int8_t* out) {
  // Adding it rounds to even, and leaves the whole number in the low bits.
  constexpr float kWhole = 12582912.0F;        // 1.5 * 2^23
  constexpr std::int32_t kZero = 0x4B40'0000;  // its bits
  const float codes_of_one = 1 / scale;
  std::int32_t code[kNumbersAtOnce];
  std::int32_t lost[kNumbersAtOnce];
  for (std::size_t i = 0; i < kNumbersAtOnce; ++i) {
    const float difference = numbers[i] - offsets[i];
    const std::int32_t moved = BitsOfNumber(difference * codes_of_one + kWhole);
    const std::int32_t above = moved > kZero - 128 ? moved : kZero - 128;
    code[i] = above < kZero + 127 ? above : kZero + 127;
    // Without a rounding where the scale is a power of two.
    const float said = (NumberOfBits(code[i]) - kWhole) * scale;
    lost[i] = Unlike(difference, said) | Unlike(offsets[i] + difference, numbers[i]) |
              Unlike(numbers[i] - difference, offsets[i]);
  }
  for (std::size_t i = 0; i < kNumbersAtOnce; ++i) out[i] = static_cast<std::int8_t>(code[i]);
  std::int32_t inexact = 0;
  for (const std::int32_t one : lost) inexact |= one;
  return inexact;
}

bool Encode(const float* numbers, const float* offsets, float scale, std::size_t n,
            std::int8_t* out) {
  constexpr float kNone[kNumbersAtOnce] = {};
  std::int32_t inexact = 0;
  std::size_t at = 0;
  for (; at + kNumbersAtOnce <= n; at += kNumbersAtOnce) {
    const float* const from = offsets == nullptr ? kNone : offsets + at;
    inexact |= EncodeSome(numbers + at, from, scale, out + at);
  }
  if (at < n) {
    float number[kNumbersAtOnce] = {};
    float offset[kNumbersAtOnce] = {};
    std::int8_t byte[kNumbersAtOnce];
    std::memcpy(number, numbers + at, (n - at) * sizeof(float));
    if (offsets != nullptr) std::memcpy(offset, offsets + at, (n - at) * sizeof(float));
    inexact |= EncodeSome(number, offset, scale, byte);
    std::memcpy(out + at, byte, n - at);
  }
  return inexact == 0;
}

}  // namespace
}  // namespace vecdb::simd

#endif  // VECDB_SIMD_ENCODE_INL_
