#include "values.h"

#include "text.h"

namespace vecdb::cli {
namespace {

constexpr std::size_t kTextWidth = 60;
constexpr std::size_t kShownFloats = 4;

std::string VectorText(const std::vector<float>& vector) {
  std::string text = "[";
  for (std::size_t i = 0; i < vector.size() && i < kShownFloats; ++i) {
    text += Format("{}{:.5g}", i == 0 ? "" : ", ", vector[i]);
  }
  if (vector.size() > kShownFloats) text += Format(", ... {} in all", vector.size());
  return text + "]";
}

}  // namespace

std::string KeyText(const Key& key) {
  if (const auto* number = std::get_if<std::int64_t>(&key)) return Format("{}", *number);
  return OneLine(std::get<std::string>(key), kTextWidth);
}

std::string ValueText(const Value& value) {
  if (const auto* boolean = std::get_if<bool>(&value)) return *boolean ? "true" : "false";
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return Format("{}", *integer);
  if (const auto* real = std::get_if<double>(&value)) return Format("{}", *real);
  if (const auto* text = std::get_if<std::string>(&value)) return OneLine(*text, kTextWidth);
  if (const auto* vector = std::get_if<std::vector<float>>(&value)) return VectorText(*vector);
  return "null";
}

std::string TypeText(const Field& field) {
  constexpr std::uint32_t kLongest = 65'535;
  std::string text(ToString(field.type));
  if (field.type == DataType::kVarChar && field.max_length != kLongest) {
    text += Format("({})", field.max_length);
  }
  return text;
}

void WriteKey(const Key& key, JsonWriter* out) {
  if (const auto* number = std::get_if<std::int64_t>(&key)) return out->Int(*number);
  out->Text(std::get<std::string>(key));
}

void WriteValue(const Value& value, JsonWriter* out) {
  if (const auto* boolean = std::get_if<bool>(&value)) return out->Bool(*boolean);
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return out->Int(*integer);
  if (const auto* real = std::get_if<double>(&value)) return out->Real(*real);
  if (const auto* text = std::get_if<std::string>(&value)) return out->Text(*text);
  const auto* vector = std::get_if<std::vector<float>>(&value);
  if (vector == nullptr) return out->Null();
  out->BeginArray();
  for (const float number : *vector) out->Float(number);
  out->EndArray();
}

void WriteFields(const Row& row, JsonWriter* out) {
  out->BeginObject();
  for (std::size_t i = 0; i < row.names.size(); ++i) {
    out->Name(row.names[i]);
    WriteValue(row.values[i], out);
  }
  out->EndObject();
}

}  // namespace vecdb::cli
