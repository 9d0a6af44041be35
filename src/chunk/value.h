// Single values: which number fits which width, and how a value is shown in a message.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>

#include "vecdb/types.h"

namespace vecdb::chunk {

// Whether `given` can be stored as `Stored` without loss that matters: integers in range, floats
// finite and in range, integers in a float only where every integer is exact.
template <typename Stored>
constexpr bool Fits(std::int64_t given) {
  if constexpr (std::is_floating_point_v<Stored>) {
    constexpr std::int64_t kExact = std::int64_t{1} << std::numeric_limits<Stored>::digits;
    return given >= -kExact && given <= kExact;
  } else {
    return given >= std::numeric_limits<Stored>::min() &&
           given <= std::numeric_limits<Stored>::max();
  }
}

template <typename Stored>
bool Fits(double given) {
  static_assert(std::is_floating_point_v<Stored>);
  return std::fabs(given) <= static_cast<double>(std::numeric_limits<Stored>::max());  // NaN: false
}

ValueView ViewOf(const Value& value);

// null, true, 17, 0.5, text 'abc', a vector of 3 floats.
std::string Shown(const ValueView& value);

}  // namespace vecdb::chunk
