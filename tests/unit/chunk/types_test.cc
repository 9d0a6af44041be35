// JSON, arrays and the vectors that are not floats: both doors of a batch, the bytes, the limits.
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "base/format.h"
#include "chunk/array_value.h"
#include "chunk/batch_access.h"
#include "chunk/codec.h"
#include "chunk/json_text.h"
#include "chunk/sparse_value.h"
#include "chunk/validate.h"
#include "support/all_types.h"
#include "support/catch.h"
#include "unit/chunk/sample.h"

using namespace vecdb;
using namespace vecdb::test;
using vecdb_test::ContainsSubstring;

namespace {

void Refused(const Status& status, const std::string& words) {
  INFO(status.ToString());
  CHECK(status.code() == StatusCode::kInvalidArgument);
  CHECK_THAT(std::string(status.message()), ContainsSubstring(words));
}

base::Bytes Encoded(const chunk::Chunk& chunk) {
  base::Bytes bytes;
  chunk::EncodeChunk(chunk, &bytes);
  return bytes;
}

Field ArrayField(DataType element, std::uint32_t max_capacity = 4096) {
  return {
      .name = "a", .type = DataType::kArray, .element_type = element, .max_capacity = max_capacity};
}

Field VectorField(DataType type, std::uint32_t dimension) {
  return {.name = "v", .type = type, .dimension = dimension};
}

const Field kJson = {.name = "j", .type = DataType::kJson};
const Field kSparse = {
    .name = "s", .type = DataType::kSparseFloatVector, .metric = Metric::kInnerProduct};

std::string Nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

template <typename T>
ValueView Lent(const std::vector<T>& values) {
  return std::span<const T>(values);
}

}  // namespace

TEST_CASE("values of every type are read as they were given, whichever door brought them",
          "[types]") {
  for (const int vectors : {0, 1, 2}) {
    const Schema schema = AllTypes(vectors);
    const chunk::Chunk by_rows =
        *chunk::BatchAccess::TakeChunk(AllTypesBatch(schema, 0, 60, false));
    const chunk::Chunk by_columns =
        *chunk::BatchAccess::TakeChunk(AllTypesBatch(schema, 0, 60, true));
    CHECK(Encoded(by_rows) == Encoded(by_columns));
    for (std::int64_t key = 0; key < 60; ++key) {
      const Values expected = MakeValues(schema, key);
      for (std::size_t i = 0; i < expected.size(); ++i) {
        INFO(schema.fields()[i].name << " of " << key);
        CHECK(by_rows.columns[i].View().At(static_cast<std::size_t>(key)) == expected[i]);
      }
    }
  }
}

TEST_CASE("a chunk of every type comes back from its bytes, rows picked from it too", "[types]") {
  for (const int vectors : {0, 1, 2}) {
    const Schema schema = AllTypes(vectors);
    const chunk::Chunk chunk = *chunk::BatchAccess::TakeChunk(AllTypesBatch(schema, 7, 40, true));
    const auto back = chunk::DecodeChunk(schema, Encoded(chunk));
    REQUIRE(back.ok());
    CHECK(vecdb_test::SameValues(chunk, *back));
    CHECK(Encoded(*back) == Encoded(chunk));
    const std::array<std::uint32_t, 4> rows = {3, 4, 30, 1};
    chunk::Chunk picked = chunk::Chunk::For(schema);
    picked.rows = rows.size();
    for (std::size_t i = 0; i < picked.columns.size(); ++i) {
      picked.columns[i].AppendRows(chunk.columns[i], rows);
      for (std::size_t row = 0; row < rows.size(); ++row) {
        CHECK(picked.columns[i].View().At(row) == chunk.columns[i].View().At(rows[row]));
      }
    }
  }
}

TEST_CASE("a changed byte of a chunk is refused or gives a chunk that its schema allows",
          "[types]") {
  std::size_t refused = 0;
  for (const int vectors : {0, 1, 2}) {
    const Schema schema = AllTypes(vectors);
    const base::Bytes bytes =
        Encoded(*chunk::BatchAccess::TakeChunk(AllTypesBatch(schema, 0, 3, false)));
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      for (const int flip : {0x01, 0x80, 0xFF}) {
        base::Bytes changed = bytes;
        changed[at] ^= static_cast<std::byte>(flip);
        const auto decoded = chunk::DecodeChunk(schema, changed);
        if (!decoded.ok()) {
          ++refused;
          CHECK(decoded.status().code() == StatusCode::kCorruption);
          continue;
        }
        for (std::size_t i = 0; i < decoded->columns.size(); ++i) {
          const chunk::ColumnView view = decoded->columns[i].View();
          for (std::size_t row = 0; row < view.rows; ++row) {
            CHECK(chunk::CheckStored(schema.fields()[i], view, row).ok());
            (void)view.At(row);
          }
        }
      }
    }
  }
  CHECK(refused > 1000);
}

TEST_CASE("schemas of every type come back from their bytes", "[types]") {
  for (const int vectors : {0, 1, 2}) {
    const Schema schema = AllTypes(vectors);
    base::Bytes bytes;
    base::ByteWriter writer(&bytes);
    chunk::EncodeSchema(schema, &writer);
    base::ByteReader reader(bytes, "schema");
    const auto back = chunk::DecodeSchema(&reader);
    REQUIRE(back.ok());
    CHECK(*back == schema);
    CHECK(reader.remaining() == 0);
  }
}

TEST_CASE("what makes no sense of a field is refused when the schema is built", "[types]") {
  const auto refused = [](const Field& field, const std::string& words) {
    Refused(vecdb_test::Around().Add(field).Build().status(), words);
  };
  refused(ArrayField(DataType::kArray), "'a' is an Array, which holds Bool to VarChar, not Array");
  refused(ArrayField(DataType::kJson), "not JSON");
  refused(ArrayField(DataType::kFloatVector), "not FloatVector");
  refused(ArrayField(static_cast<DataType>(77)), "not unknown");
  refused(ArrayField(DataType::kInt8, 0), "a max_capacity between 1 and 4096, not 0");
  refused(ArrayField(DataType::kInt8, 4097), "a max_capacity between 1 and 4096, not 4097");
  refused({.name = "x", .max_capacity = 4}, "takes neither an element_type nor a max_capacity");
  refused({.name = "x", .element_type = DataType::kInt8}, "takes neither an element_type");
  Field lengths = ArrayField(DataType::kInt8);
  lengths.max_length = 7;
  refused(lengths, "takes no max_length");
  lengths.element_type = DataType::kVarChar;
  CHECK(vecdb_test::Around().Add(lengths).Build().ok());
  Field json = kJson;
  json.max_length = 7;
  refused(json, "takes no max_length");
  json = kJson;
  json.default_value = Value(std::string("{"));
  refused(json, "default value: field 'j' holds JSON");
  Field defaulted = ArrayField(DataType::kInt8, 2);
  defaulted.default_value = Value(std::vector<std::int64_t>{1, 2, 300});
  refused(defaulted, "default value: field 'a' holds at most 2 elements, got 3");
  defaulted.default_value = Value(std::vector<std::int64_t>{1, 300});
  refused(defaulted, "element 1: field 'a' holds Int8 (-128..127), got 300");
  defaulted = ArrayField(DataType::kVarChar);
  defaulted.default_value = Value(std::vector<std::string>(2, std::string(40'000, 'x')));
  refused(defaulted, "takes one of at most 65535 bytes");

  refused(VectorField(DataType::kBinaryVector, 12), "a multiple of 8 between 8 and 262144, not 12");
  refused(VectorField(DataType::kBinaryVector, 0), "not 0");
  refused(VectorField(DataType::kBinaryVector, 262'152), "not 262152");
  refused(VectorField(DataType::kBinaryVector, 8),
          "BinaryVector, which metric L2 does not measure");
  refused(VectorField(DataType::kSparseFloatVector, 8), "takes no dimension, not 8");
  refused(VectorField(DataType::kSparseFloatVector, 0), "metric L2 does not measure");
  refused(VectorField(DataType::kInt8Vector, 32'769), "between 1 and 32768, not 32769");
  for (const DataType type : {DataType::kFloatVector, DataType::kFloat16Vector,
                              DataType::kBFloat16Vector, DataType::kInt8Vector}) {
    for (const Metric metric : {Metric::kHamming, Metric::kJaccard}) {
      Field field = VectorField(type, 8);
      field.metric = metric;
      refused(field, "does not measure");
    }
    Field field = VectorField(type, 8);
    field.nullable = true;
    refused(field, "can neither be nullable nor have a default");
  }
}

TEST_CASE("JSON is one value of the grammar, and nothing else", "[types]") {
  const std::vector<std::string> good = {"null",
                                         "true",
                                         " [1, 2] ",
                                         "\"\\ud83d\\ude00\"",
                                         "-0.0",
                                         "1e308",
                                         "18446744073709551616",
                                         R"({"":{}})",
                                         "\t\r\n0\n",
                                         Nested(64),
                                         "\"\\u0000\"",
                                         "\"" + std::string(65'534, 'x') + "\"",
                                         "1e-400"};
  for (const std::string& text : good) {
    INFO(text.substr(0, 60));
    CHECK(chunk::ValidateJson(kJson, text).ok());
  }
  const std::vector<std::string> bad = {"",
                                        " ",
                                        "nul",
                                        "[1,]",
                                        "{a:1}",
                                        "{\"a\"}",
                                        "01",
                                        "+1",
                                        ".5",
                                        "1.",
                                        "1e",
                                        "NaN",
                                        "Infinity",
                                        "'a'",
                                        "1 2",
                                        "[1] x",
                                        "\"\\x\"",
                                        "\"a\nb\"",
                                        "// c\n1",
                                        "\"\xFF\"",
                                        "\"\xC0\x80\"",
                                        "\"\\ud800\"",
                                        "\"\\udc00\"",
                                        "\"\\ud800\\u0041\"",
                                        "1e309",
                                        "-1e999",
                                        "[",
                                        "]",
                                        "{\"a\":1",
                                        "\xEF\xBB\xBF"
                                        "1",
                                        std::string("1\0", 2),
                                        std::string("\0", 1),
                                        std::string("[1]\0 x", 6)};
  for (const std::string& text : bad) {
    INFO(text);
    CHECK(chunk::ValidateJson(kJson, text).code() == StatusCode::kInvalidArgument);
  }
  Refused(chunk::ValidateJson(kJson, Nested(65)), "nested more than 64 deep");
  Refused(chunk::ValidateJson(kJson, Nested(30'000)), "nested more than 64 deep");
  Refused(chunk::ValidateJson(kJson, "\"" + std::string(65'535, 'x') + "\""),
          "at most 65536 bytes of JSON, got 65537");
  Refused(chunk::ValidateJson(kJson, "[1, x]"), "at byte 4");
}

TEST_CASE("a JSON number of any length is judged by its value", "[types]") {
  const auto zeros = [](std::size_t count) { return std::string(count, '0'); };
  for (const std::string& text :
       {"0." + zeros(400), "0." + zeros(348) + "1", "-0." + zeros(60'000) + "5",
        "0." + zeros(41) + "e-308", "0." + zeros(50) + "e-300", "0." + zeros(400) + "1e400",
        std::string(190, '7') + "." + std::string(40, '3') + "E-639", std::string("1e-400"),
        std::string("1e-99999999999999999999"), "1" + zeros(300) + "e-10",
        "1." + std::string(60'000, '1')}) {
    INFO(text.substr(0, 20) << " of " << text.size() << " characters");
    CHECK(chunk::ValidateJson(kJson, text).ok());
  }
  for (const std::string& text :
       {"1" + zeros(400), "1" + zeros(400) + "e-10", "0." + zeros(10) + "1e400",
        "-1" + zeros(308) + "9.5", std::string("1e99999999999999999999")}) {
    INFO(text.substr(0, 20) << " of " << text.size() << " characters");
    CHECK(chunk::ValidateJson(kJson, text).code() == StatusCode::kInvalidArgument);
  }
}

TEST_CASE("the default of an array of floats is what rows get", "[types]") {
  Field field;
  field.name = "a";
  field.type = DataType::kArray;
  field.element_type = DataType::kFloat;
  field.default_value = std::vector<double>{0.1, 0.5};
  const Schema schema =
      *SchemaBuilder().PrimaryKey("id").Vector("v", 1, Metric::kL2).Add(field).Build();
  base::Bytes bytes;
  base::ByteWriter writer(&bytes);
  chunk::EncodeSchema(schema, &writer);
  base::ByteReader reader(bytes, "schema");
  const auto back = chunk::DecodeSchema(&reader);
  REQUIRE(back.ok());
  CHECK(*back == schema);
}

TEST_CASE("arrays hold what their elements may be", "[types]") {
  const auto check = [](const Field& field, const ValueView& value) {
    return chunk::ValidateValue(field, value);
  };
  using Ints = std::vector<std::int64_t>;
  CHECK(check(ArrayField(DataType::kInt8), Lent(Ints{-128, 127})).ok());
  Refused(check(ArrayField(DataType::kInt8), Lent(Ints{0, 128})),
          "element 1: field 'a' holds Int8 (-128..127), got 128");
  CHECK(check(ArrayField(DataType::kFloat), Lent(Ints{1 << 24})).ok());
  Refused(check(ArrayField(DataType::kFloat), Lent(Ints{(1 << 24) + 1})), "element 0");
  Refused(check(ArrayField(DataType::kFloat), Lent(std::vector<double>{1e39})), "element 0");
  Refused(check(ArrayField(DataType::kDouble), Lent(std::vector<double>{1, NAN})),
          "element 1: field 'a' holds finite numbers, got nan");
  Refused(check(ArrayField(DataType::kInt64), Lent(std::vector<double>{1})),
          "'a' holds Array of Int64, got an array of 1 numbers");
  Refused(check(ArrayField(DataType::kInt64), ValueView(std::int64_t{1})), "got 1");
  Refused(check(ArrayField(DataType::kInt64), ValueView()), "may not be null");
  CHECK(check(ArrayField(DataType::kInt64, 2), Lent(Ints{})).ok());
  CHECK(check(ArrayField(DataType::kInt64, 2), Lent(Ints{1, 2})).ok());
  Refused(check(ArrayField(DataType::kInt64, 2), Lent(Ints{1, 2, 3})), "at most 2 elements, got 3");
  const std::string big(65'535, 'x');
  const std::string half(131'065 - 65'535, 'y');
  using Texts = std::vector<std::string_view>;
  // 256 KiB with a head of 5 bytes and 4 for each text
  const std::string rest(262'144 - 5 - 4 * 4 - 3 * 65'535, 'z');
  CHECK(check(ArrayField(DataType::kVarChar), Lent(Texts{big, big, big, rest})).ok());
  const std::string more = rest + "z";
  Refused(check(ArrayField(DataType::kVarChar), Lent(Texts{big, big, big, more})),
          "arrays of at most 262144 bytes, got 262145");
  Refused(check(ArrayField(DataType::kVarChar), Lent(Texts{"ok", "\xFF"})), "element 1");
  Field few = ArrayField(DataType::kVarChar);
  few.max_length = 2;
  Refused(check(few, Lent(Texts{"ab", "abc"})), "element 1: field 'a' holds at most 2 bytes");
}

TEST_CASE("bytes are an array only if their lengths add up", "[types]") {
  const auto texts = ArrayField(DataType::kVarChar);
  std::string bytes;
  chunk::EncodeArray(DataType::kVarChar, Lent(std::vector<std::string_view>{"one", "", "größe"}),
                     &bytes);
  REQUIRE(chunk::CheckStoredArray(texts, bytes).ok());
  CHECK(chunk::ArrayView::From(bytes)->Owned() ==
        Value(std::vector<std::string>{"one", "", "größe"}));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK_FALSE(chunk::ArrayView::From(std::string_view(bytes).substr(0, size)).has_value());
  }
  CHECK_FALSE(chunk::ArrayView::From(bytes + "x").has_value());
  std::string lie = bytes;
  const std::uint32_t count = 0xFFFF'FFFF;
  std::memcpy(lie.data() + 1, &count, sizeof(count));
  CHECK_FALSE(chunk::ArrayView::From(lie).has_value());
  lie = bytes;
  lie[0] = static_cast<char>(DataType::kInt8);
  CHECK_FALSE(chunk::CheckStoredArray(texts, lie).ok());
  CHECK_FALSE(chunk::CheckStoredArray(ArrayField(DataType::kInt64), bytes).ok());
  CHECK_FALSE(chunk::CheckStoredArray(ArrayField(DataType::kVarChar, 2), bytes).ok());
  std::string bools;
  chunk::EncodeArray(DataType::kBool, ValueView(std::span<const bool>()), &bools);
  bools += '\2';
  bools[1] = 1;
  CHECK(chunk::ArrayView::From(bools).has_value());
  CHECK_FALSE(chunk::CheckStoredArray(ArrayField(DataType::kBool), bools).ok());
}

TEST_CASE("a sparse vector has rising indices and finite values", "[types]") {
  using Indices = std::vector<std::uint32_t>;
  using Floats = std::vector<float>;
  const auto check = [](const Indices& indices, const Floats& values) {
    return chunk::ValidateSparse(kSparse, {indices, values});
  };
  CHECK(check({}, {}).ok());
  CHECK(check({0, 0xFFFF'FFFE}, {0, -1}).ok());
  Refused(check({1}, {}), "a sparse vector of 1 indices and 0 values");
  Refused(check({3, 3}, {1, 1}), "indices that rise, got 3 after 3");
  Refused(check({3, 2}, {1, 1}), "got 2 after 3");
  Refused(check({0xFFFF'FFFF}, {1}), "indices up to 4294967294, got 4294967295");
  Refused(check({1, 2}, {1, INFINITY}), "finite numbers, got inf at index 2");
  Refused(check({1, 2}, {NAN, 1}), "got nan at index 1");
  Refused(check({1}, {1e19F}), "a squared norm up to");
  Indices many(32'769);
  for (std::uint32_t i = 0; i < many.size(); ++i) many[i] = i;
  Floats ones(many.size(), 1);
  Refused(check(many, ones), "at most 32768 entries, got 32769");
  many.pop_back();
  ones.pop_back();
  CHECK(check(many, ones).ok());
  CHECK_FALSE(chunk::CheckStoredSparse(kSparse, "1234567").ok());
}

TEST_CASE("halves take what stays finite, and round to the nearest", "[types]") {
  const Field f16 = VectorField(DataType::kFloat16Vector, 2);
  const Field bf16 = VectorField(DataType::kBFloat16Vector, 2);
  const auto check = [](const Field& field, std::vector<float> vector) {
    return chunk::ValidateVector(field, vector);
  };
  CHECK(check(f16, {65504, -65504}).ok());
  CHECK(check(f16, {65519.996F, 0}).ok());
  Refused(check(f16, {0, 65520}), "in which 65520 at position 1 is infinite");
  Refused(check(f16, {NAN, 0}), "finite numbers, got nan at position 0");
  Refused(check(f16, {1, 2, 3}), "vectors of dimension 2, got dimension 3");
  CHECK(check(bf16, {9e18F, 1e18F}).ok());
  Refused(check(bf16, {9.3e18F, 0}), "a squared norm up to");
  const std::array<std::uint16_t, 2> infinite = {0x3C00, 0x7C00};
  Refused(chunk::ValidateVector(f16, std::span<const std::uint16_t>(infinite)),
          "got the bits 0x7c00 at 1");
  CHECK(chunk::ValidateVector(bf16, std::span<const std::uint16_t>(infinite)).ok() == false);

  const Schema schema = *SchemaBuilder()
                             .PrimaryKey("id")
                             .Vector("h", 4, Metric::kL2, DataType::kFloat16Vector)
                             .Vector("b", 4, Metric::kL2, DataType::kBFloat16Vector)
                             .Build();
  Batch batch(schema);
  // halfway cases go to the even neighbour; 1 + 2^-11 is halfway between 1 and 1 + 2^-10
  const std::vector<float> h = {1 + std::ldexp(1.0F, -11), 1 + 3 * std::ldexp(1.0F, -11),
                                std::ldexp(1.0F, -25), -0.0F};
  const std::vector<float> b = {1 + std::ldexp(1.0F, -8), 1 + 3 * std::ldexp(1.0F, -8),
                                std::numeric_limits<float>::denorm_min(), -1.5F};
  REQUIRE(batch.Add({{"id", 1}, {"h", h}, {"b", b}}).ok());
  const chunk::Chunk chunk = *chunk::BatchAccess::TakeChunk(batch);
  CHECK(chunk.columns[1].View().At(0) ==
        Value(std::vector<float>{1, 1 + 2 * std::ldexp(1.0F, -10), 0, -0.0F}));
  CHECK(chunk.columns[2].View().At(0) ==
        Value(std::vector<float>{1, 1 + 2 * std::ldexp(1.0F, -7), 0, -1.5F}));
  const auto bits = chunk.columns[1].View().Vector<std::uint16_t>(0);
  Batch raw(schema);
  const std::array<std::int64_t, 1> id = {1};
  REQUIRE(raw.AddColumn("id", id).ok());
  REQUIRE(raw.AddVectors("h", bits).ok());
  REQUIRE(raw.AddVectors("b", chunk.columns[2].View().Vector<std::uint16_t>(0)).ok());
  CHECK(Encoded(*chunk::BatchAccess::TakeChunk(raw)) == Encoded(chunk));
}

TEST_CASE("a column of another kind is refused by name, and the batch stays usable", "[types]") {
  const Schema schema = AllTypes(0);
  Batch batch(schema);
  const std::vector<float> floats(70);
  const std::vector<std::uint8_t> bytes(70);
  const std::vector<std::int8_t> int8(70);
  const std::vector<std::uint16_t> halves(70);
  Refused(batch.AddVectors("int8", floats), "holds Int8Vector, got vectors of floats");
  Refused(batch.AddVectors("half", bytes), "holds Float16Vector, got vectors of bytes");
  Refused(batch.AddVectors("bits", int8), "holds BinaryVector, got vectors of int8");
  Refused(batch.AddVectors("bits", halves), "holds BinaryVector, got vectors of halves");
  Refused(batch.AddVectors("bits", bytes), "vectors of dimension 24; 70 bytes end in the middle");
  Refused(batch.AddVectors("int8", std::span(int8).first(69)), "69 int8 end in the middle of one");
  const std::vector<SparseView> sparse(1);
  Refused(batch.AddSparse("half", sparse),
          "holds Float16Vector, got a column of SparseFloatVector");
  const std::vector<std::int64_t> numbers = {1, 2};
  const std::vector<std::span<const std::int64_t>> arrays = {numbers, numbers};
  Refused(batch.AddColumn("scalar_Int64", arrays), "holds Int64, got a column of Array");
  Refused(batch.AddColumn("array_VarChar", arrays),
          "row 0: field 'array_VarChar' holds Array of VarChar, got an array of 2 integers");
  Refused(batch.AddColumn("array_Int64", numbers), "holds Array, got a column of Int64");
  Refused(batch.AddColumn("json", numbers), "holds JSON, got a column of Int64");
  const std::vector<std::string_view> texts = {"1", "{"};
  Refused(batch.AddColumn("json", texts), "row 1: field 'json' holds JSON");
  CHECK(batch.AddColumn("array_Int64", arrays).ok());
  CHECK(batch.rows() == 2);
}

TEST_CASE("a value lent from an owned one says the same", "[types]") {
  CHECK(chunk::Shown(chunk::LentValue(Value(std::vector<bool>{true})).view()) ==
        "an array of 1 bools");
  CHECK(chunk::Shown(chunk::LentValue(Value(SparseVector{{1}, {2}})).view()) ==
        "a sparse vector of 1 entries");
  const Value texts(std::vector<std::string>{"a", "b"});
  const chunk::LentValue lent(texts);
  const auto span = std::get<std::span<const std::string_view>>(lent.view());
  CHECK((span.size() == 2 && span[1] == "b"));
}
