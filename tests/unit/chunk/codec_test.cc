#include "chunk/codec.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "chunk/validate.h"
#include "support/catch.h"
#include "unit/chunk/sample.h"

using vecdb::CollectionOptions;
using vecdb::DataType;
using vecdb::Field;
using vecdb::Result;
using vecdb::Schema;
using vecdb::SchemaBuilder;
using vecdb::StatusCode;
using vecdb::base::ByteReader;
using vecdb::base::Bytes;
using vecdb::base::ByteWriter;
using vecdb::chunk::Chunk;
using vecdb::chunk::DecodeChunk;
using vecdb::chunk::DecodeKeys;
using vecdb::chunk::KeyList;
using vecdb_test::ContainsSubstring;
using vecdb_test::EveryType;
using vecdb_test::EveryTypeChunk;

namespace {

Bytes Encoded(const Chunk& chunk) {
  Bytes bytes;
  vecdb::chunk::EncodeChunk(chunk, &bytes);
  return bytes;
}

Bytes Encoded(const Schema& schema) {
  Bytes bytes;
  ByteWriter writer(&bytes);
  vecdb::chunk::EncodeSchema(schema, &writer);
  return bytes;
}

Result<Schema> Decoded(std::span<const std::byte> bytes) {
  ByteReader reader(bytes, "schema");
  return vecdb::chunk::DecodeSchema(&reader);
}

template <typename T>
void Corrupt(const Result<T>& result, const std::string& words) {
  CHECK(result.status().code() == StatusCode::kCorruption);
  CHECK_THAT(std::string(result.status().message()), ContainsSubstring(words));
}

// The bytes of a chunk of two rows, written by hand so that each may be wrong.
struct Draft {
  DataType type = DataType::kInt64;
  std::uint32_t dimension = 0;
  std::vector<std::uint8_t> validity = {};  // empty: not marked
  Bytes values = {};

  template <typename T>
  Draft& Of(std::initializer_list<T> list) {
    values.clear();
    for (const T value : list) ByteWriter(&values).Put(value);
    return *this;
  }
  Draft& Texts(std::initializer_list<std::uint32_t> ends, std::string_view text) {
    Of(ends);
    ByteWriter(&values).PutBytes(vecdb::base::AsBytes(text));
    return *this;
  }
};

Draft Keys() {
  return Draft{}.Of<std::int64_t>({1, 2});
}

Draft Vectors() {
  Draft draft;
  draft.type = DataType::kFloatVector;
  draft.dimension = 3;
  return draft.Of<float>({1, 2, 3, 4, 5, 6});
}

Draft Typed(DataType type) {
  Draft draft;
  draft.type = type;
  return draft;
}

Bytes Write(std::uint32_t rows, const std::vector<Draft>& columns) {
  Bytes bytes;
  ByteWriter writer(&bytes);
  writer.Put(rows);
  writer.Put(static_cast<std::uint16_t>(columns.size()));
  for (const Draft& column : columns) {
    writer.Put(column.type);
    writer.Put(column.dimension);
    writer.Put(static_cast<std::uint8_t>(!column.validity.empty()));
    writer.PutBytes(std::as_bytes(std::span(column.validity)));
    writer.PutBytes(column.values);
  }
  return bytes;
}

Schema With(Field field) {
  return *vecdb_test::Around().Add(std::move(field)).Build();
}

Schema WithType(DataType type, bool nullable = false) {
  Field field = vecdb_test::Defaulted("x", type, {});
  field.nullable = nullable;
  return With(field);
}

}  // namespace

TEST_CASE("a chunk of every type comes back from its bytes", "[codec]") {
  for (const std::int64_t rows : {0, 1, 2, 100}) {
    const Chunk chunk = EveryTypeChunk(rows);
    Result<Chunk> back = DecodeChunk(EveryType(), Encoded(chunk));
    REQUIRE(back.ok());
    CHECK(vecdb_test::SameValues(chunk, *back));
    CHECK(Encoded(*back) == Encoded(chunk));
  }
}

TEST_CASE("vectors and numbers come back bit for bit", "[codec]") {
  const std::vector<float> vector = {-0.0F, std::numeric_limits<float>::denorm_min(), 9e18F};
  vecdb::Batch batch(*vecdb_test::Around().Scalar("d", DataType::kDouble).Build());
  REQUIRE(batch.Add({{"id", std::numeric_limits<std::int64_t>::min()}, {"v", vector}, {"d", -0.0}})
              .ok());
  const Chunk chunk = *vecdb::chunk::BatchAccess::TakeChunk(batch);
  const Chunk back = *DecodeChunk(batch.schema(), Encoded(chunk));
  CHECK(back.columns[1].fixed() == chunk.columns[1].fixed());
  CHECK(back.columns[2].fixed() == chunk.columns[2].fixed());
}

TEST_CASE("the bytes of a chunk are those of the format", "[codec]") {
  Field note = vecdb_test::TextField("note", 5);
  note.nullable = true;
  const Schema schema =
      *SchemaBuilder().PrimaryKey("id").Vector("v", 1, vecdb::Metric::kL2).Add(note).Build();
  vecdb::Batch batch(schema);
  const std::vector<float> one = {1};
  REQUIRE(batch.Add({{"id", 258}, {"v", one}, {"note", "ab"}}).ok());
  REQUIRE(batch.Add({{"id", -1}, {"v", one}}).ok());
  const std::vector<int> expected = {
      2,   0,   0,   0,   3,   0,                                      // rows, columns
      5,   0,   0,   0,   0,   0,   2,   1,   0,   0,  0, 0, 0,   0,   // id: Int64, 258
      255, 255, 255, 255, 255, 255, 255, 255,                          // -1
      101, 1,   0,   0,   0,   0,   0,   0,   128, 63, 0, 0, 128, 63,  // v: 1.0, 1.0
      21,  0,   0,   0,   0,   1,   1,   0,   2,   0,  0, 0, 2,   0,
      0,   0,   'a', 'b'};  // note: a value, a null
  const Bytes bytes = Encoded(*vecdb::chunk::BatchAccess::TakeChunk(batch));
  std::vector<int> numbers;
  for (const std::byte b : bytes) numbers.push_back(std::to_integer<int>(b));
  CHECK(numbers == expected);
}

TEST_CASE("encoding appends to what is there", "[codec]") {
  Bytes bytes(3, std::byte{7});
  vecdb::chunk::EncodeChunk(EveryTypeChunk(2), &bytes);
  CHECK(bytes[2] == std::byte{7});
  CHECK(DecodeChunk(EveryType(), std::span(bytes).subspan(3)).ok());
}

TEST_CASE("bytes that do not fit the schema are refused", "[codec]") {
  const Schema schema = *vecdb_test::Around().Build();
  REQUIRE(DecodeChunk(schema, Write(2, {Keys(), Vectors()})).ok());
  Corrupt(DecodeChunk(schema, Write(2, {Keys()})), "another number of columns than fields");
  Corrupt(DecodeChunk(schema, Write(2, {Vectors(), Keys()})), "of another type than its field");
  Draft flat = Vectors();
  flat.dimension = 2;
  Corrupt(DecodeChunk(schema, Write(2, {Keys(), flat})), "of another type than its field");
  Corrupt(DecodeChunk(schema, Write(3, {Keys(), Vectors()})), "rows at offset");
  Corrupt(DecodeChunk(schema, Write(1, {Keys(), Vectors()})), "rows at offset");
  Corrupt(DecodeChunk(schema, Write(100'001, {Keys(), Vectors()})),
          "more rows than a batch may hold");
  Corrupt(DecodeChunk(schema, Write(100'000, {Keys(), Vectors()})), "needs 800000 bytes");
  Corrupt(DecodeChunk(schema, Write(0xFFFFFFFF, {})), "more rows than a batch may hold");
  Bytes longer = Write(2, {Keys(), Vectors()});
  longer.push_back(std::byte{0});
  Corrupt(DecodeChunk(schema, longer), "bytes follow where the end should be");
  Draft marked = Keys();
  marked.validity = {1, 1};
  Corrupt(DecodeChunk(schema, Write(2, {marked, Vectors()})),
          "nulls in a field that is not nullable");
}

TEST_CASE("vectors that are not finite are refused", "[codec]") {
  const Schema schema = *vecdb_test::Around().Build();
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    Corrupt(DecodeChunk(schema, Write(2, {Keys(), Vectors().Of<float>({1, 2, 3, 4, 5, bad})})),
            "a vector is not finite");
  }
  Corrupt(DecodeChunk(schema, Write(2, {Keys(), Vectors().Of<float>({1, 2, 3, 4, 3e38F, 0})})),
          "the squared norm of a vector is not finite");
}

TEST_CASE("scalars that their type does not allow are refused", "[codec]") {
  const auto read = [](DataType type, const Draft& draft) {
    return DecodeChunk(WithType(type), Write(2, {Keys(), Vectors(), draft}));
  };
  CHECK(read(DataType::kBool, Typed(DataType::kBool).Of<std::uint8_t>({0, 1})).ok());
  Corrupt(read(DataType::kBool, Typed(DataType::kBool).Of<std::uint8_t>({0, 2})),
          "neither 0 nor 1");
  CHECK(read(DataType::kFloat, Typed(DataType::kFloat).Of<float>({0, 1})).ok());
  Corrupt(read(DataType::kFloat, Typed(DataType::kFloat).Of<float>({0, 1.0F / 0.0F})),
          "not finite");
  Corrupt(read(DataType::kDouble, Typed(DataType::kDouble).Of<double>({0.0 / 0.0, 0})),
          "not finite");
}

TEST_CASE("validity is one byte of 0 or 1 for each row", "[codec]") {
  const Schema schema = WithType(DataType::kInt8, true);
  Draft column = Typed(DataType::kInt8).Of<std::int8_t>({4, 0});
  column.validity = {1, 0};
  Result<Chunk> chunk = DecodeChunk(schema, Write(2, {Keys(), Vectors(), column}));
  REQUIRE(chunk.ok());
  CHECK(chunk->columns[2].View().At(0) == vecdb::Value(std::int64_t{4}));
  CHECK(chunk->columns[2].View().At(1) == vecdb::Value());
  column.validity = {1, 2};
  Corrupt(DecodeChunk(schema, Write(2, {Keys(), Vectors(), column})), "a validity byte is neither");
  Bytes bytes = Write(2, {Keys(), Vectors(), column});
  bytes[bytes.size() - 5] = std::byte{2};  // the mark itself
  Corrupt(DecodeChunk(schema, bytes), "a boolean is neither 0 nor 1");
}

TEST_CASE("texts whose ends or bytes are wrong are refused", "[codec]") {
  const Schema schema = With(vecdb_test::TextField("x", 4));
  const auto read = [&](std::initializer_list<std::uint32_t> ends, std::string_view text) {
    return DecodeChunk(schema,
                       Write(2, {Keys(), Vectors(), Typed(DataType::kVarChar).Texts(ends, text)}));
  };
  CHECK(read({4, 8}, "abcdefgh").ok());
  CHECK(read({0, 0}, "").ok());
  CHECK(read({2, 4}, "\xC3\xB6\xC3\xB6").ok());
  Corrupt(read({3, 2}, "abc"), "the ends of texts descend");
  Corrupt(read({0, 5}, "abcde"), "a text is longer than its field allows");
  Corrupt(read({0xFFFFFFFF, 0}, "abcde"), "a text is longer than its field allows");
  Corrupt(read({1, 4}, "abc"), "needs 4 bytes, 3 remain");
  Corrupt(read({1, 2}, "abc"), "bytes follow where the end should be");
  Corrupt(read({1, 2}, "a\xFF"), "a text is not UTF-8");
  Corrupt(read({1, 2}, "\xC3\xB6"), "a text is not UTF-8");  // cut within a character
}

TEST_CASE("every shortened or altered chunk is refused or is a valid chunk", "[codec][fuzz]") {
  const Schema schema = EveryType();
  const Bytes bytes = Encoded(EveryTypeChunk(7));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::vector<std::byte> cut(bytes.begin(), bytes.begin() + static_cast<long>(size));
    if (DecodeChunk(schema, cut).status().code() != StatusCode::kCorruption)
      FAIL("cut to " << size);
  }
  std::size_t accepted = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const int flip : {1, 2, 4, 8, 16, 32, 64, 128, 255}) {
      std::vector<std::byte> altered(bytes.begin(), bytes.end());
      altered[at] ^= static_cast<std::byte>(flip);
      Result<Chunk> chunk = DecodeChunk(schema, altered);
      if (!chunk.ok()) {
        if (chunk.status().code() != StatusCode::kCorruption) FAIL("byte " << at);
        continue;
      }
      ++accepted;
      if (Encoded(*chunk) != altered) FAIL("byte " << at << " came back different");
      if (!vecdb_test::SameValues(*chunk, *chunk)) FAIL("byte " << at << " cannot be read");
    }
  }
  CHECK(accepted > 0);  // values may change unnoticed: checksums are the log's
}

TEST_CASE("keys come back from their bytes", "[codec]") {
  const Schema ints = *vecdb_test::Around().Build();
  Field key = vecdb_test::TextField("id", 5);
  key.primary_key = true;
  const Schema texts = *SchemaBuilder().Add(key).Vector("v", 1, vecdb::Metric::kL2).Build();
  for (const bool is_text : {false, true}) {
    const Schema& schema = is_text ? texts : ints;
    KeyList keys(is_text);
    for (int i = 0; i < 3; ++i) {
      if (is_text) {
        keys.Add(
            std::array<std::string_view, 3>{"", "b", "größ"}[static_cast<std::size_t>(i)].substr(
                0, 4));
      } else {
        keys.Add(std::int64_t{i} << 62);
      }
      Bytes bytes;
      vecdb::chunk::EncodeKeys(keys.View(), &bytes);
      Result<KeyList> back = DecodeKeys(schema, bytes);
      REQUIRE(back.ok());
      REQUIRE(back->size() == keys.size());
      for (std::size_t k = 0; k < keys.size(); ++k) CHECK(back->View()[k] == keys.View()[k]);
      Corrupt(DecodeKeys(is_text ? ints : texts, bytes), "keys of another type");
      for (std::size_t size = 0; size < bytes.size(); ++size) {
        CHECK_FALSE(DecodeKeys(schema, std::span(bytes).first(size)).ok());
      }
      bytes.push_back(std::byte{0});
      Corrupt(DecodeKeys(schema, bytes), "bytes follow where the end should be");
    }
  }
  Bytes hostile;
  ByteWriter(&hostile).Put(DataType::kInt64);
  ByteWriter(&hostile).Put(std::uint32_t{0xFFFFFFFF});
  Corrupt(DecodeKeys(ints, hostile), "a count promises more elements than bytes remain");
  hostile[0] = std::byte{21};
  Corrupt(DecodeKeys(texts, hostile), "a count promises more elements than bytes remain");
}

TEST_CASE("a schema with every attribute comes back from its bytes", "[codec]") {
  Field text = vecdb_test::TextField("t", 9);
  text.nullable = true;
  text.default_value = std::string("größe");
  const Schema schema = *SchemaBuilder()
                             .AutoPrimaryKey("id")
                             .Vector("a", 32768, vecdb::Metric::kCosine)
                             .Vector("b", 1, vecdb::Metric::kInnerProduct)
                             .Add(text)
                             .Add(vecdb_test::Defaulted("yes", DataType::kBool, true))
                             .Add(vecdb_test::Defaulted("n", DataType::kInt8, std::int64_t{-128}))
                             .Add(vecdb_test::Defaulted("d", DataType::kDouble, 0.1))
                             .Add(vecdb_test::Defaulted("f", DataType::kFloat, std::int64_t{2}))
                             .Build();
  const Bytes bytes = Encoded(schema);
  Result<Schema> back = Decoded(bytes);
  REQUIRE(back.ok());
  CHECK(*back == schema);
  CHECK(Encoded(*back) == bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    if (Decoded(std::span(bytes).first(size)).status().code() != StatusCode::kCorruption) {
      FAIL("cut to " << size);
    }
  }
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const int flip : {1, 2, 4, 8, 16, 32, 64, 128, 255}) {
      Bytes altered = bytes;
      altered[at] ^= static_cast<std::byte>(flip);
      const Result<Schema> read = Decoded(altered);
      if (!read.ok() && read.status().code() != StatusCode::kCorruption) FAIL("byte " << at);
      if (read.ok() && *read == schema) FAIL("byte " << at << " makes no difference");
    }
  }
}

TEST_CASE("a schema that could not be built cannot be read", "[codec]") {
  Bytes none;
  ByteWriter(&none).Put(std::uint32_t{0});
  Corrupt(Decoded(none), "a schema needs a primary key");
  Bytes many;
  ByteWriter(&many).Put(std::uint32_t{65});
  many.resize(65 * 16 + 4);
  Corrupt(Decoded(many), "more fields than a schema may have");
  Bytes endless;
  ByteWriter(&endless).Put(std::uint32_t{0xFFFFFFFF});
  Corrupt(Decoded(endless), "a count promises more elements than bytes remain");
}

TEST_CASE("collection options come back from their bytes", "[codec]") {
  CollectionOptions options;
  options.shards = 16;
  options.segment_bytes = 1'000;
  options.segment_rows = std::size_t{1} << 40;
  options.seal_after_idle = std::chrono::milliseconds(5);
  options.check_keys = false;
  const auto encode = [&] {
    Bytes bytes;
    ByteWriter writer(&bytes);
    vecdb::chunk::EncodeCollectionOptions(options, &writer);
    return bytes;
  };
  const auto decode = [](std::span<const std::byte> bytes) {
    ByteReader reader(bytes, "options");
    return vecdb::chunk::DecodeCollectionOptions(&reader);
  };
  const Bytes bytes = encode();
  Result<CollectionOptions> back = decode(bytes);
  REQUIRE(back.ok());
  CHECK(back->shards == 16);
  CHECK(back->segment_bytes == 1'000);
  CHECK(back->segment_rows == std::size_t{1} << 40);
  CHECK(back->seal_after_idle == std::chrono::milliseconds(5));
  CHECK_FALSE(back->check_keys);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK_FALSE(decode(std::span(bytes).first(size)).ok());
  }
  for (const std::uint32_t shards : {0U, 17U}) {
    options.shards = shards;
    Corrupt(decode(encode()), "a number of shards outside 1..16");
  }
  options.shards = 1;
  options.seal_after_idle = std::chrono::milliseconds(-1);
  Corrupt(decode(encode()), "a negative time");
}
