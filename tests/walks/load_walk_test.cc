// Release and Load: what is open for reading, while writes go on.
#include <atomic>
#include <thread>

#include "support/hook_clock.h"
#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

constexpr auto kRefused = StatusCode::kFailedPrecondition;

// Every read says that the collection was released.
void CheckReleased(Collection& books) {
  CHECK(*books.load_state() == LoadState::kReleased);
  for (const Status& status :
       {books.Search({.query = Book{1}.vector()}).status(), books.Query({}).status(),
        books.Get(IntKeys({1}), {}).status(), books.Count().status(), books.Iterate({}).status(),
        books.Snapshot().status(), books.DeleteWhere("id > 0").status()}) {
    CheckRefusal(status, kRefused, {"'books'", "released", "Load()"});
  }
}

std::uint64_t MemoryOfSealed(TestDatabase& db) {
  std::uint64_t bytes = 0;
  for (const auto& segment : db.parts().collections.Find("books")->board.Pin()->segments()) {
    if (segment->sealed()) bytes += segment->memory_bytes();
  }
  return bytes;
}

}  // namespace

SCENARIO("a read that a release overtakes is refused, and its snapshot is none", "[walk][load]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  books.Insert(BatchOf(BooksBetween(1, 10))).status().OrDie();
  books.Flush().OrDie();
  const auto live = db.parts().collections.Find("books");
  books.Release().OrDie();
  // As a read sees it that looked just before the release, or has the View of before a load.
  live->load_state = LoadState::kLoaded;
  for (const Status& status :
       {books.Search({.query = Book{1}.vector()}).status(), books.Query({}).status(),
        books.Count().status(), books.Iterate({}).status(), books.Snapshot().status()}) {
    CheckRefusal(status, kRefused, {"'books'", "released", "Load()"});
  }
  live->load_state = LoadState::kReleased;
  books.Load().OrDie();
  CHECK(*books.Snapshot()->Count() == 10);
}

SCENARIO("a released collection refuses reads and takes writes, and a loaded one shows them",
         "[walk][load]") {
  Options options = QuietOptions();
  options.load = GENERATE(LoadMode::kMapped, LoadMode::kResident);
  TestDatabase db(io::MakeMemoryFileSystem(), options);
  Collection books = db.MakeBooks({.shards = 2});
  books.Insert(BatchOf(BooksBetween(1, 1000))).status().OrDie();
  books.Flush().OrDie();
  books.Insert(BatchOf(BooksBetween(1001, 1010))).status().OrDie();
  const Snapshot before = *books.Snapshot();
  RowIterator rows = *books.Iterate({.batch_size = 1010});
  const std::uint64_t loaded_bytes = MemoryOfSealed(db);
  CHECK(*books.load_state() == LoadState::kLoaded);

  books.Release().OrDie();
  CheckReleased(books);
  books.Release().OrDie();
  CHECK(MemoryOfSealed(db) < loaded_bytes);
  CHECK(books.Stats()->rows == 1010);

  // Keys are still known: taken ones, replaced ones, deleted ones.
  CHECK(books.Insert(BatchOf({{5}})).status().code() == StatusCode::kAlreadyExists);
  books.Upsert(BatchOf({{5, 1}, {1001, 1}})).status().OrDie();
  books.Delete(IntKeys({6, 1002})).status().OrDie();
  books.Insert(BatchOf({{2000}})).status().OrDie();
  const bool flushed = GENERATE(false, true);
  if (flushed) books.Flush().OrDie();
  CheckReleased(books);
  Books expected = ExpectedBetween(1, 1010);
  expected[5] = expected[1001] = 1;
  expected.erase(6);
  expected.erase(1002);
  expected[2000] = 0;

  // What was pinned goes on.
  CHECK(*before.Count() == 1010);
  CHECK(before.Query({.output_fields = {"*"}, .limit = 16'384})->size() == 1010);
  CHECK(rows.Next()->size() == 1010);

  WHEN("it is loaded again") {
    books.Load().OrDie();
    CHECK(*books.load_state() == LoadState::kLoaded);
    CHECK(*ReadAll(books) == expected);
    books.Load().OrDie();
    CHECK(*ReadAll(books) == expected);
    CHECK(books.DeleteWhere("id == 5")->keys == IntKeys({5}));
  }
  WHEN("the database is opened again") {
    db.Reopen();
    CHECK(*db.OpenBooks().load_state() == LoadState::kLoaded);
    CHECK(*ReadAll(db.OpenBooks()) == expected);
  }
  WHEN("it is dropped") {
    db->DropCollection("books").OrDie();
    CHECK(books.Load().code() == StatusCode::kNotFound);
    CHECK(books.Release().code() == StatusCode::kNotFound);
    CHECK(books.load_state().status().code() == StatusCode::kNotFound);
  }
}

TEST_CASE("a load that is stopped or fails leaves the collection released", "[walk][load]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  books.Insert(BatchOf(BooksBetween(1, 10))).status().OrDie();
  books.Flush().OrDie();
  books.Release().OrDie();
  std::stop_source source;
  source.request_stop();
  CHECK(books.Load({.stop = source.get_token()}).code() == StatusCode::kCancelled);
  CHECK(*books.load_state() == LoadState::kReleased);
  CheckRefusal(books.Load({.timeout = std::chrono::milliseconds(-1)}), StatusCode::kInvalidArgument,
               {"CallLimits::timeout", "-1"});
  const auto view = db.parts().collections.Find("books")->board.Pin();
  const std::string folder = "segments/" + NamesIn(*db.fs(), "segments")[0];
  const std::string column = folder + "/" + NamesIn(*db.fs(), folder)[0];
  db.fs()->Rename(column, "segments/moved").OrDie();
  CHECK(books.Load().code() == StatusCode::kCorruption);
  CheckReleased(books);
  db.fs()->Rename("segments/moved", column).OrDie();
  books.Load().OrDie();
  CHECK(*ReadAll(books) == ExpectedBetween(1, 10));
}

TEST_CASE("deletes that are saved and segments that are merged meanwhile do not end a load",
          "[walk][load]") {
  HookClock clock;
  Database db = OpenWith(clock);
  Collection books = *db.CreateCollection("books", BookSchema());
  books.Insert(BatchOf(BooksBetween(1, 20))).status().OrDie();
  std::int64_t next = 1;
  const auto save_another = [&] {
    books.Delete(IntKeys({next++})).status().OrDie();
    books.Flush().OrDie();  // a deletes file in the place of the one before
  };
  save_another();
  books.Release().OrDie();
  clock.hook = [&] {
    const auto hook = std::exchange(clock.hook, nullptr);
    if (next <= 10) save_another();
    if (next == 5) books.Compact().OrDie();
    clock.hook = hook;
  };
  const Status loaded = books.Load({.timeout = std::chrono::hours(1)});
  clock.hook = nullptr;
  CHECK(loaded.ToString() == Status().ToString());
  CHECK(next > 3);
  CHECK(*ReadAll(books) == ExpectedBetween(next, 20));
}

TEST_CASE("readers meet a whole answer or a refusal while it is released and loaded",
          "[walk][load]") {
  Options options;
  options.background_threads = 1;
  TestDatabase db(io::MakeMemoryFileSystem(), options);
  Collection books = db.MakeBooks({.shards = 2, .segment_rows = 25});
  books.Insert(BatchOf(BooksBetween(1, 100))).status().OrDie();
  books.Flush().OrDie();
  std::atomic<bool> done{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 2; ++reader) {
    readers.emplace_back([&] {
      while (!done) {
        const auto all = ReadAll(books);
        if (all.ok() ? *all != ExpectedBetween(1, 100) : all.status().code() != kRefused) ++wrong;
      }
    });
  }
  for (int round = 0; round < 50; ++round) {
    books.Release().OrDie();
    if (round % 5 == 0) books.Upsert(BatchOf({{round + 1}})).status().OrDie();
    if (round % 10 == 0) books.Flush().OrDie();
    books.Load().OrDie();
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(wrong == 0);
  CHECK(*ReadAll(books) == ExpectedBetween(1, 100));
}

TEST_CASE("a flush with a limit returns at it and goes on by itself", "[walk][load]") {
  Options options;
  options.background_threads = 1;
  TestDatabase db(io::MakeMemoryFileSystem(), options);
  Collection books = db.MakeBooks();
  books.Insert(BatchOf(BooksBetween(1, 10))).status().OrDie();
  CHECK(books.Flush({.timeout = std::chrono::hours(1)}).ok());
  CHECK(books.Stats()->sealed_segments == 1);
  books.Insert(BatchOf({{11}})).status().OrDie();
  std::stop_source source;
  // The lane is held: sealing has to wait, and the call has not.
  base::Mutex& lane = db.parts().collections.Find("books")->lanes[0]->mutex;
  lane.Lock();
  std::atomic<bool> began{false};
  Status ended;
  std::thread flusher([&] {
    began = true;
    ended = books.Flush({.stop = source.get_token()});
  });
  CHECK(Eventually([&] { return began.load(); }));
  source.request_stop();
  flusher.join();
  lane.Unlock();
  CHECK(ended.code() == StatusCode::kCancelled);
  books.Flush().OrDie();
  CHECK(books.Stats()->sealed_segments == 2);
  CHECK(*ReadAll(books) == ExpectedBetween(1, 11));
}
