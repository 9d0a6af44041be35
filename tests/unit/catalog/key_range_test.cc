#include "catalog/key_range.h"

#include <cmath>

#include "base/status.h"
#include "catalog_sample.h"
#include "support/catch.h"

using namespace vecdb;
using namespace vecdb_test;
using catalog::KeyRange;
using catalog::KeyValueView;

namespace {

base::Bytes Encoded(const KeyRange& range) {
  base::Bytes bytes;
  base::ByteWriter out(&bytes);
  catalog::EncodeKeyRange(range, &out);
  return bytes;
}

Result<KeyRange> Decoded(const base::Bytes& bytes) {
  base::ByteReader in(bytes, "range");
  auto range = catalog::DecodeKeyRange(&in);
  if (range.ok()) VECDB_TRY(in.ExpectEnd());
  return range;
}

KeyRange RangeOf(std::initializer_list<KeyValueView> values) {
  KeyRange range;
  for (const KeyValueView& value : values) catalog::Include(value, &range);
  catalog::Shorten(&range);
  return range;
}

Schema AllOf() {
  return *SchemaBuilder()
              .PrimaryKey("id")
              .Nullable("small", DataType::kInt8)
              .Scalar("real", DataType::kFloat)
              .Scalar("name", DataType::kVarChar)
              .Scalar("flag", DataType::kBool)
              .Vector("v", 2, Metric::kL2)
              .Build();
}

}  // namespace

TEST_CASE("a range has every value, and nothing of nulls", "[key_range]") {
  CHECK(RangeOf({std::int64_t{5}, KeyValueView{}, std::int64_t{-7}, std::int64_t{3}}) ==
        KeyRange{0, std::int64_t{-7}, std::int64_t{5}});
  CHECK(RangeOf({KeyValueView{}, KeyValueView{}}).empty());
  CHECK(RangeOf({2.5, -0.0, 0.0}) == KeyRange{0, 0.0, 2.5});
  CHECK(RangeOf({std::string_view("b"), std::string_view(""), std::string_view("\xC3\xA4")}) ==
        KeyRange{0, std::string(), std::string("\xC3\xA4")});
}

TEST_CASE("bounds of long texts are shorter, and still bounds", "[key_range]") {
  const std::string stem(catalog::kMaxBoundBytes, 'x');
  const std::string low = stem + "a";
  const std::string high = stem + "\xF4\x8F\xBF\xBF";
  const KeyRange range = RangeOf({std::string_view(low), std::string_view(high)});
  const auto& lowest = std::get<std::string>(range.lowest);
  const auto& highest = std::get<std::string>(range.highest);
  CHECK(lowest.size() == catalog::kMaxBoundBytes);
  CHECK(highest.size() == catalog::kMaxBoundBytes);
  CHECK(lowest <= low);
  CHECK(high <= highest);
  const KeyRange exact = RangeOf({std::string_view(stem)});
  CHECK(std::get<std::string>(exact.highest) == stem);
}

TEST_CASE("ranges survive their bytes, and no cut of them is a range", "[key_range]") {
  const std::vector<KeyRange> ranges = {{1, {}, {}},
                                        {2, std::int64_t{-1}, std::int64_t{1} << 62},
                                        {3, -1e300, 0.5},
                                        {4, std::string("a"), std::string("bc")},
                                        {4, std::string(), std::string(64, 'z')}};
  for (const KeyRange& range : ranges) {
    const base::Bytes bytes = Encoded(range);
    CHECK(*Decoded(bytes) == range);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const base::Bytes cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
      CHECK(Decoded(cut).status().code() == StatusCode::kCorruption);
    }
  }
}

TEST_CASE("bytes of no range are refused before anything is allocated for them", "[key_range]") {
  base::Bytes bytes;
  base::ByteWriter out(&bytes);
  SECTION("a kind that nobody knows") {
    out.Put(std::uint32_t{1});
    out.Put(std::uint8_t{4});
  }
  SECTION("a text that would be longer than a bound may be") {
    out.Put(std::uint32_t{1});
    out.Put(std::uint8_t{3});
    out.PutText(std::string(catalog::kMaxBoundBytes + 1, 'x'));
    out.PutText("y");
  }
  SECTION("a length of four gigabytes") {
    out.Put(std::uint32_t{1});
    out.Put(std::uint8_t{3});
    out.Put(std::uint32_t{0xFFFF'FFFF});
  }
  CHECK(Decoded(bytes).status().code() == StatusCode::kCorruption);
}

TEST_CASE("a range that its field cannot have is told apart", "[key_range]") {
  const Schema schema = AllOf();
  const auto problem = [&](const KeyRange& range, std::string_view key) {
    return catalog::ProblemOf(range, schema, key);
  };
  CHECK(problem({1, std::int64_t{1}, std::int64_t{1}}, "small").empty());
  CHECK(problem({1, {}, {}}, "small").empty());
  CHECK_FALSE(problem({1, {}, {}}, "real").empty());
  CHECK_FALSE(problem({99, {}, {}}, "small").empty());
  CHECK_FALSE(problem({1, {}, {}}, "").empty());
  CHECK_FALSE(problem({1, 1.0, 2.0}, "small").empty());
  CHECK_FALSE(problem({1, std::int64_t{2}, std::int64_t{1}}, "small").empty());
  CHECK_FALSE(problem({1, std::int64_t{2}, std::string("3")}, "small").empty());
  CHECK_FALSE(problem({2, 1.0, std::nan("")}, "real").empty());
  CHECK_FALSE(problem({2, std::nan(""), 1.0}, "real").empty());
  CHECK(problem({2, -0.0, 0.0}, "real").empty());
}

TEST_CASE("a clustering key is a number or a text", "[key_range]") {
  const Schema schema = AllOf();
  for (const char* name : {"", "id", "small", "real", "name"}) {
    CHECK(catalog::CheckClusteringKey(schema, name).ok());
  }
  for (const char* name : {"flag", "v", "nothing"}) {
    const Status refused = catalog::CheckClusteringKey(schema, name);
    CHECK(refused.code() == StatusCode::kInvalidArgument);
    CHECK(refused.message().find(name) != std::string_view::npos);
    CHECK(refused.message().find("clustering_key") != std::string_view::npos);
  }
}
