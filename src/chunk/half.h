// Halves, the 16-bit numbers of Float16Vector and BFloat16Vector, to floats and back. Floats are
// rounded to the nearest half, to the even one when halfway; a half is exact as a float.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "vecdb/types.h"

namespace vecdb::chunk {

// `type` is one of the two; `to` has room for all of `from`.
void ToHalf(DataType type, std::span<const float> from, std::uint16_t* to);
void FromHalf(DataType type, std::span<const std::uint16_t> from, float* to);
bool AllFinite(DataType type, std::span<const std::uint16_t> halves);
float SquaredNorm(DataType type, std::span<const std::uint16_t> halves);

}  // namespace vecdb::chunk
