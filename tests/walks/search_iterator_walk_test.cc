// Searches page by page: the pages together are one search, at one moment, and no row comes twice.
#include <algorithm>
#include <chrono>
#include <optional>
#include <random>
#include <set>

#include "support/vector_oracle.h"
#include "walks/failing_memory.h"
#include "walks/vector_rows.h"
#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

// Everything that comes, and that no page is larger than it may be.
Scores AllOf(SearchIterator iterator, std::size_t batch_size) {
  Scores all;
  while (true) {
    const auto page = iterator.Next();
    page.status().OrDie();
    CHECK(page->size() <= batch_size);
    for (const auto& one : ScoresOf(*page)) all.push_back(one);
    if (page->empty()) break;
  }
  CHECK(iterator.Next()->empty());
  return all;
}

std::vector<Key> SortedKeys(const Scores& scores) {
  std::vector<Key> keys;
  for (const auto& [key, score] : scores) keys.push_back(key);
  std::sort(keys.begin(), keys.end());
  return keys;
}

// As far as a page may begin nearer than the one before ended, through an index.
std::size_t Inversions(Metric metric, const Scores& scores) {
  std::size_t count = 0;
  for (std::size_t i = 1; i < scores.size(); ++i) {
    const float step = scores[i].second - scores[i - 1].second;
    count += (LargerIsNearer(metric) ? step > 0 : step < 0) ? 1 : 0;
  }
  return count;
}

}  // namespace

TEST_CASE("the pages of a search are what one large search finds", "[walk][search-iterator]") {
  const VectorKind kind = GENERATE(from_range(AllVectorKinds()));
  INFO(ToString(kind.type) << " " << ToString(kind.metric));
  Options options;
  options.search_threads = 3;
  TestDatabase db(io::MakeMemoryFileSystem(), options);
  db.SetSearchTaskBytes(1);
  db.Reopen();
  const Collection rows = FillVectorRows(db, kind);
  std::mt19937_64 random(5);
  const Value query = WholeVector(kind.type, &random);
  for (const char* filter : {"", "id >= 100", "id in [3, 5, 8, 300]", "id < 0"}) {
    SearchRequest request{.query = QueryOf(query), .limit = 10'000, .filter = filter};
    const Scores whole = ScoresOf(*rows.Search(request));
    for (const std::size_t batch : {1UL, 7UL, 100UL, 16'384UL}) {
      INFO(filter << " by " << batch);
      const IterateSearchRequest pages{
          .query = QueryOf(query), .batch_size = batch, .filter = filter};
      REQUIRE(AllOf(*rows.IterateSearch(pages), batch) == whole);
    }
    IterateSearchRequest limited{.query = QueryOf(query), .batch_size = 10, .filter = filter};
    limited.limit = 25;
    const Scores first(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(
                                                          std::min<std::size_t>(whole.size(), 25)));
    REQUIRE(AllOf(*rows.IterateSearch(limited), 10) == first);
    if (whole.size() < 20) continue;
    request.radius = whole[whole.size() / 2].second;
    limited.limit = 0;
    limited.radius = request.radius;
    REQUIRE(AllOf(*rows.IterateSearch(limited), 10) == ScoresOf(*rows.Search(request)));
  }
}

TEST_CASE("a search goes on beyond the limit of one call, to the last row",
          "[walk][search-iterator]") {
  TestDatabase db;
  const Schema schema = *SchemaBuilder().PrimaryKey("id").Vector("v", 2, Metric::kL2).Build();
  Collection rows = *db->CreateCollection("rows", schema);
  constexpr std::int64_t kRows = 40'000;
  std::mt19937_64 random(1);
  Batch batch(schema);
  for (std::int64_t id = 0; id < kRows; ++id) {
    const std::vector<float> v = {static_cast<float>(random() % 500), 1};
    batch.Add({{"id", id}, {"v", v}}).OrDie();
  }
  rows.Insert(batch).status().OrDie();
  const std::vector<float> origin = {0, 0};
  const Scores all = AllOf(*rows.IterateSearch({.query = origin, .batch_size = 3000}), 3000);
  REQUIRE(all.size() == kRows);
  for (std::size_t i = 1; i < all.size(); ++i) {
    REQUIRE((all[i - 1].second < all[i].second ||
             (all[i - 1].second == all[i].second && all[i - 1].first < all[i].first)));
  }
}

TEST_CASE("the pages of a search stay at one moment, whatever is written meanwhile",
          "[walk][search-iterator]") {
  TestDatabase db;
  Collection books = db.MakeBooks({.shards = 2});
  books.Insert(BatchOf(BooksBetween(1, 300))).status().OrDie();
  books.Flush().OrDie();
  books.Insert(BatchOf(BooksBetween(301, 500))).status().OrDie();
  const std::vector<float> query = Book{250}.vector();
  const Scores then = ScoresOf(*books.Search({.query = query, .limit = 1000}));
  const Snapshot snapshot = *books.Snapshot();
  SearchIterator live = *books.IterateSearch({.query = query, .batch_size = 20});
  Scores seen;
  for (std::int64_t round = 0;; ++round) {
    const auto page = live.Next();
    page.status().OrDie();
    if (page->empty()) break;
    for (const auto& one : ScoresOf(*page)) seen.push_back(one);
    books.Upsert(BatchOf(BooksBetween(round * 20 + 1, round * 20 + 30, round + 1)))
        .status()
        .OrDie();
    books.Delete(IntKeys({500 - round, round + 200})).status().OrDie();
    if (round % 5 == 1) books.Flush().OrDie();
    if (round % 7 == 3) books.Compact().OrDie();
  }
  CHECK(seen == then);
  CHECK(AllOf(*snapshot.IterateSearch({.query = query, .batch_size = 33}), 33) == then);
  CHECK(ScoresOf(*books.Search({.query = query, .limit = 1000})) != then);
}

TEST_CASE("through an index each row comes once, and all of them",
          "[walk][search-iterator][index]") {
  const Metric metric = GENERATE(Metric::kL2, Metric::kCosine);
  TestDatabase db(io::MakeMemoryFileSystem(), QuietOptions());
  const Schema schema = *SchemaBuilder().PrimaryKey("id").Vector("v", 16, metric).Build();
  Collection rows = *db->CreateCollection("rows", schema);
  std::mt19937_64 random(3);
  std::normal_distribution<float> number;
  const auto make = [&] {
    std::vector<float> vector(16);
    for (float& x : vector) x = number(random);
    return vector;
  };
  constexpr std::int64_t kRows = 5000;
  for (std::int64_t first = 0; first < kRows; first += kRows / 2) {
    Batch batch(schema);
    for (std::int64_t id = first; id < first + kRows / 2; ++id) {
      batch.Add({{"id", id}, {"v", make()}}).OrDie();
    }
    rows.Insert(batch).status().OrDie();
    rows.Flush().OrDie();
  }
  rows.CreateIndex("v", HnswSqIndex{.m = 16, .ef_construction = 100}).OrDie();
  rows.WaitForIndexes().OrDie();
  Batch batch(schema);
  for (std::int64_t id = kRows; id < kRows + 200; ++id) {
    batch.Add({{"id", id}, {"v", make()}}).OrDie();
  }
  rows.Insert(batch).status().OrDie();  // growing: no index
  const std::vector<float> query = make();
  SearchRequest request{.query = query, .limit = 10'000};
  request.effort.recall = 1;
  const Scores exact = ScoresOf(*rows.Search(request));
  REQUIRE(exact.size() == kRows + 200);

  const Scores all = AllOf(*rows.IterateSearch({.query = query, .batch_size = 10}), 10);
  REQUIRE(SortedKeys(all) == SortedKeys(exact));  // so each once
  Scores sorted = all;
  std::sort(sorted.begin(), sorted.end());
  Scores expected = exact;
  std::sort(expected.begin(), expected.end());
  CHECK(sorted == expected);
  CHECK(Inversions(metric, all) < 500);  // rows that were found late
  const std::set<Key> best = [&] {
    std::set<Key> keys;
    for (std::size_t i = 0; i < 100; ++i) keys.insert(exact[i].first);
    return keys;
  }();
  const auto found = std::count_if(all.begin(), all.begin() + 100,
                                   [&](const auto& one) { return best.count(one.first) > 0; });
  CHECK(found >= 90);
  // With an effort that leaves nothing out, and with none that asks an index.
  IterateSearchRequest pages{.query = query, .batch_size = 500, .limit = 2000};
  for (const SearchEffort& effort : {SearchEffort{.recall = 1}, kExhaustive}) {
    pages.effort = effort;
    const Scores first = AllOf(*rows.IterateSearch(pages), 500);
    CHECK(first == Scores(exact.begin(), exact.begin() + 2000));
  }
}

TEST_CASE("pages that make no sense are refused by name", "[walk][search-iterator]") {
  TestDatabase db;
  const Collection books = db.MakeBooks();
  const std::vector<float> query = Book{1}.vector();
  const std::vector<float> shorter = {1};
  const StatusCode bad = StatusCode::kInvalidArgument;
  const auto status = [&](IterateSearchRequest request) {
    if (std::get<std::span<const float>>(request.query).empty()) request.query = query;
    return books.IterateSearch(request).status();
  };
  CheckRefusal(status({.batch_size = 0}), bad, {"IterateSearchRequest::batch_size", "0", "16384"});
  CheckRefusal(status({.batch_size = 16'385}), bad, {"batch_size", "16385"});
  CheckRefusal(status({.query = shorter}), bad, {"dimension"});
  CheckRefusal(status({.field = "colour"}), bad, {"colour"});
  CheckRefusal(status({.batch_size = 10, .effort = {.ef = 9}}), bad, {"ef", "9", "10"});
  CheckRefusal(status({.range_filter = 1.0F}), bad, {"radius"});
  CheckRefusal(status({.filter = "yaer > 1"}), bad, {"yaer"});
  SearchIterator from = *books.IterateSearch({.query = query});
  const SearchIterator to = std::move(from);
  CheckRefusal(from.Next().status(), StatusCode::kFailedPrecondition,  // NOLINT: what it is about
               {"SearchIterator", "moved"});
}

TEST_CASE("the pages of a search outlive the drop of the collection, and end with the database",
          "[walk][search-iterator]") {
  std::optional<SearchIterator> iterator;
  {
    TestDatabase db;
    Collection books = db.MakeBooks();
    books.Insert(BatchOf(BooksBetween(1, 30))).status().OrDie();
    books.Flush().OrDie();
    std::vector<float> query = Book{7}.vector();
    iterator = *books.IterateSearch({.query = query, .batch_size = 4});
    query.assign(query.size(), 1e9F);  // it was copied
    CHECK((*iterator->Next())[0].key == Key(7));
    db->DropCollection("books").OrDie();
    CHECK(iterator->Next()->size() == 4);
  }
  CHECK(iterator->Next().status().code() == StatusCode::kFailedPrecondition);
}

TEST_CASE("a page that runs out of memory is given again, and no row is missed",
          "[walk][search-iterator][memory]") {
  bool failed = true;
  for (long n = 0; failed; ++n) {
    INFO("allocation " << n);
    TestDatabase db;
    Collection books = db.MakeBooks({.shards = 2});
    books.Insert(BatchOf(BooksBetween(1, 5))).status().OrDie();
    books.Flush().OrDie();
    books.Insert(BatchOf(BooksBetween(6, 9))).status().OrDie();
    const std::vector<float> query = Book{5}.vector();
    const Scores expected = ScoresOf(*books.Search({.query = query, .limit = 100}));
    Result<SearchIterator> pages = Status(StatusCode::kInternal, "not asked");
    failed = WithFailingAllocation(
        n, [&] { pages = books.IterateSearch({.query = query, .batch_size = 2}); });
    if (!pages.ok()) {
      CHECK(pages.status().code() == StatusCode::kResourceExhausted);
      continue;
    }
    Scores seen;
    while (true) {
      Result<Hits> page = Status(StatusCode::kInternal, "not asked");
      const bool in_page = WithFailingAllocation(n, [&] { page = pages->Next(); });
      failed = failed || in_page;
      if (!page.ok()) {
        CHECK(page.status().code() == StatusCode::kResourceExhausted);
        page = pages->Next();
      }
      page.status().OrDie();
      if (page->empty()) break;
      for (const auto& one : ScoresOf(*page)) seen.push_back(one);
    }
    CHECK(seen == expected);
  }
}

TEST_CASE("a search that comes in pages can be stopped between them",
          "[walk][search-iterator][deadline]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  books.Insert(BatchOf(BooksBetween(1, 30))).status().OrDie();
  const std::vector<float> query = Book{7}.vector();
  std::stop_source stop;
  IterateSearchRequest request{.query = query, .batch_size = 4};
  request.read.stop = stop.get_token();
  SearchIterator iterator = *books.IterateSearch(request);
  CHECK(iterator.Next()->size() == 4);
  stop.request_stop();
  CHECK(iterator.Next().status().code() == StatusCode::kCancelled);
  request.read.timeout = std::chrono::milliseconds(-1);
  CheckRefusal(books.IterateSearch(request).status(), StatusCode::kInvalidArgument,
               {"ReadOptions::timeout"});
}
