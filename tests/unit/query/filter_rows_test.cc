#include "filter_sample.h"
#include "support/catch.h"

using namespace vecdb;
using namespace vecdb_test;

namespace {

struct Example {
  std::string_view text;
  Ids ids;
};

// Also run on what ToString makes of them.
void Check(const std::vector<Example>& examples) {
  const auto segment = GrowingShelf();
  for (const Example& example : examples) {
    CAPTURE(example.text);
    const auto filter = query::Filter::Compile(example.text, segment->schema());
    CAPTURE(filter.status().ToString());
    REQUIRE(filter.ok());
    CHECK(Matching(**filter, *segment) == example.ids);
    const std::string printed = (*filter)->ToString();
    CAPTURE(printed);
    const auto again = query::Filter::Compile(printed, segment->schema());
    CAPTURE(again.status().ToString());
    REQUIRE(again.ok());
    CHECK(Matching(**again, *segment) == example.ids);
    CHECK((*again)->ToString() == printed);
  }
}

const Ids kAll = {1, 2, 3, 4, 5, 6, 7, 8};

}  // namespace

TEST_CASE("comparisons with a constant pass the rows they name", "[filter]") {
  Check({
      {"id == 3", {3}},
      {"3 == id", {3}},
      {"id != 3", {1, 2, 4, 5, 6, 7, 8}},
      {"id < 3", {1, 2}},
      {"id <= 3", {1, 2, 3}},
      {"id > 6", {7, 8}},
      {"id >= 6", {6, 7, 8}},
      {"6 <= id", {6, 7, 8}},
      {"3 > id", {1, 2}},
      {"small == -40", {4}},
      {"small == - 40", {4}},
      {"small == -(40)", {4}},
      {"small == - -50", {5}},
      {"small >= +70", {7, 8}},
      {"medium < 0", {8}},
      {"medium == 0x12c", {3}},
      {"medium == 0b100101100", {3}},
      {"medium == 0454", {3}},
      {"(((medium))) == (300)", {3}},
      {"flag == true", {1, 4, 6}},
      {"flag != True", {2, 5, 7}},
      {"FALSE == flag", {2, 5, 7}},
      {"shown == false", {2, 4, 6, 8}},
  });
}

TEST_CASE("whole numbers beyond the width of a field are legal and match accordingly", "[filter]") {
  Check({
      {"tiny == 300", {}},
      {"tiny != 300", {1, 2, 3, 4, 6, 7, 8}},
      {"tiny < 300", {1, 2, 3, 4, 6, 7, 8}},
      {"tiny > 300", {}},
      {"tiny > -300", {1, 2, 3, 4, 6, 7, 8}},
      {"not (tiny > -300)", {}},
      {"tiny <= 127", {1, 2, 3, 4, 6, 7, 8}},
      {"tiny < 127", {1, 2, 3, 6, 7, 8}},
      {"tiny >= -128", {1, 2, 3, 4, 6, 7, 8}},
      {"tiny in [300, 5, -129]", {3}},
      {"large == -9223372036854775808", {4}},
      {"large <= -0x8000000000000000", {4}},
      {"large == 9223372036854775807", {5}},
      {"large > 9223372036854775806", {5}},
  });
}

TEST_CASE("64-bit whole numbers are never rounded to a float", "[filter]") {
  Check({
      {"large == 9007199254740992", {1}},
      {"large == 9007199254740993", {2}},
      {"large < 9007199254740993 and large > 8", {1}},
      {"precise == 9007199254740993", {}},
      {"precise < 9007199254740993 and precise > 8", {6}},
      {"precise >= 9007199254740993", {4}},
      {"precise != 9007199254740993", {1, 2, 4, 5, 6, 7, 8}},
      {"precise in [9007199254740993, 7]", {7}},
      {"large < precise", {4}},
      {"precise >= large", {4, 7, 8}},
  });
}

TEST_CASE("Float fields compare in 32 bits and Double fields in 64", "[filter]") {
  Check({
      {"single == 0.1", {1}},
      {"precise == 0.1", {1}},
      {"single == precise", {2, 7}},
      {"single > precise", {1}},
      {"single == 3", {6}},
      {"single < -1.5e0", {4}},
      {"single in [0.1, .5, 7.]", {1, 2, 7}},
      {"precise == 0", {5}},
      {"precise == -0.0", {5}},
      {"precise in [0, 1, 2, 3, 4, 5, 6, 8, 9, 10]", {5, 8}},
      {"single < 1e300", {1, 2, 3, 4, 6, 7, 8}},
      {"single == 1e300", {}},
      {"precise == 1e300", {4}},
      {"precise > 4.9e-324", {1, 2, 4, 6, 7, 8}},
  });
}

TEST_CASE("strings compare byte by byte", "[filter]") {
  Check({
      {"title == 'apple'", {1}},
      {"title == \"apple\"", {1}},
      {"title < \"apple\"", {2, 6}},
      {"title >= 'apple'", {1, 3, 5, 7, 8}},
      {"title == ''", {6}},
      {"title == \"cherry\\n\"", {3}},
      {"title == 'cherry\\x0A'", {3}},
      {"title == 'cherry\\012'", {3}},
      {"title == 'gr\\u00f6\\u00DFe'", {5}},
      {"title == 'gr\\U000000f6\\303\\237e'", {5}},
      {"title == 'größe'", {5}},
      {"title == 'say \"hi\"'", {7}},
      {"title == \"say \\\"hi\\\"\"", {7}},
      {"title == '\\a\\b\\f\\v\\t\\r\\\\\\''", {}},
      {"title > author", {1, 3, 5, 7, 8}},
      {"author == title", {}},
      {"title in ['apple', 'größe', 'x']", {1, 5}},
      {"title not in ['apple', 'größe', 'x']", {2, 3, 6, 7, 8}},
      {"'apple' < title < 'd'", {3, 8}},
      {"title > '\\xff'", {}},
  });
}

TEST_CASE("two fields compare whatever their widths", "[filter]") {
  Check({
      {"tiny < small", {1, 2, 3, 6, 7, 8}},
      {"tiny == large", {7, 8}},
      {"large == tiny", {7, 8}},
      {"tiny == precise", {7, 8}},
      {"single >= tiny", {1, 2, 6, 7}},
      {"medium == small", {}},
      {"medium != large", {1, 3, 4, 5, 7, 8}},
      {"flag == shown", {1, 2}},
      {"flag != shown", {4, 5, 6, 7}},
      {"id == id", kAll},
      {"tiny != tiny", {}},
  });
}

TEST_CASE("a chained comparison is a range", "[filter]") {
  Check({
      {"2 < id <= 5", {3, 4, 5}},
      {"2 <= id < 5", {2, 3, 4}},
      {"5 >= id > 2", {3, 4, 5}},
      {"5 > id >= 2 and 0 < id < 4", {2, 3}},
      {"3 <= id <= 3", {3}},
      {"0.05 < single < 1", {1, 2}},
      {"-300 < tiny < 0", {1, 6}},
      {"0 < medium < 9223372036854775807", {1, 3, 4, 5, 6, 7}},
      {"not (100 <= medium <= 500)", {6, 7, 8}},
  });
}

TEST_CASE("lists pass their members, and an empty one passes none", "[filter]") {
  Check({
      {"id in [1, 3, 5]", {1, 3, 5}},
      {"id in [1, 3, 5,]", {1, 3, 5}},
      {"id IN [1,1,1]", {1}},
      {"id in [0,1,2,3,10,11,12,13,14,15,-1,-2]", {1, 2, 3}},
      {"id not in [0,1,2,3,10,11,12,13,14,15,-1,-2]", {4, 5, 6, 7, 8}},
      {"id not in [1, 3, 5]", {2, 4, 6, 7, 8}},
      {"id NOT IN [1, 3, 5]", {2, 4, 6, 7, 8}},
      {"medium in []", {}},
      {"medium not in []", {1, 3, 4, 5, 6, 7, 8}},
      {"not (medium in [100])", {3, 4, 5, 6, 7, 8}},
      {"flag in [true]", {1, 4, 6}},
      {"flag in [true, false]", {1, 2, 4, 5, 6, 7}},
      {"precise in [1, 0.5]", {2}},
  });
}

TEST_CASE("and, or and not bind in that order and have three spellings each", "[filter]") {
  Check({
      {"id == 1 and small == 10 or id == 3", {1, 3}},
      {"id == 3 or id == 1 and small == 10", {1, 3}},
      {"id == 1 && (small == 20 || id == 1)", {1}},
      {"(id == 1 or id == 2) AND small == 20", {2}},
      {"id == 1 OR id == 2 || id == 3", {1, 2, 3}},
      {"not (id > 2)", {1, 2}},
      {"NOT (id > 2)", {1, 2}},
      {"!(id > 2)", {1, 2}},
      {"not not (id > 2)", {3, 4, 5, 6, 7, 8}},
      {"!!!(id > 2) and id > 1", {2}},
      {"not medium is null and id < 4", {1, 3}},
      {"id > 1 and id > 2 and id > 3 and id < 6", {4, 5}},
      {"id > 1 and (id > 2 and (id > 3 and id < 6))", {4, 5}},
      {"(id==1)or(id==2)", {1, 2}},
  });
}

TEST_CASE("null is unknown, and only true passes", "[filter]") {
  Check({
      {"medium is null", {2}},
      {"medium IS NULL", {2}},
      {"medium is not null", {1, 3, 4, 5, 6, 7, 8}},
      {"id is null", {}},
      {"id is not null", kAll},
      {"(title) is null", {4}},
      {"medium != 100", {3, 4, 5, 6, 7, 8}},
      {"not (medium == 100)", {3, 4, 5, 6, 7, 8}},
      {"medium == 100 or id > 0", kAll},
      {"medium == 100 and id == 2", {}},
      {"not (medium == 100 and id == 2)", {1, 3, 4, 5, 6, 7, 8}},
      {"not (medium == 100 and id == 3)", kAll},
      {"not (medium == 100 or id == 2)", {3, 4, 5, 6, 7, 8}},
      {"not (flag == true and title == 'x')", {1, 2, 3, 5, 6, 7, 8}},
  });
}

TEST_CASE("a filter prints with every parenthesis", "[filter]") {
  const auto print = [](std::string_view text) {
    return (*query::Filter::Compile(text, ShelfSchema()))->ToString();
  };
  CHECK(print("id==1 && ! (2<=tiny<5) || title not in['a','\\x07\"',]") ==
        "(((id == 1) and not (2 <= tiny < 5)) or (title not in [\"a\", \"\\x07\\\"\"]))");
  CHECK(print("single > 1. and single < -1e3 and 0x10 != id") ==
        "((single > 1.0) and (single < -1000.0) and (16 != id))");
  CHECK(print("medium IS NOT NULL or flag==TRUE") == "((medium is not null) or (flag == true))");
}

TEST_CASE("each column is read once for a block even when it is named twice", "[filter]") {
  const CutSegment segment(ShelfChunk(Shelf()), std::vector<std::vector<std::size_t>>(12));
  const auto filter =
      *query::Filter::Compile("tiny > 1 and tiny < 100 or small == tiny", segment.schema());
  CHECK(Matching(*filter, segment) == Ids{3, 7, 8});
  CHECK(segment.reads == std::vector<int>{0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0});
}

TEST_CASE("a filter looks at as many rows as it is asked for", "[filter]") {
  const auto segment = GrowingShelf();
  const auto filter = *query::Filter::Compile("id > 2", segment->schema());
  base::Bitmap passed;
  filter->Evaluate(*segment, 5, &passed).OrDie();
  CHECK(passed.size() == 5);
  CHECK(passed.Count() == 3);
  filter->Evaluate(*segment, 0, &passed).OrDie();
  CHECK(passed.size() == 0);
}

TEST_CASE("a failed read fails the evaluation", "[filter]") {
  CutSegment segment(ShelfChunk(Shelf()), std::vector<std::vector<std::size_t>>(12));
  segment.fail = true;
  base::Bitmap passed;
  const auto filter = *query::Filter::Compile("id > 2", segment.schema());
  CHECK(filter->Evaluate(segment, 8, &passed).code() == StatusCode::kIoError);
}

TEST_CASE("blocks of any length and border give one answer for each row", "[filter]") {
  std::vector<ShelfRow> rows;
  for (std::int64_t i = 0; i < 20'003; ++i) {
    ShelfRow row = Shelf()[static_cast<std::size_t>(i) % 8];
    row.medium = i % 7 == 0 ? ValueView() : ValueView(i);
    rows.push_back(row);
  }
  const std::vector<std::vector<std::size_t>> none(12);
  std::vector<std::vector<std::size_t>> some = none;
  some[0] = {1, 63, 64, 65, 5461, 10'922, 16'383};
  some[4] = {37, 8192, 8193, 12'345, 20'002};
  for (const auto& cuts : {none, some}) {
    const CutSegment segment(ShelfChunk(rows), cuts);
    const auto filter = *query::Filter::Compile("id != 12346 and medium >= 5000", segment.schema());
    Ids expected;
    for (int i = 0; i < 20'003; ++i) {
      if (i % 7 != 0 && i >= 5000 && i + 1 != 12'346) expected.push_back(i + 1);
    }
    CHECK(Matching(*filter, segment) == expected);
  }
}
