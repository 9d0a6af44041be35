#include "chunk/column.h"

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "chunk/value.h"
#include "support/catch.h"
#include "unit/chunk/sample.h"

using vecdb::DataType;
using vecdb::Value;
using vecdb::chunk::Column;
using vecdb::chunk::ColumnView;
using vecdb::chunk::LentValue;

namespace {

Column Words(const std::vector<std::string>& words) {
  Column column(DataType::kVarChar, 0);
  for (const std::string& word : words) column.AppendText(word);
  return column;
}

}  // namespace

TEST_CASE("a column gives back each value it was given, in its own width", "[column]") {
  const std::vector<std::pair<DataType, std::vector<Value>>> cases = {
      {DataType::kBool, {true, false}},
      {DataType::kInt8, {std::int64_t{-128}, std::int64_t{127}}},
      {DataType::kInt16, {std::int64_t{-32768}, std::int64_t{32767}}},
      {DataType::kInt32, {std::int64_t{INT32_MIN}, std::int64_t{INT32_MAX}}},
      {DataType::kInt64, {std::int64_t{INT64_MIN}, std::int64_t{INT64_MAX}}},
      {DataType::kFloat, {0.5, -1.25}},
      {DataType::kDouble, {0.1, -1e300}},
      {DataType::kVarChar, {std::string(), std::string("größe")}},
  };
  for (const auto& [type, values] : cases) {
    Column column(type, 0);
    for (const Value& value : values) column.AppendValue(LentValue(value).view());
    column.AppendNull();
    REQUIRE(column.rows() == values.size() + 1);
    const ColumnView view = column.View();
    for (std::size_t row = 0; row < values.size(); ++row) CHECK(view.At(row) == values[row]);
    CHECK(view.At(values.size()) == Value());
    CHECK(view.Slice(1, 2).At(0) == values[1]);
    CHECK(view.Slice(1, 2).At(1) == Value());
  }
}

TEST_CASE("vectors are kept row by row, bit for bit", "[column]") {
  Column column(DataType::kFloatVector, 2);
  const std::array<float, 4> rows = {1.0F, -0.0F, 3.5F, 4.25F};
  column.AppendFixed(std::as_bytes(std::span(rows)), 2);
  CHECK(column.rows() == 2);
  CHECK(column.size_bytes() == 16);
  CHECK(column.View().Vector(1)[0] == 3.5F);
  CHECK(column.View(1, 1).At(0) == Value(std::vector<float>{3.5F, 4.25F}));
}

TEST_CASE("a column without nulls carries no validity, and gets it with the first null",
          "[column]") {
  Column column = Words({"a", "b"});
  CHECK(column.View().valid == nullptr);
  column.AppendNull();
  column.AppendText("c");
  CHECK(column.validity() == std::vector<std::uint8_t>{1, 1, 0, 1});
  CHECK(column.size_bytes() == 3 + 4 * 4 + 4);
  column.Truncate(2);
  CHECK(column.validity().empty());
  const std::array<std::uint8_t, 2> all = {1, 1};
  const std::array<std::uint8_t, 2> one = {0, 1};
  column.SetValidity(all);
  CHECK(column.validity().empty());
  column.SetValidity(one);
  CHECK(column.View().IsNull(0));
  column.SetValidity({});
  CHECK_FALSE(column.View().IsNull(0));
}

TEST_CASE("chosen rows of a column are appended in the order asked, nulls included", "[column]") {
  Column from = Words({"zero", "one", ""});
  from.AppendNull();
  from.AppendText("four");
  Column to = Words({"before"});
  const std::array<std::uint32_t, 5> rows = {4, 0, 1, 3, 0};
  to.AppendRows(from, rows);
  REQUIRE(to.rows() == 6);
  const ColumnView view = to.View();
  CHECK(view.At(0) == Value("before"));
  CHECK(view.At(1) == Value("four"));
  CHECK(view.At(2) == Value("zero"));
  CHECK(view.At(3) == Value("one"));
  CHECK(view.At(4) == Value());
  CHECK(view.At(5) == Value("zero"));

  Column numbers(DataType::kInt16, 0);
  for (const std::int64_t n : {10, 11, 12, 13}) numbers.AppendValue(n);
  Column picked(DataType::kInt16, 0);
  const std::array<std::uint32_t, 3> some = {1, 2, 0};
  picked.AppendRows(numbers, some);
  CHECK(picked.View().At(0) == Value(std::int64_t{11}));
  CHECK(picked.View().At(1) == Value(std::int64_t{12}));
  CHECK(picked.View().At(2) == Value(std::int64_t{10}));
  CHECK(picked.validity().empty());
}

TEST_CASE("truncating a column forgets the later rows and no others", "[column]") {
  Column column = Words({"a", "bc", "def"});
  column.Truncate(5);
  CHECK(column.rows() == 3);
  column.Truncate(2);
  CHECK(column.rows() == 2);
  CHECK(column.text() == "abc");
  column.AppendText("x");
  CHECK(column.View().At(2) == Value("x"));
  column.Truncate(0);
  CHECK(column.size_bytes() == 0);
}

TEST_CASE("clearing a column keeps its memory", "[column]") {
  Column column(DataType::kInt64, 0);
  const std::vector<std::int64_t> values(1000, 5);
  column.AppendFixed(std::as_bytes(std::span(values)), values.size());
  const void* before = column.View().values;
  column.Clear();
  CHECK(column.rows() == 0);
  column.AppendFixed(std::as_bytes(std::span(values)), values.size());
  CHECK(column.View().values == before);
}

TEST_CASE("text views follow a column that is copied or moved", "[column]") {
  Column column = Words({"short", "tiny"});  // within the string itself
  CHECK(column.View().At(1) == Value("tiny"));
  const Column copy = column;
  const Column moved = std::move(column);
  column = Words({"other", "words"});
  CHECK(copy.View().At(0) == Value("short"));
  CHECK(moved.View().At(1) == Value("tiny"));
  const auto* begin = copy.text().data();
  const auto view = copy.View().As<std::string_view>();
  CHECK(view[0].data() == begin);
  CHECK(view[1].data() == begin + 5);
}

TEST_CASE("text views stay where they are while the column does not change", "[column]") {
  const Column column = Words({"a", "b", "c"});
  const auto first = column.View().As<std::string_view>();
  const ColumnView later = column.View(1, 2);
  CHECK(later.As<std::string_view>().data() == first.data() + 1);
  CHECK(first[2] == "c");
}

TEST_CASE("a chunk has a column for each field and weighs what they weigh", "[chunk]") {
  const vecdb::chunk::Chunk chunk = vecdb_test::EveryTypeChunk(4);
  CHECK(chunk.columns.size() == vecdb_test::EveryType().fields().size());
  std::size_t size = 0;
  for (const Column& column : chunk.columns) size += column.size_bytes();
  CHECK(chunk.size_bytes() == size);
  CHECK(vecdb::chunk::KeyFieldIndex(vecdb_test::EveryType()) == 0);
  CHECK(vecdb::chunk::KeysOf(vecdb_test::EveryType(), chunk).ints()[1] == 4);
}
