// The Search walk: plan, one View, one timestamp, growing and sealed, reduce, fetch.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>

#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

// A collection of `books`, written in `pieces` batches of which the first `sealed` are flushed,
// each into a segment of its own.
Collection Fill(TestDatabase& db, const std::string& name, const std::vector<Book>& books,
                std::size_t pieces, std::size_t sealed, Metric metric, std::uint32_t shards = 1) {
  Collection filled =
      *db->CreateCollection(name, BookSchema(metric), CollectionOptions{.shards = shards});
  const std::size_t each = (books.size() + pieces - 1) / pieces;
  for (std::size_t piece = 0; piece < pieces; ++piece) {
    Batch batch(BookSchema(metric));
    const std::size_t end = std::min(books.size(), (piece + 1) * each);
    for (std::size_t i = piece * each; i < end; ++i) AddBook(&batch, books[i]);
    filled.Insert(batch).status().OrDie();
    if (piece < sealed) filled.Flush().OrDie();
  }
  return filled;
}

using Found = std::vector<std::pair<Key, float>>;

Found FoundBy(const Collection& collection, const SearchRequest& request) {
  const auto hits = collection.Search(request);
  hits.status().OrDie();
  Found found;
  for (const Hit& hit : *hits) found.emplace_back(hit.key, hit.score);
  return found;
}

}  // namespace

TEST_CASE("answers are the same from 1 and from 50 segments, mapped or resident",
          "[walk][search]") {
  const Metric metric = GENERATE(Metric::kL2, Metric::kInnerProduct, Metric::kCosine);
  Options options = QuietOptions();
  options.load = GENERATE(LoadMode::kMapped, LoadMode::kResident);
  TestDatabase db(io::MakeMemoryFileSystem(), options);
  const std::vector<Book> books = BooksBetween(1, 500);
  std::vector<Collection> all;
  all.push_back(Fill(db, "growing", books, 1, 0, metric));
  all.push_back(Fill(db, "one", books, 1, 1, metric));
  all.push_back(Fill(db, "fifty", books, 50, 50, metric));
  all.push_back(Fill(db, "half", books, 10, 5, metric));
  all.push_back(Fill(db, "shards", books, 4, 2, metric, 16));
  CHECK(all[2].Stats()->sealed_segments == 50);
  std::vector<Key> gone;
  for (std::int64_t id = 1; id <= 500; id += 9) gone.emplace_back(id);
  for (Collection& collection : all) collection.Delete(gone).status().OrDie();

  const std::vector<float> queries[] = {Book{77}.vector(), {0, 0, 0, 0}, {50, -50, 1e18F, 0.5F}};
  for (const auto& query : queries) {
    for (const char* filter : {"", "year > 1950", "id in [2, 4, 6, 8]", "year is null", "id < 0"}) {
      for (const std::size_t limit : {1UL, 10UL, 444UL, 600UL}) {
        const SearchRequest request{.query = query, .limit = limit, .offset = 3, .filter = filter};
        const Found expected = FoundBy(all[0], request);
        for (const Collection& collection : all) {
          INFO(collection.name() << " filter " << filter << " limit " << limit);
          REQUIRE(FoundBy(collection, request) == expected);
        }
      }
    }
  }
  const auto rows = *ReadAll(all[0]);
  for (const Collection& collection : all) CHECK(*ReadAll(collection) == rows);
}

TEST_CASE("equal scores come in key order", "[walk][search]") {
  TestDatabase db;
  const Schema schema =
      *SchemaBuilder().PrimaryKey("id", DataType::kVarChar).Vector("v", 3, Metric::kL2).Build();
  Collection ties = *db->CreateCollection("ties", schema, {.shards = 4});
  const std::vector<float> v{1, 2, 3};
  const std::vector<std::string> keys = {"m", "z", "", "a", "\xC3\xA9", "B", "aa", "10", "9"};
  std::vector<std::string> sorted = keys;
  std::sort(sorted.begin(), sorted.end());
  for (const std::string& key : keys) {
    Batch batch(schema);
    batch.Add({{"id", key}, {"v", v}}).OrDie();
    ties.Insert(batch).status().OrDie();
    if (key.size() == 1) ties.Flush().OrDie();
  }
  for (std::size_t limit = 1; limit <= keys.size(); ++limit) {
    const auto hits = *ties.Search({.query = v, .limit = limit});
    REQUIRE(hits.size() == limit);
    for (std::size_t i = 0; i < limit; ++i) {
      CHECK(std::get<std::string>(hits[i].key) == sorted[i]);
      CHECK(hits[i].score == 0.0F);
    }
  }
}

TEST_CASE("a search finds min(k, matching rows) whatever the filter (rule 12)", "[walk][search]") {
  TestDatabase db;
  const std::vector<Book> books = BooksBetween(1, 300);
  Collection filled = Fill(db, "books", books, 6, 4, Metric::kL2);
  const std::vector<float> query = Book{150}.vector();
  for (const char* filter : {"", "year is null", "id == 17", "id > 290", "id > 1000",
                             "year < 1910 or title == \"book 3 v0\""}) {
    const std::size_t matching = *filled.Count(filter);
    for (const std::size_t limit : {1UL, 5UL, 50UL, 500UL}) {
      INFO(filter << " " << limit);
      CHECK(KeysNear(filled, query, limit, filter).size() == std::min(limit, matching));
    }
  }
}

TEST_CASE("a read sees whole writes only, at one instant (rule 3)", "[walk][search]") {
  Options options;
  options.background_threads = 1;
  TestDatabase db(io::MakeMemoryFileSystem(), options);
  Collection books = db.MakeBooks({.shards = 3, .segment_rows = 100});
  books.Insert(BatchOf(BooksBetween(0, 9))).status().OrDie();
  std::atomic<bool> done{false};
  std::thread writer([&] {
    Collection mine = books;
    for (std::int64_t version = 1; version <= 150; ++version) {
      mine.Upsert(BatchOf(BooksBetween(0, 9, version))).status().OrDie();
    }
    done = true;
  });
  std::size_t torn = 0;
  std::size_t reads = 0;
  std::int64_t newest = 0;
  while (!done || reads < 10) {
    const Books seen = *ReadAll(books);
    const auto hits = *books.Search({.query = Book{1}.vector(), .limit = 100});
    ++reads;
    torn += seen.size() != 10 || hits.size() != 10 ? 1 : 0;
    for (const auto& [id, version] : seen) torn += version != seen.begin()->second ? 1 : 0;
    torn += seen.begin()->second < newest ? 1 : 0;
    newest = seen.begin()->second;
  }
  writer.join();
  CHECK(torn == 0);
  CHECK(*ReadAll(books) == ExpectedBetween(0, 9, 150));
}

TEST_CASE("scores are in the metric's own units and output fields are bit-exact",
          "[walk][search]") {
  TestDatabase db;
  const Metric metric = GENERATE(Metric::kL2, Metric::kInnerProduct, Metric::kCosine);
  const Schema schema = *SchemaBuilder().PrimaryKey("id").Vector("v", 2, metric).Build();
  Collection c = *db->CreateCollection("c", schema);
  Batch batch(schema);
  const std::vector<std::vector<float>> vectors = {
      {3, 4}, {0, 0}, {-0.0F, std::numeric_limits<float>::denorm_min()}, {1e18F, -1e18F}};
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    batch.Add({{"id", static_cast<std::int64_t>(i)}, {"v", vectors[i]}}).OrDie();
  }
  c.Insert(batch).status().OrDie();
  if (GENERATE(false, true)) c.Flush().OrDie();
  const std::vector<float> query{6, 8};
  const auto hits = *c.Search({.query = query, .limit = 10, .output_fields = {"v", "id"}});
  REQUIRE(hits.size() == vectors.size());
  for (const Hit& hit : hits) {
    const auto id = static_cast<std::size_t>(std::get<std::int64_t>(hit.key));
    CHECK(hit.row.names == std::vector<std::string>{"v", "id"});
    const auto& v = *hit.row.Get<std::vector<float>>("v");
    CHECK(std::memcmp(v.data(), vectors[id].data(), 2 * sizeof(float)) == 0);
    if (id == 0) {
      CHECK(hit.score == (metric == Metric::kL2       ? 25.0F
                          : metric == Metric::kCosine ? 1.0F
                                                      : 50.0F));
    }
    if (id == 1) CHECK(hit.score == (metric == Metric::kL2 ? 100.0F : 0.0F));
  }
}

TEST_CASE("pages of a search put together are the whole search", "[walk][search]") {
  TestDatabase db;
  Collection filled = Fill(db, "books", BooksBetween(1, 103), 5, 3, Metric::kL2, 2);
  const std::vector<float> query = Book{40}.vector();
  const Found whole = FoundBy(filled, {.query = query, .limit = 200});
  CHECK(whole.size() == 103);
  Found pages;
  for (std::size_t offset = 0; offset <= 110; offset += 10) {
    const Found page = FoundBy(filled, {.query = query, .limit = 10, .offset = offset});
    pages.insert(pages.end(), page.begin(), page.end());
  }
  CHECK(pages == whole);
}

TEST_CASE("an empty collection has no nearest rows", "[walk][search]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  CHECK(books.Search({.query = Book{1}.vector()})->empty());
  CHECK(books.Query({})->empty());
  CHECK(*books.Count() == 0);
  books.Flush().OrDie();
  CHECK(books.Search({.query = Book{1}.vector()})->empty());
}

TEST_CASE("vectors as long and as short as there are come in the right order", "[walk][search]") {
  TestDatabase db;
  const auto found = [&](Metric metric, const std::vector<std::vector<float>>& rows,
                         const std::vector<float>& query) {
    const Schema schema = *SchemaBuilder().PrimaryKey("id").Vector("v", 2, metric).Build();
    static int made = 0;
    Collection points = *db->CreateCollection("points" + std::to_string(++made), schema);
    Batch batch(schema);
    std::int64_t id = 0;
    for (const auto& row : rows) batch.Add({{"id", ++id}, {"v", row}}).OrDie();
    points.Insert(batch).status().OrDie();
    return FoundBy(points, {.query = query, .limit = rows.size()});
  };
  const Found far = found(Metric::kL2, {{9.2e18F, 0}, {8e18F, 0}, {1e18F, 0}}, {-9.2e18F, 0});
  CHECK(std::get<std::int64_t>(far[0].first) == 3);
  CHECK(std::get<std::int64_t>(far[2].first) == 1);
  for (const auto& [key, score] : far) CHECK(std::isfinite(score));
  for (const float scale : {1.0F, 1e-23F, 1e-38F, 9e18F}) {
    INFO("query of length " << scale);
    const Found near = found(
        Metric::kCosine, {{1e-23F, 0}, {3e-22F, 1e-22F}, {0, 0}, {-1e-38F, 0}, {0, 4}}, {scale, 0});
    REQUIRE(near.size() == 5);
    const std::vector<std::pair<std::int64_t, double>> wanted{
        {1, 1.0}, {2, 0.948683}, {3, 0.0}, {5, 0.0}, {4, -1.0}};
    for (std::size_t i = 0; i < near.size(); ++i) {
      CHECK(std::get<std::int64_t>(near[i].first) == wanted[i].first);
      CHECK(std::abs(near[i].second - wanted[i].second) < 1e-5);
    }
  }
}
