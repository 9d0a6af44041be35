// The Upsert walk: one message with both halves, the delete and the rows, at one timestamp.
#include <set>

#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;

SCENARIO("an upsert replaces the row of its key", "[walk][upsert]") {
  GIVEN("three books, in memory or in files") {
    TestDatabase db;
    Collection books = db.MakeBooks();
    books.Insert(BatchOf(BooksBetween(1, 3))).status().OrDie();
    const bool sealed = GENERATE(false, true);
    if (sealed) books.Flush().OrDie();

    WHEN("one of them and a new one are upserted") {
      const auto receipt = books.Upsert(BatchOf({{2, 5}, {4, 5}}));
      receipt.status().OrDie();
      const Books expected{{1, 0}, {2, 5}, {3, 0}, {4, 5}};
      THEN("the new row is there once: delete and insert share one timestamp (rule 2)") {
        CHECK(receipt->keys == IntKeys({2, 4}));
        CHECK(*ReadAll(books) == expected);
        CHECK(*books.Count() == 4);
        CHECK(books.Stats()->deleted_rows == 1);
        CHECK(KeysNear(books, Book{2, 5}.vector(), 1) == std::vector<std::int64_t>{2});
      }
      THEN("it is the same after reopening, flushing and reopening") {
        db.Reopen();
        books = db.OpenBooks();
        CHECK(*ReadAll(books) == expected);
        books.Flush().OrDie();
        CHECK(*ReadAll(books) == expected);
        db.Reopen();
        books = db.OpenBooks();
        CHECK(*ReadAll(books) == expected);
        CHECK(db->recovery().records_applied == 0);
        CHECK(books.Stats()->deleted_rows == 1);
      }
    }
  }
}

TEST_CASE("a key upserted over and over is one row", "[walk][upsert]") {
  TestDatabase db;
  Collection books = db.MakeBooks({.segment_rows = 5});
  for (std::int64_t version = 0; version < 40; ++version) {
    books.Upsert(BatchOf({{1, version}, {version + 2, 0}})).status().OrDie();
    if (version % 3 == 0) RunDueWork(*db);
    if (version % 13 == 12) {
      db.Reopen();
      books = db.OpenBooks();
    }
    REQUIRE(*books.Count() == static_cast<std::uint64_t>(version) + 2);
    REQUIRE(BookOf(books.Get(IntKeys({1}), std::vector<std::string>{"*"})->rows.at(0)) ==
            Book{1, version});
  }
}

TEST_CASE("an upsert finds its old rows in every shard", "[walk][upsert]") {
  TestDatabase db;
  Collection books = db.MakeBooks({.shards = 5});
  books.Insert(BatchOf(BooksBetween(1, 100))).status().OrDie();
  books.Flush().OrDie();
  books.Upsert(BatchOf(BooksBetween(51, 150, 1))).status().OrDie();
  Books expected = ExpectedBetween(1, 50);
  expected.merge(ExpectedBetween(51, 150, 1));
  CHECK(*ReadAll(books) == expected);
  db.Reopen();
  CHECK(*ReadAll(db.OpenBooks()) == expected);
}

TEST_CASE("with auto_id every upserted row is new", "[walk][upsert]") {
  TestDatabase db;
  const Schema schema = *SchemaBuilder()
                             .AutoPrimaryKey("id")
                             .Scalar("n", DataType::kInt32)
                             .Vector("v", 2, Metric::kL2)
                             .Build();
  Collection notes = *db->CreateCollection("notes", schema);
  const std::vector<float> v{1, 2};
  Batch batch(schema);
  for (std::int64_t n = 0; n < 3; ++n) batch.Add({{"n", n}, {"v", v}}).OrDie();
  const auto first = notes.Upsert(batch);
  const auto second = notes.Upsert(batch);
  first.status().OrDie();
  second.status().OrDie();
  CHECK(*notes.Count() == 6);
  std::set<Key> keys(first->keys.begin(), first->keys.end());
  keys.insert(second->keys.begin(), second->keys.end());
  CHECK(keys.size() == 6);
}

TEST_CASE("a key twice in an upsert is refused by name", "[walk][upsert]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  books.Insert(BatchOf({{7, 0}})).status().OrDie();
  CheckRefusal(books.Upsert(BatchOf({{7, 1}, {8, 1}, {7, 2}})).status(),
               StatusCode::kInvalidArgument, {"key 7", "'id'", "0 and 2"});
  CHECK(*ReadAll(books) == Books{{7, 0}});
}

SCENARIO("one batch may be written by several threads at once", "[walk][upsert]") {
  TestDatabase db;
  const Schema schema =
      *SchemaBuilder().PrimaryKey("id", DataType::kVarChar).Vector("v", 1, Metric::kL2).Build();
  Batch batch(schema);
  const std::vector<float> v{1};
  for (int i = 0; i < 500; ++i) batch.Add({{"id", "key " + std::to_string(i)}, {"v", v}}).OrDie();
  const Batch& shared = batch;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    Collection one = *db->CreateCollection("c" + std::to_string(i), schema);
    threads.emplace_back([one, &shared]() mutable { one.Upsert(shared).status().OrDie(); });
  }
  for (std::thread& thread : threads) thread.join();
  for (int i = 0; i < 4; ++i) {
    CHECK(*db->OpenCollection("c" + std::to_string(i))->Count() == 500);
  }
}
