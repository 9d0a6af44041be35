// The Query and Get walks: rows by condition and rows by key.
#include <algorithm>
#include <set>

#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

const std::vector<std::string> kAll{"*"};

std::vector<std::int64_t> IdsOf(const std::vector<Row>& rows) {
  std::vector<std::int64_t> ids;
  for (const Row& row : rows) ids.push_back(*row.Get<std::int64_t>("id"));
  return ids;
}

}  // namespace

SCENARIO("Get answers in the order asked and names what is missing", "[walk][get]") {
  TestDatabase db;
  Collection books = db.MakeBooks({.shards = 3});
  books.Insert(BatchOf(BooksBetween(1, 50))).status().OrDie();
  books.Flush().OrDie();
  books.Insert(BatchOf(BooksBetween(51, 60))).status().OrDie();
  books.Upsert(BatchOf({{20, 3}})).status().OrDie();
  books.Delete(IntKeys({30})).status().OrDie();
  const bool reopened = GENERATE(false, true);
  if (reopened) {
    db.Reopen();
    books = db.OpenBooks();
  }
  const auto got = books.Get(IntKeys({55, 99, 20, 30, 1, 55, -7}), kAll);
  got.status().OrDie();
  CHECK(IdsOf(got->rows) == std::vector<std::int64_t>{55, 20, 1, 55});
  CHECK(got->missing == IntKeys({99, 30, -7}));
  CHECK(BookOf(got->rows[1]) == Book{20, 3});
  CHECK(books.Get({}, kAll)->rows.empty());
  CHECK(books.Get(IntKeys({1}), {})->rows[0].names == std::vector<std::string>{"id"});
}

SCENARIO("Query answers in key order, page by page", "[walk][query]") {
  TestDatabase db;
  Collection books = db.MakeBooks({.shards = 2, .segment_rows = 7});
  for (std::int64_t id = 200; id >= 1; --id) {
    books.Insert(BatchOf({{id}})).status().OrDie();
    if (id % 10 == 0) RunDueWork(*db);
  }
  std::vector<std::int64_t> pages;
  for (std::size_t offset = 0; offset <= 200; offset += 30) {
    const auto page = books.Query({.output_fields = {"id"}, .limit = 30, .offset = offset});
    for (const std::int64_t id : IdsOf(*page)) pages.push_back(id);
  }
  REQUIRE(pages.size() == 200);
  for (std::size_t i = 0; i < pages.size(); ++i)
    CHECK(pages[i] == static_cast<std::int64_t>(i) + 1);

  const std::string filter = "year >= 1950 and year < 1960 or year is null";
  std::vector<std::int64_t> expected;
  for (std::int64_t id = 1; id <= 200; ++id) {
    const auto year = Book{id}.year();
    if (!year || (*year >= 1950 && *year < 1960)) expected.push_back(id);
  }
  const auto matching = books.Query({.filter = filter, .limit = 1000});
  CHECK(IdsOf(*matching) == expected);
  CHECK(*books.Count(filter) == expected.size());
  CHECK(*books.Count() == 200);
}

SCENARIO("text keys come in byte order", "[walk][query]") {
  TestDatabase db;
  const Schema schema =
      *SchemaBuilder().PrimaryKey("id", DataType::kVarChar).Vector("v", 1, Metric::kL2).Build();
  Collection c = *db->CreateCollection("c", schema, {.shards = 3});
  const std::vector<std::string> keys = {"b",
                                         "",
                                         "\xF0\x9F\x93\x9A",
                                         "a",
                                         "ab",
                                         "a b",
                                         "Z",
                                         "\xC3\xA9",
                                         std::string("a\0b", 3),
                                         std::string("a\0", 2)};
  const std::vector<float> v{1};
  Batch batch(schema);
  for (const std::string& key : keys) batch.Add({{"id", key}, {"v", v}}).OrDie();
  c.Insert(batch).status().OrDie();
  const bool flushed = GENERATE(false, true);
  if (flushed) c.Flush().OrDie();
  auto sorted = keys;
  std::sort(sorted.begin(), sorted.end());
  const auto rows = *c.Query({});
  REQUIRE(rows.size() == keys.size());
  for (std::size_t i = 0; i < rows.size(); ++i) CHECK(*rows[i].Get<std::string>("id") == sorted[i]);
  std::vector<Key> asked(keys.begin(), keys.end());
  CHECK(c.Get(asked, {})->missing.empty());
}

SCENARIO("values left out are null or the default", "[walk][query]") {
  TestDatabase db;
  const Schema schema = *SchemaBuilder()
                             .PrimaryKey("id")
                             .Nullable("maybe", DataType::kDouble)
                             .Add({.name = "five", .type = DataType::kInt8, .default_value = 5L})
                             .Add({.name = "word",
                                   .type = DataType::kVarChar,
                                   .max_length = 10,
                                   .nullable = true,
                                   .default_value = std::string("none")})
                             .Vector("v", 1, Metric::kL2)
                             .Build();
  Collection c = *db->CreateCollection("c", schema);
  const std::vector<float> v{1};
  Batch rows(schema);
  rows.Add({{"id", 1L}, {"v", v}}).OrDie();
  rows.Add({{"id", 2L}, {"v", v}, {"maybe", 2.5}, {"five", 7L}, {"word", "w"}}).OrDie();
  rows.Add({{"id", 3L}, {"v", v}, {"maybe", {}}, {"five", {}}, {"word", {}}}).OrDie();
  c.Insert(rows).status().OrDie();
  Batch columns(schema);
  const std::vector<std::int64_t> ids{4, 5};
  const std::vector<double> maybe{9.5, 1.5};
  const std::vector<std::uint8_t> valid{1, 0};
  columns.AddColumn("id", ids).OrDie();
  columns.AddColumn("maybe", maybe, valid).OrDie();
  columns.AddVectors("v", std::vector<float>{1, 1}).OrDie();
  c.Insert(columns).status().OrDie();

  const int life = GENERATE(0, 1, 2);  // growing, replayed, flushed and reopened
  if (life == 2) c.Flush().OrDie();
  if (life > 0) {
    db.Reopen();
    c = db.OpenBooks("c");
  }
  const auto found = *c.Query({.output_fields = {"maybe", "five", "word"}});
  REQUIRE(found.size() == 5);
  const std::vector<Value> maybes{{}, 2.5, {}, 9.5, {}};
  for (std::size_t i = 0; i < 5; ++i) {
    INFO("row " << i + 1);
    CHECK(found[i].values[0] == maybes[i]);  // null where nothing was given
    CHECK(found[i].values[1] == Value(i == 1 ? 7L : 5L));
    CHECK(found[i].values[2] == Value(std::string(i == 1 ? "w" : "none")));
  }
  CHECK(*c.Count("maybe is null") == 3);
  CHECK(*c.Count("five == 5") == 4);
  CHECK(*c.Count("word is null") == 0);
}

SCENARIO("auto ids are new in every write and after every open", "[walk][query]") {
  TestDatabase db;
  const Schema schema = *SchemaBuilder()
                             .AutoPrimaryKey("id")
                             .Scalar("n", DataType::kInt64)
                             .Vector("v", 1, Metric::kL2)
                             .Build();
  Collection c = *db->CreateCollection("c", schema, {.shards = 3});
  const std::vector<float> v{1};
  std::set<std::int64_t> ids;
  std::int64_t last = 0;
  for (std::int64_t round = 0; round < 6; ++round) {
    Batch batch(schema);
    for (std::int64_t n = 0; n < 50; ++n) batch.Add({{"n", round * 50 + n}, {"v", v}}).OrDie();
    const auto receipt = c.Insert(batch);
    receipt.status().OrDie();
    REQUIRE(receipt->keys.size() == 50);
    for (const Key& key : receipt->keys) {
      CHECK(std::get<std::int64_t>(key) > last);
      last = std::get<std::int64_t>(key);
      ids.insert(last);
    }
    if (round % 2 == 1) c.Flush().OrDie();
    db.clock().SetWall(1'600'000'000'000);  // the wall clock goes back
    db.Reopen();
    c = db.OpenBooks("c");
  }
  CHECK(ids.size() == 300);
  CHECK(*c.Count() == 300);
  CHECK(IdsOf(*c.Query({.limit = 1000})) == std::vector<std::int64_t>(ids.begin(), ids.end()));
}

TEST_CASE("a request that makes no sense is refused by name", "[walk][query]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  books.Insert(BatchOf({{1}})).status().OrDie();
  CheckRefusal(books.Query({.output_fields = {"pages"}}).status(), StatusCode::kInvalidArgument,
               {"no field", "'pages'"});
  CheckRefusal(books.Get(IntKeys({1}), std::vector<std::string>{"pages"}).status(),
               StatusCode::kInvalidArgument, {"no field", "'pages'"});
  CheckRefusal(books.Query({.limit = 0}).status(), StatusCode::kInvalidArgument, {"limit", "0"});
  CheckRefusal(books.Query({.filter = "pages > 3"}).status(), StatusCode::kInvalidArgument,
               {"pages"});
  CheckRefusal(books.Count("year >").status(), StatusCode::kInvalidArgument, {"position"});
  CheckRefusal(books.Search({.field = "title", .query = Book{1}.vector()}).status(),
               StatusCode::kInvalidArgument, {"'title'", "VarChar", "vector"});
  CheckRefusal(books.Search({.field = "w", .query = Book{1}.vector()}).status(),
               StatusCode::kInvalidArgument, {"'w'"});
  CheckRefusal(books.Search({}).status(), StatusCode::kInvalidArgument, {"'v'", "4", "0"});
  CheckRefusal(books.Get(std::vector<Key>{Key{"x"}}, {}).status(), StatusCode::kInvalidArgument,
               {"'id'", "Int64", "'x'"});
}
