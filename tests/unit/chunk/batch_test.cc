#include "vecdb/batch.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "chunk/validate.h"
#include "support/catch.h"
#include "unit/chunk/sample.h"

using vecdb::Batch;
using vecdb::DataType;
using vecdb::Metric;
using vecdb::NamedValue;
using vecdb::Schema;
using vecdb::SchemaBuilder;
using vecdb::Status;
using vecdb::StatusCode;
using vecdb::Value;
using vecdb::ValueView;
using vecdb::chunk::BatchAccess;
using vecdb::chunk::Chunk;
using vecdb_test::Around;
using vecdb_test::ContainsSubstring;
using vecdb_test::Defaulted;
using vecdb_test::TextField;

namespace {

const std::vector<float> kVector = {1, 2, 3};

void Refused(const Status& status, const std::string& words,
             StatusCode code = StatusCode::kInvalidArgument) {
  CHECK(status.code() == code);
  CHECK_THAT(std::string(status.message()), ContainsSubstring(words));
}

std::vector<std::int64_t> Numbers(std::int64_t count) {
  std::vector<std::int64_t> numbers;
  for (std::int64_t i = 0; i < count; ++i) numbers.push_back(i);
  return numbers;
}

Chunk Take(const Batch& batch) {
  return *BatchAccess::TakeChunk(batch);
}

Value At(const Chunk& chunk, std::size_t column, std::size_t row) {
  return chunk.columns[column].View().At(row);
}

Schema WithNote() {  // id, v, n = 7 when missing, note maybe null
  vecdb::Field note = TextField("note", 10);
  note.nullable = true;
  return *Around().Add(Defaulted("n", DataType::kInt16, std::int64_t{7})).Add(note).Build();
}

}  // namespace

TEST_CASE("both doors lead to the same columns", "[batch]") {
  const Schema schema = WithNote();
  Batch rows(schema);
  REQUIRE(rows.Add({{"id", 1}, {"v", kVector}, {"n", 5}, {"note", "one"}}).ok());
  REQUIRE(rows.Add({{"note", "two"}, {"v", kVector}, {"id", 2}}).ok());
  REQUIRE(rows.Add({{"id", 3}, {"v", kVector}, {"n", ValueView()}, {"note", ValueView()}}).ok());

  Batch columns(schema);
  const std::array<std::int64_t, 3> ids = {1, 2, 3};
  const std::array<std::int64_t, 3> numbers = {5, 99, 99};
  const std::array<std::string_view, 3> notes = {"one", "two", "ignored"};
  const std::vector<float> vectors = {1, 2, 3, 1, 2, 3, 1, 2, 3};
  const std::array<std::uint8_t, 3> first = {1, 0, 0};
  const std::array<std::uint8_t, 3> two = {1, 2, 0};
  REQUIRE(columns.AddVectors("v", vectors).ok());
  REQUIRE(columns.AddColumn("note", notes, two).ok());
  REQUIRE(columns.AddColumn("n", numbers, first).ok());
  REQUIRE(columns.AddColumn("id", ids).ok());

  const Chunk chunk = Take(rows);
  CHECK(vecdb_test::SameValues(chunk, Take(columns)));
  CHECK(At(chunk, 2, 0) == Value(std::int64_t{5}));
  CHECK(At(chunk, 2, 1) == Value(std::int64_t{7}));
  CHECK(At(chunk, 2, 2) == Value(std::int64_t{7}));
  CHECK(At(chunk, 3, 1) == Value("two"));
  CHECK(At(chunk, 3, 2) == Value());
}

TEST_CASE("a default wins over null, even in a nullable field", "[batch]") {
  vecdb::Field field = Defaulted("n", DataType::kInt8, std::int64_t{7});
  field.nullable = true;
  Batch batch(*Around().Add(field).Build());
  REQUIRE(batch.Add({{"id", 1}, {"v", kVector}, {"n", ValueView()}}).ok());
  REQUIRE(batch.Add({{"id", 2}, {"v", kVector}}).ok());
  CHECK(At(Take(batch), 2, 0) == Value(std::int64_t{7}));
  CHECK(At(Take(batch), 2, 1) == Value(std::int64_t{7}));
}

TEST_CASE("columns never brought take their default or null", "[batch]") {
  Batch batch(WithNote());
  const std::array<std::int64_t, 2> ids = {1, 2};
  REQUIRE(batch.AddColumn("id", ids).ok());
  Refused(BatchAccess::TakeChunk(batch).status(),
          "the batch has no column for field 'v', which is not nullable and has no default");
  REQUIRE(batch.AddVectors("v", std::vector<float>(6)).ok());
  const Chunk chunk = Take(batch);
  CHECK(chunk.rows == 2);
  CHECK(At(chunk, 2, 1) == Value(std::int64_t{7}));
  CHECK(At(chunk, 3, 1) == Value());
  CHECK(vecdb::chunk::ValidateChunk(batch.schema(), chunk).ok());
}

TEST_CASE("a row with a mistake is refused by name and leaves the batch as it was", "[batch]") {
  Batch batch(WithNote());
  REQUIRE(batch.Add({{"id", 1}, {"v", kVector}}).ok());
  const Chunk before = Take(batch);
  const std::vector<float> pair = {1, 2};
  const std::vector<float> nan = {1, std::numeric_limits<float>::quiet_NaN(), 2};
  Refused(batch.Add({{"v", kVector}}), "the row has no value for field 'id'");
  Refused(batch.Add({{"id", 2}}), "the row has no value for field 'v'");
  Refused(batch.Add({}), "the row has no value for field 'id'");
  Refused(batch.Add({{"id", 2}, {"v", kVector}, {"colour", "red"}}),
          "the schema has no field 'colour'", StatusCode::kNotFound);
  Refused(batch.Add({{"id", 2}, {"v", kVector}, {"id", 3}}), "the row gives field 'id' twice");
  Refused(batch.Add({{"id", 2}, {"v", kVector}, {"n", 40000}}),
          "field 'n' holds Int16 (-32768..32767), got 40000");
  Refused(batch.Add({{"id", 2}, {"v", kVector}, {"note", "eleven char"}}),
          "field 'note' holds at most 10 bytes of text, got 11");
  Refused(batch.Add({{"id", 2}, {"v", kVector}, {"note", "\xFF"}}), "field 'note' holds UTF-8");
  Refused(batch.Add({{"id", 2}, {"v", pair}}), "field 'v' holds vectors of dimension 3, got");
  Refused(batch.Add({{"id", 2}, {"v", nan}}), "field 'v' holds finite numbers, got nan");
  Refused(batch.Add({{"id", "two"}, {"v", kVector}}), "field 'id' holds Int64, got text 'two'");
  Refused(batch.Add({{"id", ValueView()}, {"v", kVector}}), "field 'id' may not be null");
  CHECK(batch.rows() == 1);
  CHECK(vecdb_test::SameValues(before, Take(batch)));
  CHECK(batch.Add({{"id", 2}, {"v", kVector}}).ok());
}

TEST_CASE("a refused first row does not choose the door", "[batch]") {
  Batch batch(WithNote());
  CHECK_FALSE(batch.Add({{"id", 1}}).ok());
  CHECK(batch.AddColumn("id", Numbers(2)).ok());
  Batch other(WithNote());
  CHECK_FALSE(other.AddColumn("n", std::vector<std::int64_t>{40000}).ok());
  CHECK(other.Add({{"id", 1}, {"v", kVector}}).ok());
}

TEST_CASE("the two doors do not mix until the batch is cleared", "[batch]") {
  Batch batch(WithNote());
  REQUIRE(batch.Add({{"id", 1}, {"v", kVector}}).ok());
  Refused(batch.AddColumn("id", Numbers(1)),
          "this batch is filled by rows; a column for field 'id' cannot be mixed in");
  Refused(batch.AddVectors("v", kVector), "a column for field 'v' cannot be mixed in");
  batch.Clear();
  CHECK(batch.rows() == 0);
  REQUIRE(batch.AddColumn("id", Numbers(4)).ok());
  CHECK(batch.rows() == 4);
  Refused(batch.Add({{"id", 1}, {"v", kVector}}),
          "this batch is filled by columns; a row cannot be mixed in");
  batch.Clear();
  CHECK(batch.Add({{"id", 1}, {"v", kVector}}).ok());
}

TEST_CASE("a column with a mistake is refused by field and row, and may be brought again",
          "[batch]") {
  const Schema schema = vecdb_test::EveryType();
  Batch batch(schema);
  const std::vector<double> numbers = {1, 2, 3};
  const std::vector<double> infinite = {1, 2, std::numeric_limits<double>::infinity()};
  const std::array<bool, 3> flags = {true, false, true};
  const std::array<std::uint8_t, 2> two = {1, 1};
  const std::array<std::uint8_t, 3> hole = {1, 0, 1};
  const std::array<std::string_view, 3> bad = {"a", "\xC0\x80", "c"};
  const std::array<std::string_view, 3> lengthy = {"a", "b", "more than twenty bytes"};
  REQUIRE(batch.AddColumn("id", Numbers(3)).ok());
  Refused(batch.AddColumn("tiny", std::vector<std::int64_t>{1, 300, 2}),
          "row 1: field 'tiny' holds Int8 (-128..127), got 300");
  Refused(batch.AddColumn("small", std::vector<std::int64_t>{1, 2, -32769}),
          "row 2: field 'small'");
  Refused(batch.AddColumn("medium", std::vector<std::int64_t>{1LL << 31, 2, 3}), "row 0: field");
  Refused(batch.AddColumn("single", std::vector<double>{1, 1e39, 2}),
          "row 1: field 'single' holds Float");
  Refused(batch.AddColumn("single", std::vector<std::int64_t>{1, 1 << 25, 2}),
          "row 1: field 'single'");
  Refused(batch.AddColumn("precise", infinite),
          "row 2: field 'precise' holds finite numbers, got inf");
  Refused(batch.AddColumn("precise", infinite, hole), "row 2: field 'precise'");
  Refused(batch.AddColumn("title", bad), "row 1: field 'title' holds UTF-8 text");
  Refused(batch.AddColumn("title", lengthy), "row 2: field 'title' holds at most 20 bytes of text");
  Refused(batch.AddColumn("flag", flags, hole), "row 1: field 'flag' may not be null");
  Refused(batch.AddColumn("small", Numbers(3), two),
          "field 'small' brings 3 values and 2 validity bytes");
  Refused(batch.AddColumn("small", Numbers(2)),
          "field 'small' brings 2 rows, the columns before it brought 3");
  Refused(batch.AddColumn("flag", Numbers(3)), "field 'flag' holds Bool, got a column of Int64");
  Refused(batch.AddColumn("small", numbers), "field 'small' holds Int16, got a column of Double");
  Refused(batch.AddColumn("title", flags), "field 'title' holds VarChar, got a column of Bool");
  Refused(batch.AddColumn("v", numbers), "field 'v' holds FloatVector, got a column of Double");
  Refused(batch.AddColumn("v", bad), "field 'v' holds FloatVector, got a column of VarChar");
  Refused(batch.AddVectors("single", kVector), "field 'single' holds Float, got vectors of floats");
  Refused(batch.AddVectors("v", std::vector<float>(8)),
          "field 'v' holds vectors of dimension 3; 8 floats end in the middle of one");
  Refused(batch.AddVectors("v", std::vector<float>(6)),
          "field 'v' brings 2 rows, the columns before");
  Refused(batch.AddVectors("v", std::vector<float>{1, 2, 3, 4, 5, INFINITY, 7, 8, 9}),
          "row 1: field 'v' holds finite numbers, got inf at position 2");
  Refused(batch.AddColumn("colour", Numbers(3)), "no field 'colour'", StatusCode::kNotFound);
  Refused(batch.AddColumn("id", Numbers(3)),
          "this batch already has the whole column of field 'id'");

  REQUIRE(batch.AddColumn("flag", flags).ok());
  REQUIRE(batch.AddColumn("tiny", Numbers(3), hole).ok());
  REQUIRE(batch.AddColumn("small", Numbers(3)).ok());
  REQUIRE(batch.AddColumn("medium", Numbers(3)).ok());
  REQUIRE(batch.AddColumn("large", Numbers(3)).ok());
  REQUIRE(batch.AddColumn("single", Numbers(3)).ok());
  REQUIRE(batch.AddColumn("precise", numbers).ok());
  REQUIRE(batch.AddVectors("v", std::vector<float>(9)).ok());
  const Chunk chunk = Take(batch);
  CHECK(vecdb::chunk::ValidateChunk(schema, chunk).ok());
  CHECK(At(chunk, 2, 1) == Value(false));
  CHECK(At(chunk, 3, 1) == Value());
  CHECK(At(chunk, 3, 2) == Value(std::int64_t{2}));
  CHECK(At(chunk, 7, 2) == Value(2.0));
  CHECK(At(chunk, 8, 2) == Value(3.0));
}

TEST_CASE("a null key is refused through the column door", "[batch]") {
  Batch batch(*Around().Build());
  Refused(batch.AddColumn("id", Numbers(2), std::array<std::uint8_t, 2>{1, 0}),
          "row 1: field 'id' may not be null");
}

TEST_CASE("an assigned key may not be given, and waits empty", "[batch]") {
  const Schema schema = *SchemaBuilder().AutoPrimaryKey("id").Vector("v", 3, Metric::kL2).Build();
  Batch batch(schema);
  Refused(batch.Add({{"id", 1}, {"v", kVector}}), "field 'id' has auto_id");
  Refused(batch.AddColumn("id", Numbers(1)), "field 'id' has auto_id");
  REQUIRE(batch.Add({{"v", kVector}}).ok());
  CHECK(batch.rows() == 1);
  Chunk chunk = Take(batch);
  CHECK(chunk.rows == 1);
  CHECK(chunk.columns[0].rows() == 0);
  CHECK(chunk.columns[1].rows() == 1);
  chunk.columns[0].AppendValue(std::int64_t{9});
  CHECK(vecdb::chunk::ValidateChunk(schema, chunk).ok());
}

TEST_CASE("a batch that holds every column is lent, any other is completed in a copy", "[batch]") {
  Batch rows(WithNote());
  REQUIRE(rows.Add({{"id", 0}, {"v", kVector}}).ok());
  Chunk copy = Chunk::For(rows.schema());
  const Chunk* lent = *BatchAccess::LendChunk(rows, &copy);
  CHECK(lent != &copy);
  CHECK(vecdb_test::SameValues(*lent, Take(rows)));

  Batch columns(WithNote());
  REQUIRE(columns.AddColumn("id", Numbers(1)).ok());
  CHECK_FALSE(BatchAccess::LendChunk(columns, &copy).ok());
  REQUIRE(columns.AddVectors("v", kVector).ok());
  CHECK(*BatchAccess::LendChunk(columns, &copy) == &copy);
  CHECK(vecdb_test::SameValues(copy, *lent));

  Batch assigned(*SchemaBuilder().AutoPrimaryKey("id").Vector("v", 3, Metric::kL2).Build());
  REQUIRE(assigned.Add({{"v", kVector}}).ok());
  CHECK(*BatchAccess::LendChunk(assigned, &copy) == &copy);
}

TEST_CASE("a batch takes 100000 rows and not one more", "[batch][limits]") {
  const Schema schema = *SchemaBuilder().PrimaryKey("id").Vector("v", 1, Metric::kL2).Build();
  Batch batch(schema);
  const std::vector<float> one = {1};
  for (std::int64_t i = 0; i < 100'000; ++i) batch.Add({{"id", i}, {"v", one}}).OrDie();
  Refused(batch.Add({{"id", 1}, {"v", one}}),
          "a batch holds at most 100000 rows, this would be one more");
  CHECK(batch.rows() == 100'000);
  CHECK(vecdb::chunk::ValidateChunk(schema, Take(batch)).ok());
  batch.Clear();
  CHECK(batch.AddVectors("v", std::vector<float>(100'000)).ok());
  batch.Clear();
  Refused(batch.AddVectors("v", std::vector<float>(100'001)),
          "a batch holds at most 100000 rows, field 'v' brings 100001");
  Refused(batch.AddColumn("id", Numbers(100'001)), "field 'id' brings 100001");
}

TEST_CASE("a batch takes 32 MiB and not one byte more", "[batch][limits]") {
  vecdb::Field pad = TextField("pad", 65535);
  const Schema schema =
      *SchemaBuilder().AutoPrimaryKey("id").Vector("v", 1021, Metric::kL2).Add(pad).Build();
  Batch batch(schema);  // 8 + 4084 + 4 bytes a row, and the text
  const std::vector<float> vector(1021, 0.5F);
  for (int i = 0; i < 8191; ++i) batch.Add({{"v", vector}, {"pad", ""}}).OrDie();
  Refused(batch.Add({{"v", vector}, {"pad", "x"}}),
          "a batch holds at most 33554432 bytes, this would make it 33554433");
  CHECK(batch.rows() == 8191);
  CHECK(batch.Add({{"v", vector}, {"pad", ""}}).ok());
  CHECK(batch.rows() == 8192);
  Refused(batch.Add({{"v", vector}, {"pad", ""}}), "this would make it 33558528");

  batch.Clear();
  std::vector<std::string_view> pads(8192, "");
  REQUIRE(batch.AddVectors("v", std::vector<float>(8192 * 1021)).ok());
  pads[4000] = "x";
  Refused(batch.AddColumn("pad", pads), "this would make it 33554433");
  pads[4000] = "";
  REQUIRE(batch.AddColumn("pad", pads).ok());
  Chunk chunk = Take(batch);
  const std::vector<std::int64_t> assigned = Numbers(8192);
  chunk.columns[0].AppendFixed(std::as_bytes(std::span(assigned)), 8192);
  CHECK(chunk.size_bytes() == vecdb::chunk::kMaxBatchBytes);
  CHECK(vecdb::chunk::ValidateChunk(schema, chunk).ok());
  batch.Clear();
  Refused(batch.AddVectors("v", std::vector<float>(8300 * 1021)), "a batch holds at most 33554432");
}

TEST_CASE("the first null of a batch weighs a mark for every row", "[batch][limits]") {
  const Schema schema = *SchemaBuilder()
                             .PrimaryKey("id")
                             .Vector("v", 1021, Metric::kL2)
                             .Nullable("n", DataType::kInt32)
                             .Build();
  Batch batch(schema);  // 4096 bytes a row without marks
  const std::vector<float> vector(1021);
  for (int i = 0; i < 8191; ++i) batch.Add({{"id", i}, {"v", vector}, {"n", i}}).OrDie();
  Refused(batch.Add({{"id", 9000}, {"v", vector}}), "this would make it 33562624");
  CHECK(batch.Add({{"id", 9000}, {"v", vector}, {"n", 1}}).ok());
  CHECK(Take(batch).size_bytes() == vecdb::chunk::kMaxBatchBytes);
}

TEST_CASE("a long default may not blow a batch up", "[batch][limits]") {
  vecdb::Field pad = TextField("pad", 65535);
  pad.default_value = std::string(65535, 'x');
  Batch batch(*Around().Add(pad).Build());
  REQUIRE(batch.AddColumn("id", Numbers(100'000)).ok());
  REQUIRE(batch.AddVectors("v", std::vector<float>(300'000)).ok());
  Refused(BatchAccess::TakeChunk(batch).status(),
          "the default of field 'pad': a batch holds at most 33554432 bytes");
  const std::vector<std::string_view> texts(100'000);
  const std::vector<std::uint8_t> none(100'000);
  Refused(batch.AddColumn("pad", texts, none), "a batch holds at most 33554432 bytes");
  CHECK(batch.AddColumn("pad", texts).ok());
}

TEST_CASE("integers may stand for floats in a row", "[batch]") {
  Batch batch(*Around().Scalar("f", DataType::kFloat).Scalar("d", DataType::kDouble).Build());
  REQUIRE(batch.Add({{"id", 1}, {"v", kVector}, {"f", 3}, {"d", 4}}).ok());
  CHECK(At(Take(batch), 2, 0) == Value(3.0));
  CHECK(At(Take(batch), 3, 0) == Value(4.0));
}

TEST_CASE("an empty batch gives an empty chunk", "[batch]") {
  Batch batch(WithNote());
  CHECK(Take(batch).rows == 0);
  REQUIRE(batch.AddColumn("id", std::span<const std::int64_t>()).ok());
  CHECK(batch.rows() == 0);
  Refused(batch.AddVectors("v", kVector),
          "field 'v' brings 1 rows, the columns before it brought 0");
}

TEST_CASE("a batch can be moved", "[batch]") {
  Batch batch = vecdb_test::EveryTypeBatch(3);
  Batch moved = std::move(batch);
  CHECK(moved.rows() == 3);
  batch = std::move(moved);
  CHECK(batch.rows() == 3);
}

TEST_CASE("a null pointer is no text, and there is no empty schema", "[batch]") {
  STATIC_REQUIRE_FALSE(std::is_constructible_v<NamedValue, std::string_view, std::nullptr_t>);
  STATIC_REQUIRE(std::is_constructible_v<NamedValue, std::string_view, int>);
  vecdb::Schema schema =
      *vecdb::SchemaBuilder().PrimaryKey("id").Vector("v", 1, vecdb::Metric::kL2).Build();
  const vecdb::Schema moved = std::move(schema);
  CHECK(schema.fields().size() == moved.fields().size());  // NOLINT(bugprone-use-after-move)
}
