#include "chunk/json_text.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <new>
#include <system_error>

#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include "base/status.h"
#include "chunk/text.h"

namespace vecdb::chunk {
namespace {

constexpr unsigned kParseFlags = rapidjson::kParseIterativeFlag |
                                 rapidjson::kParseValidateEncodingFlag |
                                 rapidjson::kParseNumbersAsStringsFlag;

// rapidjson's own allocator is realloc, whose failure it does not notice; ours throws, as all else.
class Memory {
 public:
  [[maybe_unused]] static constexpr bool kNeedFree = true;  // rapidjson asks

  static void* Malloc(std::size_t size) { return size == 0 ? nullptr : ::operator new(size); }
  static void* Realloc(void* old, std::size_t old_size, std::size_t size) {
    void* grown = Malloc(size);
    if (const std::size_t kept = std::min(old_size, size); kept > 0) std::memcpy(grown, old, kept);
    Free(old);
    return grown;
  }
  static void Free(void* memory) { ::operator delete(memory); }
};

// The exponent behind 'e', 0 where there is none; what no integer holds is as good as the largest.
std::int64_t ExponentIn(std::string_view digits) {
  const std::size_t at = digits.find_first_of("eE");
  if (at == std::string_view::npos) return 0;
  std::string_view text = digits.substr(at + 1);
  if (text.front() == '+') text.remove_prefix(1);
  std::int64_t exponent = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), exponent).ec == std::errc()) {
    return exponent;
  }
  constexpr std::int64_t kLargest = std::int64_t{1} << 40;
  return text.front() == '-' ? -kLargest : kLargest;
}

// Whether a number of JSON's grammar has a nearest double. rapidjson's own conversion reads out of
// bounds for some numbers of many zeros, so it is asked for their text only.
bool IsFinite(std::string_view digits) {
  double number = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (read.ec == std::errc()) return true;
  // Out of range, so far that the place of the first digit that counts says in which direction.
  const std::size_t point = std::min(digits.find_first_of(".eE"), digits.size());
  const std::size_t first = digits.find_first_of("123456789");
  if (first == std::string_view::npos || first > digits.find_first_of("eE")) return true;  // zero
  const auto place = static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first);
  return place + ExponentIn(digits) < 0;
}

// What the grammar leaves open. Called by rapidjson, which fixes the names; false ends the parse.
class Limits : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Limits> {
 public:
  const char* problem() const { return problem_; }

  bool RawNumber(const char* text, rapidjson::SizeType size, bool /*copy*/) {
    return IsFinite({text, size}) || Refuse("a number is too big");
  }
  bool String(const char* text, rapidjson::SizeType size, bool /*copy*/) {
    return IsUtf8({text, size}) || Refuse("a string has half a surrogate pair");
  }
  bool Key(const char* text, rapidjson::SizeType size, bool copy) {
    return String(text, size, copy);
  }
  bool StartObject() { return Enter(); }
  bool StartArray() { return Enter(); }
  bool EndObject(rapidjson::SizeType /*members*/) { return Leave(); }
  bool EndArray(rapidjson::SizeType /*elements*/) { return Leave(); }

 private:
  bool Enter() { return ++depth_ <= kMaxJsonDepth || Refuse("it is nested more than 64 deep"); }
  bool Leave() {
    --depth_;
    return true;
  }
  bool Refuse(const char* problem) {
    problem_ = problem;
    return false;
  }

  int depth_ = 0;
  const char* problem_ = nullptr;
};

Status NoJson(const Field& field, std::size_t at, std::string_view text, const char* problem) {
  return base::InvalidArgument("field '{}' holds JSON; {} is none at byte {}: {}", field.name,
                               Quoted(text), at, problem);
}

}  // namespace

Status ValidateJson(const Field& field, std::string_view text) {
  if (text.size() > kMaxJsonBytes) {
    return base::InvalidArgument("field '{}' holds at most {} bytes of JSON, got {} bytes: {}",
                                 field.name, kMaxJsonBytes, text.size(), Quoted(text));
  }
  if (const std::size_t bad = FindBadUtf8(text); bad != std::string_view::npos) {
    return NoJson(field, bad, text, "it is not UTF-8");
  }
  // The parser takes a NUL for the end and would leave out what follows.
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    return NoJson(field, nul, text, "a NUL byte");
  }
  rapidjson::MemoryStream stream(text.data(), text.size());
  rapidjson::GenericReader<rapidjson::UTF8<>, rapidjson::UTF8<>, Memory> reader;
  Limits limits;
  const rapidjson::ParseResult parsed = reader.Parse<kParseFlags>(stream, limits);
  if (!parsed.IsError()) return Status();
  const char* problem =
      limits.problem() != nullptr ? limits.problem() : rapidjson::GetParseError_En(parsed.Code());
  return NoJson(field, parsed.Offset(), text, problem);
}

}  // namespace vecdb::chunk
