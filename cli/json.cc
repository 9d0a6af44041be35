#include "json.h"

#include <cmath>

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "text.h"

namespace vecdb::cli {

struct JsonWriter::Body {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer{buffer};

  // What has no fraction gets one, so that no reader takes it for an integer.
  void Real(std::string digits) {
    if (digits.find_first_of(".e") == std::string::npos) digits += ".0";
    Number(digits);
  }
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
  body_->Real(Format("{}", value));
}

void JsonWriter::Float(float value) {
  if (!std::isfinite(value)) return Null();
  body_->Number(Format("{}", value));
}

void JsonWriter::Json(std::string_view value) {
  body_->writer.RawValue(value.data(), value.size(), rapidjson::kObjectType);
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

void JsonWriter::Flag(std::string_view name, bool value) {
  Name(name);
  Bool(value);
}

std::string_view JsonWriter::text() const {
  return {body_->buffer.GetString(), body_->buffer.GetSize()};
}

void JsonWriter::Print() const {
  Write(text());
  Write("\n");
}

void PrintObject(std::initializer_list<std::pair<std::string_view, std::uint64_t>> members) {
  JsonWriter json;
  json.BeginObject();
  for (const auto& [name, number] : members) json.Member(name, number);
  json.EndObject();
  json.Print();
}

}  // namespace vecdb::cli
