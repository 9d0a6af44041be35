// Searches made again by looking at every row: what IndexInfo and Stats() say of an index then.
#include <random>

#include "support/vector_oracle.h"
#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

constexpr std::uint32_t kDimension = 16;

std::vector<float> PointOf(std::int64_t id) {
  std::mt19937_64 random(static_cast<std::uint64_t>(id) * 7919 + 13);
  std::normal_distribution<float> number(0, 10);
  std::vector<float> point(kDimension);
  for (float& x : point) x = number(random);
  return point;
}

Options Probing(std::uint32_t every) {
  Options options = QuietOptions();
  options.recall_probe_every = every;
  return options;
}

Collection MakePoints(TestDatabase& db, const IndexSpec& spec) {
  const Schema schema =
      *SchemaBuilder().PrimaryKey("id").Vector("v", kDimension, Metric::kL2).Build();
  Collection points = *db->CreateCollection("points", schema);
  Batch batch(schema);
  for (std::int64_t id = 1; id <= 3000; ++id) batch.Add({{"id", id}, {"v", PointOf(id)}}).OrDie();
  points.Insert(batch).status().OrDie();
  points.Flush().OrDie();
  points.CreateIndex("v", spec).OrDie();
  points.WaitForIndexes().OrDie();
  return points;
}

void Search(const Collection& points, std::int64_t query, const SearchEffort& effort,
            const std::string& filter = {}) {
  const std::vector<float> point = PointOf(-query);
  SearchRequest request{.query = std::span<const float>(point), .filter = filter};
  request.effort = effort;
  points.Search(request).status().OrDie();
}

// As often as housekeeping looks, until nothing waits.
void ProbeAll(TestDatabase& db) {
  for (int i = 0; i < 6; ++i) {
    db.clock().Advance(std::chrono::seconds(1));
    RunDueWork(*db);
  }
}

IndexInfo Described(const Collection& points) {
  const auto info = points.DescribeIndex("v");
  info.status().OrDie();
  return *info;
}

constexpr SearchEffort kHardly{.ef = 10, .refine_k = 1};

}  // namespace

TEST_CASE("an index that misses rows is told from one that finds them", "[walk][recall-probe]") {
  TestDatabase db(io::MakeMemoryFileSystem(), Probing(1));
  Collection points = MakePoints(db, HnswSqIndex{.m = 2, .ef_construction = 2});
  for (std::int64_t query = 1; query <= 16; ++query) Search(points, query, kHardly);
  ProbeAll(db);
  const IndexInfo poor = Described(points);
  CHECK(poor.probed_searches == 16);
  CHECK(poor.probed_recall < 0.8F);
  CHECK(db->Stats()->recall_probes == 16);

  points.ReplaceIndex("v", HnswSqIndex{}).OrDie();
  CHECK(Described(points).probed_searches == 0);  // nothing is known of this one
  points.WaitForIndexes().OrDie();
  for (std::int64_t query = 1; query <= 16; ++query) Search(points, query, {}, "id > 100");
  ProbeAll(db);
  const IndexInfo good = Described(points);
  CHECK(good.probed_searches == 16);
  CHECK(good.probed_recall >= 0.9F);
  CHECK(good.probed_recall > poor.probed_recall);

  points.ReplaceIndex("v", FlatIndex{}).OrDie();  // every row is looked at
  for (std::int64_t query = 1; query <= 8; ++query) Search(points, query, {});
  ProbeAll(db);
  CHECK(Described(points).probed_searches == 8);
  CHECK(Described(points).probed_recall == 1);
}

TEST_CASE("a probe is a sample: one search of so many, and few wait", "[walk][recall-probe]") {
  TestDatabase db(io::MakeMemoryFileSystem(), Probing(3));
  Collection points = MakePoints(db, HnswSqIndex{});
  for (std::int64_t query = 1; query <= 9; ++query) Search(points, query, {});
  for (std::int64_t query = 1; query <= 9; ++query) Search(points, query, {.recall = 1});
  ProbeAll(db);
  CHECK(Described(points).probed_searches == 3);  // exact ones are none
  for (std::int64_t query = 1; query <= 300; ++query) Search(points, query, {});
  ProbeAll(db);
  CHECK(Described(points).probed_searches == 3 + 16);
  CHECK(db->Stats()->memory.used < 20'000'000);
}

TEST_CASE("no search is made again unless that is asked for", "[walk][recall-probe]") {
  TestDatabase db;
  Collection points = MakePoints(db, HnswSqIndex{});
  for (std::int64_t query = 1; query <= 20; ++query) Search(points, query, {});
  ProbeAll(db);
  CHECK(Described(points).probed_searches == 0);
  CHECK(db->Stats()->recall_probes == 0);
}

TEST_CASE("what was dropped or released before its probe counts for nothing",
          "[walk][recall-probe]") {
  TestDatabase db(io::MakeMemoryFileSystem(), Probing(1));
  Collection points = MakePoints(db, HnswSqIndex{});
  Search(points, 1, {});
  points.Release().OrDie();
  ProbeAll(db);
  CHECK(db->Stats()->recall_probes == 0);
  points.Load().OrDie();
  Search(points, 2, {});
  db->DropCollection("points").OrDie();
  ProbeAll(db);
  CHECK(db->Stats()->recall_probes == 0);
}

TEST_CASE("the probe of a search is of its own partitions and filter", "[walk][recall-probe]") {
  TestDatabase db(io::MakeMemoryFileSystem(), Probing(1));
  Collection points = MakePoints(db, HnswSqIndex{});
  points.CreatePartition("empty").OrDie();
  const std::vector<float> point = PointOf(-1);
  SearchRequest request{.query = std::span<const float>(point)};
  request.read.partitions = {"empty"};
  points.Search(request).status().OrDie();
  ProbeAll(db);
  CHECK(Described(points).probed_searches == 1);
  CHECK(Described(points).probed_recall == 0);  // nothing was there to be found
  Search(points, 2, {}, "id == 5");
  ProbeAll(db);
  CHECK(Described(points).probed_searches == 2);
  CHECK(Described(points).probed_recall == 1);
}
