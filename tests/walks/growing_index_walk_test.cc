// Rows that are in no file, searched through indexes in memory: beside writers and deletes, at old
// moments, through every change of what is declared, and where memory is scarce.
#include <algorithm>
#include <atomic>
#include <map>
#include <random>
#include <set>

#include "base/canary.h"
#include "support/join_all.h"
#include "support/schedule.h"
#include "support/vector_oracle.h"
#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

constexpr std::uint32_t kDimension = 16;
constexpr SearchEffort kExact{.recall = 1};

Schema PointSchema(DataType type = DataType::kFloatVector, Metric metric = Metric::kL2) {
  return *SchemaBuilder()
              .PrimaryKey("id")
              .Scalar("tag", DataType::kInt32)
              .Vector("v", kDimension, metric, type)
              .Build();
}

// Points around some centres; row `id` is the same every time, queries have negative ones.
std::vector<float> PointOf(std::int64_t id) {
  std::mt19937_64 random(static_cast<std::uint64_t>(id) * 7919 + 13);
  std::mt19937_64 centre(static_cast<std::uint64_t>(id) % 20);
  std::normal_distribution<float> far(0, 20);
  std::normal_distribution<float> near(0, 8);
  std::vector<float> point(kDimension);
  for (float& x : point) x = far(centre) + near(random);
  return point;
}

void InsertPoints(Collection& points, std::int64_t first, std::int64_t last) {
  Batch batch(points.schema());
  const bool bytes = points.schema().Find("v")->type == DataType::kInt8Vector;
  for (std::int64_t id = first; id <= last; ++id) {
    const std::vector<float> point = PointOf(id);
    if (bytes) {
      std::vector<std::int8_t> whole;
      for (const float x : point) {
        whole.push_back(static_cast<std::int8_t>(std::clamp(x, -127.0F, 127.0F)));
      }
      batch.Add({{"id", id}, {"tag", id % 10}, {"v", whole}}).OrDie();
    } else {
      batch.Add({{"id", id}, {"tag", id % 10}, {"v", point}}).OrDie();
    }
  }
  points.Insert(batch).status().OrDie();
}

using Found = std::vector<std::pair<std::int64_t, float>>;

template <typename Source>  // a Collection, a Snapshot
Found Near(const Source& source, std::int64_t id, const SearchEffort& effort,
           const std::string& filter = {}, bool bytes = false) {
  const std::vector<float> point = PointOf(id);
  std::vector<std::int8_t> whole;
  for (const float x : point) {
    whole.push_back(static_cast<std::int8_t>(std::clamp(x, -127.0F, 127.0F)));
  }
  SearchRequest request{.query = std::span<const float>(point), .filter = filter};
  if (bytes) request.query = std::span<const std::int8_t>(whole);
  request.effort = effort;
  const auto hits = source.Search(request);
  hits.status().OrDie();
  Found found;
  for (const Hit& hit : *hits) found.emplace_back(std::get<std::int64_t>(hit.key), hit.score);
  return found;
}

// The share of the exact nearest that is found. As many come, at exact scores.
template <typename Source>
double RecallOf(const Source& source, const std::string& filter = {}, bool bytes = false) {
  std::size_t right = 0;
  std::size_t all = 0;
  for (std::int64_t query = -1; query >= -40; --query) {
    const Found wanted = Near(source, query, kExact, filter, bytes);
    const Found got = Near(source, query, {}, filter, bytes);
    CHECK(got.size() == wanted.size());
    const std::map<std::int64_t, float> scores(wanted.begin(), wanted.end());
    for (const auto& [id, score] : got) {
      const auto exact = scores.find(id);
      if (exact == scores.end()) continue;
      CHECK(score == Approx(exact->second).epsilon(1e-6));
      ++right;
    }
    all += wanted.size();
  }
  return all == 0 ? 1 : static_cast<double>(right) / static_cast<double>(all);
}

IndexInfo Described(const Collection& points) {
  const auto info = points.DescribeIndex("v");
  info.status().OrDie();
  return *info;
}

// An index is declared before any row is there.
Collection MakeIndexed(TestDatabase& db, const IndexSpec& spec = AutoIndex{}) {
  Collection points = *db->CreateCollection("points", PointSchema());
  points.CreateIndex("v", spec).OrDie();
  return points;
}

// Calls `act` once, when a part has been built and nobody can see it yet.
class OnceInBetween {
 public:
  explicit OnceInBetween(std::function<void()> act) {
    act_ = std::move(act);
    base::SetKillPointHandler([](const char* name) {
      if (std::string_view(name) != "part.built") return;
      if (auto once = std::exchange(act_, nullptr)) once();
    });
  }
  ~OnceInBetween() { base::SetKillPointHandler(nullptr); }
  OnceInBetween(const OnceInBetween&) = delete;
  OnceInBetween& operator=(const OnceInBetween&) = delete;
  static bool happened() { return act_ == nullptr; }

 private:
  static inline std::function<void()> act_;
};

}  // namespace

TEST_CASE("rows in no file are found as a scan finds them, whatever type and index",
          "[walk][growing]") {
  const DataType type = GENERATE(DataType::kFloatVector, DataType::kFloat16Vector,
                                 DataType::kBFloat16Vector, DataType::kInt8Vector);
  const Metric metric = GENERATE(Metric::kL2, Metric::kInnerProduct, Metric::kCosine);
  const IndexSpec spec = GENERATE(IndexSpec(AutoIndex{}), IndexSpec(HnswIndex{.m = 8}),
                                  IndexSpec(FlatIndex{.codec = Codec::kSq8}));
  TestDatabase db;
  Collection points = *db->CreateCollection("points", PointSchema(type, metric));
  points.CreateIndex("v", spec).OrDie();
  InsertPoints(points, 1, 1500);
  RunDueWork(*db);
  const IndexInfo info = Described(points);
  CHECK(info.growing_rows == 1500);
  CHECK(info.growing_indexed_rows == 1472);  // what is left is no whole part
  const bool graphs = !std::holds_alternative<FlatIndex>(spec);
  CHECK(info.growing_graph_rows == (graphs ? 1024 : 0));
  CHECK(info.growing_bytes > 1472 * kDimension / 2);
  const bool bytes = type == DataType::kInt8Vector;
  CHECK(RecallOf(points, {}, bytes) >= 0.93);
  CHECK(RecallOf(points, "tag == 3", bytes) >= 0.93);
  CHECK(RecallOf(points, "tag < 5 and id > 700", bytes) >= 0.93);
  CHECK(Near(points, -1, {}, "id == 77", bytes).size() == 1);
  CHECK(Near(points, -1, {}, "id < 0", bytes).empty());
}

TEST_CASE("near rows that all lie in one part are found in it", "[walk][growing]") {
  TestDatabase db;
  Collection points = MakeIndexed(db);
  const auto insert = [&](std::int64_t first, std::int64_t last, float at) {
    Batch batch(points.schema());
    for (std::int64_t id = first; id <= last; ++id) {
      std::vector<float> point = PointOf(id);
      point[0] += at;
      batch.Add({{"id", id}, {"tag", 0}, {"v", point}}).OrDie();
    }
    points.Insert(batch).status().OrDie();
  };
  insert(1, 1024, 0);
  insert(1025, 2048, 10'000);
  insert(2049, 3100, 20'000);
  for (int i = 0; i < 60 && Described(points).growing_graph_rows < 3072; ++i) RunDueWork(*db);
  CHECK(Described(points).growing_graph_rows == 3072);
  std::vector<float> query = PointOf(-1);
  query[0] += 10'000;
  SearchRequest request{.query = std::span<const float>(query), .limit = 100};
  const auto found = *points.Search(request);
  request.effort = kExact;
  const auto exact = *points.Search(request);
  REQUIRE(found.size() == 100);
  std::set<Key> keys;
  for (const Hit& hit : exact) keys.insert(hit.key);
  std::size_t right = 0;
  for (const Hit& hit : found) right += keys.count(hit.key);
  CHECK(right >= 93);
}

// Fast and careless: what it finds tells one index from another, and from a scan.
template <typename Source>
std::vector<Found> FoundInHaste(const Source& points) {
  std::vector<Found> found;
  for (std::int64_t query = -1; query >= -60; --query) {
    found.push_back(Near(points, query, {.ef = 10}));
  }
  return found;
}

TEST_CASE("rows that were flushed are found through their parts until their index is there",
          "[walk][growing]") {
  TestDatabase db;
  Collection points = MakeIndexed(db, HnswSqIndex{.m = 8});
  InsertPoints(points, 1, 1100);
  RunDueWork(*db);
  points.Delete(IntKeys({5, 50, 500})).status().OrDie();
  const IndexInfo before = Described(points);
  CHECK(before.growing_graph_rows == 1024);
  const auto found = FoundInHaste(points);
  const Snapshot early = *points.Snapshot();

  points.Flush().OrDie();
  const IndexInfo flushed = Described(points);
  CHECK(flushed.growing_rows == 0);
  CHECK(flushed.growing_bytes == before.growing_bytes);
  CHECK(flushed.pending_rows == 1100);
  CHECK(flushed.segments.front().why.find("in memory") != std::string::npos);
  CHECK(FoundInHaste(points) == found);
  std::vector<Found> exact;
  for (std::int64_t query = -1; query >= -60; --query) {
    exact.push_back(Near(points, query, kExact));
  }
  CHECK(found != exact);
  InsertPoints(points, 1101, 1120);  // its rows have no parts, and change nothing of those
  points.Delete(IntKeys({6, 1101})).status().OrDie();
  for (const Found& one : FoundInHaste(points)) {
    for (const auto& [id, score] : one) CHECK((id != 5 && id != 6 && id != 500 && id != 1101));
  }
  CHECK(RecallOf(points) >= 0.93);

  RunDueWork(*db);
  CHECK(Described(points).growing_bytes == 0);
  CHECK(Described(points).indexed_rows == 1100);
  CHECK(RecallOf(points) >= 0.93);
  CHECK(FoundInHaste(early) == found);  // it keeps the segment that it began with
}

TEST_CASE("what a flushed segment has of its rows' time goes with what was declared",
          "[walk][growing]") {
  TestDatabase db;
  Collection points = MakeIndexed(db, HnswSqIndex{.m = 8});
  InsertPoints(points, 1, 1100);
  RunDueWork(*db);
  points.Flush().OrDie();
  CHECK(Described(points).growing_bytes > 0);
  switch (GENERATE(0, 1, 2)) {
    case 0:
      points.ReplaceIndex("v", HnswIndex{}).OrDie();
      break;
    case 1:
      points.Release().OrDie();
      break;
    default:
      points.DropIndex("v").OrDie();
      points.CreateIndex("v", HnswSqIndex{.m = 8}).OrDie();
      break;
  }
  CHECK(Described(points).growing_bytes == 0);
  points.Load().OrDie();
  RunDueWork(*db);
  CHECK(Described(points).indexed_rows == 1100);
  CHECK(RecallOf(points) >= 0.93);
}

TEST_CASE("a flush leaves no parts where no index will be built", "[walk][growing]") {
  const bool built = GENERATE(true, false);
  TestDatabase db;
  Collection points = MakeIndexed(db, built ? IndexSpec(HnswSqIndex{.m = 8}) : AutoIndex{});
  InsertPoints(points, 1, 1100);
  RunDueWork(*db);
  CHECK(Described(points).growing_bytes > 0);
  points.Flush().OrDie();
  CHECK((Described(points).growing_bytes > 0) == built);
  CHECK((Described(points).pending_rows == 1100) == built);
}

TEST_CASE("parts come with rows, and go with the index of what they became", "[walk][growing]") {
  TestDatabase db;
  Collection points = MakeIndexed(db);
  InsertPoints(points, 1, 63);
  RunDueWork(*db);
  CHECK(Described(points).growing_indexed_rows == 0);
  InsertPoints(points, 64, 64);
  RunDueWork(*db);
  CHECK(Described(points).growing_indexed_rows == 64);
  InsertPoints(points, 65, 1100);
  RunDueWork(*db);
  CHECK(Described(points).growing_indexed_rows == 1088);
  CHECK(Described(points).growing_graph_rows == 1024);
  const MemoryUse growing = db->Stats()->growing_memory;
  points.Flush().OrDie();
  RunDueWork(*db);
  const IndexInfo info = Described(points);
  CHECK(info.growing_rows == 0);
  CHECK(info.growing_bytes == 0);
  CHECK(info.total_rows == 1100);
  CHECK(db->Stats()->growing_memory.used < growing.used);
  CHECK(RecallOf(points) >= 0.93);
  db.Reopen();
  Collection again = *db->OpenCollection("points");
  CHECK(RecallOf(again) >= 0.93);
}

TEST_CASE("rows that were replayed get parts again", "[walk][growing]") {
  TestDatabase db;
  Collection points = MakeIndexed(db);
  InsertPoints(points, 1, 1200);
  RunDueWork(*db);
  CHECK(Described(points).growing_graph_rows == 1024);
  db.Reopen();
  Collection again = *db->OpenCollection("points");
  CHECK(Described(again).growing_rows == 1200);
  CHECK(Described(again).growing_indexed_rows == 0);
  CHECK(RecallOf(again) == 1);
  db.clock().Advance(std::chrono::seconds(2));
  RunDueWork(*db);
  CHECK(Described(again).growing_graph_rows == 1024);
  CHECK(RecallOf(again) >= 0.93);
}

TEST_CASE("a deleted, replaced or later row is found through no part", "[walk][growing]") {
  TestDatabase db;
  Collection points = MakeIndexed(db);
  InsertPoints(points, 1, 700);
  const Snapshot early = *points.Snapshot();
  InsertPoints(points, 701, 1300);
  RunDueWork(*db);
  CHECK(Described(points).growing_graph_rows == 1024);
  const Snapshot before = *points.Snapshot();
  std::vector<Key> gone;
  for (std::int64_t id = 1; id <= 1300; id += 3) gone.emplace_back(id);
  points.Delete(gone).status().OrDie();

  for (std::int64_t query = -1; query >= -40; --query) {
    for (const auto& [id, score] : Near(points, query, {})) CHECK(id % 3 != 1);
    for (const auto& [id, score] : Near(early, query, {})) CHECK(id <= 700);
  }
  CHECK(RecallOf(points) >= 0.93);
  CHECK(RecallOf(early) >= 0.93);   // ends within a part
  CHECK(RecallOf(before) >= 0.93);  // sees what is deleted now
  const Found same = Near(before, 1, {});
  CHECK(same.front() == std::pair<std::int64_t, float>{1, 0});
  points.Flush().OrDie();  // a snapshot keeps the segment that it began with
  CHECK(RecallOf(before) >= 0.93);
  CHECK(RecallOf(early) >= 0.93);
}

TEST_CASE("what is declared anew, dropped or released has no parts of before", "[walk][growing]") {
  TestDatabase db;
  Collection points = MakeIndexed(db);
  InsertPoints(points, 1, 1100);
  RunDueWork(*db);
  CHECK(Described(points).growing_graph_rows == 1024);

  points.ReplaceIndex("v", FlatIndex{.codec = Codec::kFp16}).OrDie();
  CHECK(Described(points).growing_indexed_rows == 0);
  CHECK(RecallOf(points) == 1);
  RunDueWork(*db);
  CHECK(Described(points).growing_indexed_rows == 1088);
  CHECK(Described(points).growing_graph_rows == 0);

  points.ReplaceIndex("v", FlatIndex{}).OrDie();
  RunDueWork(*db);
  CHECK(Described(points).growing_indexed_rows == 0);
  CHECK(RecallOf(points) == 1);

  points.ReplaceIndex("v", HnswSqIndex{}).OrDie();
  RunDueWork(*db);
  CHECK(Described(points).growing_graph_rows == 1024);
  points.Release().OrDie();
  CHECK(Described(points).growing_bytes == 0);
  RunDueWork(*db);
  CHECK(Described(points).growing_bytes == 0);
  points.Load().OrDie();
  db.clock().Advance(std::chrono::seconds(2));
  RunDueWork(*db);
  CHECK(Described(points).growing_graph_rows == 1024);

  const std::uint64_t with = db->Stats()->growing_memory.used;
  points.DropIndex("v").OrDie();
  CHECK(db->Stats()->growing_memory.used < with);
  RunDueWork(*db);
  CHECK(RecallOf(points) == 1);
  db->DropCollection("points").OrDie();
  db.clock().Advance(std::chrono::seconds(2));
  RunDueWork(*db);
  CHECK(db->Stats()->growing_memory.used == 0);
}

TEST_CASE("a part that is ready too late is of no use to anybody", "[walk][growing]") {
  TestDatabase db;
  Collection points = MakeIndexed(db);
  InsertPoints(points, 1, 1100);
  SECTION("behind another declaration") {
    const OnceInBetween now([&] { points.ReplaceIndex("v", FlatIndex{}).OrDie(); });
    RunDueWork(*db);
    REQUIRE(OnceInBetween::happened());
    CHECK(Described(points).growing_indexed_rows == 0);
    CHECK(RecallOf(points) == 1);
  }
  SECTION("behind a flush") {
    const OnceInBetween now([&] { points.Flush().OrDie(); });
    RunDueWork(*db);
    REQUIRE(OnceInBetween::happened());
    CHECK(Described(points).growing_rows == 0);
    db.clock().Advance(std::chrono::seconds(2));
    RunDueWork(*db);
    CHECK(db->Stats()->growing_memory.used < 100'000);
    CHECK(RecallOf(points) >= 0.93);
  }
  SECTION("behind the end of the collection") {
    const OnceInBetween now([&] { db->DropCollection("points").OrDie(); });
    RunDueWork(*db);
    REQUIRE(OnceInBetween::happened());
    db.clock().Advance(std::chrono::seconds(2));
    RunDueWork(*db);
    CHECK(db->Stats()->growing_memory.used == 0);
  }
  SECTION("behind more rows and deletes, it is") {
    const OnceInBetween now([&] {
      InsertPoints(points, 1101, 1200);
      points.Delete(IntKeys({1, 2, 3, 1150})).status().OrDie();
    });
    RunDueWork(*db);
    REQUIRE(OnceInBetween::happened());
    CHECK(Described(points).growing_indexed_rows == 1152);
    CHECK(RecallOf(points) >= 0.93);
    for (const std::int64_t id : {1, 2, 3, 1150}) CHECK(Near(points, id, {}).front().first != id);
  }
}

TEST_CASE("codes that cannot tell rows apart give way to the vectors", "[walk][growing]") {
  TestDatabase db;
  Collection points = MakeIndexed(db);
  Batch batch(points.schema());
  for (std::int64_t id = 1; id <= 1100; ++id) {
    std::vector<float> point = PointOf(id);
    point[0] = id % 2 == 0 ? 4e6F : -4e6F;  // beside which nothing else has a code of its own
    batch.Add({{"id", id}, {"tag", 0}, {"v", point}}).OrDie();
  }
  points.Insert(batch).status().OrDie();
  RunDueWork(*db);
  const IndexInfo info = Described(points);
  CHECK(info.growing_graph_rows == 1024);
  CHECK(info.growing_indexed_rows == 1024);
  CHECK(info.growing_bytes > 1024 * kDimension * sizeof(float));
  std::size_t right = 0;
  for (std::int64_t id = 1; id <= 40; ++id) {
    std::vector<float> query = PointOf(-id);
    query[0] = 4e6F;
    SearchRequest request{.query = std::span<const float>(query)};
    std::set<std::int64_t> nearest;
    request.effort = kExact;
    for (const Hit& hit : *points.Search(request)) nearest.insert(std::get<std::int64_t>(hit.key));
    request.effort = {};
    for (const Hit& hit : *points.Search(request)) {
      right += nearest.count(std::get<std::int64_t>(hit.key));
    }
  }
  CHECK(right >= 360);
}

TEST_CASE("where a budget has no room, rows in no file are scanned", "[walk][growing][memory]") {
  Options options = QuietOptions();
  options.memory_budget_bytes = std::uint64_t{64} << 20;
  TestDatabase db(io::MakeMemoryFileSystem(), options);
  Collection points = MakeIndexed(db);
  InsertPoints(points, 1, 1100);
  RunDueWork(*db);
  CHECK(Described(points).growing_indexed_rows == 0);  // what building takes is too much of it
  CHECK(RecallOf(points) == 1);
}

TEST_CASE("parts are given up where room is wanted, and come back later",
          "[walk][growing][memory]") {
  Options options = QuietOptions();
  options.memory_budget_bytes = std::uint64_t{1} << 30;
  TestDatabase db(io::MakeMemoryFileSystem(), options);
  Collection points = MakeIndexed(db);
  InsertPoints(points, 1, 1100);
  RunDueWork(*db);
  CHECK(Described(points).growing_graph_rows == 1024);
  CHECK(db.parts().GiveUp(1) > 0);
  CHECK(Described(points).growing_bytes == 0);
  CHECK(RecallOf(points) == 1);
  db.clock().Advance(std::chrono::seconds(2));
  RunDueWork(*db);
  CHECK(Described(points).growing_bytes == 0);  // not at once
  db.clock().Advance(std::chrono::seconds(20));
  RunDueWork(*db);
  CHECK(Described(points).growing_graph_rows == 1024);
}

TEST_CASE("writers, deletes, searches, flushes and declarations go on beside parts",
          "[walk][growing][threads]") {
  const std::uint64_t seed = GENERATE(range(1, 4));
  const Schedule schedule(seed);
  Options options;
  options.index_threads = 2;
  TestDatabase db(io::MakeMemoryFileSystem(), options, seed);
  Collection points = MakeIndexed(db);
  constexpr std::int64_t kLast = 3000;
  std::atomic<std::int64_t> written{0};
  std::atomic<std::int64_t> deleted{0};  // every fifth of them up to here
  std::atomic<bool> done{false};
  std::atomic<int> too_few{0};
  std::atomic<int> never_written{0};
  std::atomic<int> deleted_before{0};
  const auto write = [&] {
    for (std::int64_t id = 1; id <= kLast; id += 50) {
      InsertPoints(points, id, id + 49);
      written = id + 49;
      for (std::int64_t gone = id; gone < id + 50; ++gone) {
        if (gone % 5 == 0) points.Delete(IntKeys({gone})).status().OrDie();
      }
      deleted = id + 49;
    }
    done = true;
  };
  const auto search = [&] {
    for (std::int64_t query = -1; !done; --query) {
      const std::int64_t gone = deleted;
      const std::int64_t least = written;
      const Found found = Near(points, query, {});
      const std::int64_t most = written + 50;
      if (found.size() < std::min<std::size_t>(10, static_cast<std::size_t>(least) / 2)) ++too_few;
      for (const auto& [id, score] : found) {
        if (id > most) ++never_written;
        if (id % 5 == 0 && id <= gone) ++deleted_before;
      }
    }
  };
  const auto change = [&] {
    for (int i = 0; !done; ++i) {
      if (i % 3 == 0) points.ReplaceIndex("v", HnswSqIndex{}).OrDie();
      if (i % 3 == 1) points.Flush().OrDie();
      if (i % 3 == 2) points.ReplaceIndex("v", AutoIndex{}).OrDie();
      (void)Eventually([&, now = written.load()] { return done || written > now + 300; });
    }
  };
  std::vector<std::thread> threads;
  threads.emplace_back(write);
  threads.emplace_back(search);
  threads.emplace_back(search);
  threads.emplace_back(change);
  JoinAll(&threads);
  CHECK(too_few == 0);
  CHECK(never_written == 0);
  CHECK(deleted_before == 0);
  CHECK(RecallOf(points) >= 0.9);
  CHECK(*points.Count() == kLast - kLast / 5);
}

TEST_CASE("a build of a part ends with its database", "[walk][growing][threads]") {
  Options options;
  options.index_threads = 2;
  TestDatabase db(io::MakeMemoryFileSystem(), options);
  db.SetPartRows(1024);
  db.Reopen();
  Collection points = MakeIndexed(db);
  for (std::int64_t id = 1; id <= 40'000; id += 1000) InsertPoints(points, id, id + 999);
  db.Reopen();  // whatever it is at
  CHECK(*db->OpenCollection("points")->Count() == 40'000);
}
