// Every limit at L-1, L and L+1, and every kind of value at its edges, through the row door, the
// column door, C, and files of every format that the command line imports. What is accepted must
// come back the same: growing, replayed, flushed, reopened.
#include "walks/limits.h"

#include <algorithm>
#include <cstdio>
#include <limits>

using namespace vecdb;
using namespace vecdb::test;
using namespace vecdb::test::limits;

namespace {

// ---- names and schemas ----------------------------------------------------------------

struct NameCase {
  std::string name;
  bool accepted;
};

std::vector<NameCase> Names() {
  std::vector<NameCase> names;
  for (const std::size_t length : {1UL, 2UL, 254UL, 255UL}) {
    names.push_back({std::string(length, 'n'), true});
  }
  for (const std::size_t length : {0UL, 256UL, 257UL, 100'000UL}) {
    names.push_back({std::string(length, 'n'), false});
  }
  for (const char* good : {"_", "__", "_1", "A9_z", "Z"}) names.push_back({good, true});
  for (const char* bad : {"9a",          "a-b",  "a.b", ".",    "..",  "../x", "/",        "a/b",
                          "/etc/passwd", "a\nb", "\n",  "a b",  " ",   "a ",   "\xC3\xA9", "\xFF",
                          "$meta",       "a$",   "a'b", "a\"b", "a;b", "*",    "%s",       "\\"}) {
    names.push_back({bad, false});
  }
  names.push_back({std::string("a\0b", 3), false});
  names.push_back({std::string(1, '\0'), false});
  return names;
}

void TryCollectionNames(Tally& tally) {
  TestDatabase db;
  std::vector<std::string> made;
  for (const NameCase& c : Names()) {
    INFO("collection name of " << c.name.size() << " bytes: " << c.name.substr(0, 20));
    const Status status = db->CreateCollection(c.name, BookSchema()).status();
    Judge(tally, status, c.accepted, {"collection", "name"});
    if (!c.accepted) CHECK(db->OpenCollection(c.name).status().code() == StatusCode::kNotFound);
    if (c.accepted) made.push_back(c.name);
  }
  std::sort(made.begin(), made.end());
  db.Reopen();
  CHECK(*db->ListCollections() == made);
  for (const std::string& name : made) {
    Collection books = db.OpenBooks(name);
    const bool survived = books.name() == name && books.Insert(BatchOf({{1}})).ok();
    tally.survived += survived ? 1 : 0;
    CHECK(survived);
  }
}

void TryFieldNames(Tally& tally) {
  std::vector<NameCase> names = Names();
  for (const char* reserved : {"in", "AND", "null", "true", "RowID", "Timestamp", "like"}) {
    names.push_back({reserved, false});
  }
  for (const NameCase& c : names) {
    INFO("field name of " << c.name.size() << " bytes: " << c.name.substr(0, 20));
    const Field field{.name = c.name, .type = DataType::kInt64};
    const Status status =
        SchemaBuilder().PrimaryKey("id").Vector("v", 1, Metric::kL2).Add(field).Build().status();
    Judge(tally, status, c.accepted, {"field", "name"});
    if (!c.accepted) continue;
    ++tally.survived;  // the next line counts its own cases
    TryValue(tally, {field, std::int64_t{5}});
  }
}

// Makes a collection, writes one row by each door, and looks whether schema and rows come back.
void TrySchema(Tally& tally, const SchemaBuilder& builder, const CollectionOptions& options,
               bool accepted, const std::vector<std::string>& words) {
  TestDatabase db;
  const auto schema = builder.Build();
  const Status status =
      schema.ok() ? db->CreateCollection("c", *schema, options).status() : schema.status();
  Judge(tally, status, accepted, words);
  if (!accepted || !status.ok()) return;
  const auto write = [&](std::int64_t id) {
    Collection c = db.OpenBooks("c");
    Batch batch(*schema);
    std::vector<std::vector<float>> vectors;
    std::vector<NamedValue> row;
    vectors.reserve(schema->fields().size());
    for (const Field& field : schema->fields()) {
      if (field.primary_key) row.push_back({field.name, id});
      if (field.type != DataType::kFloatVector) continue;
      vectors.emplace_back(field.dimension, 1.0F);
      row.push_back({field.name, vectors.back()});
    }
    return batch.Add(row).ok() && c.Insert(batch).ok();
  };
  bool survived = true;
  for (std::int64_t id = 1; id <= 40; ++id) survived = survived && write(id);
  db.Reopen();
  survived = survived && db.OpenBooks("c").Flush().ok() && write(41);
  db.Reopen();
  survived = survived && db.OpenBooks("c").schema() == *schema && *db.OpenBooks("c").Count() == 41;
  CHECK(survived);
  tally.survived += survived ? 1 : 0;
}

void TrySchemas(Tally& tally) {
  for (const std::size_t count : {3UL, 63UL, 64UL, 65UL, 66UL}) {
    SchemaBuilder builder;
    builder.PrimaryKey("id").Vector("v", 1, Metric::kL2);
    for (std::size_t i = 2; i < count; ++i) {
      builder.Nullable("f" + std::to_string(i), DataType::kInt8);
    }
    TrySchema(tally, builder, {}, count <= 64, {"64", std::to_string(count)});
  }
  for (const std::size_t count : {0UL, 1UL, 3UL, 4UL, 5UL}) {
    SchemaBuilder builder;
    builder.PrimaryKey("id");
    for (std::size_t i = 0; i < count; ++i) {
      builder.Vector("v" + std::to_string(i), 2, Metric::kCosine);
    }
    TrySchema(tally, builder, {}, count >= 1 && count <= 4, {"vector field"});
  }
  for (const std::uint32_t dimension : {0U, 1U, 2U, 32'767U, 32'768U, 32'769U, 0xFFFF'FFFFU}) {
    SchemaBuilder builder;
    builder.PrimaryKey("id").Vector("v", dimension, Metric::kInnerProduct);
    TrySchema(tally, builder, {}, dimension >= 1 && dimension <= 32'768,
              {"'v'", "32768", std::to_string(dimension)});
  }
  for (const std::uint32_t length : {0U, 1U, 65'534U, 65'535U, 65'536U}) {
    SchemaBuilder builder;
    builder.PrimaryKey("id").Vector("v", 1, Metric::kL2);
    builder.Add({.name = "t", .type = DataType::kVarChar, .max_length = length, .nullable = true});
    TrySchema(tally, builder, {}, length >= 1 && length <= 65'535,
              {"'t'", "65535", std::to_string(length)});
  }
  for (const std::int64_t value : {-129L, -128L, 127L, 128L}) {
    SchemaBuilder builder;
    builder.PrimaryKey("id").Vector("v", 1, Metric::kL2);
    builder.Add({.name = "d", .type = DataType::kInt8, .default_value = value});
    TrySchema(tally, builder, {}, value >= -128 && value <= 127,
              {"default", "'d'", std::to_string(value)});
  }
  SchemaBuilder plain;
  plain.PrimaryKey("id").Vector("v", 1, Metric::kL2);
  for (std::uint32_t shards = 0; shards <= 18; ++shards) {
    TrySchema(tally, plain, {.shards = shards}, shards >= 1 && shards <= 16,
              {"shards", "16", std::to_string(shards)});
  }
  for (const std::size_t bytes : {0UL, 1023UL, 1024UL, 1025UL}) {
    TrySchema(tally, plain, {.segment_bytes = bytes}, bytes >= 1024, {"segment_bytes", "1024"});
  }
  for (const int ms : {-1, 0, 1, 2}) {
    TrySchema(tally, plain, {.seal_after_idle = std::chrono::milliseconds(ms)}, ms >= 1,
              {"seal_after_idle", std::to_string(ms)});
  }
}

// ---- batches --------------------------------------------------------------------------

Schema TextSchema() {
  return *SchemaBuilder()
              .PrimaryKey("id")
              .Scalar("t", DataType::kVarChar)
              .Vector("v", 1, Metric::kL2)
              .Build();
}

// Rows of 16 bytes beside their text: key 8, length 4, vector 4.
constexpr std::size_t kRowBytes = 16;

// Texts, one a row; by rows the status is that of the first refused row.
Status FillTexts(Door door, const std::vector<std::string>& texts, Batch* batch) {
  if (door == Door::kRows) {
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const Status added =
          batch->Add({{"id", static_cast<std::int64_t>(i)}, {"t", texts[i]}, {"v", kOther}});
      if (!added.ok()) return added;
    }
    return Status();
  }
  std::vector<std::int64_t> ids(texts.size());
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<std::int64_t>(i);
  Status status = batch->AddColumn("id", ids);
  if (!status.ok()) return status;
  status = batch->AddVectors("v", std::vector<float>(texts.size(), 1.0F));
  if (!status.ok()) return status;
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  return batch->AddColumn("t", views);
}

bool BatchSurvives(const Batch& batch, const std::vector<std::string>& texts) {
  TestDatabase db;
  Collection c = *db->CreateCollection("c", batch.schema());
  if (!c.Insert(batch).ok()) return false;
  const Key last{static_cast<std::int64_t>(texts.size()) - 1};
  const auto there = [&] {
    const auto found = c.Get(std::span(&last, 1), std::vector<std::string>{"t"});
    return found.ok() && found->rows.size() == 1 &&
           *found->rows[0].Get<std::string>("t") == texts.back() && *c.Count() == texts.size();
  };
  bool same = there();
  db.Reopen();
  c = db.OpenBooks("c");
  same = same && there() && c.Flush().ok() && there();
  db.Reopen();
  c = db.OpenBooks("c");
  return same && there();
}

void TryBatch(Tally& tally, const std::vector<std::string>& texts, bool accepted,
              const std::vector<std::string>& words) {
  for (const Door door : {Door::kRows, Door::kColumns}) {
    INFO(NameOf(door) << ", " << texts.size() << " rows");
    Batch batch(TextSchema());
    const Status status = FillTexts(door, texts, &batch);
    Judge(tally, status, accepted, words);
    if (!accepted || !status.ok()) continue;
    const bool survived = BatchSurvives(batch, texts);
    CHECK(survived);
    tally.survived += survived ? 1 : 0;
  }
}

void TryBatches(Tally& tally) {
  for (const std::size_t rows : {1UL, 99'999UL, 100'000UL, 100'001UL}) {
    TryBatch(tally, std::vector<std::string>(rows, "t"), rows <= 100'000, {"100000", "rows"});
  }
  constexpr std::size_t kLimit = std::size_t{32} << 20;
  for (const std::size_t bytes : {kLimit - 1, kLimit, kLimit + 1}) {
    std::vector<std::string> texts;
    std::size_t left = bytes;
    while (left > 2 * (65'535 + kRowBytes)) {
      texts.emplace_back(65'535, static_cast<char>('a' + texts.size() % 26));
      left -= 65'535 + kRowBytes;
    }
    texts.emplace_back(left / 2 - kRowBytes, 'y');
    texts.emplace_back(left - left / 2 - kRowBytes, 'z');
    TryBatch(tally, texts, bytes <= kLimit, {"33554432", std::to_string(bytes), "bytes"});
  }
  ++tally.cases;
  TestDatabase db;
  Collection c = *db->CreateCollection("c", TextSchema());
  CheckRefusal(c.Insert(Batch(TextSchema())).status(), StatusCode::kInvalidArgument,
               {"at least one row"});
}

// ---- requests -------------------------------------------------------------------------

void TryWindows(Tally& tally) {
  TestDatabase db;
  Collection books = db.MakeBooks();
  books.Insert(BatchOf(BooksBetween(1, 16'500))).status().OrDie();
  constexpr std::size_t kMax = std::numeric_limits<std::size_t>::max();
  const std::vector<float> query = Book{1}.vector();
  struct Window {
    std::size_t limit;
    std::size_t offset;
    bool accepted;
  };
  for (const Window w :
       {Window{0, 0, false}, Window{1, 0, true}, Window{16'383, 0, true}, Window{16'384, 0, true},
        Window{16'385, 0, false}, Window{1, 16'382, true}, Window{1, 16'383, true},
        Window{1, 16'384, false}, Window{16'000, 384, true}, Window{16'000, 385, false},
        Window{kMax, 0, false}, Window{1, kMax, false}, Window{kMax, kMax, false},
        Window{kMax, 2, false}, Window{0, 5, false}}) {
    INFO("limit " << w.limit << " offset " << w.offset);
    const std::string number = std::to_string(w.limit);
    const auto hits = books.Search({.query = query, .limit = w.limit, .offset = w.offset});
    Judge(tally, hits.status(), w.accepted, {"limit", number});
    const auto rows = books.Query({.limit = w.limit, .offset = w.offset});
    Judge(tally, rows.status(), w.accepted, {"limit", number});
    if (!w.accepted) continue;
    CHECK(hits->size() == w.limit);
    CHECK(rows->size() == w.limit);
    CHECK(*rows->front().Get<std::int64_t>("id") == static_cast<std::int64_t>(w.offset) + 1);
    tally.survived += 2;  // nothing was written: the answer is what comes back
  }
}

void TryKeyLists(Tally& tally) {
  TestDatabase db;
  Collection books = db.MakeBooks({.shards = 2});
  books.Insert(BatchOf({{1}, {2}})).status().OrDie();
  const auto keys = [](std::size_t count) {
    std::vector<Key> list;
    for (std::size_t i = 0; i < count; ++i) list.emplace_back(static_cast<std::int64_t>(i) + 2);
    return list;
  };
  for (const std::size_t count : {0UL, 1UL, 16'383UL, 16'384UL, 16'385UL}) {
    const auto got = books.Get(keys(count), {});
    Judge(tally, got.status(), count <= 16'384, {"16384", std::to_string(count)});
    if (got.ok()) {
      CHECK(got->rows.size() + got->missing.size() == count);
      ++tally.survived;
    }
  }
  for (const std::size_t count : {0UL, 100'001UL, 100'000UL, 99'999UL, 1UL}) {
    const bool accepted = count >= 1 && count <= 100'000;
    const auto deleted = books.Delete(keys(count));
    Judge(tally, deleted.status(), accepted,
          count == 0 ? std::vector<std::string>{"no key"}
                     : std::vector<std::string>{"100000", std::to_string(count)});
    CHECK(*books.Count() == (deleted.ok() ? 1 : *books.Count()));
    tally.survived += deleted.ok() ? 1 : 0;
  }
  db.Reopen();
  CHECK(*ReadAll(db.OpenBooks()) == Books{{1, 0}});

  const Schema schema =
      *SchemaBuilder().PrimaryKey("id", DataType::kVarChar).Vector("v", 1, Metric::kL2).Build();
  Collection texts = *db->CreateCollection("texts", schema);
  std::vector<Key> long_keys;
  for (int i = 0; i < 511; ++i) long_keys.emplace_back(std::string(65'535, 'k'));
  const std::size_t left = (std::size_t{32} << 20) - 511 * (65'535 + 8) - 8;
  for (const std::size_t last : {left - 1, left, left + 1}) {
    long_keys.resize(511);
    long_keys.emplace_back(std::string(last, 'z'));
    const auto deleted = texts.Delete(long_keys);
    Judge(tally, deleted.status(), last <= left, {"33554432", "bytes"});
    tally.survived += deleted.ok() ? 1 : 0;
  }
}

}  // namespace

TEST_CASE("every limit holds through every door, and what is accepted comes back",
          "[walk][limits]") {
  Tally tally;
  TryValues(tally);
  TryCollectionNames(tally);
  TryFieldNames(tally);
  TrySchemas(tally);
  TryBatches(tally);
  TryWindows(tally);
  TryKeyLists(tally);
  TryIndexes(tally);
  std::printf("FIG limits.cases=%zu entries=%zu accepted_roundtrip=%zu\n", tally.cases,
              3 + tally.files.count(),
              tally.accepted == 0 ? 0 : tally.survived * 100 / tally.accepted);
  CHECK(tally.survived == tally.accepted);
  CHECK(tally.cases >= 300);
  CHECK(tally.files.all());
}
