// The numbers of vector files and arrays, and what they become in a batch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "vecdb/status.h"

namespace vecdb::cli {

// As they lie in a file, little-endian.
enum class Element : std::uint8_t {
  kBool,
  kUint8,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kFloat16,
  kFloat32,
  kFloat64
};

std::size_t SizeOf(Element element);
std::string_view NameOf(Element element);
bool IsInteger(Element element);  // kBool is none

// `out` gets one value for each element; the bytes are whole elements. kInvalidArgument for the
// first that is not finite or, as an integer or a double beyond float, would not keep its value;
// the message begins with "element N", counted in `bytes`.
Status ToFloats(Element element, std::span<const std::byte> bytes, std::vector<float>* out);
Status ToDoubles(Element element, std::span<const std::byte> bytes, std::vector<double>* out);
// Of integer elements.
void ToIntegers(Element element, std::span<const std::byte> bytes, std::vector<std::int64_t>* out);

float HalfToFloat(std::uint16_t bits);

}  // namespace vecdb::cli
