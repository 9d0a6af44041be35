#include "base/bytes.h"

#include "support/catch.h"

using namespace vecdb;
using namespace vecdb::base;

TEST_CASE("what a ByteWriter puts, a ByteReader gets back", "[base]") {
  Bytes bytes;
  ByteWriter writer(&bytes);
  writer.Put(std::uint8_t{1});
  writer.Put(std::uint64_t{0x0102030405060708});
  writer.Put(-2.5F);
  writer.PutText("été");
  CHECK(bytes[1] == std::byte{8});  // little-endian

  ByteReader reader(bytes, "sample");
  bool flag = false;
  std::uint64_t number = 0;
  float real = 0;
  std::string text;
  REQUIRE(reader.GetBool(&flag).ok());
  REQUIRE(reader.Get(&number).ok());
  REQUIRE(reader.Get(&real).ok());
  REQUIRE(reader.GetText(&text, 100).ok());
  CHECK(flag);
  CHECK(number == 0x0102030405060708);
  CHECK(real == -2.5F);
  CHECK(text == "été");
  CHECK(reader.ExpectEnd().ok());
}

TEST_CASE("a ByteReader refuses what is not there and stays where it was", "[base]") {
  Bytes bytes;
  ByteWriter writer(&bytes);
  writer.Put(std::uint32_t{1'000'000});  // a length or count that promises too much
  ByteReader reader(bytes, "sample");
  std::string text;
  std::uint32_t count = 0;
  std::uint64_t number = 0;
  CHECK(reader.GetText(&text, 2'000'000).code() == StatusCode::kCorruption);
  CHECK(reader.GetCount(&count, 8).code() == StatusCode::kCorruption);
  CHECK(reader.Get(&number).code() == StatusCode::kCorruption);
  CHECK(reader.offset() == 0);
  CHECK(reader.Get(&number).message().find("sample") != std::string_view::npos);
  CHECK(reader.GetCount(&count, 0).ok());
  CHECK(count == 1'000'000);
}

TEST_CASE("a text above its limit and a boolean of 2 are corruption", "[base]") {
  Bytes bytes;
  ByteWriter writer(&bytes);
  writer.PutText("four");
  writer.Put(std::uint8_t{2});
  ByteReader reader(bytes, "sample");
  std::string_view text;
  bool flag = false;
  CHECK_FALSE(reader.GetText(&text, 3).ok());
  REQUIRE(reader.GetText(&text, 4).ok());
  CHECK(text == "four");
  CHECK_FALSE(reader.GetBool(&flag).ok());
  CHECK_FALSE(reader.ExpectEnd().ok());
}

TEST_CASE("a product that overflows is refused", "[base]") {
  CHECK(*CheckedMultiply(3, 5, "x") == 15);
  CHECK(CheckedMultiply(std::size_t{1} << 40, std::size_t{1} << 40, "x").status().code() ==
        StatusCode::kCorruption);
}
