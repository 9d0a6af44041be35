#include "walks/limits_files.h"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "chunk/kinds.h"

namespace vecdb::test::limits {
namespace {

// ---- values as JSON --------------------------------------------------------------------

std::string Text(const std::string& text) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  return buffer.GetString();
}

std::string Text(bool value) {
  return value ? "true" : "false";
}
std::string Text(std::int64_t value) {
  return std::to_string(value);
}
std::string Text(std::int8_t value) {
  return std::to_string(value);
}
std::string Text(std::uint8_t value) {
  return std::to_string(value);
}
std::string Text(std::uint32_t value) {
  return std::to_string(value);
}

// As few digits as bring the number back. A real number is no integer, also where it is whole.
template <typename Real>
std::string TextOfReal(Real value) {
  std::array<char, 64> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  std::string text(digits.data(), end);
  if (std::isfinite(value) && text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}
std::string Text(double value) {
  return TextOfReal(value);
}
std::string Text(float value) {
  return TextOfReal(value);
}

template <typename T>
std::string Text(const std::vector<T>& values) {
  std::string text;
  for (const auto& value : values) text += (text.empty() ? "" : ",") + Text(value);
  return "[" + text + "]";
}
std::string Text(const std::vector<bool>& values) {
  std::string text;
  for (const bool value : values) text += (text.empty() ? "" : ",") + Text(value);
  return "[" + text + "]";
}
std::string Text(const SparseVector& vector) {
  return R"({"indices":)" + Text(vector.indices) + R"(,"values":)" + Text(vector.values) + "}";
}
std::string Text(std::monostate /*null*/) {
  return "null";
}

std::string TextOf(const Value& value) {
  return std::visit([](const auto& v) { return Text(v); }, value);
}

// ---- what a format can say -------------------------------------------------------------

bool IsRealVector(DataType type) {
  return type == DataType::kFloatVector || type == DataType::kFloat16Vector ||
         type == DataType::kBFloat16Vector;
}

// Whether a list, in text, stands for this kind of value and no other.
bool IsListOf(const Field& field, const Value& value) {
  if (std::holds_alternative<std::vector<float>>(value)) return IsRealVector(field.type);
  if (std::holds_alternative<std::vector<std::int8_t>>(value)) {
    return field.type == DataType::kInt8Vector;
  }
  if (std::holds_alternative<std::vector<std::uint8_t>>(value)) {
    return field.type == DataType::kBinaryVector;
  }
  if (std::holds_alternative<SparseVector>(value)) {
    return field.type == DataType::kSparseFloatVector;
  }
  return field.type == DataType::kArray;
}

bool IsScalarOf(const Field& field, const Value& value) {
  switch (field.type) {
    case DataType::kBool:
      return std::holds_alternative<bool>(value);
    case DataType::kFloat:
    case DataType::kDouble:
      return std::holds_alternative<std::int64_t>(value) || std::holds_alternative<double>(value);
    case DataType::kVarChar:
    case DataType::kJson:
      return std::holds_alternative<std::string>(value);
    default:
      return field.type <= DataType::kInt64 && std::holds_alternative<std::int64_t>(value);
  }
}

bool IsScalar(const Value& value) {
  return std::holds_alternative<bool>(value) || std::holds_alternative<std::int64_t>(value) ||
         std::holds_alternative<double>(value) || std::holds_alternative<std::string>(value);
}

// Blanks around JSON, and a null that is no missing value, are not what a file brings in.
bool IsPlainJson(const std::string& text) {
  const auto blank = [](char c) { return c == ' '; };
  return text != "null" && (text.empty() || (!blank(text.front()) && !blank(text.back())));
}

std::optional<std::string> Jsonl(const Schema& schema, const Field& field, const Value& value) {
  std::string text = TextOf(value);
  if (field.type == DataType::kJson && !std::holds_alternative<std::monostate>(value)) {
    const auto* json = std::get_if<std::string>(&value);
    if (json == nullptr || !IsPlainJson(*json)) return std::nullopt;
    text = *json;
  } else if (!IsScalar(value) && !std::holds_alternative<std::monostate>(value)) {
    if (!IsListOf(field, value)) return std::nullopt;
  }
  std::string line = "{" + Text(field.name) + ":" + text;
  if (!field.primary_key) line += R"(,"id":1)";
  if (schema.Find("other") != nullptr) line += R"(,"other":[1])";
  return line + "}\n";
}

std::string Cell(const std::string& text) {
  std::string cell = "\"";
  for (const char c : text) cell += c == '"' ? std::string("\"\"") : std::string(1, c);
  return cell + "\"";
}

std::optional<std::string> Csv(const Schema& schema, const Field& field, const Value& value) {
  std::string cell;  // of null: empty and not quoted
  if (const auto* text = std::get_if<std::string>(&value)) {
    if (!IsScalarOf(field, value)) return std::nullopt;
    if (field.type == DataType::kJson && !IsPlainJson(*text)) return std::nullopt;
    cell = Cell(*text);
  } else if (!std::holds_alternative<std::monostate>(value)) {
    if (!IsScalarOf(field, value) && !IsListOf(field, value)) return std::nullopt;
    cell = Cell(TextOf(value));
  }
  std::string head = Cell(field.name);
  if (!field.primary_key) {
    head += ",id";
    cell += ",1";
  }
  if (schema.Find("other") != nullptr) {
    head += ",other";
    cell += ",[1]";
  }
  return head + "\n" + cell + "\n";
}

// ---- numbers as bytes, little-endian -----------------------------------------------------

template <typename T>
std::string Raw(T value) {
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &value, sizeof(T));
  return bytes;
}

template <typename T>
std::string RawAll(const std::vector<T>& values) {
  std::string bytes;
  for (const T value : values) bytes += Raw(value);
  return bytes;
}

std::string Npy(const std::string& type, const std::string& shape, const std::string& body) {
  std::string text = "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }";
  while ((10 + text.size() + 1) % 64 != 0) text += ' ';
  text += '\n';
  return std::string("\x93NUMPY\1\0", 8) + Raw(static_cast<std::uint16_t>(text.size())) + text +
         body;
}

template <typename T>
std::string VectorNpy(const std::string& type, const std::vector<T>& vector) {
  return Npy(type, "(1, " + std::to_string(vector.size()) + ")", RawAll(vector));
}

// An array of one row with the value, where NumPy has a type for it.
std::optional<std::string> ArrayWith(const Value& value) {
  if (const auto* b = std::get_if<bool>(&value)) return Npy("|b1", "(1,)", Raw<char>(*b ? 1 : 0));
  if (const auto* i = std::get_if<std::int64_t>(&value)) return Npy("<i8", "(1,)", Raw(*i));
  if (const auto* d = std::get_if<double>(&value)) return Npy("<f8", "(1,)", Raw(*d));
  if (const auto* v = std::get_if<std::vector<float>>(&value)) return VectorNpy("<f4", *v);
  if (const auto* v = std::get_if<std::vector<std::int8_t>>(&value)) return VectorNpy("|i1", *v);
  if (const auto* v = std::get_if<std::vector<std::uint8_t>>(&value)) return VectorNpy("|u1", *v);
  return std::nullopt;
}

std::uint32_t Crc32(const std::string& bytes) {
  std::uint32_t crc = 0xFFFF'FFFF;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1U) != 0 ? 0xEDB8'8320U : 0U);
  }
  return ~crc;
}

// An archive of entries that are stored as they are.
class Zip {
 public:
  void Add(const std::string& name, const std::string& bytes) {
    const auto size = static_cast<std::uint32_t>(bytes.size());
    const std::string facts = Raw<std::uint16_t>(20) + Raw<std::uint16_t>(0) +
                              Raw<std::uint16_t>(0) + Raw<std::uint32_t>(0) + Raw(Crc32(bytes)) +
                              Raw(size) + Raw(size) + Raw(static_cast<std::uint16_t>(name.size())) +
                              Raw<std::uint16_t>(0);
    directory_ += "PK\1\2" + Raw<std::uint16_t>(20) + facts + std::string(10, '\0') +
                  Raw(static_cast<std::uint32_t>(bytes_.size())) + name;
    bytes_ += "PK\3\4" + facts + name + bytes;
    ++entries_;
  }
  std::string Finish() const {
    return bytes_ + directory_ + "PK\5\6" + std::string(4, '\0') + Raw(entries_) + Raw(entries_) +
           Raw(static_cast<std::uint32_t>(directory_.size())) +
           Raw(static_cast<std::uint32_t>(bytes_.size())) + Raw<std::uint16_t>(0);
  }

 private:
  std::string bytes_;
  std::string directory_;
  std::uint16_t entries_ = 0;
};

std::optional<std::string> Npz(const Schema& schema, const Field& field, const Value& value) {
  const auto array = ArrayWith(value);
  const bool list = array && !IsScalar(value);
  if (!array || (list && !IsListOf(field, value))) return std::nullopt;
  Zip zip;
  zip.Add(field.name + ".npy", *array);
  if (!field.primary_key) zip.Add("id.npy", *ArrayWith(std::int64_t{1}));
  if (schema.Find("other") != nullptr) zip.Add("other.npy", *ArrayWith(std::vector<float>{1}));
  return zip.Finish();
}

// ---- files of vectors alone --------------------------------------------------------------

// Rows that begin with their dimension.
template <typename T>
std::string Vecs(const std::vector<T>& vector) {
  return Raw(static_cast<std::uint32_t>(vector.size())) + RawAll(vector);
}
// A file that begins with its rows and its dimension.
template <typename T>
std::string Bin(const std::vector<T>& vector) {
  return Raw<std::uint32_t>(1) + Vecs(vector);
}

std::optional<std::string> Ivecs(const std::vector<float>& vector) {
  std::vector<std::int32_t> integers;
  for (const float number : vector) {
    const bool zero_with_sign = number == 0 && std::signbit(number);
    if (zero_with_sign || !(std::abs(number) < 0x1p31F) || number != std::trunc(number)) {
      return std::nullopt;
    }
    integers.push_back(static_cast<std::int32_t>(number));
  }
  return Vecs(integers);
}

std::optional<std::string> VectorFile(FileFormat format, const Field& field, const Value& value) {
  if (!chunk::IsVector(field.type) || !IsListOf(field, value)) return std::nullopt;
  const auto* floats = std::get_if<std::vector<float>>(&value);
  const auto* int8s = std::get_if<std::vector<std::int8_t>>(&value);
  const auto* bits = std::get_if<std::vector<std::uint8_t>>(&value);
  if (format == FileFormat::kNpy) return ArrayWith(value);
  if (format == FileFormat::kFvecs && floats != nullptr) return Vecs(*floats);
  if (format == FileFormat::kFbin && floats != nullptr) return Bin(*floats);
  if (format == FileFormat::kIvecs && floats != nullptr) return Ivecs(*floats);
  if (format == FileFormat::kBvecs && bits != nullptr) return Vecs(*bits);
  if (format == FileFormat::kU8bin && bits != nullptr) return Bin(*bits);
  if (format == FileFormat::kI8bin && int8s != nullptr) return Bin(*int8s);
  return std::nullopt;
}

}  // namespace

const char* EndingOf(FileFormat format) {
  static constexpr std::array<const char*, kFileFormats> kEndings{
      "jsonl", "csv", "npz", "npy", "fvecs", "bvecs", "ivecs", "fbin", "u8bin", "i8bin"};
  return kEndings[static_cast<std::size_t>(format)];
}

std::optional<std::string> FileWith(FileFormat format, const Schema& schema, const Field& field,
                                    const Value& value) {
  switch (format) {
    case FileFormat::kJsonl:
      return Jsonl(schema, field, value);
    case FileFormat::kCsv:
      return Csv(schema, field, value);
    case FileFormat::kNpz:
      return Npz(schema, field, value);
    case FileFormat::kNpy:
    case FileFormat::kFvecs:
    case FileFormat::kBvecs:
    case FileFormat::kIvecs:
    case FileFormat::kFbin:
    case FileFormat::kU8bin:
    case FileFormat::kI8bin:
      return VectorFile(format, field, value);
  }
  return std::nullopt;
}

namespace {

// Numbers stay the digits that they are.
struct CompactWriter : rapidjson::Writer<rapidjson::StringBuffer> {
  using rapidjson::Writer<rapidjson::StringBuffer>::Writer;
  bool RawNumber(const char* digits, rapidjson::SizeType size, bool /*copy*/) {
    return RawValue(digits, size, rapidjson::kNumberType);
  }
};

}  // namespace

std::string Compact(const std::string& json) {
  rapidjson::StringStream in(json.c_str());
  rapidjson::StringBuffer out;
  CompactWriter writer(out);
  rapidjson::Reader().Parse<rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseIterativeFlag>(
      in, writer);
  return out.GetString();
}

}  // namespace vecdb::test::limits
