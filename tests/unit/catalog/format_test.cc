#include "catalog_sample.h"
#include "support/catch.h"

using namespace vecdb;
using namespace vecdb_test;
using catalog::DecodeFormat;
using catalog::EncodeFormat;

TEST_CASE("FORMAT is 128 bytes and survives them") {
  catalog::Format format = FormatOf();
  format.compatible_bits = 3;
  format.read_only_compatible_bits = 5;
  const base::Bytes bytes = EncodeFormat(format);
  CHECK(bytes.size() == 128);
  const auto decoded = DecodeFormat(bytes);
  REQUIRE(decoded.ok());
  CHECK(decoded->version == catalog::kFirstFormatVersion);
  CHECK(decoded->database == kDatabase);
  CHECK(decoded->compatible_bits == 3);
  CHECK(decoded->read_only_compatible_bits == 5);
  CHECK(decoded->created_ms == 1234);
}

TEST_CASE("FORMAT with any bit flipped, or of another size, is refused") {
  const base::Bytes bytes = EncodeFormat(FormatOf());
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    base::Bytes flipped = bytes;
    flipped[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    CHECK(DecodeFormat(flipped).status().code() == StatusCode::kCorruption);
  }
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK(DecodeFormat(std::span(bytes).first(size)).status().code() == StatusCode::kCorruption);
  }
  base::Bytes longer = bytes;
  longer.push_back(std::byte{0});
  CHECK(DecodeFormat(longer).status().code() == StatusCode::kCorruption);
}

TEST_CASE("a newer format is refused and both versions are named") {
  catalog::Format newer = FormatOf();
  newer.version = 7;
  const Status refused = DecodeFormat(EncodeFormat(newer)).status();
  CHECK(refused.code() == StatusCode::kFailedPrecondition);
  CHECK_THAT(std::string(refused.message()), ContainsSubstring("version 7"));
  CHECK_THAT(std::string(refused.message()),
             ContainsSubstring("version " + std::to_string(catalog::kFormatVersion)));
}

TEST_CASE("a feature that must be known and is not is refused") {
  catalog::Format format = FormatOf();
  format.incompatible_bits = 0x10;
  const Status refused = DecodeFormat(EncodeFormat(format)).status();
  CHECK(refused.code() == StatusCode::kFailedPrecondition);
  CHECK_THAT(std::string(refused.message()), ContainsSubstring("0x10"));
}
