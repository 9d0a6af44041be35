// Options::graph_builder: who makes the links of graphs, in a vecdb with hnswlib and without.
#include <random>

#include "vecdb/check.h"

#include "api/check_files.h"
#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

Options BuildingWith(GraphBuilder builder) {
  Options options = QuietOptions();
  options.graph_builder = builder;
  return options;
}

}  // namespace

TEST_CASE("a builder of graphs that names none is refused, and nothing is written", "[walk]") {
  const auto disk = io::MakeMemoryFileSystem();
  const auto open = [&](GraphBuilder builder) {
    base::ManualClock clock;
    return api::DatabaseAccess::Open(roles::Environment{disk, &clock, SeededRandom(3)},
                                     BuildingWith(builder))
        .status();
  };
  CheckRefusal(open(static_cast<GraphBuilder>(3)), StatusCode::kInvalidArgument,
               {"Options::graph_builder is 3"});
#ifndef VECDB_HAVE_HNSWLIB
  CheckRefusal(open(GraphBuilder::kHnswlib), StatusCode::kUnimplemented,
               {"Options::graph_builder", "hnswlib", "VECDB_WITH_HNSWLIB"});
#endif
  CHECK(DumpTree(*disk).empty());
}

#ifdef VECDB_HAVE_HNSWLIB

namespace {

constexpr std::uint32_t kDimension = 24;
constexpr std::int64_t kRows = 2000;

std::vector<float> PointOf(std::int64_t id) {
  std::mt19937_64 random(static_cast<std::uint64_t>(id) * 7919 + 13);
  std::normal_distribution<float> number(0, 10);
  std::vector<float> point(kDimension);
  for (float& x : point) x = number(random);
  return point;
}

void Insert(Collection& points, std::int64_t first) {
  Batch batch(points.schema());
  for (std::int64_t id = first; id < first + kRows; ++id) {
    batch.Add({{"id", id}, {"v", PointOf(id)}}).OrDie();
  }
  points.Insert(batch).status().OrDie();
}

Collection MakePoints(TestDatabase& db) {
  const Schema schema =
      *SchemaBuilder().PrimaryKey("id").Vector("v", kDimension, Metric::kL2).Build();
  Collection points = *db->CreateCollection("points", schema);
  points.CreateIndex("v", HnswSqIndex{}).OrDie();
  Insert(points, 0);
  RunDueWork(*db);  // an index of rows that are in no file
  CHECK(points.DescribeIndex("v")->growing_graph_rows > 0);
  return points;
}

std::size_t SelfFound(const Collection& points, std::int64_t rows) {
  std::size_t found = 0;
  for (std::int64_t id = 0; id < rows; id += 20) {
    const auto hits = points.Search({.query = PointOf(id), .limit = 1});
    hits.status().OrDie();
    found += std::get<std::int64_t>(hits->front().key) == id ? 1 : 0;
  }
  return found;
}

std::string IndexOf(TestDatabase& db) {
  for (const auto& [path, bytes] : DumpTree(*db.fs())) {
    if (path.ends_with(".idx")) return bytes;
  }
  return {};
}

std::string FileBuiltWith(GraphBuilder builder) {
  TestDatabase db(io::MakeMemoryFileSystem(), BuildingWith(builder));
  Collection points = MakePoints(db);
  points.Flush().OrDie();
  points.WaitForIndexes().OrDie();
  CHECK(SelfFound(points, kRows) >= 95);
  return IndexOf(db);
}

}  // namespace

TEST_CASE("hnswlib builds the graphs of who asks for it", "[walk][index]") {
  const auto ours = FileBuiltWith(GraphBuilder::kVecdb);
  CHECK(ours == FileBuiltWith(GraphBuilder::kVecdb));
  CHECK(ours != FileBuiltWith(GraphBuilder::kHnswlib));
}

TEST_CASE("a graph stays, whoever has built it, when another builder is chosen", "[walk][index]") {
  TestDatabase db(io::MakeMemoryFileSystem(), BuildingWith(GraphBuilder::kHnswlib));
  Collection points = MakePoints(db);
  CHECK(SelfFound(points, kRows) >= 95);
  points.Flush().OrDie();
  points.WaitForIndexes().OrDie();
  const auto built = IndexOf(db);
  db.options().graph_builder = GraphBuilder::kVecdb;
  db.Reopen();
  points = *db->OpenCollection("points");
  points.WaitForIndexes().OrDie();
  CHECK(points.DescribeIndex("v")->indexed_rows == kRows);
  CHECK(IndexOf(db) == built);
  CHECK(db->Stats()->index_builds == 0);
  Insert(points, kRows);
  points.Flush().OrDie();
  points.Compact().OrDie();
  points.WaitForIndexes().OrDie();
  CHECK(points.DescribeIndex("v")->indexed_rows == 2 * kRows);
  CHECK(SelfFound(points, 2 * kRows) >= 190);
  db.Close();
  CHECK(api::CheckFiles(db.fs(), true)->clean());
  db.Open().OrDie();
}

#endif
