// Where the values of one field lie decides whether a filter can pass a row: segments are left out
// by it.
#include "catalog/key_range.h"
#include "filter_sample.h"
#include "support/catch.h"

using namespace vecdb;
using namespace vecdb_test;

namespace {

bool MayPass(std::string_view filter, std::string_view field, const catalog::KeyValue& lowest,
             const catalog::KeyValue& highest) {
  const Schema schema = ShelfSchema();
  const auto compiled = query::Filter::Compile(filter, schema);
  compiled.status().OrDie();
  const auto number = static_cast<std::uint32_t>(schema.Find(field) - schema.fields().data());
  return (*compiled)->MayPass({number, lowest, highest});
}

bool InLarge(std::string_view filter) {
  return MayPass(filter, "large", std::int64_t{10}, std::int64_t{20});
}
bool InPrecise(std::string_view filter) {
  return MayPass(filter, "precise", -1.5, 2.5);
}
bool InAuthor(std::string_view filter) {
  return MayPass(filter, "author", std::string("b"), std::string("d"));
}

}  // namespace

TEST_CASE("a comparison passes no row where its side of the constant has no value") {
  CHECK(InLarge("large == 10"));
  CHECK(InLarge("20 == large"));
  CHECK_FALSE(InLarge("large == 9"));
  CHECK_FALSE(InLarge("large == 21"));
  CHECK(InLarge("large < 11"));
  CHECK_FALSE(InLarge("large < 10"));
  CHECK(InLarge("large <= 10"));
  CHECK_FALSE(InLarge("large <= 9"));
  CHECK(InLarge("large > 19"));
  CHECK_FALSE(InLarge("large > 20"));
  CHECK_FALSE(InLarge("20 < large"));
  CHECK(InLarge("large >= 20"));
  CHECK_FALSE(InLarge("large >= 21"));
  CHECK(InLarge("large != 10"));
}

TEST_CASE("constants that no value of the field's type reaches are decided by themselves") {
  const auto in_tiny = [](std::string_view filter) {
    return MayPass(filter, "tiny", std::int64_t{10}, std::int64_t{20});
  };
  CHECK_FALSE(in_tiny("tiny == 1000"));
  CHECK_FALSE(in_tiny("tiny > 1000"));
  CHECK(in_tiny("tiny < 1000"));
  CHECK(in_tiny("tiny >= -1000"));
  CHECK_FALSE(in_tiny("tiny in [1000, -1000]"));
  CHECK(in_tiny("tiny in [1000, 15]"));
}

TEST_CASE("floats have one zero, and texts the order of their bytes") {
  CHECK(InPrecise("precise == -1.5"));
  CHECK_FALSE(InPrecise("precise < -1.5"));
  CHECK(InPrecise("precise in [7.0, 2.5]"));
  CHECK_FALSE(InPrecise("precise in [7.0, -7.0]"));
  CHECK(MayPass("precise == 0.0", "precise", -0.0, -0.0));
  CHECK(MayPass("precise == -0.0", "precise", 0.0, 0.0));
  CHECK(MayPass("precise in [-0.0]", "precise", 0.0, 0.0));
  CHECK_FALSE(MayPass("precise < 0.0", "precise", -0.0, 0.0));
  CHECK(InAuthor("author == 'c'"));
  CHECK(InAuthor("author == 'd'"));
  CHECK_FALSE(InAuthor("author == 'd '"));
  CHECK_FALSE(InAuthor("author == 'B'"));
  CHECK_FALSE(InAuthor("author > 'ä'"));
  CHECK_FALSE(InAuthor("author in ['a', 'e', '']"));
  CHECK(InAuthor("author in ['a', 'bb']"));
}

TEST_CASE("of conditions joined by and each can leave rows out, joined by or all must") {
  CHECK_FALSE(InLarge("large > 15 and large > 20"));
  CHECK_FALSE(InLarge("small == 1 and large == 7"));
  CHECK(InLarge("small == 1 or large == 7"));
  CHECK_FALSE(InLarge("large == 7 or large in [8, 30]"));
  CHECK_FALSE(InLarge("3 < large < 10"));
  CHECK(InLarge("3 < large <= 10"));
  CHECK_FALSE(InLarge("(large < 5 or large > 50) and small == 1"));
}

TEST_CASE("what says nothing of the field, or says it by a not, leaves nothing out") {
  CHECK(InLarge("small == 1"));
  CHECK(InLarge("not (large == 10)"));
  CHECK(InLarge("not (large > 5)"));
  CHECK(InLarge("large is null"));
  CHECK(InLarge("large is not null"));
  CHECK(InLarge("large == small"));
  CHECK(InLarge("large not in [10, 20]"));
}

TEST_CASE("where there are nulls only, no comparison passes a row") {
  const auto none = [](std::string_view filter) { return MayPass(filter, "large", {}, {}); };
  CHECK_FALSE(none("large == 0"));
  CHECK_FALSE(none("large < 5"));
  CHECK_FALSE(none("large >= 5"));
  CHECK_FALSE(none("large in [0, 1]"));
  CHECK(none("large is null"));
  CHECK(none("not (large is null)"));
}
