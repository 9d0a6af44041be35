#include "formats/numbers.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

#include "text.h"

namespace vecdb::cli {
namespace {

// Whether `number`, the nearest to the digits of an integer, is that integer.
bool IsExactly(double number, std::string_view digits) {
  std::string plain(digits);
  const std::size_t sign = plain[0] == '-' ? 1 : 0;
  const std::size_t zeros = std::min(plain.find_first_not_of('0', sign), plain.size() - 1) - sign;
  return Format("{:.0f}", number) == plain.erase(sign, zeros);
}

bool IsFloat(double number) {
  return std::abs(number) <= std::numeric_limits<float>::max() &&
         static_cast<double>(static_cast<float>(number)) == number;
}

}  // namespace

double RealOf(std::string_view digits) {
  double number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error == std::errc()) return number;
  return std::strtod(std::string(digits).c_str(), nullptr);  // out of range: 0 or infinite
}

std::optional<std::int64_t> IntegerOf(std::string_view digits) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

bool IsIntegral(std::string_view digits) {
  return digits.find_first_not_of("-0123456789") == std::string_view::npos;
}

Result<double> RealFor(DataType type, std::string_view digits) {
  const double number = RealOf(digits);
  const bool single = type == DataType::kFloat;
  if (IsIntegral(digits) && (!IsExactly(number, digits) || (single && !IsFloat(number)))) {
    return Bad("is of type {}, which does not hold the integer {} exactly", ToString(type), digits);
  }
  if (std::isfinite(number)) return number;
  return Bad("is of type {}, for which {} is too large", ToString(type), digits);
}

}  // namespace vecdb::cli
