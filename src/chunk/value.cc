#include "chunk/value.h"

#include <algorithm>
#include <span>
#include <string_view>
#include <variant>

#include "base/format.h"
#include "chunk/text.h"

namespace vecdb::chunk {
namespace {

std::string ShownNumber(double number) {
  std::string text = base::Format("{}", number);  // 1.0, not 1: the type is what matters here
  if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";
  return text;
}

template <typename... Cases>
struct Overload : Cases... {
  using Cases::operator()...;
};
template <typename... Cases>
Overload(Cases...) -> Overload<Cases...>;

}  // namespace

LentValue::LentValue(const Value& value) {
  std::visit(Overload{
                 [](std::monostate) {},
                 [this](const std::string& text) { view_ = std::string_view(text); },
                 [this](const SparseVector& vector) { view_ = SparseView(vector); },
                 [this](const std::vector<bool>& bools) {
                   bools_ = std::make_unique<bool[]>(bools.size());
                   std::copy(bools.begin(), bools.end(), bools_.get());
                   view_ = std::span<const bool>(bools_.get(), bools.size());
                 },
                 [this](const std::vector<std::string>& texts) {
                   texts_.assign(texts.begin(), texts.end());
                   view_ = std::span<const std::string_view>(texts_);
                 },
                 [this]<typename T>(const std::vector<T>& numbers) {
                   view_ = std::span<const T>(numbers);
                 },
                 [this](const auto& scalar) { view_ = scalar; },
             },
             value);
}

std::string Shown(const ValueView& value) {
  const auto many = [](const char* what, std::size_t count) {
    return base::Format("{} {}", count, what);
  };
  return std::visit(
      Overload{
          [](std::monostate) { return std::string("null"); },
          [](bool truth) { return std::string(truth ? "true" : "false"); },
          [](std::int64_t integer) { return base::Format("{}", integer); },
          [](double number) { return ShownNumber(number); },
          [](std::string_view text) { return "text " + Quoted(text); },
          [&](std::span<const float> v) { return "a vector of " + many("floats", v.size()); },
          [&](const SparseView& v) {
            return "a sparse vector of " + many("entries", v.indices.size());
          },
          [&](std::span<const std::int8_t> v) { return "a vector of " + many("int8", v.size()); },
          [&](std::span<const std::uint8_t> v) { return "a vector of " + many("bytes", v.size()); },
          [&](std::span<const bool> a) { return "an array of " + many("bools", a.size()); },
          [&](std::span<const std::int64_t> a) {
            return "an array of " + many("integers", a.size());
          },
          [&](std::span<const double> a) { return "an array of " + many("numbers", a.size()); },
          [&](std::span<const std::string_view> a) {
            return "an array of " + many("texts", a.size());
          },
      },
      value);
}

}  // namespace vecdb::chunk
