// The walk of a checked key past many sealed segments: one filter answers for those it includes.
#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

// Sealed segments that the filter of the collection's only shard includes.
std::size_t Included(TestDatabase& db, const std::string& name = "books") {
  const auto collection = db.parts().collections.Find(name);
  const segment::ShardKeyFilter* filter = collection->KeyFilter(0);
  if (filter == nullptr) return 0;
  const auto known = filter->Pin();
  std::size_t included = 0;
  for (const auto view = collection->board.Pin(); const auto& segment : view->segments()) {
    included += known != nullptr && known->Includes(segment->id()) ? 1u : 0u;
  }
  return included;
}

// Ten books a segment: 0..9, 10..19 and so on.
void AddSegments(Collection& books, std::int64_t first, std::int64_t count) {
  for (std::int64_t i = first; i < first + count; ++i) {
    books.Insert(BatchOf(BooksBetween(i * 10, i * 10 + 9))).status().OrDie();
    books.Flush().OrDie();
  }
}

// Every key below `end` is refused, `end` itself is not present, deletes and upserts find theirs.
void CheckKeys(Collection& books, std::int64_t end) {
  for (std::int64_t id = 0; id < end; ++id) {
    CHECK(books.Insert(BatchOf({{end + 1}, {id}})).status().code() == StatusCode::kAlreadyExists);
  }
  books.Upsert(BatchOf({{5, 1}})).status().OrDie();
  books.Delete(IntKeys({5})).status().OrDie();
  books.Insert(BatchOf({{5, 2}})).status().OrDie();
  books.Upsert(BatchOf({{5}})).status().OrDie();
  CHECK(*ReadAll(books) == ExpectedBetween(0, end - 1));
}

}  // namespace

SCENARIO("sealed segments join the filter of checked keys as they are handed off",
         "[walk][key_filter]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  GIVEN("one sealed segment") {
    AddSegments(books, 0, 1);
    RunDueWork(*db);
    THEN("its own filter is enough") {
      CHECK(Included(db) == 0);
    }
  }
  GIVEN("a filter made in the background") {
    AddSegments(books, 0, 2);
    CHECK(Included(db) == 0);
    CheckKeys(books, 20);
    RunDueWork(*db);
    CHECK(Included(db) == 2);
    CheckKeys(books, 20);
    THEN("the next segment is in it once the flush is done") {
      const std::uint64_t before = books.Stats()->memory_bytes;
      AddSegments(books, 2, 1);
      CHECK(Included(db) == 3);
      CHECK(before > 8192);
      CheckKeys(books, 30);
    }
  }
}

SCENARIO("after opening, the filter of checked keys is made once there are writes",
         "[walk][key_filter]") {
  GIVEN("five sealed segments of an earlier life") {
    TestDatabase db;
    Collection books = db.MakeBooks();
    AddSegments(books, 0, 5);
    db.Reopen();
    books = db.OpenBooks();
    WHEN("there are only reads") {
      CHECK(*ReadAll(books) == ExpectedBetween(0, 49));
      RunDueWork(*db);
      THEN("no key is read for it") {
        CHECK(Included(db) == 0);
      }
    }
    WHEN("a row is written") {
      books.Insert(BatchOf({{50}})).status().OrDie();
      CHECK(Included(db) == 0);
      CheckKeys(books, 51);
      THEN("the background makes it, and it answers as before") {
        RunDueWork(*db);
        CHECK(Included(db) == 5);
        CheckKeys(books, 51);
      }
    }
  }
}

SCENARIO("a collection whose keys are not checked has no filter", "[walk][key_filter]") {
  TestDatabase db;
  Collection books = db.MakeBooks({.check_keys = false});
  AddSegments(books, 0, 3);
  RunDueWork(*db);
  CHECK(db.parts().collections.Find("books")->key_filters.empty());
  CHECK(books.Stats()->memory_bytes == db.MakeBooks({}, "empty").Stats()->memory_bytes);
  books.Delete(IntKeys({7, 17})).status().OrDie();
  CHECK(*books.Count() == 28);
}

SCENARIO("of many writers of the same keys one wins each, through handoffs", "[walk][key_filter]") {
  GIVEN("threads that write the same books, and segments of a few rows") {
    Options options;
    options.background_threads = 2;
    TestDatabase db(io::MakeMemoryFileSystem(), options);
    Collection books = db.MakeBooks({.segment_rows = 40});
    constexpr std::int64_t kBooks = 1500;
    std::atomic<std::int64_t> written{0};
    std::atomic<bool> wrong{false};
    std::vector<std::thread> writers;
    for (std::int64_t writer = 0; writer < 3; ++writer) {
      writers.emplace_back([&, writer] {
        for (std::int64_t i = 0; i < kBooks; ++i) {
          const std::int64_t id = (i + writer * 20) % kBooks;
          const auto status = books.Insert(BatchOf({{id}})).status();
          if (status.ok()) ++written;
          if (!status.ok() && status.code() != StatusCode::kAlreadyExists) wrong = true;
        }
      });
    }
    for (std::thread& writer : writers) writer.join();
    THEN("every book was written once") {
      CHECK_FALSE(wrong);
      CHECK(written == kBooks);
      CHECK(*ReadAll(books) == ExpectedBetween(0, kBooks - 1));
      CHECK(Eventually([&] { return Included(db) == books.Stats()->sealed_segments; }));
    }
  }
}
