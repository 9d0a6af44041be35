#include "chunk/value.h"

#include <span>
#include <string_view>
#include <variant>

#include "base/format.h"
#include "chunk/text.h"

namespace vecdb::chunk {

ValueView ViewOf(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return std::string_view(*text);
  if (const auto* floats = std::get_if<std::vector<float>>(&value)) {
    return std::span<const float>(*floats);
  }
  if (const auto* truth = std::get_if<bool>(&value)) return *truth;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return *integer;
  if (const auto* number = std::get_if<double>(&value)) return *number;
  return std::monostate();
}

std::string Shown(const ValueView& value) {
  if (const auto* text = std::get_if<std::string_view>(&value)) return "text " + Quoted(*text);
  if (const auto* floats = std::get_if<std::span<const float>>(&value)) {
    return base::Format("a vector of {} floats", floats->size());
  }
  if (const auto* truth = std::get_if<bool>(&value)) return *truth ? "true" : "false";
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return base::Format("{}", *integer);
  if (const auto* number = std::get_if<double>(&value)) {
    std::string text = base::Format("{}", *number);  // 1.0, not 1: the type is what matters here
    if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";
    return text;
  }
  return "null";
}

}  // namespace vecdb::chunk
