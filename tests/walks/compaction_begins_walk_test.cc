// When compactions begin by themselves, and when they had better wait.
#include <algorithm>

#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;

SCENARIO("compaction begins by itself when it is worth it, and not otherwise",
         "[walk][compaction]") {
  Options options = QuietOptions();
  options.auto_compaction = GENERATE(true, false);
  TestDatabase db(io::MakeMemoryFileSystem(), options);
  Collection books = db.MakeBooks();
  books.Insert(BatchOf(BooksBetween(1, 10))).status().OrDie();
  books.Flush().OrDie();
  const auto pass = [&] {
    db.clock().Advance(std::chrono::seconds(2));
    RunDueWork(*db);
  };
  books.Delete(IntKeys({1})).status().OrDie();
  pass();
  CHECK(books.Stats()->deleted_rows == 1);  // a tenth
  books.Delete(IntKeys({2})).status().OrDie();
  pass();
  CHECK(books.Stats()->deleted_rows == 2);  // a fifth, but they are dying fast
  for (int i = 0; i < 8; ++i) pass();
  CHECK(books.Stats()->deleted_rows == (options.auto_compaction ? 0 : 2));
  for (std::int64_t first = 11; first <= 31; first += 10) {
    books.Insert(BatchOf(BooksBetween(first, first + 9))).status().OrDie();
    books.Flush().OrDie();
  }
  pass();
  CHECK(SealedIn(books) == (options.auto_compaction ? 1 : 4));
  CHECK(*ReadAll(books) == ExpectedBetween(3, 40));
}

SCENARIO("a segment that loses rows all the time waits until half of it has gone",
         "[walk][compaction]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  books.Insert(BatchOf(BooksBetween(1, 100))).status().OrDie();
  books.Flush().OrDie();
  std::uint64_t most_deleted = 0;
  for (std::int64_t id = 1; id <= 100; ++id) {
    books.Delete(IntKeys({id})).status().OrDie();
    db.clock().Advance(std::chrono::seconds(1));
    RunDueWork(*db);
    most_deleted = std::max(most_deleted, books.Stats()->deleted_rows);
    CHECK(*ReadAll(books) == ExpectedBetween(id + 1, 100));
  }
  CHECK(most_deleted >= 45);
  CHECK(most_deleted <= 55);
  const auto compactions = db->Stats()->compactions;
  CHECK(compactions >= 2);
  CHECK(compactions <= 10);  // of 50, 25, 12, 6, ... rows
}

SCENARIO("a collection says from which share of deleted rows on it is written again",
         "[walk][compaction]") {
  TestDatabase db;
  CollectionProperties properties;
  properties.compact_when_deleted = 0.5;
  Collection books = *db->CreateCollection("books", BookSchema(), {}, properties);
  books.Insert(BatchOf(BooksBetween(1, 10))).status().OrDie();
  books.Flush().OrDie();
  const auto deleted_after_a_pass = [&] {
    db.clock().Advance(std::chrono::seconds(2));
    RunDueWork(*db);
    return books.Stats()->deleted_rows;
  };
  books.Delete(IntKeys({1, 2, 3, 4})).status().OrDie();
  CHECK(deleted_after_a_pass() == 4);
  books.Delete(IntKeys({5})).status().OrDie();
  CHECK(deleted_after_a_pass() == 0);
  books.Delete(IntKeys({6})).status().OrDie();
  CHECK(deleted_after_a_pass() == 1);
  properties.compact_when_deleted = 0;
  db->AlterCollection("books", properties).OrDie();
  CHECK(deleted_after_a_pass() == 0);
}
