// The Seal and flush walk: a growing segment becomes files, one Edit, and a shorter log.
#include "io/layout.h"
#include "support/fault_file_system.h"
#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

std::size_t LogsOf(io::FileSystem& fs) {
  return fs.List(io::PchannelFolder(0))->size();
}

}  // namespace

SCENARIO("a segment seals by rows, by size, by idleness and by Flush", "[walk][seal]") {
  TestDatabase db;
  GIVEN("a limit of ten rows") {
    Collection books = db.MakeBooks({.segment_rows = 10});
    books.Insert(BatchOf(BooksBetween(1, 9))).status().OrDie();
    RunDueWork(*db);
    CHECK(SealedIn(books) == 0);
    books.Insert(BatchOf(BooksBetween(10, 10))).status().OrDie();
    RunDueWork(*db);
    CHECK(SealedIn(books) == 1);
    CHECK(*ReadAll(books) == ExpectedBetween(1, 10));
  }
  GIVEN("a limit of bytes that some thousand rows pass") {
    Collection books = db.MakeBooks({.segment_bytes = 400'000});
    std::int64_t next = 1;
    while (SealedIn(books) == 0 && next < 50'000) {
      books.Insert(BatchOf(BooksBetween(next, next + 499))).status().OrDie();
      next += 500;
      RunDueWork(*db);
    }
    CHECK(SealedIn(books) == 1);
    CHECK(next > 501);
    CHECK(next < 20'000);
    CHECK(*books.Count() == static_cast<std::uint64_t>(next) - 1);
  }
  GIVEN("a limit of a minute without rows") {
    Collection books = db.MakeBooks({.seal_after_idle = std::chrono::minutes(1)});
    books.Insert(BatchOf({{1}})).status().OrDie();
    db.clock().Advance(std::chrono::seconds(40));
    RunDueWork(*db);
    books.Insert(BatchOf({{2}})).status().OrDie();  // the minute begins again
    db.clock().Advance(std::chrono::seconds(40));
    RunDueWork(*db);
    CHECK(SealedIn(books) == 0);
    db.clock().Advance(std::chrono::seconds(40));
    RunDueWork(*db);
    CHECK(SealedIn(books) == 1);
    db.clock().Advance(std::chrono::hours(1));  // nothing to seal in an empty segment
    RunDueWork(*db);
    CHECK(SealedIn(books) == 1);
    CHECK(*ReadAll(books) == ExpectedBetween(1, 2));
  }
  GIVEN("no limit that is reached") {
    Collection books = db.MakeBooks();
    books.Flush().OrDie();  // nothing to flush
    CHECK(SealedIn(books) == 0);
    books.Insert(BatchOf({{1}})).status().OrDie();
    books.Flush().OrDie();
    books.Flush().OrDie();
    CHECK(SealedIn(books) == 1);
    CHECK(books.Stats()->growing_segments == 1);
  }
}

SCENARIO("reopening replays only what is not flushed", "[walk][seal]") {
  GIVEN("three flushed batches and two that are not") {
    TestDatabase db;
    Collection books = db.MakeBooks();
    for (std::int64_t i = 0; i < 5; ++i) {
      books.Insert(BatchOf(BooksBetween(i * 10, i * 10 + 9))).status().OrDie();
      if (i == 2) books.Flush().OrDie();
    }
    db.Reopen();
    CHECK(db->recovery().records_applied == 2);
    CHECK(db->recovery().clean);
    CHECK(*ReadAll(db.OpenBooks()) == ExpectedBetween(0, 49));

    WHEN("everything is flushed") {
      db->Flush().OrDie();
      db.Reopen();
      THEN("nothing is replayed") {
        CHECK(db->recovery().records_applied == 0);
        CHECK(*ReadAll(db.OpenBooks()) == ExpectedBetween(0, 49));
      }
    }
  }
}

TEST_CASE("a flush of one collection leaves the log of another", "[walk][seal]") {
  TestDatabase db;
  Collection first = db.MakeBooks({}, "first");
  Collection second = db.MakeBooks({}, "second");
  first.Insert(BatchOf({{1}})).status().OrDie();
  second.Insert(BatchOf({{2}})).status().OrDie();
  first.Insert(BatchOf({{3}})).status().OrDie();
  first.Flush().OrDie();
  db.Reopen();
  CHECK(*ReadAll(db.OpenBooks("first")) == Books{{1, 0}, {3, 0}});
  CHECK(*ReadAll(db.OpenBooks("second")) == Books{{2, 0}});
  CHECK(db.OpenBooks("first").Stats()->sealed_segments == 1);
  CHECK(db->recovery().records_applied >= 1);
}

TEST_CASE("flushed files were born in tmp and are named by number (rule 6)", "[walk][seal]") {
  TestDatabase db;
  Collection books = db.MakeBooks({.shards = 3});
  books.Insert(BatchOf(BooksBetween(1, 60))).status().OrDie();
  CHECK(NamesIn(*db.fs(), "segments").empty());
  books.Flush().OrDie();
  CHECK(NamesIn(*db.fs(), "tmp").empty());
  const auto segments = NamesIn(*db.fs(), "segments");
  CHECK(segments.size() == 3);
  for (const std::string& segment : segments) {
    REQUIRE(io::ParseNumber(segment).has_value());
    const auto files = NamesIn(*db.fs(), "segments/" + segment);
    CHECK(files.size() == 5);  // three columns, the timestamps, the keys
    CHECK(files.back() == "keys-0.key");
    for (const std::string& file : files)
      CHECK(file.find_first_not_of("0123456789-.colkeys") == std::string::npos);
  }
}

TEST_CASE("logs that nobody needs any more are removed", "[walk][seal]") {
  TestDatabase db;
  db.SetLogBytes(64 << 10);
  db.Reopen();
  Collection books = db.MakeBooks();
  for (std::int64_t i = 0; i < 40; ++i) {
    books.Insert(BatchOf(BooksBetween(i * 100, i * 100 + 99))).status().OrDie();
  }
  CHECK(LogsOf(*db.fs()) > 3);
  books.Flush().OrDie();
  CHECK(LogsOf(*db.fs()) <= 2);
  db.Reopen();
  CHECK(db->recovery().records_applied == 0);
  CHECK(*ReadAll(db.OpenBooks()) == ExpectedBetween(0, 3999));
}

TEST_CASE("with threads of its own a database seals and flushes by itself", "[walk][seal]") {
  Options options;
  options.background_threads = 2;
  TestDatabase db(io::MakeMemoryFileSystem(), options);
  Collection books = db.MakeBooks({.shards = 2, .segment_rows = 20});
  for (std::int64_t i = 0; i < 30; ++i) {
    books.Insert(BatchOf(BooksBetween(i * 10, i * 10 + 9))).status().OrDie();
  }
  CHECK(Eventually([&] { return SealedIn(books) >= 2; }));  // each shard at least once
  CHECK(*ReadAll(books) == ExpectedBetween(0, 299));
  db.Reopen();
  CHECK(*ReadAll(db.OpenBooks()) == ExpectedBetween(0, 299));
}

// ---- write_buffer_bytes ---------------------------------------------------------------

TEST_CASE("writers wait for the write buffer and never for ever", "[walk][seal]") {
  Options options;
  options.own_threads = GENERATE(false, true);
  options.write_buffer_bytes = 1 << 20;
  TestDatabase db(io::MakeMemoryFileSystem(), options);
  const int writers = GENERATE(1, 4);
  Collection books = db.MakeBooks({.shards = 2});
  std::vector<std::thread> threads;
  std::vector<Status> outcomes(static_cast<std::size_t>(writers));
  for (int writer = 0; writer < writers; ++writer) {
    threads.emplace_back([&, writer] {
      Collection mine = books;
      for (std::int64_t i = 0; i < 24 / writers; ++i) {
        const std::int64_t first = writer * 100'000 + i * 2'000;
        const Status written = mine.Insert(BatchOf(BooksBetween(first, first + 1'999))).status();
        if (!written.ok()) outcomes[static_cast<std::size_t>(writer)] = written;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Status& outcome : outcomes) CHECK(outcome.ToString() == Status().ToString());
  CHECK(*books.Count() == 48'000);
  CHECK(SealedIn(books) > 0);
  CHECK(books.Stats()->memory_bytes < (8 << 20));
}

TEST_CASE("what empty collections take does not fill the write buffer", "[walk][seal]") {
  Options options = QuietOptions();
  options.write_buffer_bytes = 1 << 20;
  TestDatabase db(io::MakeMemoryFileSystem(), options);
  for (int i = 0; i < 100; ++i) db.MakeBooks({.shards = 16}, "c" + std::to_string(i));
  Collection last = db.OpenBooks("c99");
  CHECK(last.Insert(BatchOf({{1}})).ok());
  for (int i = 0; i < 3; ++i) {
    last.Flush().OrDie();
    CHECK(last.Insert(BatchOf({{i + 2}})).ok());
  }
}

TEST_CASE("a dropped collection gives its share of the write buffer back", "[walk][seal]") {
  Options options = QuietOptions();
  options.write_buffer_bytes = 1 << 20;
  TestDatabase db(io::MakeMemoryFileSystem(), options);
  for (int round = 0; round < 4; ++round) {
    Collection books = db.MakeBooks();
    books.Insert(BatchOf(BooksBetween(1, 20'000))).status().OrDie();
    db->DropCollection("books").OrDie();
  }
  Collection books = db.MakeBooks();
  CHECK(books.Insert(BatchOf(BooksBetween(1, 10))).ok());
  CHECK(SealedIn(books) == 0);
}

SCENARIO("a log that cannot be removed stays, and later flushes go on", "[walk][flush]") {
  std::uint64_t removal = 0;  // of the first log, found by a life without a fault
  for (const bool fault : {false, true}) {
    auto disk = std::make_shared<FaultFileSystem>(io::MakeMemoryFileSystem());
    TestDatabase db(disk);
    db.SetLogBytes(1000);
    db.Reopen();
    Collection books = db.MakeBooks();
    for (std::int64_t id = 0; id < 40; ++id) books.Insert(BatchOf({{id}})).status().OrDie();
    REQUIRE(LogsOf(*disk) > 3);
    if (fault) disk->Arm({removal, FaultKind::kIoError});
    const std::uint64_t before = disk->call_count();
    CHECK(books.Flush().ok());
    if (!fault) {
      const auto calls = disk->calls();
      removal = before;
      while (calls.at(removal).type != CallType::kRemoveFile) ++removal;
      REQUIRE(calls[removal].path.starts_with(io::kWalFolder));
      continue;
    }
    CHECK(disk->fired() == 1);
    CHECK(LogsOf(*disk) == 2);  // the others were removed all the same
    for (std::int64_t id = 40; id < 43; ++id) {
      books.Insert(BatchOf({{id}})).status().OrDie();
      CHECK(books.Flush().ok());
    }
    db.Reopen();
    CHECK(LogsOf(*disk) == 1);  // swept
    CHECK(*ReadAll(db.OpenBooks()) == ExpectedBetween(0, 42));
  }
}

SCENARIO("logs go when nobody needs them, though nothing was flushed", "[walk][flush]") {
  TestDatabase db;
  db.SetLogBytes(1000);
  db.Reopen();
  Collection books = db.MakeBooks();
  for (std::int64_t id = 0; id < 40; ++id) books.Insert(BatchOf({{id}})).status().OrDie();
  REQUIRE(LogsOf(*db.fs()) > 3);
  db->DropCollection("books").OrDie();
  CHECK(LogsOf(*db.fs()) == 1);
  books = db.MakeBooks();
  for (std::int64_t id = 0; id < 40; ++id) books.Delete(IntKeys({id})).status().OrDie();
  REQUIRE(LogsOf(*db.fs()) > 3);
  books.Flush().OrDie();
  CHECK(LogsOf(*db.fs()) == 1);
  books.Insert(BatchOf({{1}})).status().OrDie();
  books.Delete(IntKeys({7})).status().OrDie();
  db.Reopen();
  CHECK(db->recovery().groups_applied == 2);
  db.OpenBooks().Flush().OrDie();
  db.Reopen();
  CHECK(db->recovery().groups_applied == 0);
  CHECK(*ReadAll(db.OpenBooks()) == Books{{1, 0}});
}
