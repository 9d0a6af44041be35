// JSON out: a thin door to rapidjson.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace vecdb::cli {

class JsonWriter {
 public:
  JsonWriter();
  ~JsonWriter();
  JsonWriter(const JsonWriter&) = delete;
  JsonWriter& operator=(const JsonWriter&) = delete;

  void BeginObject();
  void EndObject();
  void BeginArray();
  void EndArray();
  void Name(std::string_view name);

  void Null();
  void Bool(bool value);
  void Int(std::int64_t value);
  void Uint(std::uint64_t value);
  // The shortest digits that give the number back; null when not finite.
  void Real(double value);            // 8.0
  void Float(float value);            // 8, as in vectors
  void Json(std::string_view value);  // the text of one JSON value, as it is
  void Text(std::string_view value);  // what is not UTF-8 becomes U+FFFD

  // Members of the object that is open.
  void Member(std::string_view name, std::string_view value);
  void Member(std::string_view name, std::uint64_t value);
  void Flag(std::string_view name, bool value);

  std::string_view text() const;  // what was written so far; lent
  // To stdout, with a newline; once, at the end.
  void Print() const;

 private:
  struct Body;
  const std::unique_ptr<Body> body_;
};

// An object with these members, as Print.
void PrintObject(std::initializer_list<std::pair<std::string_view, std::uint64_t>> members);

}  // namespace vecdb::cli
