// Partitions: named parts of a collection, each with its own segments, that come and go at once.
#include <atomic>
#include <functional>
#include <thread>
#include <utility>

#include "base/canary.h"
#include "catalog/manifest.h"
#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

Collection BooksWithPartitions(TestDatabase& db, const CollectionOptions& options = {}) {
  Collection books = db.MakeBooks(options);
  books.CreatePartition("old").OrDie();
  books.CreatePartition("new").OrDie();
  return books;
}

WriteOptions In(std::string partition) {
  return {.partition = std::move(partition)};
}

// What a read of these partitions, or of all, sees.
Books ReadIn(const Collection& collection, std::vector<std::string> partitions) {
  const auto rows = collection.Query(
      {.output_fields = {"*"}, .limit = 16'384, .read = {.partitions = std::move(partitions)}});
  rows.status().OrDie();
  Books books;
  for (const Row& row : *rows) {
    const auto book = BookOf(row);
    REQUIRE(book.has_value());
    books[book->id] = book->version;
  }
  REQUIRE(books.size() == rows->size());
  return books;
}

std::uint32_t FormatVersionOf(io::FileSystem& fs) {
  return catalog::Recover(fs)->format.version;
}

// Drops partition "old" when a read comes to where others may come in between.
class DropInBetween {
 public:
  explicit DropInBetween(Collection& books) {
    books_ = &books;
    base::SetSchedulePointHandler([] {
      if (Collection* from = std::exchange(books_, nullptr)) from->DropPartition("old").OrDie();
    });
  }
  ~DropInBetween() { base::SetSchedulePointHandler(nullptr); }
  DropInBetween(const DropInBetween&) = delete;
  DropInBetween& operator=(const DropInBetween&) = delete;

  static bool dropped() { return books_ == nullptr; }

 private:
  static inline Collection* books_ = nullptr;
};

}  // namespace

SCENARIO("partitions are created, listed and dropped by name", "[walk][partition]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  CHECK(*books.ListPartitions() == std::vector<std::string>{"_default"});
  CHECK(*books.HasPartition("_default"));
  CHECK_FALSE(*books.HasPartition("2024-q1"));
  books.CreatePartition("2024-q1").OrDie();
  books.CreatePartition("2024-q1").OrDie();  // it is there
  books.CreatePartition("_default").OrDie();
  books.CreatePartition("a").OrDie();
  const std::vector<std::string> all{"_default", "2024-q1", "a"};
  CHECK(*books.ListPartitions() == all);
  db.Reopen();
  books = db.OpenBooks();
  CHECK(*books.ListPartitions() == all);
  CHECK(*books.HasPartition("2024-q1"));
  books.DropPartition("2024-q1").OrDie();
  CHECK_FALSE(*books.HasPartition("2024-q1"));
  CheckRefusal(books.DropPartition("2024-q1"), StatusCode::kNotFound, {"'books'", "'2024-q1'"});
  CheckRefusal(books.DropPartition("_default"), StatusCode::kInvalidArgument, {"'_default'"});
  for (const char* name : {"", "-a", "a b", "ä", "a/b"}) {
    CheckRefusal(books.CreatePartition(name), StatusCode::kInvalidArgument, {"partition name"});
  }
  CheckRefusal(books.CreatePartition(std::string(256, 'x')), StatusCode::kInvalidArgument, {"255"});
  db.Reopen();
  CHECK(*db.OpenBooks().ListPartitions() == std::vector<std::string>{"_default", "a"});
}

SCENARIO("a collection has 1,024 partitions at most", "[walk][partition]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  for (int i = 1; i < 1'024; ++i) books.CreatePartition("p" + std::to_string(i)).OrDie();
  CheckRefusal(books.CreatePartition("more"), StatusCode::kResourceExhausted, {"1024"});
  books.DropPartition("p7").OrDie();
  CHECK(books.CreatePartition("more").ok());
  db.Reopen();
  CHECK(db.OpenBooks().ListPartitions()->size() == 1'024);
}

SCENARIO("rows are read by partition, wherever they lie", "[walk][partition]") {
  const std::uint32_t shards = GENERATE(1U, 3U);
  TestDatabase db;
  Collection books = BooksWithPartitions(db, {.shards = shards});
  books.Insert(BatchOf(BooksBetween(1, 10))).status().OrDie();
  books.Insert(BatchOf(BooksBetween(11, 20)), In("old")).status().OrDie();
  books.Insert(BatchOf(BooksBetween(21, 30)), In("new")).status().OrDie();
  const auto check = [&] {
    CHECK(ReadIn(books, {}) == ExpectedBetween(1, 30));
    CHECK(ReadIn(books, {"_default"}) == ExpectedBetween(1, 10));
    CHECK(ReadIn(books, {"new", "old", "new"}) == ExpectedBetween(11, 30));
    const std::vector<float> query = Book{5}.vector();
    const auto nearest = books.Search(
        {.query = query, .limit = 30, .filter = "id > 12", .read = {.partitions = {"old"}}});
    REQUIRE(nearest.ok());
    CHECK(nearest->size() == 8);
    CHECK(*books.Count("", {.partitions = {"old"}}) == 10);
    CHECK(*books.Count("id >= 25", {.partitions = {"new", "_default"}}) == 6);
    const auto got = books.Get(IntKeys({5, 15, 25}), {}, {.partitions = {"old"}});
    REQUIRE(got.ok());
    CHECK(got->rows.size() == 1);
    CHECK(got->missing == IntKeys({5, 25}));
    CHECK(books.Stats("new")->rows == 10);
    CHECK(books.Stats()->rows == 30);
  };
  check();
  books.Flush().OrDie();
  CHECK(books.Stats("old")->sealed_segments == shards);
  CHECK(books.Stats()->sealed_segments > shards);  // no segment has rows of two partitions
  check();
  db.Reopen();
  books = db.OpenBooks();
  check();
  db.ContinueOn(MemoryCopyOf(*db.fs())).OrDie();
  books = db.OpenBooks();
  check();
}

SCENARIO("a partition that does not exist is named by whoever is asked for it",
         "[walk][partition]") {
  TestDatabase db;
  Collection books = BooksWithPartitions(db);
  const auto check = [](const Status& status) {
    CheckRefusal(status, StatusCode::kNotFound, {"'books'", "'lost'"});
  };
  check(books.Insert(BatchOf({{1}}), In("lost")).status());
  check(books.Upsert(BatchOf({{1}}), In("lost")).status());
  check(books.Delete(IntKeys({1}), In("lost")).status());
  check(
      books.Search({.query = Book{1}.vector(), .read = {.partitions = {"old", "lost"}}}).status());
  check(books.Query({.read = {.partitions = {"lost"}}}).status());
  check(books.Get(IntKeys({1}), {}, {.partitions = {"lost"}}).status());
  check(books.Count("", {.partitions = {"lost"}}).status());
  check(books.Stats("lost").status());
  CHECK(*books.Count() == 0);
}

SCENARIO("a key is in one partition only, and an upsert moves it", "[walk][partition]") {
  TestDatabase db;
  Collection books = BooksWithPartitions(db, {.shards = 2});
  books.Insert(BatchOf(BooksBetween(1, 6)), In("old")).status().OrDie();
  const bool sealed = GENERATE(false, true);
  if (sealed) books.Flush().OrDie();
  CheckRefusal(books.Insert(BatchOf({{3}}), In("new")).status(), StatusCode::kAlreadyExists, {"3"});
  CheckRefusal(books.Insert(BatchOf({{3}})).status(), StatusCode::kAlreadyExists, {"3"});
  books.Upsert(BatchOf({{3, 1}, {4, 1}}), In("new")).status().OrDie();
  books.Upsert(BatchOf({{4, 2}, {5, 2}})).status().OrDie();
  const auto check = [&] {
    CHECK(ReadIn(books, {"old"}) == Books{{1, 0}, {2, 0}, {6, 0}});
    CHECK(ReadIn(books, {"new"}) == Books{{3, 1}});
    CHECK(ReadIn(books, {"_default"}) == Books{{4, 2}, {5, 2}});
    CHECK(*books.Count() == 6);
  };
  check();
  db.ContinueOn(MemoryCopyOf(*db.fs())).OrDie();
  books = db.OpenBooks();
  check();
  books.Flush().OrDie();
  check();
}

SCENARIO("a delete that names a partition leaves the others alone", "[walk][partition]") {
  TestDatabase db;
  Collection books = BooksWithPartitions(db);
  books.Insert(BatchOf(BooksBetween(1, 4))).status().OrDie();
  books.Insert(BatchOf(BooksBetween(5, 8)), In("old")).status().OrDie();
  const bool sealed = GENERATE(false, true);
  if (sealed) books.Flush().OrDie();
  books.Delete(IntKeys({1, 5}), In("old")).status().OrDie();
  books.Delete(IntKeys({2, 6}), In("_default")).status().OrDie();
  books.Delete(IntKeys({3, 7}), In("new")).status().OrDie();
  books.Delete(IntKeys({4, 8})).status().OrDie();
  const auto check = [&] {
    CHECK(ReadIn(books, {}) == Books{{1, 0}, {3, 0}, {6, 0}, {7, 0}});
    CHECK(ReadIn(books, {"old"}) == Books{{6, 0}, {7, 0}});
  };
  check();
  db.ContinueOn(MemoryCopyOf(*db.fs())).OrDie();
  books = db.OpenBooks();
  check();
}

SCENARIO("a dropped partition is gone with its rows and files, and its name and keys are free",
         "[walk][partition]") {
  TestDatabase db;
  Collection books = BooksWithPartitions(db, {.shards = 2});
  books.Insert(BatchOf(BooksBetween(1, 4))).status().OrDie();
  books.Insert(BatchOf(BooksBetween(5, 20)), In("old")).status().OrDie();
  books.Flush().OrDie();
  books.Insert(BatchOf(BooksBetween(21, 30)), In("old")).status().OrDie();
  books.Upsert(BatchOf({{4, 1}}), In("old")).status().OrDie();  // takes 4 away from the default one
  const std::size_t files = NamesIn(*db.fs(), "segments").size();
  books.DropPartition("old").OrDie();
  CHECK(NamesIn(*db.fs(), "segments").size() < files);
  const auto check = [&](Books expected) {
    CHECK(ReadIn(books, {}) == expected);
    CHECK(*ReadAll(books) == expected);
    CHECK_FALSE(*books.HasPartition("old"));
  };
  check(ExpectedBetween(1, 3));
  db.ContinueOn(MemoryCopyOf(*db.fs())).OrDie();
  books = db.OpenBooks();
  check(ExpectedBetween(1, 3));
  books.Insert(BatchOf({{5, 9}, {21, 9}})).status().OrDie();
  db.Reopen();
  books = db.OpenBooks();
  Books expected = ExpectedBetween(1, 3);
  expected[5] = 9;
  expected[21] = 9;
  check(expected);
  books.CreatePartition("old").OrDie();
  CHECK(*books.Count("", {.partitions = {"old"}}) == 0);
}

SCENARIO("a partition dropped while its rows wait to be flushed", "[walk][partition]") {
  TestDatabase db;
  Collection books = BooksWithPartitions(db, {.segment_rows = 5});
  books.Insert(BatchOf(BooksBetween(1, 5)), In("old")).status().OrDie();  // asks to be sealed
  books.DropPartition("old").OrDie();
  RunDueWork(*db);
  CHECK(NamesIn(*db.fs(), "segments").empty());
  books.Insert(BatchOf(BooksBetween(1, 2)), In("new")).status().OrDie();
  CHECK(db->Flush().ok());
  db.Reopen();
  CHECK(*ReadAll(db.OpenBooks()) == ExpectedBetween(1, 2));
}

SCENARIO("dropping a partition gives its part of the write buffer back", "[walk][partition]") {
  Options options = QuietOptions();
  options.write_buffer_bytes = 1 << 20;
  TestDatabase db(io::MakeMemoryFileSystem(), options);
  Collection books = db.MakeBooks();
  for (int round = 0; round < 12; ++round) {
    books.CreatePartition("round").OrDie();
    books.Insert(BatchOf(BooksBetween(1, 2'000)), In("round")).status().OrDie();
    books.DropPartition("round").OrDie();
  }
  CHECK(NamesIn(*db.fs(), "segments").empty());  // no room had to be made
}

SCENARIO("each partition seals on its own: when it is full, idle, or the largest",
         "[walk][partition]") {
  TestDatabase db;
  Collection books =
      BooksWithPartitions(db, {.segment_rows = 10, .seal_after_idle = std::chrono::seconds(5)});
  books.Insert(BatchOf(BooksBetween(1, 10)), In("old")).status().OrDie();
  books.Insert(BatchOf(BooksBetween(11, 15)), In("new")).status().OrDie();
  RunDueWork(*db);
  CHECK(books.Stats("old")->sealed_segments == 1);
  CHECK(books.Stats("new")->sealed_segments == 0);
  db.clock().Advance(std::chrono::seconds(6));
  books.Insert(BatchOf(BooksBetween(21, 22))).status().OrDie();
  RunDueWork(*db);
  CHECK(books.Stats("new")->sealed_segments == 1);
  CHECK(books.Stats("_default")->sealed_segments == 0);
}

SCENARIO("creating and dropping a partition is one edit: before it the old world, then the new one",
         "[walk][partition]") {
  static TestDatabase* running = nullptr;
  static std::map<std::string, std::shared_ptr<io::FileSystem>> disks;
  TestDatabase db;
  running = &db;
  disks.clear();
  Collection books = db.MakeBooks();
  base::SetKillPointHandler([](const char* name) { disks[name] = MemoryCopyOf(*running->fs()); });
  books.CreatePartition("old").OrDie();
  base::SetKillPointHandler(nullptr);
  books.Insert(BatchOf(BooksBetween(1, 5)), In("old")).status().OrDie();
  books.Flush().OrDie();
  books.Insert(BatchOf(BooksBetween(6, 9)), In("old")).status().OrDie();
  base::SetKillPointHandler([](const char* name) { disks[name] = MemoryCopyOf(*running->fs()); });
  books.DropPartition("old").OrDie();
  base::SetKillPointHandler(nullptr);
  const auto has = [&](const std::string& point) {
    TestDatabase there(disks.at(point));
    return *there.OpenBooks().HasPartition("old");
  };
  const auto rows = [&](const std::string& point) {
    TestDatabase there(disks.at(point));
    return *there.OpenBooks().Count();
  };
  CHECK_FALSE(has("ddl.partition.create.before"));
  CHECK(has("ddl.partition.create.after"));
  CHECK(has("ddl.partition.drop.before"));
  CHECK(rows("ddl.partition.drop.before") == 9);
  CHECK_FALSE(has("ddl.partition.drop.after"));
  CHECK(rows("ddl.partition.drop.after") == 0);
}

SCENARIO("a database says version 3 from its first partition on", "[walk][partition]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  books.Insert(BatchOf({{1}})).status().OrDie();
  CHECK(FormatVersionOf(*db.fs()) == 1);
  books.CreatePartition("_default").OrDie();
  CHECK(FormatVersionOf(*db.fs()) == 1);
  books.CreatePartition("old").OrDie();
  CHECK(FormatVersionOf(*db.fs()) == 3);
  books.DropPartition("old").OrDie();
  db.Reopen();
  CHECK(FormatVersionOf(*db.fs()) == 3);
}

SCENARIO("partitions of a dropped collection are gone with it", "[walk][partition]") {
  TestDatabase db;
  Collection books = BooksWithPartitions(db);
  books.Insert(BatchOf({{1}}), In("old")).status().OrDie();
  db->DropCollection("books").OrDie();
  CheckRefusal(books.CreatePartition("more"), StatusCode::kNotFound, {"'books' was dropped"});
  CheckRefusal(books.DropPartition("old"), StatusCode::kNotFound, {"'books' was dropped"});
  CheckRefusal(books.HasPartition("old").status(), StatusCode::kNotFound, {"was dropped"});
  CheckRefusal(books.ListPartitions().status(), StatusCode::kNotFound, {"was dropped"});
  books = db.MakeBooks();
  CHECK(*books.ListPartitions() == std::vector<std::string>{"_default"});
  db.Reopen();
  CHECK(*db.OpenBooks().ListPartitions() == std::vector<std::string>{"_default"});
}

SCENARIO("a read of a partition that is dropped meanwhile is refused, and not empty",
         "[walk][partition]") {
  const ReadOptions old{.partitions = {"old"}};
  const std::vector<std::function<Status(const Collection&)>> reads = {
      [&](const Collection& books) { return books.Count("", old).status(); },
      [&](const Collection& books) { return books.Query({.read = old}).status(); },
      [&](const Collection& books) {
        return books.Search({.query = Book{1}.vector(), .read = old}).status();
      },
      [&](const Collection& books) { return books.Get(IntKeys({1}), {}, old).status(); },
      [&](const Collection& books) { return books.Iterate({.read = old}).status(); },
      [&](const Collection& books) { return books.Snapshot(old).status(); },
      [&](const Collection& books) { return books.Stats("old").status(); },
  };
  for (std::size_t i = 0; i < reads.size(); ++i) {
    INFO("read " << i);
    TestDatabase db;
    Collection books = BooksWithPartitions(db);
    books.Insert(BatchOf({{1}}), In("old")).status().OrDie();
    const DropInBetween drop(books);
    CheckRefusal(reads[i](books), StatusCode::kNotFound, {"no partition named 'old'"});
    CHECK(DropInBetween::dropped());
  }
}

SCENARIO("writers, readers and drops of partitions go on beside one another",
         "[walk][partition][threads]") {
  auto db = *Database::OpenInMemory();
  Collection books = *db.CreateCollection("books", BookSchema(), {.shards = 2, .segment_rows = 50});
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> written{0};
  std::atomic<bool> wrong{false};
  std::vector<std::thread> threads;
  for (int writer = 0; writer < 2; ++writer) {
    threads.emplace_back([&, writer] {
      for (std::int64_t i = 0; !stop; ++i) {
        const std::int64_t id = 1 + writer * 1'000'000 + i;
        const auto receipt = books.Insert(BatchOf({{id}}), In(writer == 0 ? "comes" : ""));
        if (receipt.ok()) written += writer;
        if (!receipt.ok() && receipt.status().code() != StatusCode::kNotFound) wrong = true;
      }
    });
  }
  for (int round = 0; round < 60; ++round) {
    books.CreatePartition("comes").OrDie();
    const auto some = books.Count("", {.partitions = {"comes"}});
    if (!some.ok()) wrong = true;
    books.DropPartition("comes").OrDie();
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  CHECK_FALSE(wrong);
  CHECK(*books.Count() == written);
  db.Flush().OrDie();
  CHECK(*books.Count() == written);
}
