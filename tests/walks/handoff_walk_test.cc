// The Handoff walk: growing S replaced by sealed S, one pointer swap, while readers and writers go
// on.
#include <atomic>

#include "base/canary.h"
#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

// Runs `work` every time the flush of `books` passes one of these places.
class AtKillPoints {
 public:
  explicit AtKillPoints(std::function<void(std::string_view)> work) {
    work_ = std::move(work);
    base::SetKillPointHandler([](const char* name) {
      if (std::string_view(name).substr(0, 6) == "flush." && !inside_) {
        inside_ = true;
        work_(name);
        inside_ = false;
      }
    });
  }
  ~AtKillPoints() {
    base::SetKillPointHandler(nullptr);
    work_ = nullptr;
  }
  AtKillPoints(const AtKillPoints&) = delete;
  AtKillPoints& operator=(const AtKillPoints&) = delete;

 private:
  inline static std::function<void(std::string_view)> work_;
  inline static bool inside_ = false;
};

}  // namespace

SCENARIO("readers see the same rows before, during and after a handoff", "[walk][handoff]") {
  TestDatabase db;
  Collection books = db.MakeBooks({.shards = 2});
  books.Insert(BatchOf(BooksBetween(1, 40))).status().OrDie();
  books.Delete(IntKeys({11, 12})).status().OrDie();
  const Books expected = *ReadAll(books);
  const auto near = KeysNear(books, Book{20}.vector(), 40);
  std::size_t looks = 0;
  {
    const AtKillPoints look([&](std::string_view) {
      ++looks;
      CHECK(*ReadAll(books) == expected);
      CHECK(KeysNear(books, Book{20}.vector(), 40) == near);
      CHECK(books.Get(IntKeys({11, 13}), {})->missing == IntKeys({11}));
      CHECK(books.Stats()->rows == 38);
    });
    books.Flush().OrDie();
  }
  CHECK(looks >= 6);
  CHECK(*ReadAll(books) == expected);
  CHECK(KeysNear(books, Book{20}.vector(), 40) == near);
}

SCENARIO("deletes and upserts that arrive during a flush are kept", "[walk][handoff]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  books.Insert(BatchOf(BooksBetween(1, 60))).status().OrDie();
  Books expected = ExpectedBetween(1, 60);
  std::int64_t next = 1;
  {
    const AtKillPoints write([&](std::string_view) {
      books.Delete(IntKeys({next})).status().OrDie();
      expected.erase(next);
      books.Upsert(BatchOf({{next + 1, 9}, {next + 1000, 9}})).status().OrDie();
      expected[next + 1] = 9;
      expected[next + 1000] = 9;
      next += 2;
    });
    books.Flush().OrDie();
  }
  CHECK(next > 5);
  CHECK(*ReadAll(books) == expected);
  const auto disk = MemoryCopyOf(*db.fs());
  WHEN("the database is closed and opened") {
    db.Reopen();
    CHECK(*ReadAll(db.OpenBooks()) == expected);
  }
  WHEN("the process ends without a word") {
    db.ContinueOn(disk).OrDie();
    CHECK(*ReadAll(db.OpenBooks()) == expected);
  }
  WHEN("it is flushed again") {
    books.Flush().OrDie();
    db.Reopen();
    CHECK(*ReadAll(db.OpenBooks()) == expected);
    CHECK(db->recovery().records_applied == 0);
  }
}

SCENARIO("keys stay taken while their segment changes hands", "[walk][handoff]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  books.Insert(BatchOf(BooksBetween(1, 10))).status().OrDie();
  std::size_t refused = 0;
  {
    const AtKillPoints insert([&](std::string_view) {
      refused += books.Insert(BatchOf({{5}})).status().code() == StatusCode::kAlreadyExists ? 1 : 0;
    });
    books.Flush().OrDie();
  }
  CHECK(refused >= 3);
  CHECK(books.Insert(BatchOf({{5}})).status().code() == StatusCode::kAlreadyExists);
  CHECK(*books.Count() == 10);
}

SCENARIO("a flush that fails changes nothing and is tried again", "[walk][handoff]") {
  TestDatabase db;
  Collection books = db.MakeBooks({.segment_rows = 10});
  books.Insert(BatchOf(BooksBetween(1, 10))).status().OrDie();
  db.fs()->RemoveDirectory("tmp").OrDie();  // nothing can be born
  RunDueWork(*db);
  CHECK_FALSE(books.Flush().ok());
  CHECK(books.Stats()->sealed_segments == 0);
  CHECK(*ReadAll(books) == ExpectedBetween(1, 10));
  books.Insert(BatchOf(BooksBetween(11, 15))).status().OrDie();
  db.fs()->MakeDirectory("tmp").OrDie();
  db.clock().Advance(std::chrono::seconds(2));
  RunDueWork(*db);
  CHECK(books.Stats()->sealed_segments == 1);
  books.Flush().OrDie();
  db.Reopen();
  CHECK(db->recovery().records_applied == 0);
  CHECK(*ReadAll(db.OpenBooks()) == ExpectedBetween(1, 15));
}

TEST_CASE("readers on other threads never miss a row while segments change hands",
          "[walk][handoff]") {
  Options options;
  options.background_threads = 2;
  TestDatabase db(io::MakeMemoryFileSystem(), options);
  Collection books = db.MakeBooks({.shards = 2, .segment_rows = 50});
  std::atomic<std::int64_t> acknowledged{0};
  std::atomic<bool> done{false};
  std::size_t missing = 0;
  std::thread reader([&] {
    while (!done) {
      const std::int64_t before = acknowledged;
      const std::uint64_t count = *books.Count();
      missing += count < static_cast<std::uint64_t>(before) ? 1 : 0;
      if (before > 0) missing += books.Get(IntKeys({before}), {})->missing.size();
    }
  });
  for (std::int64_t id = 1; id <= 3000; ++id) {
    books.Insert(BatchOf({{id}}), {.durability = Durability::kFlushOnly}).status().OrDie();
    acknowledged = id;
  }
  done = true;
  reader.join();
  CHECK(missing == 0);
  CHECK(*ReadAll(books) == ExpectedBetween(1, 3000));
  books.Flush().OrDie();
  CHECK(books.Stats()->sealed_segments > 4);
  CHECK(*ReadAll(books) == ExpectedBetween(1, 3000));
}
