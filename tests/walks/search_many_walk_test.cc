// Searches by several vectors in one call: what each finds is what it finds alone.
#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "support/vector_oracle.h"
#include "walks/vector_rows.h"
#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

std::vector<Value> QueriesFor(const VectorKind& kind, std::size_t count) {
  std::mt19937_64 random(count);
  std::vector<Value> queries;
  for (std::size_t i = 0; i < count; ++i) queries.push_back(WholeVector(kind.type, &random));
  return queries;
}

std::vector<QueryVector> Lent(const std::vector<Value>& values) {
  std::vector<QueryVector> lent;
  for (const Value& value : values) lent.push_back(QueryOf(value));
  return lent;
}

void CheckSameAsAlone(const Collection& rows, SearchRequest request,
                      const std::vector<Value>& queries) {
  const auto together = rows.SearchMany(request, Lent(queries));
  together.status().OrDie();
  REQUIRE(together->size() == queries.size());
  for (std::size_t q = 0; q < queries.size(); ++q) {
    INFO("query " << q << " of " << queries.size());
    request.query = QueryOf(queries[q]);
    const auto alone = rows.Search(request);
    alone.status().OrDie();
    REQUIRE(ScoresOf((*together)[q]) == ScoresOf(*alone));
    for (std::size_t i = 0; i < alone->size(); ++i) {
      REQUIRE((*together)[q][i].row.values == (*alone)[i].row.values);
    }
  }
}

Options ManyThreads(std::uint32_t threads) {
  Options options;
  options.search_threads = threads;
  options.query_nodes = 3;
  return options;
}

}  // namespace

TEST_CASE("many queries find what each finds alone, to the bit", "[walk][many]") {
  const VectorKind kind = GENERATE(from_range(AllVectorKinds()));
  const std::uint32_t threads = GENERATE(1U, 4U);
  INFO(ToString(kind.type) << " " << ToString(kind.metric) << " " << threads << " threads");
  TestDatabase db(io::MakeMemoryFileSystem(), ManyThreads(threads));
  db.SetSearchTaskBytes(1);
  db.Reopen();
  const Collection rows = FillVectorRows(db, kind);
  for (const std::size_t count : {1UL, 2UL, 5UL, 30UL, 150UL, 257UL}) {
    const std::vector<Value> queries = QueriesFor(kind, count);
    for (const char* filter : {"", "id >= 30", "id in [1, 2, 3, 150, 390]", "id < 0"}) {
      INFO(filter);
      CheckSameAsAlone(rows, {.limit = 9, .offset = 2, .filter = filter}, queries);
    }
    CheckSameAsAlone(rows, {.limit = 700, .output_fields = {"id"}}, queries);
    const float middle = (*rows.Search({.query = QueryOf(queries[0]), .limit = 200}))[150].score;
    CheckSameAsAlone(rows, {.limit = 300, .radius = middle}, queries);
  }
}

TEST_CASE("many queries in vectors of many components find what each finds alone", "[walk][many]") {
  const Metric metric = GENERATE(Metric::kL2, Metric::kInnerProduct, Metric::kCosine);
  const std::uint32_t dimension = GENERATE(63U, 64U, 129U, 1030U);
  TestDatabase db;
  const Schema schema = *SchemaBuilder().PrimaryKey("id").Vector("v", dimension, metric).Build();
  Collection rows = *db->CreateCollection("rows", schema);
  std::mt19937_64 random(dimension);
  std::normal_distribution<float> number;
  const auto make = [&](float scale) {
    std::vector<float> vector(dimension);
    for (float& x : vector) x = number(random) * scale;
    return vector;
  };
  Batch batch(schema);
  for (std::int64_t id = 0; id < 600; ++id) {
    const float scale = id % 50 == 0 ? 1e-20F : 1.0F;  // squares of these are none
    batch.Add({{"id", id}, {"v", make(id % 77 == 0 ? 0.0F : scale)}}).OrDie();
  }
  rows.Insert(batch).status().OrDie();
  rows.Flush().OrDie();
  std::vector<Value> queries;
  for (int i = 0; i < 7; ++i) queries.emplace_back(make(i == 3 ? 1e-22F : 1.0F));
  CheckSameAsAlone(rows, {.limit = 600}, queries);
  CheckSameAsAlone(rows, {.limit = 20, .filter = "id >= 100"}, queries);
}

TEST_CASE("many queries tell many rows apart as each alone does", "[walk][many]") {
  struct Kind {
    DataType type;
    Metric metric;
    float offset;  // of all components: products of such numbers tell little
    float scale;
  };
  const Kind kind = GENERATE(Kind{DataType::kFloatVector, Metric::kL2, 0, 1},
                             Kind{DataType::kFloatVector, Metric::kL2, 3000, 1},
                             Kind{DataType::kFloatVector, Metric::kL2, 0, 1e-19F},
                             Kind{DataType::kFloatVector, Metric::kInnerProduct, 0, 1},
                             Kind{DataType::kFloatVector, Metric::kCosine, 0.5F, 1},
                             Kind{DataType::kFloat16Vector, Metric::kL2, 0, 1},
                             Kind{DataType::kBFloat16Vector, Metric::kCosine, 0, 1});
  const std::uint32_t dimension = GENERATE(3U, 40U, 130U);
  INFO(ToString(kind.type) << " " << ToString(kind.metric) << " " << kind.offset << " "
                           << dimension);
  TestDatabase db;
  Field field;
  field.name = "v";
  field.type = kind.type;
  field.metric = kind.metric;
  field.dimension = dimension;
  const Schema schema = *SchemaBuilder().PrimaryKey("id").Add(field).Build();
  Collection rows = *db->CreateCollection("rows", schema, {.shards = 1});
  std::mt19937_64 random(dimension);
  std::normal_distribution<float> number;
  const auto make = [&] {
    std::vector<float> vector(dimension);
    for (float& x : vector) x = number(random) * kind.scale + kind.offset;
    return vector;
  };
  std::vector<float> before = make();
  for (const std::int64_t first : {0, 1500, 3000, 4500}) {  // the last growing
    Batch batch(schema);
    for (std::int64_t id = first; id < first + 1500; ++id) {
      if (id % 10 != 0) before = make();  // the others are like the one before
      batch.Add({{"id", id}, {"v", before}}).OrDie();
    }
    rows.Insert(batch).status().OrDie();
    if (first < 4500) rows.Flush().OrDie();
  }
  std::vector<Value> queries;
  for (int i = 0; i < 70; ++i) queries.emplace_back(i % 9 == 0 ? before : make());
  CheckSameAsAlone(rows, {.limit = 10}, queries);
  CheckSameAsAlone(rows, {.limit = 100, .output_fields = {"id"}}, queries);
  CheckSameAsAlone(rows, {.limit = 10, .filter = "id >= 700 and id < 5000"}, queries);
  rows.DeleteWhere("id >= 1000 and id < 1100").status().OrDie();
  CheckSameAsAlone(rows, {.limit = 10}, queries);
  const float middle = (*rows.Search({.query = QueryOf(queries[1]), .limit = 50}))[40].score;
  CheckSameAsAlone(rows, {.limit = 30, .radius = middle}, queries);
}

TEST_CASE("many queries through an index find what each finds alone", "[walk][many][index]") {
  const VectorKind kind{DataType::kFloatVector, Metric::kL2};
  TestDatabase db(io::MakeMemoryFileSystem(), QuietOptions());
  Collection rows = FillVectorRows(db, kind, 12'000);
  rows.CreateIndex("v", HnswIndex{.m = 8, .ef_construction = 60}).OrDie();
  rows.WaitForIndexes().OrDie();
  const std::vector<Value> queries = QueriesFor(kind, 40);
  CheckSameAsAlone(rows, {.limit = 10}, queries);
  CheckSameAsAlone(rows, {.limit = 10, .filter = "id > 700"}, queries);
  CheckSameAsAlone(rows, {.limit = 10, .radius = 20.0F}, queries);
}

TEST_CASE("many queries read one moment, or that of a snapshot", "[walk][many]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  books.Insert(BatchOf(BooksBetween(1, 20))).status().OrDie();
  const Snapshot snapshot = *books.Snapshot();
  books.Delete(IntKeys({1, 2, 3})).status().OrDie();
  const std::vector<float> a = Book{1}.vector();
  const std::vector<float> b = Book{20}.vector();
  const std::vector<QueryVector> queries = {a, b, a};
  const auto then = *snapshot.SearchMany({.limit = 1}, queries);
  REQUIRE(then.size() == 3);
  CHECK(then[0][0].key == Key(1));
  CHECK(then[1][0].key == Key(20));
  CHECK(then[2][0].key == Key(1));
  const auto now = *books.SearchMany({.limit = 100}, queries);
  for (const Hits& hits : now) CHECK(hits.size() == 17);
}

TEST_CASE("many queries that make no sense are refused, by number", "[walk][many]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  books.Insert(BatchOf(BooksBetween(1, 3))).status().OrDie();
  const std::vector<float> good = Book{1}.vector();
  const std::vector<float> shorter = {1, 2};
  const StatusCode bad = StatusCode::kInvalidArgument;
  const auto status = [&](const std::vector<QueryVector>& queries, const SearchRequest& request) {
    return books.SearchMany(request, queries).status();
  };
  CheckRefusal(status({}, {}), bad, {"queries", "1", "16384", "0"});
  CheckRefusal(status(std::vector<QueryVector>(16'385, good), {}), bad, {"16385", "16384"});
  CheckRefusal(status({good, shorter}, {}), bad, {"query 1", "dimension"});
  CheckRefusal(status({good}, {.limit = 0}), bad, {"limit"});
  CheckRefusal(status({good}, {.filter = "yaer > 1"}), bad, {"yaer"});
  CHECK(status(std::vector<QueryVector>(16'384, good), {.limit = 1}).ok());
  std::stop_source stop;
  stop.request_stop();
  CHECK(status({good}, {.read = {.stop = stop.get_token()}}).code() == StatusCode::kCancelled);
}

TEST_CASE("answers of many queries that are above the memory budget are refused", "[walk][many]") {
  Options options = QuietOptions();
  options.memory_budget_bytes = std::uint64_t{64} << 20;
  TestDatabase db(io::MakeMemoryFileSystem(), options);
  Collection books = db.MakeBooks();
  for (std::int64_t first = 0; first < 20'000; first += 1000) {
    books.Insert(BatchOf(BooksBetween(first, first + 999))).status().OrDie();
  }
  const std::vector<float> query = Book{1}.vector();
  const std::vector<QueryVector> queries(4096, query);
  CheckRefusal(books.SearchMany({.limit = 16'384}, queries).status(),
               StatusCode::kResourceExhausted, {"memory"});
  const auto few = books.SearchMany({.limit = 2}, queries);
  few.status().OrDie();
  CHECK(few->size() == 4096);
}
