// Single values: which number fits which width, and how a value is shown in a message.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

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

// An owned value, lent: what a span of bools or of texts needs beside it stands in here. The value
// outlives it.
class LentValue {
 public:
  explicit LentValue(const Value& value);
  const ValueView& view() const { return view_; }

 private:
  std::unique_ptr<bool[]> bools_;
  std::vector<std::string_view> texts_;
  ValueView view_;
};

// null, true, 17, 0.5, text 'abc', a vector of 3 floats, an array of 2 integers.
std::string Shown(const ValueView& value);

}  // namespace vecdb::chunk
