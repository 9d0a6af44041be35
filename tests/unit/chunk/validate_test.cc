#include "chunk/validate.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "support/catch.h"
#include "unit/chunk/sample.h"

using vecdb::DataType;
using vecdb::Field;
using vecdb::Key;
using vecdb::Schema;
using vecdb::Status;
using vecdb::StatusCode;
using vecdb::ValueView;
using vecdb::chunk::Chunk;
using vecdb::chunk::ValidateChunk;
using vecdb::chunk::ValidateKeys;
using vecdb::chunk::ValidateText;
using vecdb::chunk::ValidateValue;
using vecdb::chunk::ValidateVector;
using vecdb_test::ContainsSubstring;
using vecdb_test::Defaulted;

namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

Field Of(DataType type) {
  return Defaulted("x", type, {});
}

void Refused(const Status& status, const std::string& words) {
  CHECK(status.code() == StatusCode::kInvalidArgument);
  CHECK_THAT(std::string(status.message()), ContainsSubstring(words));
}

Chunk WithKeys(const std::vector<std::int64_t>& keys, const Schema& schema) {
  Chunk chunk = Chunk::For(schema);
  chunk.columns[0].AppendFixed(std::as_bytes(std::span(keys)), keys.size());
  const std::vector<float> vectors(keys.size() * 3);
  chunk.columns[1].AppendFixed(std::as_bytes(std::span(vectors)), keys.size());
  chunk.rows = keys.size();
  return chunk;
}

Schema TextKeys(std::uint32_t max_length) {
  Field key = vecdb_test::TextField("id", max_length);
  key.primary_key = true;
  return *vecdb::SchemaBuilder().Add(key).Vector("v", 1, vecdb::Metric::kL2).Build();
}

}  // namespace

TEST_CASE("an integer fits its field up to the last value of its width", "[validate]") {
  const auto check = [](DataType type, std::int64_t low, std::int64_t high,
                        const std::string& range) {
    for (const std::int64_t inside : {low, low + 1, std::int64_t{0}, high - 1, high}) {
      CHECK(ValidateValue(Of(type), inside).ok());
    }
    Refused(ValidateValue(Of(type), low - 1), range + std::to_string(low - 1));
    Refused(ValidateValue(Of(type), high + 1), range + std::to_string(high + 1));
  };
  check(DataType::kInt8, -128, 127, "field 'x' holds Int8 (-128..127), got ");
  check(DataType::kInt16, -32768, 32767, "field 'x' holds Int16 (-32768..32767), got ");
  check(DataType::kInt32, INT32_MIN, INT32_MAX,
        "field 'x' holds Int32 (-2147483648..2147483647), got ");
  CHECK(ValidateValue(Of(DataType::kInt64), std::int64_t{INT64_MIN}).ok());
  CHECK(ValidateValue(Of(DataType::kInt64), std::int64_t{INT64_MAX}).ok());
  Refused(ValidateValue(Of(DataType::kInt8), std::int64_t{300}),
          "field 'x' holds Int8 (-128..127), got 300");
}

TEST_CASE("a number fits a field of floats when it is finite and in range", "[validate]") {
  const double largest = std::numeric_limits<float>::max();
  const double above = std::nextafter(largest, 1e308);
  for (const double inside : {0.0, -0.0, 1e-320, largest, -largest, std::nextafter(largest, 0.0)}) {
    CHECK(ValidateValue(Of(DataType::kFloat), inside).ok());
    CHECK(ValidateValue(Of(DataType::kDouble), inside).ok());
  }
  Refused(ValidateValue(Of(DataType::kFloat), above),
          "field 'x' holds Float (-3.4028235e+38..3.4028235e+38), got 3.4028234663852");
  Refused(ValidateValue(Of(DataType::kFloat), -above), "got -3.4028234663852");
  CHECK(ValidateValue(Of(DataType::kDouble), above).ok());
  CHECK(ValidateValue(Of(DataType::kDouble), std::numeric_limits<double>::max()).ok());
  for (const DataType type : {DataType::kFloat, DataType::kDouble}) {
    Refused(ValidateValue(Of(type), double{kNan}), "field 'x' holds finite numbers, got nan");
    Refused(ValidateValue(Of(type), double{kInf}), "field 'x' holds finite numbers, got inf");
    Refused(ValidateValue(Of(type), -double{kInf}), "field 'x' holds finite numbers, got -inf");
  }
}

TEST_CASE("an integer fits a field of floats where every integer is exact", "[validate]") {
  constexpr std::int64_t kFloat = std::int64_t{1} << 24;
  constexpr std::int64_t kDouble = std::int64_t{1} << 53;
  for (const std::int64_t sign : {-1, 1}) {
    CHECK(ValidateValue(Of(DataType::kFloat), sign * (kFloat - 1)).ok());
    CHECK(ValidateValue(Of(DataType::kFloat), sign * kFloat).ok());
    Refused(ValidateValue(Of(DataType::kFloat), sign * (kFloat + 1)),
            "field 'x' holds Float, which takes integers from -16777216 to 16777216, got ");
    CHECK(ValidateValue(Of(DataType::kDouble), sign * (kDouble - 1)).ok());
    CHECK(ValidateValue(Of(DataType::kDouble), sign * kDouble).ok());
    Refused(ValidateValue(Of(DataType::kDouble), sign * (kDouble + 1)),
            "field 'x' holds Double, which takes integers from -9007199254740992 to ");
  }
}

TEST_CASE("a value of another type is refused naming field, type and value", "[validate]") {
  const std::vector<float> floats = {1, 2};
  const ValueView vector = std::span<const float>(floats);
  const ValueView text = std::string_view("abc");
  const ValueView one = std::int64_t{1};
  Refused(ValidateValue(Of(DataType::kBool), one), "field 'x' holds Bool, got 1");
  Refused(ValidateValue(Of(DataType::kInt8), true), "field 'x' holds Int8, got true");
  Refused(ValidateValue(Of(DataType::kInt64), 1.0), "field 'x' holds Int64, got 1.0");
  Refused(ValidateValue(Of(DataType::kInt32), text), "field 'x' holds Int32, got text 'abc'");
  Refused(ValidateValue(Of(DataType::kFloat), false), "field 'x' holds Float, got false");
  Refused(ValidateValue(Of(DataType::kDouble), vector),
          "field 'x' holds Double, got a vector of 2 floats");
  Refused(ValidateValue(Of(DataType::kVarChar), one), "field 'x' holds VarChar, got 1");
  Refused(ValidateValue(Of(DataType::kFloatVector), 0.5), "field 'x' holds FloatVector, got 0.5");
  CHECK(ValidateValue(Of(DataType::kBool), true).ok());
}

TEST_CASE("null fits a field that is nullable or has a default", "[validate]") {
  Field field = Of(DataType::kInt32);
  Refused(ValidateValue(field, ValueView()), "field 'x' may not be null");
  field.nullable = true;
  CHECK(ValidateValue(field, ValueView()).ok());
  field.nullable = false;
  field.default_value = std::int64_t{4};
  CHECK(ValidateValue(field, ValueView()).ok());
}

TEST_CASE("text fits up to max_length bytes of UTF-8", "[validate]") {
  Field field = vecdb_test::TextField("title", 6);
  CHECK(ValidateText(field, "").ok());
  CHECK(ValidateText(field, "12345").ok());
  CHECK(ValidateText(field, "größ").ok());  // 6 bytes, 4 characters
  Refused(ValidateText(field, "größe"),
          "field 'title' holds at most 6 bytes of text, got 7 bytes: 'größe'");
  Refused(ValidateText(field, "a\xC0\x80"),
          "field 'title' holds UTF-8 text, byte 1 of 'a\\xc0\\x80' is not");
  field.max_length = 65535;
  CHECK(ValidateText(field, std::string(65534, 'x')).ok());
  CHECK(ValidateText(field, std::string(65535, 'x')).ok());
  Refused(ValidateText(field, std::string(65536, 'x')), "at most 65535 bytes of text, got 65536");
}

TEST_CASE("a vector fits with the dimension of its field and finite numbers", "[validate]") {
  Field field = Of(DataType::kFloatVector);
  for (const std::uint32_t dimension : {1U, 3U, 17U, 100U}) {
    field.dimension = dimension;
    std::vector<float> vector(dimension, 0.5F);
    CHECK(ValidateVector(field, vector).ok());
    for (const float bad : {kNan, kInf, -kInf}) {
      for (std::size_t at = 0; at < dimension; at += 5) {
        vector[at] = bad;
        Refused(ValidateVector(field, vector), "field 'x' holds finite numbers, got ");
        Refused(ValidateVector(field, vector), "at position " + std::to_string(at));
        vector[at] = 0.5F;
      }
    }
    vector.pop_back();
    Refused(ValidateVector(field, vector), "field 'x' holds vectors of dimension " +
                                               std::to_string(dimension) + ", got dimension " +
                                               std::to_string(dimension - 1));
    vector.resize(dimension + 1);
    Refused(ValidateVector(field, vector), "got dimension " + std::to_string(dimension + 1));
  }
}

TEST_CASE("a vector is refused when its squared norm is no float", "[validate]") {
  Field field = Of(DataType::kFloatVector);
  field.dimension = 1;
  const float edge = std::sqrt(vecdb::chunk::kMaxSquaredNorm);
  CHECK(ValidateVector(field, std::vector<float>{edge * 0.9999F}).ok());
  Refused(ValidateVector(field, std::vector<float>{edge * 1.0001F}),
          "field 'x' holds vectors of a squared norm up to 8.5e+37, got 8.5");
  Refused(ValidateVector(field, std::vector<float>{std::numeric_limits<float>::max()}), "got inf");
  field.dimension = 100;
  CHECK(ValidateVector(field, std::vector<float>(100, edge / 10.1F)).ok());
  Refused(ValidateVector(field, std::vector<float>(100, edge / 9.9F)), "squared norm");
}

TEST_CASE("a chunk must have rows, and every column as many", "[validate]") {
  const Schema schema = *vecdb_test::Around().Build();
  Refused(ValidateChunk(schema, Chunk::For(schema)), "a write needs at least one row, got 0");
  Chunk chunk = WithKeys({1, 2}, schema);
  CHECK(ValidateChunk(schema, chunk).ok());
  chunk.columns[1].Truncate(1);
  Refused(ValidateChunk(schema, chunk), "field 'v' has 1 values for 2 rows");
  const Schema other = *vecdb_test::Around().Scalar("n", DataType::kBool).Build();
  Refused(ValidateChunk(other, WithKeys({1}, schema)), "the rows have 2 columns, the schema has 3");
  const Schema wider =
      *vecdb::SchemaBuilder().PrimaryKey("id").Vector("v", 4, vecdb::Metric::kL2).Build();
  Refused(ValidateChunk(wider, WithKeys({1}, schema)),
          "field 'v' holds FloatVector of dimension 4, got FloatVector of dimension 3");
}

TEST_CASE("a chunk has at most 100000 rows and 32 MiB", "[validate]") {
  const Schema schema = *vecdb_test::Around().Build();
  std::vector<std::int64_t> keys;
  for (std::int64_t i = 0; i < 99'999; ++i) keys.push_back(-i);
  CHECK(ValidateChunk(schema, WithKeys(keys, schema)).ok());
  keys.push_back(5);
  CHECK(ValidateChunk(schema, WithKeys(keys, schema)).ok());
  keys.push_back(6);
  Refused(ValidateChunk(schema, WithKeys(keys, schema)),
          "a batch holds at most 100000 rows, got 100001");

  const Schema wide =
      *vecdb::SchemaBuilder().PrimaryKey("id").Vector("v", 1022, vecdb::Metric::kL2).Build();
  Chunk chunk = Chunk::For(wide);  // 4096 bytes a row
  const std::vector<float> vector(1022);
  const auto add = [&](std::int64_t key) {
    chunk.columns[0].AppendValue(key);
    chunk.columns[1].AppendValue(std::span<const float>(vector));
    ++chunk.rows;
  };
  for (std::int64_t i = 0; i < 8191; ++i) add(i);
  CHECK(ValidateChunk(wide, chunk).ok());
  add(8191);
  CHECK(chunk.size_bytes() == vecdb::chunk::kMaxBatchBytes);
  CHECK(ValidateChunk(wide, chunk).ok());
  add(8192);
  Refused(ValidateChunk(wide, chunk), "a batch holds at most 33554432 bytes, got 33558528");
}

TEST_CASE("a key that appears twice in a chunk is named with its rows", "[validate]") {
  const Schema schema = *vecdb_test::Around().Build();
  Refused(ValidateChunk(schema, WithKeys({5, 17, 3, 17}, schema)),
          "key 17 of field 'id' appears twice in the batch, in rows 1 and 3");
  Refused(ValidateChunk(schema, WithKeys({1, 2, 2}, schema)), "key 2 of field 'id'");
  CHECK(ValidateChunk(schema, WithKeys({3, 2, 1}, schema)).ok());

  const Schema text = TextKeys(10);
  Chunk chunk = Chunk::For(text);
  for (const std::string_view key : {"b", "a", "", "b"}) {
    chunk.columns[0].AppendText(key);
    chunk.columns[1].AppendValue(std::span<const float>(std::vector<float>{1}));
    ++chunk.rows;
  }
  Refused(ValidateChunk(text, chunk),
          "key 'b' of field 'id' appears twice in the batch, in rows 0 and 3");
}

TEST_CASE("every repeated key is found, wherever it stands", "[validate]") {
  const Schema schema = *vecdb_test::Around().Build();
  std::vector<std::int64_t> keys;
  for (std::int64_t i = 0; i < 1000; ++i) keys.push_back((i * 7919) % 1009);
  CHECK(ValidateChunk(schema, WithKeys(keys, schema)).ok());
  for (std::size_t at = 1; at < keys.size(); at += 37) {
    std::vector<std::int64_t> repeated = keys;
    repeated[at] = repeated[at / 2];
    Refused(ValidateChunk(schema, WithKeys(repeated, schema)),
            "key " + std::to_string(repeated[at]) + " of field 'id' appears twice");
  }
}

TEST_CASE("keys made to collide cost no more than sorting them", "[validate]") {
  // The hash of an integer is one to one; its inverse gives keys that share their low bits.
  const auto unshift = [](std::uint64_t h) { return h ^ (h >> 33); };
  const auto inverse = [](std::uint64_t odd) {
    std::uint64_t x = odd;
    for (int i = 0; i < 6; ++i) x *= 2 - odd * x;
    return x;
  };
  std::vector<std::int64_t> keys;
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    std::uint64_t h = unshift((i + 1) << 32);
    h = unshift(h * inverse(0xC4CEB9FE1A85EC53U));
    h = unshift(h * inverse(0xFF51AFD7ED558CCDU)) ^ 0x9E3779B97F4A7C15U;
    keys.push_back(static_cast<std::int64_t>(h));
  }
  REQUIRE(vecdb::chunk::HashKey(keys[6]) == std::uint64_t{7} << 32);
  const Schema schema = *vecdb_test::Around().Build();
  CHECK(ValidateChunk(schema, WithKeys(keys, schema)).ok());
  keys.back() = keys[5];
  Refused(ValidateChunk(schema, WithKeys(keys, schema)), "in rows 5 and 99999");
}

TEST_CASE("keys asked for must be of the schema's kind and length", "[validate]") {
  const Schema ints = *vecdb_test::Around().Build();
  const std::vector<Key> numbers = {std::int64_t{1}, std::int64_t{-1}};
  const std::vector<Key> mixed = {std::int64_t{1}, std::string("abc")};
  CHECK(ValidateKeys(ints, numbers).ok());
  CHECK(ValidateKeys(ints, {}).ok());
  Refused(ValidateKeys(ints, mixed), "field 'id' holds Int64 keys, got 'abc'");
  const Schema texts = TextKeys(4);
  Refused(ValidateKeys(texts, mixed), "field 'id' holds VarChar keys, got 1");
  CHECK(ValidateKeys(texts, std::vector<Key>{"", "abc", "abcd"}).ok());
  Refused(ValidateKeys(texts, std::vector<Key>{"abcde"}),
          "field 'id' holds at most 4 bytes of text, got 5 bytes: 'abcde'");
  Refused(ValidateKeys(texts, std::vector<Key>{"\xFF"}), "field 'id' holds UTF-8 text");
}
