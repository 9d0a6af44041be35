#include "values.h"

#include <type_traits>

#include "text.h"

namespace vecdb::cli {
namespace {

constexpr std::size_t kTextWidth = 60;
constexpr std::size_t kShownElements = 4;

// A few of the elements, each as element(i).
template <typename Element>
std::string ListText(std::size_t size, const Element& element) {
  std::string text = "[";
  for (std::size_t i = 0; i < size && i < kShownElements; ++i) {
    text += (i == 0 ? "" : ", ") + element(i);
  }
  if (size > kShownElements) text += Format(", ... {} in all", size);
  return text + "]";
}

std::string Shown(bool boolean) {
  return boolean ? "true" : "false";
}
std::string Shown(std::int64_t integer) {
  return Format("{}", integer);
}
std::string Shown(double real) {
  return Format("{}", real);
}
std::string Shown(float real) {
  return Format("{:.5g}", real);
}
std::string Shown(const std::string& text) {
  return OneLine(text, kTextWidth);
}
std::string Shown(std::monostate) {
  return "null";
}
template <typename T>
std::string Shown(const std::vector<T>& elements) {
  using Widened =
      std::conditional_t<(std::is_integral_v<T> && !std::is_same_v<T, bool>), std::int64_t, T>;
  return ListText(elements.size(),
                  [&](std::size_t i) { return Shown(static_cast<Widened>(elements[i])); });
}
std::string Shown(const SparseVector& vector) {
  return ListText(vector.values.size(), [&](std::size_t i) {
    return Format("{}: {:.5g}", vector.indices[i], vector.values[i]);
  });
}

void Write(std::monostate, JsonWriter* out) {
  out->Null();
}
void Write(bool boolean, JsonWriter* out) {
  out->Bool(boolean);
}
void Write(std::int64_t integer, JsonWriter* out) {
  out->Int(integer);
}
void Write(double real, JsonWriter* out) {
  out->Real(real);
}
void Write(float real, JsonWriter* out) {
  out->Float(real);
}
void Write(const std::string& text, JsonWriter* out) {
  out->Text(text);
}
template <typename T>
void Write(const std::vector<T>& elements, JsonWriter* out) {
  using Widened =
      std::conditional_t<(std::is_integral_v<T> && !std::is_same_v<T, bool>), std::int64_t, T>;
  out->BeginArray();
  for (std::size_t i = 0; i < elements.size(); ++i) {
    Write(static_cast<Widened>(elements[i]), out);
  }
  out->EndArray();
}
void Write(const SparseVector& vector, JsonWriter* out) {
  out->BeginObject();
  out->Name("indices");
  Write(vector.indices, out);
  out->Name("values");
  Write(vector.values, out);
  out->EndObject();
}

}  // namespace

std::string KeyText(const Key& key) {
  if (const auto* number = std::get_if<std::int64_t>(&key)) return Format("{}", *number);
  return OneLine(std::get<std::string>(key), kTextWidth);
}

std::string ValueText(const Value& value) {
  return std::visit([](const auto& held) { return Shown(held); }, value);
}

std::string TypeText(const Field& field) {
  constexpr std::uint32_t kLongest = 65'535;
  std::string text(ToString(field.type));
  if (field.type == DataType::kVarChar && field.max_length != kLongest) {
    text += Format("({})", field.max_length);
  }
  if (field.type == DataType::kArray) text += Format("({})", ToString(field.element_type));
  return text;
}

void WriteKey(const Key& key, JsonWriter* out) {
  if (const auto* number = std::get_if<std::int64_t>(&key)) return out->Int(*number);
  out->Text(std::get<std::string>(key));
}

void WriteValue(const Field& field, const Value& value, JsonWriter* out) {
  const auto* text = std::get_if<std::string>(&value);
  if (field.type == DataType::kJson && text != nullptr) return out->Json(*text);
  std::visit([out](const auto& held) { Write(held, out); }, value);
}

void WriteFields(const Schema& schema, const Row& row, JsonWriter* out) {
  out->BeginObject();
  for (std::size_t i = 0; i < row.names.size(); ++i) {
    out->Name(row.names[i]);
    WriteValue(*schema.Find(row.names[i]), row.values[i], out);
  }
  out->EndObject();
}

}  // namespace vecdb::cli
