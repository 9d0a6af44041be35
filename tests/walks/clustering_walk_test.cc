// The clustering walk: segments by ranges of a field, and reads that leave out those where a filter
// finds nothing.
#include <map>
#include <random>
#include <set>
#include <utility>

#include "base/canary.h"
#include "catalog/manifest.h"
#include "support/fault_file_system.h"
#include "walks/failing_memory.h"
#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

Schema ThingSchema() {
  return *SchemaBuilder()
              .PrimaryKey("id")
              .Scalar("tiny", DataType::kInt8)
              .Nullable("number", DataType::kInt64)
              .Scalar("real", DataType::kFloat)
              .Nullable("wide", DataType::kDouble)
              .Scalar("name", DataType::kVarChar)
              .Vector("v", 2, Metric::kL2)
              .Build();
}

// Its values come from its key and a version, and follow no order that keys have.
struct Thing {
  std::int64_t id = 0;
  std::int64_t version = 0;

  std::int64_t number() const { return (id * 7919 + version * 31) % 1000 - 500; }
};

Batch BatchOfThings(const std::vector<Thing>& things) {
  Batch batch(ThingSchema());
  for (const Thing& thing : things) {
    const std::int64_t number = thing.number();
    const std::string name = "thing " + std::to_string(number / 10);
    const std::vector<float> v = {static_cast<float>(thing.id % 10),
                                  static_cast<float>(thing.version)};
    const bool none = number % 50 == 7;
    batch
        .Add({{"id", thing.id},
              {"tiny", number / 5},
              {"number", none ? ValueView(std::monostate{}) : ValueView(number)},
              {"real", static_cast<double>(number) / 4},
              {"wide",
               none ? ValueView(std::monostate{}) : ValueView(static_cast<double>(number) * 0.1)},
              {"name", name},
              {"v", v}})
        .OrDie();
  }
  return batch;
}

std::vector<Thing> ThingsBetween(std::int64_t first, std::int64_t last, std::int64_t version = 0) {
  std::vector<Thing> things;
  for (std::int64_t id = first; id <= last; ++id) things.push_back({id, version});
  return things;
}

Collection MakeThings(TestDatabase& db, const std::string& name, const CollectionOptions& options) {
  return *db->CreateCollection(name, ThingSchema(), options);
}

// Segments of some 20 KB, so that a few hundred rows are many.
Options SmallSegments() {
  Options options = QuietOptions();
  options.merged_segment_bytes = 20'000;
  return options;
}

// 600 things in six segments.
void Fill(Collection& things) {
  for (std::int64_t first = 1; first < 600; first += 100) {
    things.Insert(BatchOfThings(ThingsBetween(first, first + 99))).status().OrDie();
    things.Flush().OrDie();
  }
}

std::vector<std::int64_t> IdsWhere(const Collection& things, const std::string& filter) {
  const auto rows = things.Query({.filter = filter, .limit = 16'384});
  rows.status().OrDie();
  std::vector<std::int64_t> ids;
  for (const Row& row : *rows) ids.push_back(*row.Get<std::int64_t>("id"));
  return ids;
}

std::vector<std::uint64_t> SegmentsOf(const Collection& things) {
  std::vector<std::uint64_t> ids;
  for (const SegmentInfo& segment : *things.Segments()) {
    if (segment.state == SegmentState::kFlushed) ids.push_back(segment.id);
  }
  return ids;
}

std::uint64_t PrunedBy(const Collection& things, const std::string& filter) {
  const std::uint64_t before = things.Stats()->pruned_segments;
  things.Count(filter).status().OrDie();
  return things.Stats()->pruned_segments - before;
}

// A condition on any of the fields, with values that exist, that do not, and that lie at the ends.
class Conditions {
 public:
  explicit Conditions(std::uint64_t seed) : random_(seed) {}

  std::string Next(int depth = 3) {
    const int roll = Below(depth == 0 ? 5 : 9);
    if (roll == 5) return "not (" + Next(depth - 1) + ")";
    if (roll == 6) return "(" + Next(depth - 1) + " or " + Next(depth - 1) + ")";
    if (roll > 6) return "(" + Next(depth - 1) + " and " + Next(depth - 1) + ")";
    const std::string field = Pick({"tiny", "number", "real", "wide", "name", "id"});
    if (roll == 0) return field + (Below(2) == 0 ? " is null" : " is not null");
    if (roll == 1) return field + Pick({" in [", " not in ["}) + Values(field) + "]";
    if (roll == 2 && field != "name") {
      const int low = Below(900) - 450;
      return std::to_string(low) + " <= " + field + " < " + std::to_string(low + 1 + Below(99));
    }
    return field + " " + Pick({"==", "!=", "<", "<=", ">", ">="}) + " " + ValueFor(field);
  }

 private:
  int Below(int end) { return static_cast<int>(random_() % static_cast<unsigned>(end)); }
  std::string Pick(const std::vector<std::string>& from) {
    return from[static_cast<std::size_t>(Below(static_cast<int>(from.size())))];
  }
  std::string ValueFor(const std::string& field) {
    const int number = Below(1100) - 550;
    if (field == "name") return "'thing " + std::to_string(number / 10) + Pick({"'", "x'"});
    if (field == "tiny") return std::to_string(number / 5);
    if (field == "real") return std::to_string(number / 4.0);
    if (field == "wide") return std::to_string(number * 0.1);
    return std::to_string(number);
  }
  std::string Values(const std::string& field) {
    std::string values = ValueFor(field);
    for (int more = Below(4); more > 0; --more) values += ", " + ValueFor(field);
    return values;
  }

  std::mt19937_64 random_;
};

}  // namespace

SCENARIO("after a compaction by the clustering key a filter by it looks into few segments",
         "[walk][clustering]") {
  const std::string key = GENERATE(as<std::string>{}, "tiny", "number", "real", "wide", "name");
  INFO(key);
  TestDatabase db(io::MakeMemoryFileSystem(), SmallSegments());
  Collection things = MakeThings(db, "things", {.clustering_key = key});
  Fill(things);
  const std::vector<std::string> filters = {"tiny == 3",
                                            "number > 480",
                                            "real < -120.0",
                                            "wide >= 48.05",
                                            "name in ['thing 7', 'thing 49']",
                                            "number is null",
                                            ""};
  std::map<std::string, std::vector<std::int64_t>> before;
  for (const std::string& filter : filters) before[filter] = IdsWhere(things, filter);
  CHECK(before[""].size() == 600);
  things.Compact({.clustering = true}).OrDie();
  const auto segments = SegmentsOf(things);
  CHECK(things.Stats()->sealed_segments > 3);
  CHECK(things.Stats()->rows == 600);
  const auto check = [&] {
    for (const std::string& filter : filters) {
      INFO(filter);
      CHECK(IdsWhere(things, filter) == before[filter]);
      const bool prunes = !filter.empty() && filter.starts_with(key) && filter.back() != 'l';
      CHECK((PrunedBy(things, filter) > 0) == prunes);
    }
  };
  check();
  things.Compact({.clustering = true}).OrDie();
  CHECK(SegmentsOf(things) == segments);  // there was nothing to do
  db.Reopen();
  things = *db->OpenCollection("things");
  CHECK(db->DescribeCollection("things")->options.clustering_key == key);
  check();
  db.ContinueOn(MemoryCopyOf(*db.fs())).OrDie();
  things = *db->OpenCollection("things");
  check();
  things.Release().OrDie();
  things.Insert(BatchOfThings(ThingsBetween(601, 700))).status().OrDie();
  things.Compact({.clustering = true}).OrDie();
  things.Load().OrDie();
  CHECK(*things.Count() == 700);
  CHECK(things.DeleteWhere("id > 600")->keys.size() == 100);
  check();
}

SCENARIO("whatever the filter, a clustered collection gives the answers of one that is not",
         "[walk][clustering]") {
  const std::string key =
      GENERATE(as<std::string>{}, "tiny", "number", "real", "wide", "name", "id");
  INFO(key);
  TestDatabase db(io::MakeMemoryFileSystem(), SmallSegments());
  Collection clustered = MakeThings(db, "clustered", {.shards = 2, .clustering_key = key});
  Collection plain = MakeThings(db, "plain", {.shards = 2});
  for (Collection* things : {&clustered, &plain}) {
    Fill(*things);
    things->Delete(IntKeys({3, 77, 300})).status().OrDie();
    things->Upsert(BatchOfThings(ThingsBetween(200, 260, 1))).status().OrDie();
  }
  clustered.Compact({.clustering = true}).OrDie();
  for (Collection* things : {&clustered, &plain}) {
    things->Upsert(BatchOfThings(ThingsBetween(250, 320, 2))).status().OrDie();
    things->Flush().OrDie();
    things->Upsert(BatchOfThings(ThingsBetween(310, 330, 3))).status().OrDie();
  }
  Conditions conditions(20'260'101);
  const Snapshot moment = *clustered.Snapshot();
  for (int i = 0; i < 300; ++i) {
    const std::string filter = conditions.Next();
    INFO(filter);
    const auto expected = IdsWhere(plain, filter);
    REQUIRE(IdsWhere(clustered, filter) == expected);
    REQUIRE(*clustered.Count(filter) == expected.size());
    REQUIRE(*moment.Count(filter) == expected.size());
    REQUIRE(KeysNear(clustered, {3, 1}, 20, filter) == KeysNear(plain, {3, 1}, 20, filter));
    RowIterator rows = *clustered.Iterate({.filter = filter, .batch_size = 50});
    std::size_t walked = 0;
    for (auto piece = *rows.Next(); !piece.empty(); piece = *rows.Next()) walked += piece.size();
    REQUIRE(walked == expected.size());
  }
  CHECK(clustered.Stats()->pruned_segments > 100);
  CHECK(plain.Stats()->pruned_segments == 0);
  for (int i = 0; i < 20; ++i) {
    const std::string filter = conditions.Next();
    INFO(filter);
    REQUIRE(clustered.DeleteWhere(filter)->keys == plain.DeleteWhere(filter)->keys);
    REQUIRE(IdsWhere(clustered, "") == IdsWhere(plain, ""));
  }
}

SCENARIO("segments prune from their flush on, and growing ones are looked into",
         "[walk][clustering]") {
  TestDatabase db;
  Collection things = MakeThings(db, "things", {.clustering_key = "id"});
  for (const std::int64_t first : {1, 101, 201}) {
    things.Insert(BatchOfThings(ThingsBetween(first, first + 99))).status().OrDie();
    things.Flush().OrDie();
  }
  CHECK(PrunedBy(things, "id == 150") == 2);
  CHECK(PrunedBy(things, "id < 50 or id > 250") == 1);
  CHECK(PrunedBy(things, "id in [1, 101, 201]") == 0);
  CHECK(PrunedBy(things, "id > 1000") == 3);
  things.Insert(BatchOfThings(ThingsBetween(1001, 1003))).status().OrDie();
  CHECK(IdsWhere(things, "id > 1000") == std::vector<std::int64_t>{1001, 1002, 1003});
  things.Upsert(BatchOfThings({{150, 9}})).status().OrDie();
  CHECK(*things.Count("id == 150") == 1);
  CHECK(things.DeleteWhere("id >= 299")->keys == IntKeys({299, 300, 1001, 1002, 1003}));
  CHECK(*things.Count() == 298);
}

SCENARIO("what changes while rows are clustered is in the segments that come of it",
         "[walk][clustering]") {
  TestDatabase db(io::MakeMemoryFileSystem(), SmallSegments());
  Collection things = MakeThings(db, "things", {.clustering_key = "number"});
  Fill(things);
  std::set<std::int64_t> expected;
  for (std::int64_t id = 1; id <= 600; ++id) expected.insert(id);
  static Collection* changed = nullptr;
  static std::set<std::int64_t>* left = nullptr;
  static std::int64_t next = 1;
  changed = &things;
  left = &expected;
  next = 1;
  base::SetKillPointHandler([](const char* name) {
    const std::string_view place(name);
    if (changed == nullptr || !place.starts_with("compaction.")) return;
    if (place.starts_with("compaction.commit.")) return;  // there a write would wait
    Collection* collection = std::exchange(changed, nullptr);
    collection->Delete(IntKeys({next})).status().OrDie();
    collection->Upsert(BatchOfThings({{next + 300, 5}})).status().OrDie();
    left->erase(next++);
    CHECK(*collection->Count() == left->size());
    changed = collection;
  });
  things.Compact({.clustering = true}).OrDie();
  base::SetKillPointHandler(nullptr);
  CHECK(next > 10);
  const std::vector<std::int64_t> ids(expected.begin(), expected.end());
  CHECK(IdsWhere(things, "") == ids);
  db.Reopen();
  things = *db->OpenCollection("things");
  CHECK(IdsWhere(things, "") == ids);
  things.Compact({.clustering = true}).OrDie();
  CHECK(IdsWhere(things, "") == ids);
  CHECK(things.Stats()->deleted_rows == 0);
}

SCENARIO("what is not clustered is clustered by itself once there is enough of it",
         "[walk][clustering]") {
  TestDatabase db(io::MakeMemoryFileSystem(), SmallSegments());
  Collection things = MakeThings(db, "things", {.clustering_key = "number"});
  Collection plain = MakeThings(db, "plain", {});
  Fill(things);
  Fill(plain);
  db.clock().Advance(std::chrono::minutes(1));
  RunDueWork(*db);
  CHECK(PrunedBy(things, "number == 3") > 0);
  CHECK(PrunedBy(plain, "number == 3") == 0);
  CHECK(*things.Count("number == 3") == *plain.Count("number == 3"));
  const auto clustered = SegmentsOf(things);
  things.Insert(BatchOfThings(ThingsBetween(1001, 1010))).status().OrDie();
  things.Flush().OrDie();
  db.clock().Advance(std::chrono::minutes(1));
  RunDueWork(*db);
  CHECK(SegmentsOf(things).size() == clustered.size() + 1);  // too little for that
}

SCENARIO("partitions and shards are clustered apart", "[walk][clustering]") {
  TestDatabase db(io::MakeMemoryFileSystem(), SmallSegments());
  Collection things = MakeThings(
      db, "things",
      {.shards = 2, .partition_key = "name", .num_partitions = 2, .clustering_key = "number"});
  Fill(things);
  const auto all = IdsWhere(things, "");
  const auto some = IdsWhere(things, "name == 'thing 7' and number > 0");
  things.Compact({.clustering = true}).OrDie();
  CHECK(IdsWhere(things, "") == all);
  CHECK(IdsWhere(things, "name == 'thing 7' and number > 0") == some);
  for (const std::string& partition : *things.ListPartitions()) {
    CHECK(things.Stats(partition)->sealed_segments > 3);
  }
}

SCENARIO("a clustering of a collection that is dropped meanwhile leaves no file",
         "[walk][clustering]") {
  TestDatabase db(io::MakeMemoryFileSystem(), SmallSegments());
  Collection things = MakeThings(db, "things", {.clustering_key = "number"});
  Fill(things);
  static Database* open = nullptr;
  open = &*db;
  base::SetKillPointHandler([](const char* name) {
    if (std::string_view(name) != "compaction.band") return;
    if (Database* database = std::exchange(open, nullptr)) {
      database->DropCollection("things").OrDie();
    }
  });
  CHECK(things.Compact({.clustering = true}).code() == StatusCode::kCancelled);
  base::SetKillPointHandler(nullptr);
  CHECK(NamesIn(*db.fs(), "segments").empty());
  CHECK(NamesIn(*db.fs(), "tmp").empty());
}

SCENARIO("a clustering that cannot write leaves everything as it was", "[walk][clustering]") {
  auto disk = std::make_shared<FaultFileSystem>(io::MakeMemoryFileSystem());
  TestDatabase db(disk, SmallSegments());
  Collection things = MakeThings(db, "things", {.clustering_key = "number"});
  Fill(things);
  const auto ids = IdsWhere(things, "");
  const auto segments = SegmentsOf(things);
  std::uint64_t failures = 0;
  for (std::uint64_t at = 0;; at += 5) {
    disk->Arm({disk->call_count() + at, FaultKind::kNoSpace, true});
    const Status compacted = things.Compact({.clustering = true});
    disk->Disarm();
    if (compacted.ok()) break;
    ++failures;
    CHECK(compacted.code() == StatusCode::kResourceExhausted);
    REQUIRE(SegmentsOf(things) == segments);
    REQUIRE(NamesIn(*disk, "segments").size() == segments.size());
    REQUIRE(IdsWhere(things, "") == ids);
  }
  CHECK(failures > 10);
  CHECK(IdsWhere(things, "") == ids);
  CHECK(PrunedBy(things, "number == 3") > 0);
}

SCENARIO("memory that runs out anywhere in a clustering leaves what was or what comes of it",
         "[walk][clustering][memory]") {
  TestDatabase db(io::MakeMemoryFileSystem(), SmallSegments());
  Collection things = MakeThings(db, "things", {.clustering_key = "number"});
  Fill(things);
  const auto ids = IdsWhere(things, "");
  long failures = 0;
  for (long n = 3;; n += 1 + n / 8) {
    Status compacted;
    const bool failed =
        WithFailingAllocation(n, [&] { compacted = things.Compact({.clustering = true}); });
    INFO(n << ' ' << compacted.ToString());
    failures += failed ? 1 : 0;
    if (!compacted.ok()) CHECK(compacted.code() == StatusCode::kResourceExhausted);
    REQUIRE(IdsWhere(things, "") == ids);
    if (!failed) break;
  }
  CHECK(failures > 20);
  db.Reopen();
  CHECK(IdsWhere(*db->OpenCollection("things"), "") == ids);
}

SCENARIO("only a number or a text clusters, and only collections that have one are clustered",
         "[walk][clustering]") {
  TestDatabase db;
  const auto check = [&](const std::string& key, std::string_view word) {
    CheckRefusal(db->CreateCollection("bad", ThingSchema(), {.clustering_key = key}).status(),
                 StatusCode::kInvalidArgument, {"clustering_key", key, word});
  };
  check("v", "FloatVector");
  check("missing", "no field");
  CHECK(db->ListCollections()->empty());
  Collection plain = MakeThings(db, "plain", {});
  CheckRefusal(plain.Compact({.clustering = true}), StatusCode::kInvalidArgument,
               {"plain", "clustering key"});
  CheckRefusal(plain.StartCompaction({.clustering = true}).status(), StatusCode::kInvalidArgument,
               {"plain", "clustering key"});
}

SCENARIO("only a collection with a clustering key keeps older vecdbs out", "[walk][clustering]") {
  TestDatabase db;
  const auto version = [&] { return catalog::Recover(*db.fs())->format.version; };
  MakeThings(db, "plain", {});
  const std::uint32_t before = version();
  CHECK(before < catalog::kClusteringFormatVersion);
  MakeThings(db, "things", {.clustering_key = "number"});
  CHECK(version() == catalog::kClusteringFormatVersion);
}
