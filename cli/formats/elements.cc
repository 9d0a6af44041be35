#include "formats/elements.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "text.h"

namespace vecdb::cli {

std::size_t SizeOf(Element element) {
  switch (element) {
    case Element::kBool:
    case Element::kUint8:
    case Element::kInt8:
      return 1;
    case Element::kInt16:
    case Element::kFloat16:
      return 2;
    case Element::kInt32:
    case Element::kFloat32:
      return 4;
    case Element::kInt64:
    case Element::kFloat64:
      return 8;
  }
  return 1;
}

std::string_view NameOf(Element element) {
  switch (element) {
    case Element::kBool:
      return "bool";
    case Element::kUint8:
      return "uint8";
    case Element::kInt8:
      return "int8";
    case Element::kInt16:
      return "int16";
    case Element::kInt32:
      return "int32";
    case Element::kInt64:
      return "int64";
    case Element::kFloat16:
      return "float16";
    case Element::kFloat32:
      return "float32";
    case Element::kFloat64:
      return "float64";
  }
  return "unknown";
}

bool IsInteger(Element element) {
  switch (element) {
    case Element::kUint8:
    case Element::kInt8:
    case Element::kInt16:
    case Element::kInt32:
    case Element::kInt64:
      return true;
    case Element::kBool:
    case Element::kFloat16:
    case Element::kFloat32:
    case Element::kFloat64:
      return false;
  }
  return false;
}

float HalfToFloat(std::uint16_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000U) << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1FU;
  const std::uint32_t fraction = bits & 0x3FFU;
  if (exponent == 0) {  // zero, or below the normal numbers
    const float magnitude = std::ldexp(static_cast<float>(fraction), -24);
    return sign == 0 ? magnitude : -magnitude;
  }
  const std::uint32_t wide = exponent == 0x1FU ? 0xFFU : exponent + 112;
  return std::bit_cast<float>(sign | (wide << 23) | (fraction << 13));
}

namespace {

// Calls `take` with each element as a T.
template <typename T, typename Take>
void Each(std::span<const std::byte> bytes, const Take& take) {
  for (std::size_t i = 0; i < bytes.size() / sizeof(T); ++i) {
    T value;
    std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
    take(i, value);
  }
}

// Whether the integer comes back from a Real as it was.
template <typename Real>
bool Keeps(std::int64_t value) {
  const auto real = static_cast<Real>(value);
  constexpr Real kEnd = 9223372036854775808.0;  // beyond it the way back is undefined
  return real < kEnd && static_cast<std::int64_t>(real) == value;
}

template <typename T, typename Real>
Status IntegersTo(std::span<const std::byte> bytes, std::vector<Real>* out) {
  out->resize(bytes.size() / sizeof(T));
  Status status;
  Each<T>(bytes, [&](std::size_t i, T value) {
    (*out)[i] = static_cast<Real>(value);
    if constexpr (sizeof(T) >= sizeof(Real)) {
      if (status.ok() && !Keeps<Real>(value)) {
        status = Bad("element {} is {}, which a {} does not hold exactly", i, value,
                     sizeof(Real) == sizeof(float) ? "32-bit float" : "double");
      }
    }
  });
  return status;
}

template <typename T, typename Real>
Status RealsTo(std::span<const std::byte> bytes, std::vector<Real>* out) {
  out->resize(bytes.size() / sizeof(T));
  Real worst = 0;  // NaN once anything is not finite: inf * 0 and NaN * 0
  Each<T>(bytes, [&](std::size_t i, T value) {
    Real real;
    if constexpr (sizeof(T) == 2) {
      real = static_cast<Real>(HalfToFloat(value));
    } else {
      real = static_cast<Real>(value);
    }
    (*out)[i] = real;
    worst += real * 0;
  });
  if (worst == 0) return Status();
  const auto bad =
      std::find_if(out->begin(), out->end(), [](Real real) { return !std::isfinite(real); });
  const auto at = static_cast<std::size_t>(bad - out->begin());
  if constexpr (sizeof(T) > sizeof(Real)) {
    T value;
    std::memcpy(&value, bytes.data() + at * sizeof(T), sizeof(T));
    if (std::isfinite(value)) return Bad("element {} is {}, too large for a float", at, value);
  }
  return Bad("element {} is {}", at, *bad);
}

template <typename Real>
Status ToReals(Element element, std::span<const std::byte> bytes, std::vector<Real>* out) {
  switch (element) {
    case Element::kBool:
    case Element::kUint8:
      return IntegersTo<std::uint8_t>(bytes, out);
    case Element::kInt8:
      return IntegersTo<std::int8_t>(bytes, out);
    case Element::kInt16:
      return IntegersTo<std::int16_t>(bytes, out);
    case Element::kInt32:
      return IntegersTo<std::int32_t>(bytes, out);
    case Element::kInt64:
      return IntegersTo<std::int64_t>(bytes, out);
    case Element::kFloat16:
      return RealsTo<std::uint16_t>(bytes, out);
    case Element::kFloat32:
      return RealsTo<float>(bytes, out);
    case Element::kFloat64:
      return RealsTo<double>(bytes, out);
  }
  return Status();
}

template <typename T>
void Widen(std::span<const std::byte> bytes, std::vector<std::int64_t>* out) {
  out->resize(bytes.size() / sizeof(T));
  Each<T>(bytes, [out](std::size_t i, T value) { (*out)[i] = std::int64_t{value}; });
}

}  // namespace

Status ToFloats(Element element, std::span<const std::byte> bytes, std::vector<float>* out) {
  return ToReals(element, bytes, out);
}

Status ToDoubles(Element element, std::span<const std::byte> bytes, std::vector<double>* out) {
  return ToReals(element, bytes, out);
}

void ToIntegers(Element element, std::span<const std::byte> bytes, std::vector<std::int64_t>* out) {
  switch (element) {
    case Element::kInt8:
      return Widen<std::int8_t>(bytes, out);
    case Element::kInt16:
      return Widen<std::int16_t>(bytes, out);
    case Element::kInt32:
      return Widen<std::int32_t>(bytes, out);
    case Element::kInt64:
      return Widen<std::int64_t>(bytes, out);
    case Element::kBool:
    case Element::kUint8:
    case Element::kFloat16:
    case Element::kFloat32:
    case Element::kFloat64:
      return Widen<std::uint8_t>(bytes, out);
  }
}

}  // namespace vecdb::cli
