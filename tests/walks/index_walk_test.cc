// Indexes: declared, built in the background, used by searches, replaced, dropped, damaged.
#include <algorithm>
#include <cmath>
#include <random>
#include <set>

#include "vecdb/check.h"

#include "api/check_files.h"
#include "io/layout.h"
#include "segment/field_index.h"
#include "support/fault_file_system.h"
#include "support/vector_oracle.h"
#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

constexpr std::uint32_t kDimension = 24;

Schema PointSchema(DataType type, Metric metric) {
  return *SchemaBuilder()
              .PrimaryKey("id")
              .Scalar("tag", DataType::kInt32)
              .Vector("v", kDimension, metric, type)
              .Build();
}

// Points around some centres; row `id` is the same every time.
std::vector<float> PointOf(std::int64_t id) {
  std::mt19937_64 random(static_cast<std::uint64_t>(id) * 7919 + 13);
  std::mt19937_64 centre(static_cast<std::uint64_t>(id) % 40);
  std::normal_distribution<float> far(0, 20);
  std::normal_distribution<float> near(0, 8);
  std::vector<float> point(kDimension);
  for (float& x : point) x = far(centre) + near(random);
  return point;
}

Value ValueOf(DataType type, std::int64_t id) {
  const std::vector<float> point = PointOf(id);
  if (type != DataType::kInt8Vector) return point;
  std::vector<std::int8_t> bytes;
  for (const float x : point) {
    bytes.push_back(static_cast<std::int8_t>(std::clamp(std::round(x), -127.0F, 127.0F)));
  }
  return bytes;
}

void InsertPoints(Collection& points, std::int64_t first, std::int64_t last) {
  const DataType type = points.schema().Find("v")->type;
  Batch batch(points.schema());
  for (std::int64_t id = first; id <= last; ++id) {
    const Value value = ValueOf(type, id);
    if (const auto* floats = std::get_if<std::vector<float>>(&value)) {
      batch.Add({{"id", id}, {"tag", id % 10}, {"v", *floats}}).OrDie();
    } else {
      batch.Add({{"id", id}, {"tag", id % 10}, {"v", std::get<std::vector<std::int8_t>>(value)}})
          .OrDie();
    }
  }
  points.Insert(batch).status().OrDie();
}

// `rows` points in one sealed segment.
Collection MakePoints(TestDatabase& db, std::int64_t rows, DataType type = DataType::kFloatVector,
                      Metric metric = Metric::kL2) {
  Collection points = *db->CreateCollection("points", PointSchema(type, metric));
  InsertPoints(points, 1, rows);
  points.Flush().OrDie();
  return points;
}

using Found = std::vector<std::pair<std::int64_t, float>>;

Found Near(const Collection& points, std::int64_t id, const SearchEffort& effort,
           const std::string& filter = {}, std::size_t limit = 10) {
  const Value query = ValueOf(points.schema().Find("v")->type, id);
  const auto hits =
      points.Search({.query = QueryOf(query), .limit = limit, .filter = filter, .effort = effort});
  hits.status().OrDie();
  Found found;
  for (const Hit& hit : *hits) found.emplace_back(std::get<std::int64_t>(hit.key), hit.score);
  return found;
}

constexpr SearchEffort kExact{.recall = 1};

// How many of the exact nearest are found for queries that are no rows. Each row that is found has
// the score that it has exactly, and there are as many.
double RecallOf(const Collection& points, const SearchEffort& effort,
                const std::string& filter = {}) {
  constexpr std::int64_t kQueries = 50;
  std::size_t found = 0;
  std::size_t all = 0;
  for (std::int64_t query = 0; query < kQueries; ++query) {
    const Found wanted = Near(points, -1 - query, kExact, filter);
    const Found got = Near(points, -1 - query, effort, filter);
    CHECK(got.size() == wanted.size());
    const std::map<std::int64_t, float> scores(wanted.begin(), wanted.end());
    for (const auto& [id, score] : got) {
      const auto exact = scores.find(id);
      if (exact == scores.end()) continue;
      CHECK(score == Approx(exact->second).epsilon(1e-6));
      ++found;
    }
    all += wanted.size();
  }
  return all == 0 ? 1 : static_cast<double>(found) / static_cast<double>(all);
}

IndexInfo Described(const Collection& points) {
  const auto info = points.DescribeIndex("v");
  info.status().OrDie();
  return *info;
}

std::set<std::string> IndexFiles(TestDatabase& db) {
  std::set<std::string> files;
  for (const auto& [path, bytes] : DumpTree(*db.fs())) {
    if (path.ends_with(".idx")) files.insert(path);
  }
  return files;
}

void Flip(io::FileSystem& fs, const std::string& path, std::uint64_t at) {
  const auto file = *fs.Open(path, io::OpenMode::kReadWrite);
  std::byte byte{};
  file->ReadAt(at, std::span(&byte, 1)).OrDie();
  byte ^= std::byte{0x10};
  file->WriteAt(at, std::span(&byte, 1)).OrDie();
}

}  // namespace

TEST_CASE("every type, metric and index finds what a scan finds, at exact scores",
          "[walk][index]") {
  const DataType type = GENERATE(DataType::kFloatVector, DataType::kFloat16Vector,
                                 DataType::kBFloat16Vector, DataType::kInt8Vector);
  const Metric metric = GENERATE(Metric::kL2, Metric::kInnerProduct, Metric::kCosine);
  TestDatabase db;
  Collection points = MakePoints(db, 3000, type, metric);
  const std::vector<IndexSpec> specs = {AutoIndex{},
                                        FlatIndex{},
                                        FlatIndex{Codec::kSq8},
                                        FlatIndex{Codec::kBf16},
                                        HnswIndex{},
                                        HnswSqIndex{},
                                        HnswSqIndex{.codec = Codec::kFp16},
                                        HnswSqIndex{.codec = Codec::kBf16}};
  for (const IndexSpec& spec : specs) {
    INFO(ToString(type) << " " << ToString(metric) << " " << ToString(spec));
    points.ReplaceIndex("v", spec).OrDie();
    points.WaitForIndexes().OrDie();
    const IndexInfo info = Described(points);
    CHECK(info.state == IndexState::kFinished);
    CHECK(info.pending_rows == 0);
    const bool graph =
        std::holds_alternative<HnswIndex>(spec) || std::holds_alternative<HnswSqIndex>(spec);
    if (graph) CHECK(info.indexed_rows == 3000);
    CHECK(RecallOf(points, {}) >= 0.93);
    CHECK(RecallOf(points, {.ef = 400}) >= 0.98);
    CHECK(RecallOf(points, {}, "tag == 3") >= 0.93);
    CHECK(RecallOf(points, {}, "id < 100") >= 0.93);
    CHECK(RecallOf(points, {}, "id == 7") == 1);
    CHECK(RecallOf(points, {}, "id < 0") == 1);
  }
}

TEST_CASE("where a budget has little room for indexes they are mapped", "[walk][index][memory]") {
  using base::MemoryAccount;
  Options options = QuietOptions();
  options.load = LoadMode::kResident;
  options.memory_budget_bytes = 128u << 20;
  const bool full = GENERATE(false, true);
  TestDatabase db(io::MakeMemoryFileSystem(), options);
  Collection points = MakePoints(db, 2000);
  base::MemoryBudget& memory = db.parts().memory;
  const auto keys =
      memory.Take(MemoryAccount::kSegments, full ? options.memory_budget_bytes / 4 : 0);
  const std::uint64_t before = memory.used(MemoryAccount::kSegments);
  points.CreateIndex("v", HnswIndex{}).OrDie();
  points.WaitForIndexes().OrDie();
  const std::uint64_t bytes = Described(points).bytes;
  const std::uint64_t charged = memory.used(MemoryAccount::kSegments) - before;
  CHECK(Described(points).indexed_rows == 2000);
  if (full) {
    CHECK(charged < bytes / 4);
  } else {
    CHECK(charged >= bytes);
  }
  CHECK(RecallOf(points, {}) >= 0.93);
}

TEST_CASE("a search through an index holds few files at once, as a budget may have room for",
          "[walk][index][memory]") {
  constexpr std::uint32_t kWide = 4096;
  constexpr std::int64_t kRows = 2'100;  // in five files of 8 MiB
  TestDatabase db;
  const Schema schema = *SchemaBuilder().PrimaryKey("id").Vector("v", kWide, Metric::kL2).Build();
  Collection wide = *db->CreateCollection("wide", schema);
  std::mt19937_64 random(7);
  std::vector<float> vector(kWide);
  Batch batch(schema);
  for (std::int64_t id = 0; id < kRows; ++id) {
    for (float& x : vector) x = static_cast<float>(random() % 1000);
    batch.Add({{"id", id}, {"v", vector}}).OrDie();
    if (id % 700 != 699) continue;
    wide.Insert(batch).status().OrDie();
    batch.Clear();
  }
  wide.Flush().OrDie();
  wide.CreateIndex("v", HnswIndex{.m = 8, .ef_construction = 20}).OrDie();
  wide.WaitForIndexes().OrDie();
  db.options().memory_budget_bytes = 64u << 20;
  db.options().load = LoadMode::kResident;
  db.Reopen();
  wide = *db->OpenCollection("wide");
  base::MemoryBudget& memory = db.parts().memory;
  (void)db.parts().columns->Evict(~std::uint64_t{0});
  const std::uint64_t open = memory.limit() - roles::FlushReserveBytes(db.options());
  const auto others = memory.Take(base::MemoryAccount::kReads, open - memory.used() - (20u << 20));
  REQUIRE(Described(wide).indexed_rows == kRows);
  const auto hits = wide.Search({.query = vector, .limit = 3, .effort = {.ef = 50}});
  INFO(hits.status().ToString());
  REQUIRE(hits.ok());
  CHECK(std::get<std::int64_t>(hits->front().key) == kRows - 1);
}

TEST_CASE("what is declared lasts: through reopening, flushes and compactions", "[walk][index]") {
  Options options = QuietOptions();
  options.load = GENERATE(LoadMode::kMapped, LoadMode::kResident);
  TestDatabase db(io::MakeMemoryFileSystem(), options);
  Collection points = MakePoints(db, 2000);
  points.CreateIndex("v", HnswSqIndex{.m = 12}).OrDie();
  points.CreateIndex("v", HnswSqIndex{.m = 12}).OrDie();
  CheckRefusal(points.CreateIndex("v", HnswIndex{}), StatusCode::kAlreadyExists,
               {"'v'", "HNSW_SQ(M=12", "HNSW(M=16"});
  CHECK(Described(points).state == IndexState::kBuilding);
  CHECK(Described(points).pending_rows == 2000);
  RunDueWork(*db);
  CHECK(Described(points).indexed_rows == 2000);
  CHECK(IndexFiles(db).size() == 1);

  db.Reopen();
  points = *db->OpenCollection("points");
  CHECK(Described(points).spec == IndexSpec(HnswSqIndex{.m = 12}));
  CHECK(Described(points).indexed_rows == 2000);
  CHECK(RecallOf(points, {}) >= 0.93);

  InsertPoints(points, 2001, 4000);
  CHECK(Near(points, 3456, {}).front().first == 3456);  // of a growing segment
  points.Flush().OrDie();
  CHECK(Described(points).pending_rows == 2000);
  CHECK(Near(points, 3456, {}).front().first == 3456);
  points.WaitForIndexes().OrDie();
  CHECK(Described(points).indexed_rows == 4000);
  CHECK(IndexFiles(db).size() == 2);
  CHECK(RecallOf(points, {}) >= 0.93);

  points.Compact().OrDie();
  CHECK(SealedIn(points) == 1);
  CHECK(Described(points).indexed_rows == 4000);  // it came with its index
  CHECK(RecallOf(points, {}) >= 0.93);
  CHECK(Near(points, 3456, {}).front().first == 3456);
  RunDueWork(*db);
  CHECK(IndexFiles(db).size() == 1);
  db.Close();
  const auto report = *api::CheckFiles(db.fs(), true);
  CHECK(report.clean());
  CHECK(report.notes.empty());
  db.Open().OrDie();
}

TEST_CASE("a deleted or replaced row is found in no index", "[walk][index]") {
  TestDatabase db;
  Collection points = MakePoints(db, 3000);
  points.CreateIndex("v", HnswSqIndex{}).OrDie();
  points.WaitForIndexes().OrDie();
  const Snapshot before = *points.Snapshot();
  points.DeleteWhere("tag == 4").status().OrDie();
  for (std::int64_t id = 4; id <= 400; id += 10) {
    for (const auto& [found, score] : Near(points, id, {})) CHECK(found % 10 != 4);
    CHECK(Near(points, id, {}).size() == 10);
  }
  CHECK(RecallOf(points, {}) >= 0.93);
  const auto hits = before.Search({.query = PointOf(14), .limit = 1});
  CHECK(std::get<std::int64_t>(hits->front().key) == 14);

  points.Delete(IntKeys({5, 6, 7})).status().OrDie();
  points.DeleteWhere("id > 12").status().OrDie();
  CHECK(Near(points, 5, {}, {}, 100).size() == 8);  // 1, 2, 3, 8 to 12
}

TEST_CASE("an index is replaced and dropped while searches go on", "[walk][index]") {
  TestDatabase db;
  Collection points = MakePoints(db, 2000);
  points.CreateIndex("v", HnswIndex{}).OrDie();
  points.WaitForIndexes().OrDie();
  const auto first = IndexFiles(db);
  const Snapshot before = *points.Snapshot();

  points.ReplaceIndex("v", HnswSqIndex{}).OrDie();
  IndexInfo info = Described(points);
  CHECK(info.pending_rows == 2000);
  CHECK(info.segments.front().indexed);  // by the one before
  CHECK(info.segments.front().what == "HNSW(M=16, efConstruction=200)");
  CHECK(RecallOf(points, {}) >= 0.93);
  CHECK(IndexFiles(db) == first);
  points.WaitForIndexes().OrDie();
  info = Described(points);
  CHECK(info.indexed_rows == 2000);
  CHECK(info.segments.front().what == "HNSW_SQ(M=16, efConstruction=200, sq_type=SQ8)");
  CHECK(info.segments.front().recall_at_10 > 0.9F);
  CHECK(info.segments.front().ef_at_10 > 0);
  CHECK(info.bytes > 0);
  const auto second = IndexFiles(db);
  CHECK(second.size() == 1);
  CHECK(second != first);

  points.ReplaceIndex("v", HnswSqIndex{}).OrDie();  // again, from the rows
  points.WaitForIndexes().OrDie();
  CHECK(IndexFiles(db).size() == 1);
  CHECK(IndexFiles(db) != second);

  points.ReplaceIndex("v", FlatIndex{}).OrDie();
  CHECK(IndexFiles(db).empty());
  CHECK(Described(points).state == IndexState::kFinished);
  CHECK(RecallOf(points, {}) == 1);

  points.ReplaceIndex("v", HnswIndex{}).OrDie();
  points.WaitForIndexes().OrDie();
  points.DropIndex("v").OrDie();
  CHECK(IndexFiles(db).empty());
  CheckRefusal(points.DropIndex("v"), StatusCode::kNotFound, {"'v'"});
  CheckRefusal(points.DescribeIndex("v").status(), StatusCode::kNotFound, {"'v'"});
  CHECK(points.ListIndexes()->empty());
  CHECK(RecallOf(points, {}) == 1);
  db.Reopen();
  CHECK(db->OpenCollection("points")->ListIndexes()->empty());
}

TEST_CASE("a snapshot goes on with the index that it began with", "[walk][index]") {
  TestDatabase db;
  Collection points = MakePoints(db, 2000);
  points.CreateIndex("v", HnswIndex{}).OrDie();
  points.WaitForIndexes().OrDie();
  const Snapshot before = *points.Snapshot();
  points.DropIndex("v").OrDie();
  points.DeleteWhere("id > 10").status().OrDie();
  points.Compact().OrDie();
  RunDueWork(*db);
  for (std::int64_t id = 100; id < 120; ++id) {
    const auto hits = before.Search({.query = PointOf(id), .limit = 10});
    REQUIRE(hits.ok());
    CHECK(hits->size() == 10);
    CHECK(std::get<std::int64_t>(hits->front().key) == id);
  }
}

TEST_CASE("a damaged index is reported, answered without, and built again", "[walk][index]") {
  const bool while_open = GENERATE(true, false);
  Options options = QuietOptions();
  std::vector<std::string> told;
  options.log = [&told](LogLevel, std::string_view text) { told.emplace_back(text); };
  TestDatabase db(io::MakeMemoryFileSystem(), options);
  Collection points = MakePoints(db, 3000);
  points.CreateIndex("v", HnswIndex{}).OrDie();
  points.WaitForIndexes().OrDie();
  const std::string file = *IndexFiles(db).begin();
  const std::uint64_t size = *(*db.fs()->Open(file, io::OpenMode::kRead))->Size();
  // The header; the middle, where a search comes by; the footer.
  const std::uint64_t at = GENERATE_COPY(std::uint64_t{3}, size / 2, size - 3);
  if (!while_open) db.Close();
  if (while_open) db.Close();
  Flip(*db.fs(), file, at);
  const auto report = *api::CheckFiles(db.fs(), true);
  REQUIRE(report.damaged.size() == 1);
  CHECK(report.damaged.front().file == file);
  db.Open().OrDie();
  points = *db->OpenCollection("points");
  CHECK(RecallOf(points, {}) >= 0.93);
  for (std::int64_t id = 1; id <= 3000; id += 37) CHECK(Near(points, id, {}).front().first == id);
  db.clock().Advance(std::chrono::hours(1));
  RunDueWork(*db);
  db.clock().Advance(std::chrono::hours(1));
  RunDueWork(*db);
  CHECK(Described(points).state == IndexState::kFinished);
  CHECK(Described(points).indexed_rows == 3000);
  CHECK(IndexFiles(db).size() == 1);
  CHECK(*IndexFiles(db).begin() != file);
  CHECK(RecallOf(points, {}) >= 0.93);
  db.Close();
  CHECK(api::CheckFiles(db.fs(), true)->clean());
  db.Open().OrDie();
}

TEST_CASE("a segment whose vectors are damaged keeps no other from its index", "[walk][index]") {
  TestDatabase db(io::MakeMemoryFileSystem(), QuietOptions());
  Collection points = MakePoints(db, 2000);
  std::string vectors;
  for (const auto& [path, bytes] : DumpTree(*db.fs())) {
    if (path.ends_with("/2-0.col")) vectors = path;
  }
  InsertPoints(points, 2001, 4000);
  points.Flush().OrDie();
  db.Close();
  Flip(*db.fs(), vectors, 5000);
  db.Open().OrDie();
  points = *db->OpenCollection("points");
  points.CreateIndex("v", HnswIndex{}).OrDie();
  CheckRefusal(points.WaitForIndexes(), StatusCode::kCorruption, {vectors});
  CHECK(Described(points).indexed_rows == 2000);
}

TEST_CASE("a released collection has no index until it is loaded", "[walk][index]") {
  TestDatabase db;
  Collection points = MakePoints(db, 2000);
  points.CreateIndex("v").OrDie();
  points.Release().OrDie();
  RunDueWork(*db);
  CHECK(IndexFiles(db).empty());
  CHECK(points.WaitForIndexes().code() == StatusCode::kFailedPrecondition);
  points.Load().OrDie();
  points.WaitForIndexes().OrDie();
  points.Release().OrDie();
  points.Load().OrDie();
  CHECK(points.WaitForIndexes().ok());
  CHECK(RecallOf(points, {}) >= 0.93);
  points.Release().OrDie();
  points.DropIndex("v").OrDie();
  CHECK(IndexFiles(db).empty());
  points.Load().OrDie();
  CHECK(RecallOf(points, {}) == 1);
}

TEST_CASE("a read-only database searches through its indexes", "[walk][index]") {
  TestDatabase db;
  Collection points = MakePoints(db, 2000);
  points.CreateIndex("v", HnswSqIndex{}).OrDie();
  points.WaitForIndexes().OrDie();
  db.Close();
  db.options().read_only = true;
  db.Open().OrDie();
  points = *db->OpenCollection("points");
  CHECK(Described(points).indexed_rows == 2000);
  CHECK(RecallOf(points, {}) >= 0.93);
  CHECK(points.DropIndex("v").code() == StatusCode::kFailedPrecondition);
}

TEST_CASE("a read-only database with threads reads an index whole when it is first searched",
          "[walk][index][threads]") {
  TestDatabase db;
  Collection points = MakePoints(db, 2000);
  points.CreateIndex("v", HnswSqIndex{}).OrDie();
  points.WaitForIndexes().OrDie();
  const std::uint64_t middle = Described(points).bytes / 2;
  db.Close();
  const bool damaged = GENERATE(false, true);
  if (damaged) Flip(*db.fs(), *IndexFiles(db).begin(), middle);
  db.options() = Options{.read_only = true};
  db.options().search_threads = 2;
  db.Open().OrDie();
  points = *db->OpenCollection("points");
  const auto live = db.parts().collections.Find("points");
  const auto view = live->board.Pin();
  const segment::FieldIndex* const index = view->segments().front()->IndexOn(2);
  REQUIRE(index != nullptr);
  CHECK_FALSE(index->verified());
  CHECK(Near(points, 1, kExact).front().first == 1);
  CHECK_FALSE(index->verified());  // that search asked no index
  CHECK(Near(points, 1, {}).front().first == 1);
  if (damaged) {
    CHECK(Eventually([&] { return index->usable() == nullptr; }));
    CHECK(RecallOf(points, {}) == 1);
  } else {
    CHECK(Eventually([&] { return index->verified(); }));
    CHECK(RecallOf(points, {}) >= 0.93);
  }
}

TEST_CASE("bad requests about indexes name field, parameter and limit", "[walk][index]") {
  TestDatabase db;
  Collection points = *db->CreateCollection("points", *SchemaBuilder()
                                                           .PrimaryKey("id")
                                                           .Scalar("tag", DataType::kInt32)
                                                           .Vector("v", 8, Metric::kL2)
                                                           .BinaryVector("b", 64)
                                                           .Build());
  constexpr auto kBad = StatusCode::kInvalidArgument;
  CheckRefusal(points.CreateIndex("w"), kBad, {"'w'"});
  CheckRefusal(points.CreateIndex("tag"), kBad, {"'tag'", "not a vector"});
  CheckRefusal(points.CreateIndex("b"), StatusCode::kUnimplemented, {"'b'"});
  CheckRefusal(points.CreateIndex("v", HnswIndex{.m = 1}), kBad, {"M", "1", "2"});
  CheckRefusal(points.CreateIndex("v", HnswIndex{.m = 2049}), kBad, {"M", "2049", "2048"});
  CheckRefusal(points.CreateIndex("v", HnswSqIndex{.ef_construction = 0}), kBad,
               {"efConstruction", "0", "1"});
  CheckRefusal(points.DescribeIndex("w").status(), kBad, {"'w'"});
  const std::vector<float> query(8);
  const auto search = [&](const SearchEffort& effort) {
    return points.Search({.field = "v", .query = query, .limit = 10, .effort = effort}).status();
  };
  CheckRefusal(search({.recall = 0}), kBad, {"recall"});
  CheckRefusal(search({.recall = 1.5F}), kBad, {"recall"});
  CheckRefusal(search({.recall = std::nanf("")}), kBad, {"recall"});
  CheckRefusal(search({.ef = 9}), kBad, {"ef", "9", "10"});
  CheckRefusal(search({.refine_k = 0.5F}), kBad, {"refine_k"});
  CHECK(search({.ef = 10}).ok());
  CHECK(points.ListIndexes()->empty());
}

TEST_CASE("an index that cannot be built says so, is tried again, and costs no answer",
          "[walk][index]") {
  auto faults = std::make_shared<FaultFileSystem>(io::MakeMemoryFileSystem());
  TestDatabase db(faults);
  Collection points = MakePoints(db, 2000);
  points.CreateIndex("v", HnswIndex{}).OrDie();
  faults->Arm({.call = 0, .kind = FaultKind::kNoSpace, .sticky = true, .under = "tmp/"});
  const Status failed = points.WaitForIndexes();
  CHECK_FALSE(failed.ok());
  CHECK(Described(points).state == IndexState::kFailed);
  CHECK(Described(points).failure.code() == failed.code());
  CHECK(RecallOf(points, {}) == 1);
  faults->Disarm();
  points.WaitForIndexes().OrDie();
  CHECK(Described(points).state == IndexState::kFinished);
  CHECK(IndexFiles(db).size() == 1);
  CHECK(NamesIn(*db.fs(), "tmp").empty());
}

TEST_CASE("few rows need no index, and many get what AUTOINDEX chooses", "[walk][index]") {
  TestDatabase db;
  db.SetLeastIndexedRows(1024);
  db.Reopen();
  Collection points = MakePoints(db, 900);
  points.CreateIndex("v", HnswIndex{}).OrDie();
  points.WaitForIndexes().OrDie();
  IndexInfo info = Described(points);
  CHECK(info.state == IndexState::kFinished);
  CHECK(info.pending_rows == 0);
  CHECK(info.segments.front().what == "FLAT");
  CHECK(info.segments.front().why.find("900 rows") != std::string::npos);
  InsertPoints(points, 901, 20'000);
  points.Flush().OrDie();
  points.ReplaceIndex("v", AutoIndex{}).OrDie();
  points.WaitForIndexes().OrDie();
  info = Described(points);
  REQUIRE(info.segments.size() == 2);
  CHECK(info.segments[0].what == "FLAT");
  CHECK(info.segments[1].what == "HNSW_SQ(M=16, efConstruction=200, sq_type=SQ8)");
  CHECK(info.segments[1].why.find("AUTOINDEX") != std::string::npos);
  CHECK(RecallOf(points, {}) >= 0.93);
}

TEST_CASE("a search that keeps every candidate reaches every row", "[walk][index]") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    std::mt19937_64 random(seed);
    TestDatabase db;
    Collection books = db.MakeBooks();
    std::vector<Book> rows;  // many of them equal
    const auto count = static_cast<std::int64_t>(130 + random() % 500);
    for (std::int64_t id = 0; id < count; ++id) {
      rows.push_back({id, static_cast<std::int64_t>(random() % 3)});
    }
    books.Insert(BatchOf(rows)).status().OrDie();
    books.Flush().OrDie();
    books.CreateIndex("v", HnswIndex{.m = 4, .ef_construction = 20}).OrDie();
    books.WaitForIndexes().OrDie();
    for (int i = 0; i < 5; ++i) {
      const auto query = Book{static_cast<std::int64_t>(random() % 600), 0}.vector();
      const Hits exact = *books.Search({.query = query, .limit = 64, .effort = kExact});
      const Hits found = *books.Search({.query = query, .limit = 64, .effort = kExhaustive});
      REQUIRE(found.size() == exact.size());
      for (std::size_t place = 0; place < exact.size(); ++place) {
        CHECK(found[place].score == exact[place].score);
      }
    }
  }
}

TEST_CASE("a build ends with its collection, and with the database", "[walk][index]") {
  Options options;
  options.index_threads = 2;
  TestDatabase db(io::MakeMemoryFileSystem(), options);
  Collection points = MakePoints(db, 20'000);
  points.CreateIndex("v", HnswSqIndex{.m = 32, .ef_construction = 1000}).OrDie();
  db->DropCollection("points").OrDie();
  CHECK(points.WaitForIndexes().code() == StatusCode::kNotFound);
  points = MakePoints(db, 20'000);
  points.CreateIndex("v", HnswSqIndex{.m = 32, .ef_construction = 1000}).OrDie();
  db.Reopen();
  points = *db->OpenCollection("points");
  CHECK(Described(points).total_rows == 20'000);
  points.ReplaceIndex("v", HnswSqIndex{}).OrDie();
  points.WaitForIndexes().OrDie();
  CHECK(Described(points).indexed_rows == 20'000);
  CHECK(IndexFiles(db).size() == 1);
}
