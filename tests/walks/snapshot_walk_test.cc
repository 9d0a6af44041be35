// Snapshots and iterators: one moment, read for longer than one call, while everything moves on.
#include <atomic>
#include <thread>

#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

const std::vector<std::string> kAll{"*"};

// Everything a snapshot can be asked agrees with `expected`.
void CheckReads(const Snapshot& snapshot, const Books& expected) {
  CHECK(*snapshot.Count() == expected.size());
  Books queried;
  const auto rows = snapshot.Query({.output_fields = kAll, .limit = 16'384});
  rows.status().OrDie();
  for (const Row& row : *rows) {
    const auto book = BookOf(row);
    REQUIRE(book.has_value());
    queried[book->id] = book->version;
  }
  CHECK(queried == expected);
  const auto hits = snapshot.Search({.query = Book{1}.vector(), .limit = 16'384});
  hits.status().OrDie();
  CHECK(hits->size() == expected.size());
  for (const auto& [id, version] : expected) {
    const auto found = snapshot.Get(IntKeys({id}), kAll);
    found.status().OrDie();
    REQUIRE(found->rows.size() == 1);
    CHECK(BookOf(found->rows[0]) == Book{id, version});
  }
}

std::vector<std::int64_t> IdsOf(const std::vector<Row>& rows) {
  std::vector<std::int64_t> ids;
  for (const Row& row : rows) ids.push_back(*row.Get<std::int64_t>("id"));
  return ids;
}

std::vector<std::int64_t> IdsOf(RowIterator iterator) {
  std::vector<std::int64_t> ids;
  while (true) {
    const auto rows = iterator.Next();
    rows.status().OrDie();
    if (rows->empty()) return ids;
    for (const std::int64_t id : IdsOf(*rows)) ids.push_back(id);
  }
}

std::vector<std::int64_t> Between(std::int64_t first, std::int64_t last) {
  std::vector<std::int64_t> ids;
  for (std::int64_t id = first; id <= last; ++id) ids.push_back(id);
  return ids;
}

}  // namespace

SCENARIO("a snapshot answers as of its moment whatever happens afterwards", "[walk][snapshot]") {
  TestDatabase db;
  Collection books = db.MakeBooks({.shards = 2});
  books.Insert(BatchOf(BooksBetween(1, 30))).status().OrDie();
  const bool flushed = GENERATE(false, true);
  if (flushed) books.Flush().OrDie();
  const Timestamp written = books.Upsert(BatchOf({{3, 1}, {40, 1}}))->timestamp;
  Books then = ExpectedBetween(1, 30);
  then[3] = then[40] = 1;
  const Snapshot snapshot = *books.Snapshot();
  CHECK(snapshot.timestamp() == written);
  CheckReads(snapshot, then);

  books.Delete(IntKeys({1, 2, 40})).status().OrDie();
  books.Upsert(BatchOf({{3, 2}, {4, 2}, {50, 2}})).status().OrDie();
  CheckReads(snapshot, then);
  for (std::int64_t id = 5; id <= 30; ++id) books.Delete(IntKeys({id})).status().OrDie();
  CheckReads(snapshot, then);
  const Snapshot later = *books.Snapshot();

  books.Flush().OrDie();
  CheckReads(snapshot, then);
  CheckReads(later, {{3, 2}, {4, 2}, {50, 2}});
  books.Insert(BatchOf({{1, 3}})).status().OrDie();
  books.Flush().OrDie();
  CheckReads(snapshot, then);

  db->DropCollection("books").OrDie();
  CHECK(books.Count().status().code() == StatusCode::kNotFound);
  CHECK(books.Snapshot().status().code() == StatusCode::kNotFound);
  CheckReads(snapshot, then);
  db.MakeBooks().Insert(BatchOf({{1, 9}})).status().OrDie();
  CheckReads(snapshot, then);
}

TEST_CASE("a snapshot knows the partitions of its moment by name, whatever became of them",
          "[walk][snapshot][partition]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  books.CreatePartition("old").OrDie();
  books.Insert(BatchOf({{1}, {2}})).status().OrDie();
  books.Insert(BatchOf({{3}}), {.partition = "old"}).status().OrDie();
  const Snapshot snapshot = *books.Snapshot();
  const auto in = [](const std::string& name) { return ReadOptions{.partitions = {name}}; };

  books.DropPartition("old").OrDie();
  CHECK(snapshot.Count("", in("old")).status().ToString() == "OK");
  books.CreatePartition("old").OrDie();
  books.Insert(BatchOf({{4}, {5}}), {.partition = "old"}).status().OrDie();
  CHECK(*books.Count("", in("old")) == 2);
  books.CreatePartition("new").OrDie();
  db->DropCollection("books").OrDie();

  CHECK(*snapshot.Count() == 3);
  CHECK(*snapshot.Count("", in("old")) == 1);
  CHECK(*snapshot.Count("", in("_default")) == 2);
  CHECK(IdsOf(*snapshot.Iterate({.read = in("old")})) == Between(3, 3));
  CheckRefusal(snapshot.Count("", in("new")).status(), StatusCode::kNotFound, {"'new'"});
}

TEST_CASE("a snapshot lets go of memory when its last copy ends", "[walk][snapshot]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  books.Insert(BatchOf(BooksBetween(1, 10))).status().OrDie();
  std::weak_ptr<const segment::Segment> growing;
  {
    const auto live = db.parts().collections.Find("books");
    growing = live->board.Pin()->segments()[0];
    std::optional<Snapshot> snapshot = *books.Snapshot();
    const Snapshot copy = *snapshot;
    books.Flush().OrDie();
    snapshot.reset();
    CHECK_FALSE(growing.expired());
    CHECK(*copy.Count() == 10);
  }
  db.clock().Advance(std::chrono::seconds(2));
  RunDueWork(*db);  // not on the thread of who read last
  CHECK(growing.expired());
}

TEST_CASE("after the close of the database a snapshot refuses and dangles nowhere",
          "[walk][snapshot]") {
  TestDatabase db;
  std::optional<Snapshot> snapshot;
  std::optional<RowIterator> iterator;
  {
    Collection books = db.MakeBooks();
    books.Insert(BatchOf({{1}})).status().OrDie();
    snapshot = *books.Snapshot();
    iterator = *books.Iterate({});
  }
  db.Close();
  CHECK(snapshot->Count().status().code() == StatusCode::kFailedPrecondition);
  CHECK(iterator->Next().status().code() == StatusCode::kFailedPrecondition);
}

TEST_CASE("snapshots read the same again and again while writers, flushes and readers run",
          "[walk][snapshot]") {
  Options options;
  options.background_threads = 1;
  TestDatabase db(io::MakeMemoryFileSystem(), options);
  Collection books = db.MakeBooks({.shards = 2, .segment_rows = 40});
  books.Insert(BatchOf(BooksBetween(1, 50))).status().OrDie();
  std::atomic<bool> done{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 2; ++reader) {
    readers.emplace_back([&] {
      while (!done) {
        const Snapshot snapshot = *books.Snapshot();
        const auto first = snapshot.Query({.output_fields = kAll, .limit = 1000});
        for (int again = 0; again < 3; ++again) {
          const auto next = snapshot.Query({.output_fields = kAll, .limit = 1000});
          if (!first.ok() || !next.ok() || first->size() != next->size()) {
            ++wrong;
            continue;
          }
          for (std::size_t i = 0; i < next->size(); ++i) {
            if ((*first)[i].values != (*next)[i].values) ++wrong;
          }
          const auto count = snapshot.Count();
          if (!count.ok() || *count != first->size() || *count != 50) ++wrong;
        }
      }
    });
  }
  for (std::int64_t version = 1; version <= 60; ++version) {
    books.Upsert(BatchOf(BooksBetween(1, 50, version))).status().OrDie();  // always 50 rows
    if (version % 10 == 0) books.Flush().OrDie();
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(wrong == 0);
}

SCENARIO("an iterator brings each row once, in key order, whatever is written meanwhile",
         "[walk][iterate]") {
  TestDatabase db;
  Collection books = db.MakeBooks({.shards = 3, .segment_rows = 17});
  for (std::int64_t id = 200; id >= 1; --id) books.Insert(BatchOf({{id}})).status().OrDie();
  RunDueWork(*db);
  const std::size_t batch = GENERATE(1, 7, 200, 201, 16'384);
  RowIterator rows = *books.Iterate({.output_fields = kAll, .batch_size = batch});
  std::vector<std::int64_t> seen;
  while (true) {
    const auto piece = rows.Next();
    piece.status().OrDie();
    if (piece->empty()) break;
    CHECK(piece->size() <= batch);
    for (const Row& row : *piece) {
      const auto book = BookOf(row);
      REQUIRE(book.has_value());
      CHECK(book->version == 0);
      seen.push_back(book->id);
    }
    books.Upsert(BatchOf({{seen.back() + 1, 5}})).status().OrDie();  // what comes next
    books.Delete(IntKeys({seen.back() + 2})).status().OrDie();
    books.Upsert(BatchOf({{-seen.back(), 5}})).status().OrDie();
    if (batch > 1) books.Flush().OrDie();
  }
  CHECK(seen == Between(1, 200));
  CHECK(rows.Next()->empty());
}

TEST_CASE("an iterator takes a filter, a limit and a key to begin behind", "[walk][iterate]") {
  TestDatabase db;
  Collection books = db.MakeBooks({.shards = 2});
  books.Insert(BatchOf(BooksBetween(1, 100))).status().OrDie();
  books.Flush().OrDie();
  books.Insert(BatchOf(BooksBetween(101, 150))).status().OrDie();
  CHECK(IdsOf(*books.Iterate({})) == Between(1, 150));
  CHECK(IdsOf(*books.Iterate({.batch_size = 7, .limit = 20})) == Between(1, 20));
  CHECK(IdsOf(*books.Iterate({.batch_size = 40, .after = Key{99}})) == Between(100, 150));
  CHECK(IdsOf(*books.Iterate({.after = Key{150}})).empty());
  CHECK(IdsOf(*books.Iterate({.filter = "id > 10 and id < 13", .batch_size = 1})) ==
        Between(11, 12));
  CHECK(IdsOf(*books.Iterate({.filter = "id < 0"})).empty());
  const Snapshot snapshot = *books.Snapshot();
  books.Delete(IntKeys({1, 2, 3})).status().OrDie();
  CHECK(IdsOf(*snapshot.Iterate({.batch_size = 9})) == Between(1, 150));
  CHECK(IdsOf(*books.Iterate({.batch_size = 9})) == Between(4, 150));
}

TEST_CASE("rows of one key come each once where keys are not checked", "[walk][iterate]") {
  TestDatabase db;
  Collection books = db.MakeBooks({.check_keys = false});
  for (int again = 0; again < 5; ++again) {
    books.Insert(BatchOf(BooksBetween(1, 3, again))).status().OrDie();
    if (again % 2 == 0) books.Flush().OrDie();
  }
  const std::vector<std::int64_t> all{1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3};
  CHECK(IdsOf(*books.Iterate({.batch_size = 2})) == all);
  CHECK(IdsOf(*books.Iterate({.batch_size = 15})) == all);
}

TEST_CASE("an iterator over text keys goes in byte order", "[walk][iterate]") {
  TestDatabase db;
  const Schema schema =
      *SchemaBuilder().PrimaryKey("id", DataType::kVarChar).Vector("v", 1, Metric::kL2).Build();
  Collection c = *db->CreateCollection("c", schema, {.shards = 3});
  const std::vector<std::string> sorted{"", "Z", "a", "a b", "ab", "b", "\xC3\xA9"};
  const std::vector<float> v{1};
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    Batch batch(schema);
    batch.Add({{"id", sorted[(i * 3) % sorted.size()]}, {"v", v}}).OrDie();
    c.Insert(batch).status().OrDie();
    if (i == 3) c.Flush().OrDie();
  }
  std::vector<std::string> seen;
  RowIterator rows = *c.Iterate({.batch_size = 2});
  for (auto piece = rows.Next(); !piece->empty(); piece = rows.Next()) {
    for (const Row& row : *piece) seen.push_back(*row.Get<std::string>("id"));
  }
  CHECK(seen == sorted);
  CHECK((*c.Iterate({.after = Key{"ab"}})).Next()->size() == 2);
}

TEST_CASE("a piece that failed is given again", "[walk][iterate]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  books.Insert(BatchOf(BooksBetween(1, 10))).status().OrDie();
  std::stop_source source;
  RowIterator rows = *books.Iterate({.batch_size = 4, .read = {.stop = source.get_token()}});
  CHECK(IdsOf(*rows.Next()) == Between(1, 4));
  source.request_stop();
  CHECK(rows.Next().status().code() == StatusCode::kCancelled);
  CHECK(rows.Next().status().code() == StatusCode::kCancelled);
  RowIterator moved = std::move(rows);
  CHECK(moved.Next().status().code() == StatusCode::kCancelled);
  CHECK(rows.Next().status().code() == StatusCode::kFailedPrecondition);  // NOLINT: moved from
}

TEST_CASE("an iterator that makes no sense is refused by name", "[walk][iterate]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  for (const std::size_t batch : {std::size_t{0}, std::size_t{16'385}}) {
    CheckRefusal(books.Iterate({.batch_size = batch}).status(), StatusCode::kInvalidArgument,
                 {"IterateRequest::batch_size", std::to_string(batch), "16384"});
  }
  CheckRefusal(books.Iterate({.after = Key{"x"}}).status(), StatusCode::kInvalidArgument,
               {"'id'", "Int64"});
  CheckRefusal(books.Iterate({.output_fields = {"pages"}}).status(), StatusCode::kInvalidArgument,
               {"'pages'"});
  CheckRefusal(books.Iterate({.filter = "year >"}).status(), StatusCode::kInvalidArgument, {});
  CheckRefusal(books.Iterate({.read = {.timeout = std::chrono::milliseconds(-2)}}).status(),
               StatusCode::kInvalidArgument, {"ReadOptions::timeout", "-2"});
}
