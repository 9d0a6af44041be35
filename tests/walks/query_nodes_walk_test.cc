// The Search walk over several query nodes: who has which segment, who reads it on which thread,
// and that nobody can tell from the answer.
#include <numeric>

#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

// A database whose reads are shared as soon as there are two segments, with so many threads and
// nodes. Its own background thread finds nothing to do: the clock stands.
std::unique_ptr<TestDatabase> SharingDatabase(std::uint32_t threads, std::uint32_t nodes,
                                              std::uint64_t least_bytes = 1) {
  Options options;
  options.search_threads = threads;
  options.query_nodes = nodes;
  auto db = std::make_unique<TestDatabase>(io::MakeMemoryFileSystem(), options);
  db->SetSearchTaskBytes(least_bytes);
  db->Reopen();
  return db;
}

constexpr std::int64_t kRows = 200;

// The same 200 rows, some of them deleted and replaced, in `sealed` segments and a growing one.
Collection Fill(TestDatabase& db, std::int64_t sealed) {
  Collection books = db.MakeBooks();
  const std::int64_t each = kRows / (sealed + 1);
  for (std::int64_t i = 0; i <= sealed; ++i) {
    const std::int64_t last = i == sealed ? kRows : (i + 1) * each;
    books.Insert(BatchOf(BooksBetween(i * each + 1, last))).status().OrDie();
    if (i < sealed) books.Flush().OrDie();
  }
  books.Delete(IntKeys({3, 77, 150})).status().OrDie();
  books.Upsert(BatchOf({{5, 4}, {99, 4}, {200, 4}})).status().OrDie();
  return books;
}

struct Answers {
  std::vector<std::pair<std::int64_t, float>> near;
  std::vector<std::int64_t> filtered;
  Books all;
  std::vector<std::int64_t> page;
  std::uint64_t count = 0;
  friend bool operator==(const Answers&, const Answers&) = default;
};

Answers Ask(const Collection& books) {
  Answers answers;
  const std::vector<float> query = Book{42}.vector();
  const auto hits = books.Search({.query = query, .limit = 60, .offset = 2});
  for (const Hit& hit : *hits)
    answers.near.emplace_back(std::get<std::int64_t>(hit.key), hit.score);
  answers.filtered = KeysNear(books, query, 40, "year > 1950");
  answers.all = *ReadAll(books);
  const auto rows = books.Query({.filter = "id >= 20", .limit = 30, .offset = 7});
  for (const Row& row : *rows) answers.page.push_back(*row.Get<std::int64_t>("id"));
  answers.count = *books.Count("year < 1960");
  return answers;
}

std::uint64_t ReadsOf(Database& db) {
  const auto nodes = *db.QueryNodes();
  return std::accumulate(nodes.begin(), nodes.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const auto& node) { return sum + node.reads; });
}

std::vector<std::uint32_t> SegmentsOf(Database& db) {
  std::vector<std::uint32_t> segments;
  for (const QueryNodeInfo& node : *db.QueryNodes()) segments.push_back(node.segments);
  return segments;
}

}  // namespace

SCENARIO("answers are the same for any number of segments, nodes and threads", "[walk][nodes]") {
  const auto alone = SharingDatabase(1, 1);
  const Answers expected = Ask(Fill(*alone, 0));
  CHECK(expected.all.size() == kRows - 3);
  for (const std::int64_t sealed : {1, 2, 7, 50}) {
    for (const std::uint32_t nodes : {1U, 2U, 3U, 4U}) {
      for (const std::uint32_t threads : {1U, 4U}) {
        INFO(sealed << " sealed segments, " << nodes << " nodes, " << threads << " threads");
        const auto db = SharingDatabase(threads, nodes);
        const Collection books = Fill(*db, sealed);
        for (int again = 0; again < 3; ++again) CHECK(Ask(books) == expected);
      }
    }
  }
}

SCENARIO("equal distances go by key, whichever thread finds them first", "[walk][nodes]") {
  const auto db = SharingDatabase(4, 4);
  Collection ties = *(*db)->CreateCollection("ties", BookSchema());
  const std::vector<float> same = {1, 2, 3, 4};
  std::vector<std::int64_t> keys;
  for (std::int64_t i = 0; i < 12; ++i) {
    Batch batch(BookSchema());
    for (std::int64_t k = 0; k < 5; ++k) {
      const std::int64_t key = (i * 37 + k * 101) % 997;
      keys.push_back(key);
      batch.Add({{"id", key}, {"title", "t"}, {"v", same}}).OrDie();
    }
    ties.Insert(batch).status().OrDie();
    ties.Flush().OrDie();
  }
  std::sort(keys.begin(), keys.end());
  keys.resize(17);
  for (int again = 0; again < 100; ++again) CHECK(KeysNear(ties, same, 17) == keys);
}

SCENARIO("a small read makes no thread hop, a large one is shared", "[walk][nodes]") {
  const auto small = SharingDatabase(4, 4, std::uint64_t{1} << 20);
  const Collection few = Fill(*small, 7);
  for (int i = 0; i < 20; ++i) (void)Ask(few);
  CHECK(small->parts().search_pool->handed_over() == 0);
  CHECK(ReadsOf(**small) > 0);

  const auto large = SharingDatabase(2, 2);
  const Collection books = Fill(*large, 7);
  CHECK(Eventually([&] {
    (void)Ask(books);
    return large->parts().search_pool->handed_over() > 0;
  }));

  const auto one_segment = SharingDatabase(4, 4);
  const Collection growing = Fill(*one_segment, 0);
  for (int i = 0; i < 20; ++i) (void)Ask(growing);
  CHECK(one_segment->parts().search_pool->handed_over() == 0);

  TestDatabase without;  // own_threads is off
  without.SetSearchTaskBytes(1);
  without.Reopen();
  const Collection alone = Fill(without, 7);
  for (int i = 0; i < 20; ++i) (void)Ask(alone);
  CHECK(without.parts().search_pool->handed_over() == 0);
}

SCENARIO("segments are spread when they come, and kept spread by a reopening", "[walk][nodes]") {
  const auto db = SharingDatabase(1, 4);
  Collection books = Fill(*db, 6);
  books.Flush().OrDie();
  std::vector<std::uint32_t> spread = SegmentsOf(**db);
  std::sort(spread.begin(), spread.end());
  CHECK(std::accumulate(spread.begin(), spread.end(), 0U) == books.Stats()->sealed_segments);
  CHECK(spread.back() - spread.front() <= 1);
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  for (const QueryNodeInfo& node : *(*db)->QueryNodes()) {
    rows += node.rows;
    bytes += node.bytes;
  }
  CHECK(rows == books.Stats()->rows + books.Stats()->deleted_rows);
  CHECK(bytes == books.Stats()->disk_bytes);

  db->Reopen();
  std::vector<std::uint32_t> again = SegmentsOf(**db);
  std::sort(again.begin(), again.end());
  CHECK(again == spread);
  CHECK(ReadsOf(**db) == 0);
  books = db->OpenBooks();
  (void)books.Search({.query = Book{1}.vector()});
  CHECK(ReadsOf(**db) == books.Stats()->sealed_segments);

  (*db)->DropCollection("books").OrDie();
  CHECK(SegmentsOf(**db) == std::vector<std::uint32_t>(4, 0));
}

SCENARIO("many collections of one segment each do not meet on one node", "[walk][nodes]") {
  const auto db = SharingDatabase(1, 4);
  for (int i = 0; i < 40; ++i) {
    Collection books = db->MakeBooks({}, "books_" + std::to_string(i));
    books.Insert(BatchOf({{1}, {2}})).status().OrDie();
    books.Flush().OrDie();
  }
  for (const std::uint32_t segments : SegmentsOf(**db)) CHECK(segments >= 2);
}

SCENARIO("one damaged segment fails a shared read as a whole", "[walk][nodes]") {
  Options options;
  options.search_threads = 4;
  options.query_nodes = 4;
  auto disk = io::MakeMemoryFileSystem();
  TestDatabase db(disk, options);
  db.SetSearchTaskBytes(1);
  db.Reopen();
  Collection books = Fill(db, 7);
  const Answers before = Ask(books);
  db.Close();
  for (const auto& [path, content] : DumpTree(*disk)) {
    if (!path.ends_with("/1-0.col") && !path.ends_with("/3-0.col")) continue;  // years, vectors
    if (!path.starts_with("segments/" + NamesIn(*disk, "segments")[2] + "/")) continue;
    std::string bytes = content;
    bytes[8] = static_cast<char>(bytes[8] ^ 1);
    PutFile(*disk, path, bytes);
  }
  db.Open().OrDie();
  books = db.OpenBooks();
  for (int again = 0; again < 20; ++again) {
    CheckRefusal(books.Search({.query = Book{1}.vector(), .limit = 100}).status(),
                 StatusCode::kCorruption, {".col"});
    CheckRefusal(books.Count("year < 2000").status(), StatusCode::kCorruption, {".col"});
  }
  CHECK(before.count > 0);
}

SCENARIO("search_threads and query_nodes out of range are refused", "[walk][nodes][limits]") {
  Options options;
  options.search_threads = 257;
  CheckRefusal(Database::OpenInMemory(options).status(), StatusCode::kInvalidArgument,
               {"Options::search_threads", "257", "256"});
  options = {};
  options.query_nodes = 65;
  CheckRefusal(Database::OpenInMemory(options).status(), StatusCode::kInvalidArgument,
               {"Options::query_nodes", "65", "64"});
  options = {};
  options.search_threads = 256;
  options.query_nodes = 64;
  CHECK((*Database::OpenInMemory(options)).QueryNodes()->size() == 64);
}
