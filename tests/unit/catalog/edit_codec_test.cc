#include "catalog/limits.h"
#include "catalog_sample.h"
#include "support/catch.h"

using namespace vecdb;
using namespace vecdb_test;
using catalog::DecodeEdit;
using catalog::EncodeEdit;

namespace {

base::Bytes EverythingBytes() {
  catalog::Edit edit = EverythingEdit();
  edit.operations.emplace_back(catalog::DropSegment{3});
  edit.operations.emplace_back(catalog::DropCollection{4});
  edit.operations.emplace_back(catalog::DropLog{5, 6});
  edit.operations.emplace_back(catalog::DropAlias{"best"});
  return EncodeEdit(edit);
}

base::Bytes OneOperation(std::uint16_t type, std::size_t body_size) {
  base::Bytes bytes;
  base::ByteWriter out(&bytes);
  out.Put(std::uint32_t{1});
  out.Put(type);
  out.Put(static_cast<std::uint32_t>(body_size));
  bytes.resize(bytes.size() + body_size);
  return bytes;
}

}  // namespace

TEST_CASE("an edit with every kind of operation survives its bytes") {
  const base::Bytes bytes = EverythingBytes();
  const auto decoded = DecodeEdit(bytes, "edit");
  REQUIRE(decoded.ok());
  CHECK(decoded->operations.size() == 35);
  CHECK(EncodeEdit(*decoded) == bytes);
}

TEST_CASE("an edit without operations survives its bytes") {
  const auto decoded = DecodeEdit(EncodeEdit({}), "edit");
  REQUIRE(decoded.ok());
  CHECK(decoded->operations.empty());
}

TEST_CASE("an edit cut short anywhere, or longer, is refused") {
  base::Bytes bytes = EverythingBytes();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK(DecodeEdit(std::span(bytes).first(size), "edit").status().code() ==
          StatusCode::kCorruption);
  }
  bytes.push_back(std::byte{0});
  CHECK(DecodeEdit(bytes, "edit").status().code() == StatusCode::kCorruption);
}

TEST_CASE("an edit with any byte changed is refused or is another valid edit") {
  const base::Bytes bytes = EverythingBytes();
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const unsigned mask : {0x01U, 0x80U, 0xFFU}) {
      base::Bytes flipped = bytes;
      flipped[at] ^= static_cast<std::byte>(mask);
      const auto decoded = DecodeEdit(flipped, "edit");
      if (!decoded.ok()) {
        CHECK(decoded.status().code() == StatusCode::kCorruption);
      } else {
        const auto again = DecodeEdit(EncodeEdit(*decoded), "edit");
        CHECK(again.ok());
      }
    }
  }
}

TEST_CASE("an unknown operation is skipped when its bit 15 says so, refused otherwise") {
  const auto skipped = DecodeEdit(OneOperation(0x8123, 9), "edit");
  REQUIRE(skipped.ok());
  CHECK(skipped->operations.empty());
  const Status refused = DecodeEdit(OneOperation(0x0123, 9), "edit").status();
  CHECK(refused.code() == StatusCode::kCorruption);
  CHECK_THAT(std::string(refused.message()), ContainsSubstring("type 291"));
}

TEST_CASE("a count of operations or columns beyond the bytes is refused before memory is taken") {
  base::Bytes bytes;
  base::ByteWriter(&bytes).Put(std::uint32_t{0xFFFF'FFFF});
  CHECK(DecodeEdit(bytes, "edit").status().code() == StatusCode::kCorruption);

  base::Bytes many;
  base::ByteWriter out(&many);
  out.Put(static_cast<std::uint32_t>(catalog::kMaxOperations + 1));
  many.resize(8 * (catalog::kMaxOperations + 1));
  CHECK_THAT(std::string(DecodeEdit(many, "edit").status().message()),
             ContainsSubstring("more operations"));

  base::Bytes segment = OneOperation(3, 500);
  const std::size_t count_at = 4 + 6 + 8 + 8 + 4 + 8 + 4 + 8 + 8 + 8;
  for (std::size_t i = 0; i < 4; ++i) segment[count_at + i] = std::byte{0xFF};
  CHECK_THAT(std::string(DecodeEdit(segment, "edit").status().message()),
             ContainsSubstring("a count promises more"));
}
