// Every type through the whole database: written by both doors, kept in the log, in growing and in
// sealed segments, read by Get, Query and Search, after a reopen and after a crash.
#include <map>

#include "catalog/manifest.h"
#include "io/install.h"
#include "io/layout.h"
#include "support/all_types.h"
#include "support/fault_file_system.h"
#include "support/vector_oracle.h"
#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

std::string Compared(const Schema& schema, const Row& row, std::int64_t key) {
  const Values expected = MakeValues(schema, key);
  if (row.values.size() != expected.size()) return "another number of fields";
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (row.names[i] != schema.fields()[i].name || !(row.values[i] == expected[i])) {
      return schema.fields()[i].name + " of " + std::to_string(key);
    }
  }
  return {};
}

std::map<Key, Value> VectorsOf(const Schema& schema, const Field& field,
                               const std::vector<std::int64_t>& keys) {
  const auto index = static_cast<std::size_t>(&field - schema.fields().data());
  std::map<Key, Value> vectors;
  for (const std::int64_t key : keys) vectors[Key{key}] = MakeValues(schema, key)[index];
  return vectors;
}

void CheckSearches(const Collection& collection, const std::vector<std::int64_t>& keys) {
  const Schema& schema = collection.schema();
  std::vector<std::int64_t> few;
  for (const std::int64_t key : keys) {
    if (key % 7 == 2) few.push_back(key);
  }
  const std::string filter = "id in [" + [&] {
    std::string list;
    for (const std::int64_t key : few) list += std::to_string(key) + ",";
    return list + "-1]";
  }();
  for (const Field& field : schema.fields()) {
    if (!chunk::IsVector(field.type)) continue;
    for (const std::int64_t sought : {keys.front(), std::int64_t{-3}, std::int64_t{-4}}) {
      const Value query = VectorsOf(schema, field, {sought}).begin()->second;
      SearchRequest request{.field = field.name,
                            .query = QueryOf(query),
                            .limit = 12,
                            .offset = 2,
                            .output_fields = {"*"}};
      const auto check = [&](const std::vector<std::int64_t>& among) {
        const auto hits = collection.Search(request);
        INFO(field.name << " " << ToString(field.metric) << " " << hits.status().ToString());
        REQUIRE(hits.ok());
        CHECK(CheckNearest(field.metric, query, VectorsOf(schema, field, among), request, *hits) ==
              "");
        for (const Hit& hit : *hits) {
          CHECK(Compared(schema, hit.row, std::get<std::int64_t>(hit.key)) == "");
        }
      };
      check(keys);
      request.filter = filter;
      request.offset = 0;
      check(few);
    }
  }
}

// Everything that is read of keys [0, rows) less the deleted ones.
void CheckAll(const Collection& collection, std::int64_t rows) {
  const Schema& schema = collection.schema();
  std::vector<std::int64_t> keys;
  std::vector<Key> wanted;
  for (std::int64_t key = 0; key < rows; ++key) {
    if (key % 10 == 9) continue;  // deleted
    keys.push_back(key);
    wanted.emplace_back(key);
  }
  const auto all = collection.Query({.output_fields = {"*"}, .limit = 16'384});
  REQUIRE(all.ok());
  REQUIRE(all->size() == keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) CHECK(Compared(schema, (*all)[i], keys[i]) == "");
  const auto got = collection.Get(wanted, std::vector<std::string>{"*"});
  REQUIRE(got.ok());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    CHECK(Compared(schema, got->rows[i], keys[i]) == "");
  }
  for (const Field& field : schema.fields()) {
    if (!field.nullable) continue;
    const auto index = static_cast<std::size_t>(&field - schema.fields().data());
    const auto nulls = std::count_if(keys.begin(), keys.end(), [&](std::int64_t key) {
      return MakeValues(schema, key)[index] == Value();
    });
    CHECK(*collection.Count(field.name + " is null") == static_cast<std::uint64_t>(nulls));
    CHECK(*collection.Count(field.name + " is not null") ==
          keys.size() - static_cast<std::uint64_t>(nulls));
  }
  CheckSearches(collection, keys);
}

void Write(Collection& collection, std::int64_t first, std::int64_t count, bool by_columns) {
  collection.Insert(AllTypesBatch(collection.schema(), first, count, by_columns)).status().OrDie();
  std::vector<Key> gone;
  for (std::int64_t key = first; key < first + count; ++key) {
    if (key % 10 == 9) gone.emplace_back(key);
  }
  if (!gone.empty()) collection.Delete(gone).status().OrDie();
}

}  // namespace

TEST_CASE("every type comes back from growing and sealed segments, the log and a crash",
          "[walk][types]") {
  const int vectors = GENERATE(0, 1, 2);
  const LoadMode load = GENERATE(LoadMode::kMapped, LoadMode::kResident);
  Options options = QuietOptions();
  options.load = load;
  TestDatabase db(io::MakeMemoryFileSystem(), options);
  const Schema schema = AllTypes(vectors);
  {
    Collection c = *db->CreateCollection("c", schema, {.shards = 2});
    Write(c, 0, 60, false);
    CheckAll(c, 60);  // growing
    c.Flush().OrDie();
    CheckAll(c, 60);  // sealed
    Write(c, 60, 50, true);
    CheckAll(c, 110);  // both
  }
  db.Reopen();  // the second part from the log
  CheckAll(*db->OpenCollection("c"), 110);
  REQUIRE(db.ContinueOn(MemoryCopyOf(*db.fs())).ok());  // ended without a word
  CheckAll(*db->OpenCollection("c"), 110);
  db->OpenCollection("c")->Flush().OrDie();
  db.options().read_only = true;
  db.Reopen();
  CheckAll(*db->OpenCollection("c"), 110);
}

TEST_CASE("searches of every type give the same from 1 and from 50 segments", "[walk][types]") {
  const int vectors = GENERATE(0, 1, 2);
  TestDatabase db;
  const Schema schema = AllTypes(vectors);
  Collection one = *db->CreateCollection("one", schema);
  Collection many = *db->CreateCollection("many", schema);
  Write(one, 0, 150, true);
  for (std::int64_t first = 0; first < 150; first += 3) {
    Write(many, first, 3, false);
    many.Flush().OrDie();
  }
  CHECK(many.Stats()->sealed_segments == 50);
  for (const Field& field : schema.fields()) {
    if (!chunk::IsVector(field.type)) continue;
    const Value query = VectorsOf(schema, field, {-11}).begin()->second;
    const SearchRequest request{.field = field.name, .query = QueryOf(query), .limit = 200};
    const Hits a = *one.Search(request);
    const Hits b = *many.Search(request);
    REQUIRE(a.size() == 135);
    REQUIRE(b.size() == a.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
      CHECK((a[i].key == b[i].key && a[i].score == b[i].score));
    }
  }
}

TEST_CASE("a query of another kind than the field's vectors is refused by name", "[walk][types]") {
  TestDatabase db;
  const Schema schema = *SchemaBuilder()
                             .PrimaryKey("id")
                             .Vector("half", 2, Metric::kL2, DataType::kFloat16Vector)
                             .Vector("int8", 2, Metric::kL2, DataType::kInt8Vector)
                             .BinaryVector("bits", 16)
                             .SparseVector("sparse")
                             .Build();
  const Collection c = *db->CreateCollection("c", schema);
  const std::vector<float> floats = {1, 2};
  const std::vector<std::int8_t> int8 = {1, 2};
  const std::vector<std::uint8_t> bytes = {1, 2};
  const SparseVector sparse{{3}, {1}};
  const SparseVector falling{{3, 2}, {1, 1}};
  const auto refused = [&](const char* field, const QueryVector& query,
                           std::initializer_list<std::string_view> words) {
    CheckRefusal(c.Search({.field = field, .query = query}).status(), StatusCode::kInvalidArgument,
                 words);
  };
  refused("half", int8, {"'half' holds Float16Vector and is searched with floats", "2 int8"});
  refused("int8", floats, {"'int8' holds Int8Vector and is searched with int8", "2 floats"});
  refused("bits", SparseView(sparse), {"BinaryVector", "bytes", "a sparse vector of 1 entries"});
  refused("sparse", bytes, {"'sparse' holds SparseFloatVector", "a vector of 2 bytes"});
  refused("int8", {}, {"'int8' holds Int8Vector", "0 floats"});
  refused("half", {}, {"dimension 2, got dimension 0"});
  refused("bits", std::span(bytes).first(1), {"dimension 16, got dimension 8"});
  refused("sparse", SparseView(falling), {"indices that rise"});
  const std::vector<float> large = {70'000, -70'000};  // a query of halves stays floats
  CHECK(c.Search({.field = "half", .query = large}).ok());
  CHECK(c.Search({.field = "sparse", .query = SparseView()}).ok());
}

TEST_CASE("filters ask JSON and arrays only whether they are null", "[walk][types]") {
  TestDatabase db;
  const Collection c = *db->CreateCollection("c", AllTypes(0));
  CHECK(c.Count("json is null and array_Int64 is not null").ok());
  for (const char* filter : {"json == 1", "array_Int64 == 1", "array_VarChar in ['a']",
                             "json < array_Int64", "1 < json < 2"}) {
    CheckRefusal(c.Count(filter).status(), StatusCode::kInvalidArgument, {"asks only `is null`"});
  }
  CheckRefusal(c.Count("bits is null").status(), StatusCode::kInvalidArgument, {"holds vectors"});
}

TEST_CASE("a database says the larger format only once a collection needs it", "[walk][types]") {
  TestDatabase db;
  const auto version = [&] {
    return catalog::DecodeFormat(*io::ReadWholeFile(*db.fs(), io::kFormatName, 4096))->version;
  };
  db.MakeBooks();
  CHECK(version() == 1);
  CHECK(db->CreateCollection("bad", *SchemaBuilder().PrimaryKey("id").SparseVector("s").Build(),
                             {.shards = 99})
            .status()
            .code() == StatusCode::kInvalidArgument);
  CHECK(version() == 1);
  Collection c = *db->CreateCollection("c", AllTypes(1));
  CHECK(version() == 2);
  Write(c, 0, 20, false);
  db->DropCollection("books").OrDie();
  db.Reopen();
  CHECK(version() == 2);
  CheckAll(*db->OpenCollection("c"), 20);
}

TEST_CASE("whatever fails while the format is raised, the database opens and says what it has",
          "[walk][types]") {
  const Schema schema = AllTypes(1);
  const auto create = [&](TestDatabase& db) { return db->CreateCollection("c", schema).status(); };
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  {
    auto disk = std::make_shared<FaultFileSystem>(io::MakeMemoryFileSystem());
    TestDatabase db(disk);
    db.MakeBooks();
    first = disk->call_count();
    create(db).OrDie();
    last = disk->call_count();
  }
  REQUIRE(last - first >= 8);
  for (std::uint64_t call = first; call < last; ++call) {
    for (const FaultKind kind : {FaultKind::kIoError, FaultKind::kNoSpace, FaultKind::kWriteHalf,
                                 FaultKind::kSyncFailsKept, FaultKind::kRenameFailsDone}) {
      auto memory = io::MakeMemoryFileSystem();
      auto disk = std::make_shared<FaultFileSystem>(memory);
      TestDatabase db(disk);
      db.MakeBooks();
      disk->Arm({call, kind});
      const Status created = create(db);
      disk->Disarm();
      INFO("call " << call << " fails by " << NameOf(kind) << ": " << created.ToString());
      REQUIRE(db.ContinueOn(MemoryCopyOf(*memory)).ok());
      const auto found = db->OpenCollection("c");
      const auto format =
          catalog::DecodeFormat(*io::ReadWholeFile(*db.fs(), io::kFormatName, 4096));
      REQUIRE(format.ok());
      if (created.ok()) CHECK(found.ok());
      if (found.ok()) CHECK(format->version == 2);
      REQUIRE(create(db).ok());
      CHECK(db->OpenCollection("c")->Insert(AllTypesBatch(schema, 0, 3, true)).ok());
    }
  }
}

TEST_CASE("the largest values fit one row, one record and one file", "[walk][types]") {
  TestDatabase db;
  SchemaBuilder builder;
  builder.PrimaryKey("id").SparseVector("s");
  for (int i = 0; i < 62; ++i) builder.Array("a" + std::to_string(i), DataType::kVarChar);
  Collection c = *db->CreateCollection("c", *builder.Build());
  const std::string big(65'535, 'x');
  const std::string rest(262'144 - 5 - 4 * 4 - 3 * 65'535, 'z');
  const std::vector<std::string_view> texts = {big, big, big, rest};
  SparseVector sparse;
  for (std::uint32_t i = 0; i < 32'768; ++i) {
    sparse.indices.push_back(i * 3);
    sparse.values.push_back(1);
  }
  std::vector<std::string> names;
  for (int i = 0; i < 62; ++i) names.push_back("a" + std::to_string(i));
  std::vector<NamedValue> row = {{"id", 1}, {"s", sparse}};
  for (const std::string& name : names) row.push_back({name, std::span(texts)});
  Batch batch(c.schema());
  REQUIRE(batch.Add(row).ok());
  REQUIRE(c.Insert(batch).ok());
  for (int round = 0; round < 2; ++round) {
    const auto got = c.Get(std::vector<Key>{Key{std::int64_t{1}}}, std::vector<std::string>{"*"});
    REQUIRE(got.ok());
    CHECK(*got->rows[0].Get<SparseVector>("s") == sparse);
    CHECK(got->rows[0].Get<std::vector<std::string>>("a61")->at(3) == rest);
    c.Flush().OrDie();
    db.Reopen();
    c = *db->OpenCollection("c");
  }
}
