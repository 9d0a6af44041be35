// Searches of several segments with indexes: crossings between these are made in the background,
// and whether they are there or not, a search returns what it should.
#include <atomic>
#include <random>
#include <thread>

#include "segment/field_index.h"
#include "support/join_all.h"
#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

constexpr std::uint32_t kDimension = 16;
constexpr std::int64_t kEach = 4'300;  // rows of a segment
constexpr std::int64_t kSegments = 3;

// Around which centre a point lies. Of keys from kDisjoint on each segment has a few of its own,
// far from each other.
constexpr std::int64_t kDisjoint = 1'000'000;
std::uint64_t CentreOf(std::int64_t id) {
  const auto any = static_cast<std::uint64_t>(id) % 40;
  if (id < kDisjoint) return any;
  return any % 8 + 40 * static_cast<std::uint64_t>(1 + (id - kDisjoint) / kEach);
}

std::vector<float> PointOf(std::int64_t id) {
  std::mt19937_64 random(static_cast<std::uint64_t>(id) * 7919 + 13);
  std::mt19937_64 centre(CentreOf(id));
  std::normal_distribution<float> far(0, id < kDisjoint ? 20 : 200);
  std::normal_distribution<float> near(0, 8);
  std::vector<float> point(kDimension);
  for (float& x : point) x = far(centre) + near(random);
  return point;
}

Options OwnThreads() {
  Options options;
  options.search_threads = 2;
  options.index_threads = 1;  // so that crossings are made by a thread of usual priority
  options.query_nodes = 1;
  options.auto_compaction = false;
  return options;
}

Collection MakeSegments(TestDatabase& db, std::int64_t from = 0) {
  const Schema schema = *SchemaBuilder()
                             .PrimaryKey("id")
                             .Scalar("tag", DataType::kInt32)
                             .Vector("v", kDimension, Metric::kL2)
                             .Build();
  Collection points = *db->CreateCollection("points", schema, {.shards = 1});
  for (std::int64_t segment = 0; segment < kSegments; ++segment) {
    Batch batch(schema);
    for (std::int64_t id = from + segment * kEach; id < from + (segment + 1) * kEach; ++id) {
      batch.Add({{"id", id}, {"tag", id % 10}, {"v", PointOf(id)}}).OrDie();
    }
    points.Insert(batch).status().OrDie();
    points.Flush().OrDie();
  }
  points.CreateIndex("v", HnswSqIndex{.m = 8, .ef_construction = 60}).OrDie();
  points.WaitForIndexes().OrDie();
  return points;
}

constexpr SearchEffort kExact{.recall = 1};

std::vector<Hit> Near(const Collection& points, std::int64_t id, const SearchEffort& effort,
                      const std::string& filter = {}) {
  const std::vector<float> point = PointOf(id);
  SearchRequest request{.query = std::span<const float>(point), .filter = filter};
  request.effort = effort;
  auto hits = points.Search(request);
  hits.status().OrDie();
  return std::move(*hits);
}

// The share of the exact nearest of some points, by default of such that are no rows. As many
// come, at exact scores, in order.
double RecallOf(const Collection& points, const std::string& filter = {},
                const std::vector<std::int64_t>& ids = {}) {
  constexpr std::int64_t kQueries = 60;
  double found = 0;
  for (std::int64_t n = 0; n < kQueries; ++n) {
    const std::int64_t query = ids.empty() ? -1 - n : ids[static_cast<std::size_t>(n)];
    const std::vector<Hit> wanted = Near(points, query, kExact, filter);
    const std::vector<Hit> got = Near(points, query, {}, filter);
    REQUIRE(got.size() == wanted.size());
    std::size_t same = 0;
    for (std::size_t i = 0; i < got.size(); ++i) {
      if (i > 0) CHECK(got[i - 1].score <= got[i].score);
      const auto key = std::get<std::int64_t>(got[i].key);
      const std::vector<float> row = PointOf(key);
      const std::vector<float> point = PointOf(query);
      double distance = 0;
      for (std::uint32_t d = 0; d < kDimension; ++d) {
        distance += (double{row[d]} - double{point[d]}) * (double{row[d]} - double{point[d]});
      }
      CHECK(got[i].score == Approx(distance).epsilon(1e-5));
      same += got[i].score <= wanted.back().score ? 1 : 0;
    }
    found += static_cast<double>(same) / static_cast<double>(wanted.size());
  }
  return found / kQueries;
}

std::size_t CrossingsIn(TestDatabase& db) {
  std::size_t count = 0;
  for (const auto& collection : db.parts().collections.All()) {
    const auto view = collection->board.Pin();
    const std::uint32_t field = 2;
    for (const auto& to : view->segments()) {
      for (const auto& from : view->segments()) {
        if (to->IndexOn(field) == nullptr || from->IndexOn(field) == nullptr) continue;
        count += to->IndexOn(field)->crossing().Has(*from->IndexOn(field)) ? 1 : 0;
      }
    }
  }
  return count;
}

// Searches until the largest segment has crossings to all others.
bool Crosses(TestDatabase& db, const Collection& points) {
  return Eventually([&] {
    for (std::int64_t query = -30; query < 0; ++query) (void)Near(points, query, {});
    return CrossingsIn(db) == kSegments - 1;
  });
}

}  // namespace

TEST_CASE("searches of several segments cross over and find as much as before",
          "[walk][crossing]") {
  TestDatabase db(io::MakeMemoryFileSystem(), OwnThreads());
  Collection points = MakeSegments(db);
  REQUIRE(CrossingsIn(db) == 0);
  CHECK(RecallOf(points) >= 0.93);
  REQUIRE(Crosses(db, points));
  CHECK(RecallOf(points) >= 0.93);
  for (std::int64_t id = 0; id < kSegments * kEach; id += 97) {
    CHECK(std::get<std::int64_t>(Near(points, id, {}).front().key) == id);
  }
  SECTION("under filters and beside deletes") {
    CHECK(RecallOf(points, "tag < 3") >= 0.93);
    points.DeleteWhere("tag == 4").status().OrDie();
    CHECK(RecallOf(points) >= 0.93);
    CHECK(Near(points, -1, {}, "tag == 4").empty());
  }
  SECTION("they go where room is wanted") {
    CHECK(db.parts().GiveUp(~std::uint64_t{0}) >= (kSegments - 1) * kEach * 4);
    CHECK(CrossingsIn(db) == 0);
    CHECK(RecallOf(points) >= 0.93);
  }
  SECTION("they go with their segments") {
    points.Compact().OrDie();
    points.WaitForIndexes().OrDie();
    CHECK(RecallOf(points) >= 0.93);
    CHECK(CrossingsIn(db) == 0);
  }
  SECTION("they go with their index") {
    points.DropIndex("v").OrDie();
    points.CreateIndex("v", HnswIndex{.m = 6, .ef_construction = 40}).OrDie();
    points.WaitForIndexes().OrDie();
    CHECK(CrossingsIn(db) == 0);
    REQUIRE(Crosses(db, points));
    CHECK(RecallOf(points) >= 0.93);
  }
}

// What is near in one of them says nothing of the others then.
TEST_CASE("segments that have nothing in common find as much with crossings as without",
          "[walk][crossing]") {
  TestDatabase db(io::MakeMemoryFileSystem(), OwnThreads());
  Collection points = MakeSegments(db, kDisjoint);
  std::vector<std::int64_t> ids;  // of rows of each of them
  for (std::int64_t i = 0; i < 60; ++i) ids.push_back(kDisjoint + i % kSegments * kEach + i * 31);
  const double before = RecallOf(points, {}, ids);
  CHECK(before >= 0.93);
  REQUIRE(Crosses(db, points));
  CHECK(RecallOf(points, {}, ids) >= before - 0.01);
}

TEST_CASE("many queries cross over, and find as much as each alone", "[walk][crossing][many]") {
  TestDatabase db(io::MakeMemoryFileSystem(), OwnThreads());
  Collection points = MakeSegments(db);
  REQUIRE(Crosses(db, points));
  for (const std::size_t count : {3UL, 60UL}) {
    std::vector<std::vector<float>> queries;
    for (std::size_t q = 0; q < count; ++q) queries.push_back(PointOf(-1 - std::int64_t(q)));
    const std::vector<QueryVector> lent(queries.begin(), queries.end());
    const auto together = points.SearchMany({.limit = 10}, lent);
    together.status().OrDie();
    std::size_t same = 0;
    for (std::size_t q = 0; q < count; ++q) {
      const std::vector<Hit> alone = Near(points, -1 - std::int64_t(q), kExact);
      REQUIRE((*together)[q].size() == 10);
      for (const Hit& hit : (*together)[q]) same += hit.score <= alone.back().score ? 1 : 0;
    }
    CHECK(static_cast<double>(same) >= 9.3 * static_cast<double>(count));
  }
}

// For the sanitizer of threads: all that may happen to an index while crossings are made.
TEST_CASE("crossings are made beside everything else", "[walk][crossing]") {
  TestDatabase db(io::MakeMemoryFileSystem(), OwnThreads());
  Collection points = MakeSegments(db);
  std::atomic<bool> over{false};
  std::vector<std::thread> threads;
  const auto until_over = [&](auto body) {
    threads.emplace_back([&over, body] {
      while (!over) body();
    });
  };
  std::atomic<std::size_t> searches{0};
  std::atomic<std::size_t> dropped{0};
  for (int i = 0; i < 2; ++i) {
    until_over([&] {
      (void)Near(points, -7, {});
      ++searches;
    });
  }
  until_over([&] {
    if (CrossingsIn(db) == 0) return std::this_thread::yield();
    (void)db.parts().GiveUp(~std::uint64_t{0});
    ++dropped;
  });
  CHECK(Eventually([&] { return dropped > 0; }));
  points.DropIndex("v").OrDie();
  points.CreateIndex("v", HnswIndex{.m = 4, .ef_construction = 20}).OrDie();
  points.WaitForIndexes().OrDie();
  CHECK(Eventually([&, now = searches.load()] { return searches > now + 100; }));
  points.Compact().OrDie();
  over = true;
  for (std::thread& thread : threads) thread.join();
  CHECK(RecallOf(points) >= 0.87);  // few links
}

TEST_CASE("a database closes while crossings are made", "[walk][crossing]") {
  TestDatabase db(io::MakeMemoryFileSystem(), OwnThreads());
  Collection points = MakeSegments(db);
  for (int i = 0; i < 20; ++i) (void)Near(points, -i, {});
  db.Reopen();
  CHECK(RecallOf(*db->OpenCollection("points")) >= 0.93);
}
