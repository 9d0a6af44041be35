#include "json.h"

#include <cmath>

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "text.h"

namespace vecdb::cli {
namespace {

// Bytes of the UTF-8 character at the front, 0 when there is none.
std::size_t CharacterAt(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t size = lead >= 0xF0 ? 4 : (lead >= 0xE0 ? 3 : 2);
  if (lead < 0xC2 || lead > 0xF4 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return 0;
  }
  const unsigned second = byte(1);
  const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
  const bool beyond = (lead == 0xED && second > 0x9F) || (lead == 0xF4 && second > 0x8F);
  return overlong || beyond ? 0 : size;
}

std::string ValidUtf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  while (!text.empty()) {
    const std::size_t size = CharacterAt(text);
    valid += size == 0 ? std::string_view("\xEF\xBF\xBD") : text.substr(0, size);
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return valid;
}

}  // namespace

struct JsonWriter::Body {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer{buffer};

  void Number(const std::string& digits) {
    writer.RawValue(digits.data(), digits.size(), rapidjson::kNumberType);
  }
};

JsonWriter::JsonWriter() : body_(std::make_unique<Body>()) {
}
JsonWriter::~JsonWriter() = default;

void JsonWriter::BeginObject() {
  body_->writer.StartObject();
}
void JsonWriter::EndObject() {
  body_->writer.EndObject();
}
void JsonWriter::BeginArray() {
  body_->writer.StartArray();
}
void JsonWriter::EndArray() {
  body_->writer.EndArray();
}
void JsonWriter::Name(std::string_view name) {
  Text(name);
}
void JsonWriter::Null() {
  body_->writer.Null();
}
void JsonWriter::Bool(bool value) {
  body_->writer.Bool(value);
}
void JsonWriter::Int(std::int64_t value) {
  body_->writer.Int64(value);
}
void JsonWriter::Uint(std::uint64_t value) {
  body_->writer.Uint64(value);
}

void JsonWriter::Real(double value) {
  if (!std::isfinite(value)) return Null();
  body_->Number(Format("{}", value));
}

void JsonWriter::Float(float value) {
  if (!std::isfinite(value)) return Null();
  body_->Number(Format("{}", value));
}

void JsonWriter::Text(std::string_view value) {
  const std::string valid = ValidUtf8(value);
  body_->writer.String(valid.data(), static_cast<rapidjson::SizeType>(valid.size()));
}

void JsonWriter::Member(std::string_view name, std::string_view value) {
  Name(name);
  Text(value);
}

void JsonWriter::Member(std::string_view name, std::uint64_t value) {
  Name(name);
  Uint(value);
}

void JsonWriter::Print() const {
  cli::Print({body_->buffer.GetString(), body_->buffer.GetSize()});
}

}  // namespace vecdb::cli
