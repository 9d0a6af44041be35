// A search through the indexes of several segments: each is asked for its part of the nearest, and
// the answer is the one that a single segment would give, however the rows are spread.
#include <algorithm>
#include <random>

#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

constexpr std::uint32_t kDimension = 16;
constexpr std::int64_t kRows = 6000;
constexpr std::int64_t kClouds = 20;
constexpr std::int64_t kRowsOfCloud = kRows / kClouds;
constexpr SearchEffort kExact{.recall = 1};

std::vector<float> PointOf(std::int64_t cloud, std::int64_t seed) {
  std::mt19937_64 centre(static_cast<std::uint64_t>(cloud) + 5);
  std::mt19937_64 random(static_cast<std::uint64_t>(seed) * 7919 + 13);
  std::normal_distribution<float> far(0, 20);
  std::normal_distribution<float> near(0, 8);
  std::vector<float> point(kDimension);
  for (float& x : point) x = far(centre) + near(random);
  return point;
}

// How the clouds are spread over the segments.
enum class Spread { kEven, kOneAfterTheOther };

// Row `id` is of cloud `tag`; every segment has the same number of rows and an index.
Collection MakeClouds(TestDatabase& db, std::int64_t segments, Spread spread) {
  Collection points = *db->CreateCollection("points", *SchemaBuilder()
                                                           .PrimaryKey("id")
                                                           .Scalar("tag", DataType::kInt32)
                                                           .Vector("v", kDimension, Metric::kL2)
                                                           .Build());
  const std::int64_t share = kRows / segments;
  for (std::int64_t first = 0; first < kRows; first += share) {
    Batch batch(points.schema());
    for (std::int64_t id = first; id < first + share; ++id) {
      const std::int64_t cloud = spread == Spread::kEven ? id % kClouds : id / kRowsOfCloud;
      batch.Add({{"id", id}, {"tag", cloud}, {"v", PointOf(cloud, id)}}).OrDie();
    }
    points.Insert(batch).status().OrDie();
    points.Flush().OrDie();
  }
  points.CreateIndex("v", HnswSqIndex{.m = 8, .ef_construction = 60}).OrDie();
  points.WaitForIndexes().OrDie();
  REQUIRE(points.DescribeIndex("v")->segments.size() == static_cast<std::size_t>(segments));
  return points;
}

std::vector<float> ScoresNear(const Collection& points, std::span<const float> query,
                              const SearchEffort& effort, const std::string& filter,
                              std::size_t limit, std::size_t offset = 0) {
  const auto hits = points.Search(
      {.query = query, .limit = limit, .offset = offset, .filter = filter, .effort = effort});
  hits.status().OrDie();
  std::vector<float> scores;
  for (const Hit& hit : *hits) scores.push_back(hit.score);
  return scores;
}

// By distance. There are always as many rows as a scan finds.
double RecallOf(const Collection& points, const SearchEffort& effort,
                const std::string& filter = {}, std::size_t limit = 10) {
  std::size_t found = 0;
  std::size_t all = 0;
  for (std::int64_t q = 0; q < 60; ++q) {
    const std::vector<float> query = PointOf(q % kClouds, -1 - q);
    const auto wanted = ScoresNear(points, query, kExact, filter, limit);
    const auto got = ScoresNear(points, query, effort, filter, limit);
    REQUIRE(got.size() == wanted.size());
    if (wanted.empty()) continue;
    found += static_cast<std::size_t>(
        std::upper_bound(got.begin(), got.end(), wanted.back() * (1 + 1e-6F)) - got.begin());
    all += wanted.size();
  }
  return all == 0 ? 1 : static_cast<double>(found) / static_cast<double>(all);
}

}  // namespace

TEST_CASE(
    "the recall that is asked for is that of the whole answer, however many segments there "
    "are and wherever the near rows lie",
    "[walk][segments]") {
  for (const std::int64_t segments : {1, 2, 8, 20}) {
    for (const Spread spread : {Spread::kEven, Spread::kOneAfterTheOther}) {
      INFO(segments << " segments, " << (spread == Spread::kEven ? "even" : "clouds in order"));
      TestDatabase db;
      const Collection points = MakeClouds(db, segments, spread);
      CHECK(RecallOf(points, {.recall = 0.95F}) >= 0.94);
      CHECK(RecallOf(points, {.recall = 0.99F}) >= 0.98);
      CHECK(RecallOf(points, {.ef = 400}) >= 0.98);
      CHECK(RecallOf(points, {.recall = 0.95F}, {}, 1) >= 0.9);
      CHECK(RecallOf(points, {.recall = 0.95F}, {}, 300) >= 0.94);
    }
  }
}

TEST_CASE(
    "as many rows come of many segments as there are, though one has all that a filter leaves",
    "[walk][segments]") {
  TestDatabase db;
  Collection points = MakeClouds(db, 20, Spread::kOneAfterTheOther);
  CHECK(RecallOf(points, {}, "tag == 7", 50) >= 0.94);
  CHECK(RecallOf(points, {}, "tag == 7", kRowsOfCloud + 50) == 1);
  CHECK(RecallOf(points, {}, "tag == 7 or id == 3", kRowsOfCloud + 50) == 1);
  CHECK(RecallOf(points, {}, "id >= 295 and id < 305", 10) == 1);
  CHECK(RecallOf(points, {}, "tag < 0") == 1);
  CHECK(RecallOf(points, {}, {}, kRows + 1) == 1);
  CHECK(RecallOf(points, {.ef = kRows}) == 1);
  points.DeleteWhere("tag != 7").status().OrDie();
  CHECK(RecallOf(points, {}, {}, 50) >= 0.94);
  CHECK(RecallOf(points, {}, {}, kRowsOfCloud + 50) == 1);
}

TEST_CASE("no row comes twice of a segment that is asked again, on one thread and on several",
          "[walk][segments]") {
  for (const std::uint32_t threads : {1U, 4U}) {
    Options options;
    options.search_threads = threads;
    options.query_nodes = threads;
    TestDatabase db(io::MakeMemoryFileSystem(), options);
    db.SetSearchTaskBytes(1);
    db.Reopen();
    const Collection points = MakeClouds(db, 8, Spread::kOneAfterTheOther);
    for (std::int64_t q = 0; q < 20; ++q) {
      const std::vector<float> query = PointOf(q, -1 - q);
      const Hits hits = *points.Search({.query = query, .limit = 40, .offset = 3});
      std::vector<Key> keys;
      for (const Hit& hit : hits) keys.push_back(hit.key);
      std::sort(keys.begin(), keys.end());
      CHECK(keys.size() == 40);
      CHECK(std::adjacent_find(keys.begin(), keys.end()) == keys.end());
      const auto scores = ScoresNear(points, query, {}, {}, 43);
      for (std::size_t i = 0; i < hits.size(); ++i) CHECK(hits[i].score == scores[i + 3]);
    }
  }
}
