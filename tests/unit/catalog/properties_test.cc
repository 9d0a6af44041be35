#include "catalog/properties.h"

#include <cmath>
#include <functional>

#include "catalog_sample.h"
#include "support/catch.h"

using namespace vecdb;
using namespace vecdb_test;

namespace {

base::Bytes Encoded(const catalog::Properties& properties) {
  base::Bytes bytes;
  base::ByteWriter out(&bytes);
  catalog::EncodeProperties(properties, &out);
  return bytes;
}

Result<catalog::Properties> Decoded(const base::Bytes& bytes) {
  base::ByteReader in(bytes, "properties");
  auto properties = catalog::DecodeProperties(&in);
  if (properties.ok()) in.ExpectEnd().OrDie();
  return properties;
}

base::Bytes Written(const std::function<void(base::ByteWriter*)>& write) {
  base::Bytes bytes;
  base::ByteWriter out(&bytes);
  write(&out);
  return bytes;
}

// One property of this id.
template <typename T>
base::Bytes One(std::uint16_t id, T value) {
  return Written([&](base::ByteWriter* out) {
    out->Put(std::uint32_t{1});
    out->Put(id);
    out->Put(static_cast<std::uint32_t>(sizeof(value)));
    out->Put(value);
  });
}

}  // namespace

TEST_CASE("properties survive their bytes, and defaults take none") {
  CHECK(Encoded({}) == base::Bytes(4));
  CHECK(*Decoded(Encoded({})) == catalog::Properties{});
  CHECK(*Decoded(Encoded(EveryProperty())) == EveryProperty());
  catalog::Properties one;
  one.auto_compaction = false;
  CHECK(Encoded(one) == One(2, std::uint8_t{0}));
  CHECK(*Decoded(Encoded(one)) == one);
}

TEST_CASE("bytes that are no properties are refused, and nothing is allocated for a false count") {
  const std::vector<base::Bytes> bad = {
      Written([](base::ByteWriter* out) { out->Put(std::uint32_t{0xFFFF'FFFF}); }),
      One(0, std::uint8_t{1}),             // no property has id 0
      One(31, std::uint8_t{1}),            // nor this one
      One(0x8001, std::int64_t{1}),        // nothing may be skipped here
      One(1, std::int64_t{-1}),            // a negative time
      One(1, std::int64_t{1} << 62),       // a time that is too long
      One(1, std::int32_t{1}),             // a value too short
      One(2, std::uint8_t{2}),             // a bool of 2
      One(2, std::uint16_t{1}),            // a value too long
      One(3, std::uint8_t{0}),             // levels are 1 to 4
      One(3, std::uint8_t{5}),             // levels are 1 to 4
      One(4, -0.1),                        // a negative share
      One(4, 1.5),                         // more than all
      One(4, std::nan("")),                // no number
      One(4, 0.5F),                        // a value too short
      One(9, std::uint32_t{0}),            // no partitions
      One(9, std::uint32_t{1025}),         // too many
      Written([](base::ByteWriter* out) {  // a name that is too long
        out->Put(std::uint32_t{1});
        out->Put(std::uint16_t{8});
        out->PutText(std::string(256, 'x'));
      }),
      Written([](base::ByteWriter* out) {  // twice the same
        out->Put(std::uint32_t{2});
        for (int i = 0; i < 2; ++i) {
          out->Put(std::uint16_t{2});
          out->Put(std::uint32_t{1});
          out->Put(std::uint8_t{0});
        }
      }),
  };
  for (const base::Bytes& bytes : bad) {
    CHECK(Decoded(bytes).status().code() == StatusCode::kCorruption);
  }
  const Status unknown = Decoded(One(31, std::uint8_t{1})).status();
  CHECK_THAT(std::string(unknown.message()), ContainsSubstring("id 31"));
}

TEST_CASE("properties cut short anywhere are refused") {
  const base::Bytes bytes = Encoded(EveryProperty());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK_FALSE(Decoded(base::Bytes(bytes.begin(), bytes.begin() + static_cast<long>(size))).ok());
  }
}

TEST_CASE("a property out of its range is refused by name, value and limit") {
  CollectionProperties properties;
  properties.ttl = std::chrono::seconds{3'155'760'000};
  CHECK(catalog::CheckProperties(properties).ok());
  properties.ttl += std::chrono::milliseconds{1};
  const Status refused = catalog::CheckProperties(properties);
  CHECK(refused.code() == StatusCode::kInvalidArgument);
  CHECK_THAT(std::string(refused.message()), ContainsSubstring("ttl") &&
                                                 ContainsSubstring("3155760000001") &&
                                                 ContainsSubstring("3155760000 seconds"));
  properties.ttl = std::chrono::milliseconds{-1};
  CHECK_FALSE(catalog::CheckProperties(properties).ok());
  properties.ttl = {};
  properties.consistency = static_cast<Consistency>(9);
  CHECK_THAT(std::string(catalog::CheckProperties(properties).message()),
             ContainsSubstring("consistency") && ContainsSubstring("9"));
}
