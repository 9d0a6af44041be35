// The kinds of vectors, what a component is worth by a reading independent of the kernels', and
// values to test them with.
#pragma once

#include <cfloat>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>

#include "levels.h"

namespace vecdb_test {

inline double HalfValue(std::uint16_t half) {
  const int exponent = (half >> 10) & 0x1F;
  const int fraction = half & 0x3FF;
  const double sign = (half & 0x8000) != 0 ? -1.0 : 1.0;
  if (exponent == 0x1F) {
    return fraction != 0 ? std::numeric_limits<double>::quiet_NaN()
                         : sign * std::numeric_limits<double>::infinity();
  }
  if (exponent == 0) return sign * std::ldexp(fraction, -24);
  return sign * std::ldexp(1024 + fraction, exponent - 25);
}

inline double BrainValue(std::uint16_t half) {
  const std::uint32_t bits = static_cast<std::uint32_t>(half) << 16;
  float value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return static_cast<double>(value);
}

// Uniform in [-1, 1).
inline float RandomFloat(std::mt19937& engine) {
  return static_cast<float>(static_cast<std::int32_t>(engine())) * 0x1p-31F;
}

struct F32 {
  using Query = float;
  using Stored = float;
  using Number = float;
  static const auto& Of(const vecdb::simd::KernelTable& table) { return table.f32; }
  static double Value(float stored) { return static_cast<double>(stored); }
  static float RandomStored(std::mt19937& engine) { return RandomFloat(engine); }
  static float RandomQuery(std::mt19937& engine) { return RandomFloat(engine); }
};

struct F16 {
  using Query = float;
  using Stored = std::uint16_t;
  using Number = float;
  static const auto& Of(const vecdb::simd::KernelTable& table) { return table.f16; }
  static double Value(float query) { return static_cast<double>(query); }
  static double Value(std::uint16_t stored) { return HalfValue(stored); }
  // Either sign, from 2^-15 (a denormal) to 2.
  static std::uint16_t RandomStored(std::mt19937& engine) {
    return static_cast<std::uint16_t>((engine() & 0x8000) | (0x0200 + engine() % 0x3E00));
  }
  static float RandomQuery(std::mt19937& engine) { return RandomFloat(engine); }
};

struct Bf16 {
  using Query = float;
  using Stored = std::uint16_t;
  using Number = float;
  static const auto& Of(const vecdb::simd::KernelTable& table) { return table.bf16; }
  static double Value(float query) { return static_cast<double>(query); }
  static double Value(std::uint16_t stored) { return BrainValue(stored); }
  // Either sign, from 2^-7 to 2.
  static std::uint16_t RandomStored(std::mt19937& engine) {
    return static_cast<std::uint16_t>((engine() & 0x8000) | (0x3C00 + engine() % 0x0400));
  }
  static float RandomQuery(std::mt19937& engine) { return RandomFloat(engine); }
};

struct I8 {
  using Query = std::int8_t;
  using Stored = std::int8_t;
  using Number = std::int32_t;
  static const auto& Of(const vecdb::simd::KernelTable& table) { return table.i8; }
  static double Value(std::int8_t stored) { return stored; }
  static std::int8_t RandomStored(std::mt19937& engine) {
    return static_cast<std::int8_t>(engine() >> 24);
  }
  static std::int8_t RandomQuery(std::mt19937& engine) { return RandomStored(engine); }
};

// `size` is what the rounding is measured by: the sum of the absolute terms.
inline bool Near(float value, double exact, double size, std::size_t dimension) {
  const double bound = 4 * static_cast<double>(FLT_EPSILON) * size +
                       static_cast<double>(FLT_MIN) * static_cast<double>(dimension);
  return std::fabs(static_cast<double>(value) - exact) <= bound;
}
inline bool Near(std::int32_t value, double exact, double, std::size_t) {
  return value == exact;
}

}  // namespace vecdb_test
