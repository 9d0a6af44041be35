#include "export_format.h"

#include <cstring>

#include "formats/npy.h"
#include "formats/schema_text.h"
#include "json.h"
#include "text.h"
#include "values.h"

namespace vecdb::cli {
namespace {

class JsonFormat final : public RowFormat {
 public:
  explicit JsonFormat(const Schema& schema) : schema_(schema) {}

  Status Header(std::string* /*out*/) override { return Status(); }
  Status Add(const Row& row, std::string* out) override {
    JsonWriter json;
    WriteFields(schema_, row, &json);
    *out += json.text();
    *out += '\n';
    return Status();
  }

 private:
  const Schema schema_;
};

class CsvFormat final : public RowFormat {
 public:
  explicit CsvFormat(const FormatOptions& options) : options_(options) {}

  Status Header(std::string* out) override {
    for (std::size_t i = 0; i < options_.fields.size(); ++i) {
      AddCell(i, options_.fields[i]->name, out);
    }
    *out += '\n';
    return Status();
  }
  Status Add(const Row& row, std::string* out) override {
    for (std::size_t i = 0; i < row.values.size(); ++i) {
      const Value& value = row.values[i];
      if (std::holds_alternative<std::monostate>(value)) {
        if (i > 0) *out += options_.separator;
        *out += options_.null_text;
      } else if (const auto* text = std::get_if<std::string>(&value)) {
        AddCell(i, *text, out);
      } else {
        JsonWriter json;
        WriteValue(*options_.fields[i], value, &json);
        AddCell(i, json.text(), out);
      }
    }
    *out += '\n';
    return Status();
  }

 private:
  void AddCell(std::size_t column, std::string_view text, std::string* out) const {
    if (column > 0) *out += options_.separator;
    const bool plain = !text.empty() && text != options_.null_text &&
                       text.find_first_of("\"\r\n") == std::string_view::npos &&
                       text.find(options_.separator) == std::string_view::npos;
    if (plain) {
      *out += text;
      return;
    }
    *out += '"';
    for (const char c : text) {
      if (c == '"') *out += '"';
      *out += c;
    }
    *out += '"';
  }

  const FormatOptions options_;
};

class NpyFormat final : public RowFormat {
 public:
  NpyFormat(const FormatOptions& options, Element element) : options_(options), element_(element) {}

  Status Header(std::string* out) override {
    const Field& field = *options_.fields.front();
    const bool bits = field.type == DataType::kBinaryVector;
    const std::uint32_t columns = bits ? field.dimension / 8 : field.dimension;
    *out += NpyHeaderBytes({element_, IsVector(field.type), options_.rows, columns});
    return Status();
  }
  Status Add(const Row& row, std::string* out) override {
    const Value& value = row.values.front();
    if (const auto* vector = std::get_if<std::vector<float>>(&value)) {
      out->append(reinterpret_cast<const char*>(vector->data()), vector->size() * sizeof(float));
    } else if (const auto* int8 = std::get_if<std::vector<std::int8_t>>(&value)) {
      out->append(reinterpret_cast<const char*>(int8->data()), int8->size());
    } else if (const auto* bytes = std::get_if<std::vector<std::uint8_t>>(&value)) {
      out->append(reinterpret_cast<const char*>(bytes->data()), bytes->size());
    } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
      Append(&*integer, out);  // little-endian: its first bytes are the narrower number
    } else if (const auto* real = std::get_if<double>(&value)) {
      const auto narrow = static_cast<float>(*real);
      element_ == Element::kFloat32 ? Append(&narrow, out) : Append(&*real, out);
    } else if (const auto* boolean = std::get_if<bool>(&value)) {
      out->push_back(*boolean ? '\1' : '\0');
    } else {
      return Bad(
          "field '{}' has a null, which an array cannot hold; leave such rows out by "
          "--filter \"{} is not null\"",
          row.names.front(), row.names.front());
    }
    return Status();
  }

 private:
  void Append(const void* number, std::string* out) const {
    out->append(static_cast<const char*>(number), SizeOf(element_));
  }

  const FormatOptions options_;
  const Element element_;
};

Result<Element> ElementOf(const Field& field) {
  switch (field.type) {
    case DataType::kBool:
      return Element::kBool;
    case DataType::kInt8:
      return Element::kInt8;
    case DataType::kInt16:
      return Element::kInt16;
    case DataType::kInt32:
      return Element::kInt32;
    case DataType::kInt64:
      return Element::kInt64;
    case DataType::kFloat:
    case DataType::kFloatVector:
    case DataType::kFloat16Vector:
    case DataType::kBFloat16Vector:
      return Element::kFloat32;
    case DataType::kInt8Vector:
      return Element::kInt8;
    case DataType::kBinaryVector:
      return Element::kUint8;
    case DataType::kDouble:
      return Element::kFloat64;
    case DataType::kVarChar:
    case DataType::kArray:
    case DataType::kJson:
    case DataType::kSparseFloatVector:
      return Bad("field '{}' is of type {}, which an array of numbers cannot hold", field.name,
                 ToString(field.type));
  }
  return Element::kFloat32;
}

}  // namespace

Result<std::unique_ptr<RowFormat>> MakeRowFormat(const std::string& name,
                                                 const FormatOptions& options) {
  if (name == "jsonl")
    return std::unique_ptr<RowFormat>(std::make_unique<JsonFormat>(options.schema));
  if (name == "csv") return std::unique_ptr<RowFormat>(std::make_unique<CsvFormat>(options));
  if (name != "npy") return Bad("'{}' is no format: there are jsonl, csv and npy", name);
  if (options.fields.size() != 1) {
    return Bad("an array (.npy) takes one field: choose it by --output");
  }
  CLI_TRY_ASSIGN(const Element element, ElementOf(*options.fields.front()));
  return std::unique_ptr<RowFormat>(std::make_unique<NpyFormat>(options, element));
}

}  // namespace vecdb::cli
