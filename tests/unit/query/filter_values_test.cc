// What a filter says about the value of one field: partitions by value are left out by it.
#include <set>

#include "filter_sample.h"
#include "support/catch.h"

using namespace vecdb;
using namespace vecdb_test;

namespace {

// The values that `field` may have where the filter is true; nothing when it may have any.
std::optional<std::set<Key>> ValuesIn(std::string_view filter, std::string_view field) {
  const Schema schema = ShelfSchema();
  const auto compiled = query::Filter::Compile(filter, schema);
  compiled.status().OrDie();
  const auto number = static_cast<std::uint32_t>(schema.Find(field) - schema.fields().data());
  const auto values = (*compiled)->ValuesOf(number);
  if (!values) return std::nullopt;
  return std::set<Key>(values->begin(), values->end());
}

using Texts = std::set<Key>;
using Numbers = std::set<Key>;

Key Number(std::int64_t number) {
  return number;
}
Key Text(std::string text) {
  return text;
}

}  // namespace

TEST_CASE("an equality or a list of the field says which values it may have") {
  CHECK(ValuesIn("large == 7", "large") == Numbers{Number(7)});
  CHECK(ValuesIn("7 == large", "large") == Numbers{Number(7)});
  CHECK(ValuesIn("large in [7]", "large") == Numbers{Number(7)});
  CHECK(ValuesIn("large in [0, -1, 7]", "large") == Numbers{Number(0), Number(-1), Number(7)});
  CHECK(ValuesIn("author == \"M\"", "author") == Texts{Text("M")});
  CHECK(ValuesIn("author in [\"M\", \"\"]", "author") == Texts{Text("M"), Text("")});
  std::string many = "large in [0";
  Numbers expected{Number(0)};
  for (std::int64_t i = 1; i < 50; ++i) {
    many += ", " + std::to_string(i * 1'000'003);
    expected.insert(Number(i * 1'000'003));
  }
  CHECK(ValuesIn(many + "]", "large") == expected);
}

TEST_CASE("of conditions that all hold, the one that leaves the fewest values counts") {
  CHECK(ValuesIn("large == 7 and small > 3", "large") == Numbers{Number(7)});
  CHECK(ValuesIn("small > 3 and (large in [1, 2] and large == 1)", "large") == Numbers{Number(1)});
  CHECK(ValuesIn("(large == 1 or large == 2) and not (small == 3)", "large") ==
        Numbers{Number(1), Number(2)});
}

TEST_CASE("of conditions of which one holds, each must say something") {
  CHECK(ValuesIn("large == 1 or large in [2, 3]", "large") ==
        Numbers{Number(1), Number(2), Number(3)});
  CHECK_FALSE(ValuesIn("large == 1 or small == 2", "large").has_value());
  CHECK_FALSE(ValuesIn("large == 1 or large is null", "large").has_value());
}

TEST_CASE("a condition that no row meets leaves no value") {
  CHECK(ValuesIn("large in []", "large") == Numbers{});
  CHECK(ValuesIn("tiny == 1000", "large") == Numbers{});  // beyond every Int8
  CHECK(ValuesIn("large == 1 and tiny == 1000", "large") == Numbers{});
}

TEST_CASE("other conditions say nothing about the value") {
  for (const char* filter :
       {"large != 7", "large > 7", "not (large == 7)", "large not in [7]", "large is not null",
        "small == 7", "large == medium", "not (large in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])"}) {
    CAPTURE(filter);
    CHECK_FALSE(ValuesIn(filter, "large").has_value());
  }
}
