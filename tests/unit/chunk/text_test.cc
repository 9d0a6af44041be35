#include "chunk/text.h"

#include <string>
#include <string_view>

#include "support/catch.h"

using vecdb::chunk::FindBadUtf8;
using vecdb::chunk::IsUtf8;
using vecdb::chunk::Quoted;

namespace {

std::string Encode(unsigned long code) {  // by arithmetic alone, right or wrong
  const auto byte = [](unsigned long value) { return static_cast<char>(value & 0xFF); };
  if (code < 0x80) return {byte(code)};
  if (code < 0x800) return {byte(0xC0 | (code >> 6)), byte(0x80 | (code & 63))};
  if (code < 0x10000) {
    return {byte(0xE0 | (code >> 12)), byte(0x80 | ((code >> 6) & 63)), byte(0x80 | (code & 63))};
  }
  return {byte(0xF0 | (code >> 18)), byte(0x80 | ((code >> 12) & 63)),
          byte(0x80 | ((code >> 6) & 63)), byte(0x80 | (code & 63))};
}

}  // namespace

TEST_CASE("every code point but the surrogates is UTF-8, and none above U+10FFFF", "[text]") {
  for (unsigned long code = 0; code < 0x120000; ++code) {
    const bool lawful = code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
    if (IsUtf8(Encode(code)) != lawful) FAIL("code point " << code);
  }
}

TEST_CASE("overlong forms, lone continuations and cut sequences are refused where they begin",
          "[text]") {
  for (const std::string_view bad : {"\xC0\x80",
                                     "\xC1\xBF",
                                     "\xE0\x80\x80",
                                     "\xE0\x9F\xBF",
                                     "\xF0\x80\x80\x80",
                                     "\xF0\x8F\xBF\xBF",
                                     "\x80",
                                     "\xBF",
                                     "\xC3",
                                     "\xE2\x82",
                                     "\xF0\x9F\x98",
                                     "\xFE",
                                     "\xFF",
                                     "\xF5\x80\x80\x80",
                                     "\xED\xA0\x80",
                                     "\xED\xBF\xBF",
                                     "\xF4\x90\x80\x80",
                                     "\xC3\x41",
                                     "\xE2\x82\x41",
                                     "\xF0\x9F\x98\x41"}) {
    for (const std::string_view before : {"", "abc", "abcdefgh", "größe und mehr"}) {
      const std::string text = std::string(before) + std::string(bad);
      CHECK(FindBadUtf8(text) == before.size());
      CHECK(FindBadUtf8(text + "tail of plain text") == before.size());
    }
  }
}

TEST_CASE("a quoted text is clipped between characters and shows what cannot be printed",
          "[text]") {
  CHECK(Quoted("abc") == "'abc'");
  CHECK(Quoted("") == "''");
  CHECK(Quoted("größe") == "'größe'");
  CHECK(Quoted("a\nb\x7F") == "'a\\x0ab\\x7f'");
  CHECK(Quoted("a\xFFz") == "'a\\xffz'");
  CHECK(Quoted(std::string(60, 'x')) == "'" + std::string(60, 'x') + "'");
  CHECK(Quoted(std::string(61, 'x')) == "'" + std::string(60, 'x') + "...'");
  CHECK(Quoted(std::string(59, 'x') + "ö") == "'" + std::string(59, 'x') + "...'");
  CHECK(IsUtf8(Quoted(std::string(500, '\x80'))));
}
