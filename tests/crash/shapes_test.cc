// The shapes of the workloads leave no type out, and none of their values unseen.
#include "support/shapes.h"

#include <set>

using namespace vecdb;
using namespace vecdb::test;

TEST_CASE("the workloads' collections have a field of every type and arrays of every element",
          "[shapes]") {
  std::set<DataType> types;
  std::set<DataType> elements;
  for (std::size_t shape = 0; shape < kShapes; ++shape) {
    const Schema schema = SchemaOf(shape);
    for (const Field& field : schema.fields()) {
      types.insert(field.type);
      if (field.type == DataType::kArray) elements.insert(field.element_type);
    }
  }
  for (int number = 0; number < 256; ++number) {
    const auto type = static_cast<DataType>(number);
    if (ToString(type) == ToString(DataType{255})) continue;  // no type
    INFO(ToString(type));
    CHECK(types.count(type) == 1);
  }
  const std::vector<DataType>& scalars = ScalarTypes();
  CHECK(elements == std::set<DataType>(scalars.begin(), scalars.end()));
}

TEST_CASE("a row of a workload with any one value changed is a row that nobody wrote", "[shapes]") {
  const std::size_t shape = GENERATE(range(std::size_t{0}, kShapes));
  const Schema schema = SchemaOf(shape);
  TestDatabase db;
  Collection collection = *db->CreateCollection("c", schema);
  const std::vector<Book> books = {{3, 1}, {4, 1}, {5, 2}};
  REQUIRE(collection.Insert(RowsOf(schema, books)).ok());
  CHECK(*ReadRows(collection) == Books{{3, 1}, {4, 1}, {5, 2}});
  const Row row = (*collection.Query({.filter = "id == 4", .output_fields = {"*"}})).front();
  REQUIRE(WrittenAs(schema, row) == Book{4, 1});
  const Values other = ValuesOf(schema, {1'000'004, 7});
  for (std::size_t i = 0; i < row.values.size(); ++i) {
    if (row.values[i] == other[i]) continue;
    Row changed = row;
    changed.values[i] = other[i];
    INFO(row.names[i]);
    CHECK(WrittenAs(schema, changed) == std::nullopt);
  }
}
