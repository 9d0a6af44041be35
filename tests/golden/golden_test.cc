// Databases as released versions of the format wrote them: this version opens each, finds every
// row, writes to it and opens it again. A newer format is refused.
//
// A new format version adds a folder here in the commit that introduces it, made by
//   VECDB_MAKE_GOLDEN=tests/golden/format-<n> test_golden "a golden database is made when asked
//   for"
// From version 4 on a folder has only what the version added.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "catalog/manifest.h"
#include "chunk/kinds.h"
#include "io/layout.h"
#include "support/all_types.h"
#include "support/temp_directory.h"
#include "support/test_database.h"
#include "support/vector_oracle.h"

using namespace vecdb;
using namespace vecdb::test;
namespace fs = std::filesystem;

namespace {

// What the golden databases up to version 3 hold: books in two flushed segments with deletes saved,
// two in the log, text keys in a second collection with two shards.
Books GoldenBooks() {
  Books books;
  for (std::int64_t id = 0; id < 40; ++id) books[id] = 0;
  for (std::int64_t id = 5; id < 15; ++id) books[id] = 1;  // upserted
  for (std::int64_t id = 20; id < 24; ++id) books.erase(id);
  books[100] = 7;
  books[101] = 7;
  return books;
}

Schema NoteSchema() {
  return *SchemaBuilder()
              .PrimaryKey("name", DataType::kVarChar)
              .Add({.name = "stars",
                    .type = DataType::kInt8,
                    .default_value = Value(std::int64_t{3})})
              .Nullable("price", DataType::kDouble)
              .Scalar("read", DataType::kBool)
              .Vector("v", 3, Metric::kCosine)
              .Build();
}

// What version 2 added: every type that version 1 did not have, in two collections.
Schema ThingSchema() {
  return *SchemaBuilder()
              .PrimaryKey("id")
              .Nullable("json", DataType::kJson)
              .Array("bools", DataType::kBool)
              .Array("bytes", DataType::kInt8)
              .Array("shorts", DataType::kInt16, 7)
              .Array("ints", DataType::kInt32)
              .Array("longs", DataType::kInt64)
              .Array("floats", DataType::kFloat)
              .Array("doubles", DataType::kDouble)
              .Add({.name = "texts",
                    .type = DataType::kArray,
                    .max_length = 20,
                    .element_type = DataType::kVarChar,
                    .nullable = true,
                    .default_value = std::vector<std::string>{"none"}})
              .Vector("half", 3, Metric::kL2, DataType::kFloat16Vector)
              .Vector("brain", 3, Metric::kCosine, DataType::kBFloat16Vector)
              .Vector("int8", 3, Metric::kInnerProduct, DataType::kInt8Vector)
              .BinaryVector("bits", 16)
              .Build();
}

Schema PointSchema() {
  return *SchemaBuilder()
              .PrimaryKey("id")
              .SparseVector("sparse")
              .BinaryVector("bits", 24, Metric::kJaccard)
              .Build();
}

std::vector<Value> Thing(std::int64_t id) {
  const auto real = static_cast<double>(id) / 4;
  const auto x = static_cast<float>(id);
  const auto small = static_cast<std::int8_t>(id);
  return {id,
          id % 3 == 0 ? Value() : Value("{\"id\": " + std::to_string(id) + ".0}"),
          std::vector<bool>(static_cast<std::size_t>(id % 4), id % 2 == 0),
          std::vector<std::int64_t>{-128, id, 127},
          std::vector<std::int64_t>{id * 100},
          std::vector<std::int64_t>{-2'147'483'648, id},
          std::vector<std::int64_t>{std::int64_t{1} << 62, -id},
          std::vector<double>{real},
          std::vector<double>{real / 3, -1e300},
          id % 2 == 0 ? std::vector<std::string>{"none"}
                      : std::vector<std::string>{"größe", "", std::to_string(id)},
          std::vector<float>{x, -x / 2, 65504},
          std::vector<float>{x + 1, 0.5F, -2},
          std::vector<std::int8_t>{small, -128, 127},
          std::vector<std::uint8_t>{static_cast<std::uint8_t>(id), 0xF0}};
}

std::vector<Value> Point(std::int64_t id) {
  SparseVector sparse;
  for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(id % 5); ++i) {
    sparse.indices.push_back(i == 3 ? 4'294'967'294 : i * 7);
    sparse.values.push_back(static_cast<float>(id) - 2.5F);
  }
  return {id, sparse, std::vector<std::uint8_t>{static_cast<std::uint8_t>(id * 3), 0, 0x81}};
}

using RowMaker = std::vector<Value> (*)(std::int64_t id);

void InsertRows(Collection collection, RowMaker make, std::int64_t first, std::int64_t end) {
  Batch batch(collection.schema());
  for (std::int64_t id = first; id < end; ++id) AddRow(make(id), &batch).OrDie();
  collection.Insert(batch).status().OrDie();
}

void MakeTypes(Database& db) {
  Collection things = *db.CreateCollection("things", ThingSchema());
  Collection points = *db.CreateCollection("points", PointSchema());
  InsertRows(things, Thing, 0, 12);
  InsertRows(points, Point, 0, 12);
  things.Flush().OrDie();
  points.Flush().OrDie();
  InsertRows(things, Thing, 12, 15);
  InsertRows(points, Point, 12, 15);
}

void CheckRows(const Collection& collection, RowMaker make) {
  const std::vector<Row> rows = *collection.Query({.output_fields = {"*"}});
  REQUIRE(rows.size() == 15);
  for (std::int64_t id = 0; id < 15; ++id) {
    const std::vector<Value> expected = make(id);
    CHECK(rows[static_cast<std::size_t>(id)].values == expected);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const Field& field = collection.schema().fields()[i];
      if (!chunk::IsVector(field.type)) continue;
      std::map<Key, Value> all;
      for (std::int64_t other = 0; other < 15; ++other) all[Key{other}] = make(other)[i];
      const SearchRequest request{.field = field.name, .query = QueryOf(expected[i]), .limit = 4};
      CHECK(CheckNearest(field.metric, expected[i], all, request, *collection.Search(request)) ==
            "");
    }
  }
}

// Version 1 has none of them.
void CheckTypes(Database& db) {
  const auto things = db.OpenCollection("things");
  if (things.status().code() == StatusCode::kNotFound) return;
  CHECK(things->schema() == ThingSchema());
  CheckRows(*things, Thing);
  CheckRows(*db.OpenCollection("points"), Point);
}

// Version 3 has partitions, too: by name in "parts", by a key in "tenants". Some rows are in files,
// some in the log alone; one partition was dropped.
void MakePartitions(Database& db) {
  Collection parts = *db.CreateCollection("parts", BookSchema());
  for (const char* name : {"old", "gone", "2-new"}) parts.CreatePartition(name).OrDie();
  parts.Insert(BatchOf({{1, 0}, {2, 0}}), {.partition = "old"}).status().OrDie();
  parts.Insert(BatchOf({{3, 0}}), {.partition = "gone"}).status().OrDie();
  parts.Flush().OrDie();
  parts.DropPartition("gone").OrDie();
  parts.Upsert(BatchOf({{2, 1}, {4, 1}}), {.partition = "2-new"}).status().OrDie();
  parts.Insert(BatchOf({{5, 1}, {6, 1}})).status().OrDie();
  const std::vector<Key> some{Key{std::int64_t{1}}, Key{std::int64_t{4}}, Key{std::int64_t{5}}};
  parts.Delete(some, {.partition = "_default"}).status().OrDie();

  Collection tenants = *db.CreateCollection(
      "tenants", BookSchema(), {.shards = 2, .partition_key = "title", .num_partitions = 3});
  tenants.Insert(BatchOf({{1, 0}, {2, 0}, {3, 0}})).status().OrDie();
  tenants.Flush().OrDie();
  tenants.Upsert(BatchOf({{3, 1}, {4, 0}})).status().OrDie();
}

void CheckPartitions(Database& db) {
  const auto parts = db.OpenCollection("parts");
  if (parts.status().code() == StatusCode::kNotFound) return;
  CHECK(*parts->ListPartitions() == std::vector<std::string>{"_default", "old", "2-new"});
  CHECK(*ReadAll(*parts) == Books{{1, 0}, {2, 1}, {4, 1}, {6, 1}});
  CHECK(*parts->Count("", {.partitions = {"2-new"}}) == 2);
  CHECK(*parts->Count("", {.partitions = {"_default"}}) == 1);
  const Collection tenants = *db.OpenCollection("tenants");
  CHECK(tenants.ListPartitions()->size() == 3);
  CHECK(*ReadAll(tenants) == Books{{1, 0}, {2, 0}, {3, 1}, {4, 0}});
  CHECK(*tenants.Count("title == '" + Book{3, 1}.title() + "'") == 1);
  CHECK(*tenants.Count("title == '" + Book{3, 0}.title() + "'") == 0);
}

CollectionProperties LongLived() {
  CollectionProperties properties;
  properties.ttl = std::chrono::seconds(3'155'760'000);
  properties.auto_compaction = false;
  properties.consistency = Consistency::kBounded;
  return properties;
}

// What version 3 added: names that were changed, aliases, properties.
void MakeChanges(Database& db) {
  db.CreateCollection("drafts", BookSchema()).status().OrDie();
  db.CreateAlias("latest", "drafts").OrDie();
  db.AlterCollection("drafts", LongLived()).OrDie();
  db.RenameCollection("drafts", "essays").OrDie();
  db.OpenCollection("latest")->Insert(BatchOf({{1, 1}, {2, 2}})).status().OrDie();
}

// Versions 1 and 2 have none of them.
void CheckChanges(Database& db) {
  if (!*db.HasCollection("essays")) return;
  CHECK_FALSE(*db.HasCollection("drafts"));
  const CollectionInfo info = *db.DescribeCollection("latest");
  CHECK(info.name == "essays");
  CHECK(info.aliases == std::vector<std::string>{"latest"});
  CHECK(info.properties == LongLived());
  CHECK(*ReadAll(*db.OpenCollection("latest")) == Books{{1, 1}, {2, 2}});
}

CollectionProperties Patient() {
  CollectionProperties properties;
  properties.compact_when_deleted = 0.75;
  return properties;
}

// What version 4 added: a clustering key, with segments by its ranges and one that is not, and
// compact_when_deleted. Opened twice, so that the manifest is one snapshot.
void MakeClustered(const fs::path& folder) {
  Options options = QuietOptions();
  options.merged_segment_bytes = 1024;
  {
    Database db = *Database::Open(folder, options);
    Collection shelf =
        *db.CreateCollection("shelf", BookSchema(), {.clustering_key = "title"}, Patient());
    std::vector<Book> books;
    for (std::int64_t id = 0; id < 30; ++id) books.push_back({id, 0});
    shelf.Insert(BatchOf(books)).status().OrDie();
    shelf.Compact({.clustering = true}).OrDie();
    shelf.Upsert(BatchOf({{7, 1}, {31, 1}})).status().OrDie();
    shelf.Flush().OrDie();
    db.Close().OrDie();
  }
  Database db = *Database::Open(folder, options);
  db.OpenCollection("shelf")->Delete(std::vector<Key>{Key{std::int64_t{8}}}).status().OrDie();
  db.Close().OrDie();
}

void CheckClustered(Database& db) {
  const Collection shelf = *db.OpenCollection("shelf");
  const CollectionInfo info = *db.DescribeCollection("shelf");
  CHECK(info.options.clustering_key == "title");
  CHECK(info.properties == Patient());
  Books expected;
  for (std::int64_t id = 0; id < 30; ++id) expected[id] = 0;
  expected[7] = expected[31] = 1;
  expected.erase(8);
  CHECK(*ReadAll(shelf) == expected);
  std::size_t clustered = 0;
  for (const SegmentInfo& segment : *shelf.Segments()) clustered += segment.level == 2 ? 1 : 0;
  CHECK(clustered > 1);
  CHECK(*shelf.Count("title == '" + Book{7, 1}.title() + "'") == 1);
  CHECK(shelf.Stats()->pruned_segments >= clustered - 1);
  CHECK(*shelf.Count("title == '" + Book{7, 0}.title() + "'") == 0);
}

// What version 5 added: an index of each kind, and one that was replaced but not built yet.
constexpr std::int64_t kIndexed = 1024;

void InsertBooks(Collection books, std::int64_t first, std::int64_t last) {
  std::vector<Book> rows;
  for (std::int64_t id = first; id <= last; ++id) rows.push_back({id, 0});
  books.Insert(BatchOf(rows)).status().OrDie();
  books.Flush().OrDie();
}

void MakeIndexes(const fs::path& folder) {
  {
    Database db = *Database::Open(folder, QuietOptions());
    Collection graph = *db.CreateCollection("graph", BookSchema());
    graph.CreateIndex("v", HnswSqIndex{.m = 4, .ef_construction = 20}).OrDie();
    InsertBooks(graph, 1, kIndexed);
    graph.WaitForIndexes().OrDie();
    db.CreateCollection("flat", BookSchema())->CreateIndex("v", FlatIndex{}).OrDie();
    db.Close().OrDie();
  }
  Database db = *Database::Open(folder, QuietOptions());
  Collection graph = *db.OpenCollection("graph");
  graph.ReplaceIndex("v", HnswIndex{.m = 6, .ef_construction = 30}).OrDie();
  graph.Delete(std::vector<Key>{Key{std::int64_t{8}}}).status().OrDie();
  db.Close().OrDie();
}

void CheckIndexes(Database& db) {
  Collection graph = *db.OpenCollection("graph");
  const IndexInfo info = *graph.DescribeIndex("v");
  CHECK(info.spec == IndexSpec(HnswIndex{.m = 6, .ef_construction = 30}));
  if (info.state != IndexState::kFinished) {
    CHECK(info.segments.front().what == "HNSW_SQ(M=4, efConstruction=20, sq_type=SQ8)");
  }
  CHECK(db.OpenCollection("flat")->DescribeIndex("v")->spec == IndexSpec(FlatIndex{}));
  CHECK(*graph.Count() == kIndexed - 1);
  const std::vector<float> near = Book{77, 0}.vector();
  const Hits hits = *graph.Search({.query = near, .limit = 3});
  CHECK(hits.size() == 3);
  CHECK(hits.front().score == 0);
  CHECK(*graph.Count("id == 8") == 0);
}

void MakeGolden(const fs::path& folder) {
  Options options = QuietOptions();
  Database db = *Database::Open(folder, options);
  Collection books = *db.CreateCollection("books", BookSchema());
  std::vector<Book> first;
  std::vector<Book> second;
  for (std::int64_t id = 0; id < 40; ++id) (id < 25 ? first : second).push_back({id, 0});
  books.Insert(BatchOf(first)).status().OrDie();
  books.Flush().OrDie();
  books.Insert(BatchOf(second)).status().OrDie();
  std::vector<Book> again;
  for (std::int64_t id = 5; id < 15; ++id) again.push_back({id, 1});
  books.Upsert(BatchOf(again)).status().OrDie();
  std::vector<Key> gone;
  for (std::int64_t id = 20; id < 24; ++id) gone.emplace_back(id);
  books.Delete(gone).status().OrDie();
  books.Flush().OrDie();
  books.Insert(BatchOf({{100, 7}, {101, 7}})).status().OrDie();

  CollectionOptions two;
  two.shards = 2;
  Collection notes = *db.CreateCollection("notes", NoteSchema(), two);
  Batch batch(NoteSchema());
  batch.Add({{"name", "eins"}, {"read", true}, {"v", std::vector<float>{1, 0, 0}}}).OrDie();
  batch
      .Add({{"name", "zwei"},
            {"stars", 5},
            {"price", 9.5},
            {"read", false},
            {"v", std::vector<float>{0, 1, 0}}})
      .OrDie();
  notes.Insert(batch).status().OrDie();
  MakeTypes(db);
  MakePartitions(db);
  MakeChanges(db);
  db.Close().OrDie();
}

void CheckNotes(Collection notes) {
  const GetResult got = *notes.Get(std::vector<Key>{Key{"zwei"}, Key{"drei"}, Key{"eins"}},
                                   std::vector<std::string>{"*"});
  REQUIRE(got.rows.size() == 2);
  CHECK(got.missing == std::vector<Key>{Key{"drei"}});
  CHECK(*got.rows[0].Get<std::int64_t>("stars") == 5);
  CHECK(*got.rows[0].Get<double>("price") == 9.5);
  CHECK(*got.rows[1].Get<std::int64_t>("stars") == 3);
  CHECK(got.rows[1].Get<double>("price") == nullptr);
  CHECK(*got.rows[1].Get<bool>("read"));
}

std::vector<fs::path> GoldenFolders() {
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(fs::path(VECDB_SOURCE_DIR) / "tests/golden")) {
    if (entry.is_directory()) folders.push_back(entry.path());
  }
  return folders;
}

void Copy(const fs::path& from, const fs::path& to) {
  fs::copy(from, to, fs::copy_options::recursive);
  for (const char* empty : {"tmp", "segments", "wal/0"}) fs::create_directories(to / empty);
}

}  // namespace

TEST_CASE("a golden database is made when asked for", "[golden]") {
  const char* folder = std::getenv("VECDB_MAKE_GOLDEN");
  TempDirectory temp;
  const fs::path where = folder == nullptr ? fs::path(temp.path()) / "made" : fs::path(folder);
  const bool only_fourth = where.filename() == "format-4";
  if (folder == nullptr || only_fourth) {
    const fs::path clustered = only_fourth ? where : fs::path(temp.path()) / "clustered";
    MakeClustered(clustered);
    Database made = *Database::Open(clustered, {.read_only = true});
    CheckClustered(made);
  }
  const bool only_fifth = where.filename() == "format-5";
  if (folder == nullptr || only_fifth) {
    const fs::path indexed = only_fifth ? where : fs::path(temp.path()) / "indexed";
    MakeIndexes(indexed);
    Database made = *Database::Open(indexed, {.read_only = true});
    CheckIndexes(made);
  }
  if (only_fourth || only_fifth) return;
  MakeGolden(where);
  Database db = *Database::Open(where, {.read_only = true});
  CHECK(*ReadAll(*db.OpenCollection("books")) == GoldenBooks());
  CheckTypes(db);
  CheckPartitions(db);
  CheckChanges(db);
}

TEST_CASE("a database of every format version opens, answers, takes rows and opens again",
          "[golden]") {
  std::size_t versions = 0;
  for (const fs::path& golden : GoldenFolders()) {
    INFO(golden.string());
    TempDirectory temp;
    const fs::path copy = fs::path(temp.path()) / "db";
    Copy(golden, copy);
    ++versions;
    if (golden.filename() == "format-4") {
      for (int opening = 0; opening < 2; ++opening) {
        Database db = *Database::Open(copy);
        CHECK(db.recovery().clean);
        CheckClustered(db);
        db.OpenCollection("shelf")->Upsert(BatchOf({{7, 1}})).status().OrDie();
        db.Close().OrDie();
      }
      continue;
    }
    if (golden.filename() == "format-5") {
      for (int opening = 0; opening < 2; ++opening) {
        Database db = *Database::Open(copy);
        CHECK(db.recovery().clean);
        CheckIndexes(db);
        Collection graph = *db.OpenCollection("graph");
        graph.WaitForIndexes().OrDie();
        CHECK(graph.DescribeIndex("v")->state == IndexState::kFinished);
        db.Close().OrDie();
      }
      continue;
    }
    Books expected = GoldenBooks();
    {
      Database db = *Database::Open(copy);
      CHECK(db.recovery().clean);
      CHECK(*ReadAll(*db.OpenCollection("books")) == expected);
      CheckNotes(*db.OpenCollection("notes"));
      CheckTypes(db);
      CheckPartitions(db);
      CheckChanges(db);
      db.OpenCollection("books")->Insert(BatchOf({{200, 1}})).status().OrDie();
      expected[200] = 1;
      db.Close().OrDie();
    }
    Database db = *Database::Open(copy);
    CHECK(*ReadAll(*db.OpenCollection("books")) == expected);
    CheckNotes(*db.OpenCollection("notes"));
    CheckTypes(db);
    CheckPartitions(db);
    CheckChanges(db);
  }
  REQUIRE(versions >= 3);
  std::printf("FIG golden.versions=%zu ok=%zu\n", versions, versions);
}

TEST_CASE("every file of every format version is found sound and can be read aloud", "[golden]") {
  for (const fs::path& golden : GoldenFolders()) {
    TempDirectory temp;
    const fs::path copy = fs::path(temp.path()) / "db";
    Copy(golden, copy);
    const auto report = Check(copy, /*full=*/true);
    INFO(golden.string() << " " << report.status().ToString());
    REQUIRE(report.ok());
    CHECK(report->clean());
    for (const auto& entry : fs::recursive_directory_iterator(copy)) {
      if (!entry.is_regular_file() || entry.path().filename() == io::kLockName) continue;
      std::size_t lines = 0;
      const Status read = Inspect(entry.path(), [&](std::string_view) { ++lines; });
      INFO(entry.path().string() << " " << read.ToString());
      CHECK((read.ok() && lines > 0));
    }
  }
}

TEST_CASE("a newer format is refused with both versions named, and nothing changes", "[golden]") {
  TempDirectory temp;
  const fs::path folder = fs::path(temp.path()) / "db";
  MakeGolden(folder);
  catalog::Format newer;
  newer.version = catalog::kFormatVersion + 1;
  const base::Bytes bytes = catalog::EncodeFormat(newer);
  std::ofstream(folder / io::kFormatName, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  const auto opened = Database::Open(folder);
  REQUIRE(opened.status().code() == StatusCode::kFailedPrecondition);
  const std::string message(opened.status().message());
  INFO(message);
  CHECK(message.find(std::to_string(catalog::kFormatVersion)) != std::string::npos);
  CHECK(message.find(std::to_string(catalog::kFormatVersion + 1)) != std::string::npos);
}
