// The Delete walk: Collection::Delete -> Proxy::Delete -> StreamingNode::Write -> log ->
// tombstones.
#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;

SCENARIO("a deleted row stays deleted through sealing and reopening", "[walk][delete]") {
  GIVEN("five books, two of them deleted") {
    TestDatabase db;
    Collection books = db.MakeBooks();
    books.Insert(BatchOf(BooksBetween(1, 5))).status().OrDie();
    const auto receipt = books.Delete(IntKeys({2, 4}));
    receipt.status().OrDie();
    const Books left{{1, 0}, {3, 0}, {5, 0}};
    CHECK(receipt->keys == IntKeys({2, 4}));
    CHECK(*ReadAll(books) == left);
    CHECK(*books.Count() == 3);
    CHECK(KeysNear(books, Book{2}.vector(), 10).size() == 3);

    WHEN("it is flushed") {
      books.Flush().OrDie();
      THEN("they are gone from the files too, and their row numbers stay taken (rule 5)") {
        CHECK(*ReadAll(books) == left);
        CHECK(books.Stats()->deleted_rows == 2);
      }
    }
    WHEN("it is reopened before and after a flush") {
      db.Reopen();
      books = db.OpenBooks();
      CHECK(*ReadAll(books) == left);
      books.Flush().OrDie();
      db.Reopen();
      THEN("they are still gone and nothing was replayed") {
        books = db.OpenBooks();
        CHECK(*ReadAll(books) == left);
        CHECK(db->recovery().records_applied == 0);
        CHECK(books.Get(IntKeys({1, 2}), {})->missing == IntKeys({2}));
      }
    }
  }
}

SCENARIO("rows in files can be deleted", "[walk][delete]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  books.Insert(BatchOf(BooksBetween(1, 6))).status().OrDie();
  books.Flush().OrDie();
  books.Delete(IntKeys({3, 6})).status().OrDie();
  const Books left{{1, 0}, {2, 0}, {4, 0}, {5, 0}};
  CHECK(*ReadAll(books) == left);

  WHEN("only the log has the delete") {
    db.Reopen();
    THEN("it is replayed") {
      CHECK(*ReadAll(db.OpenBooks()) == left);
      CHECK(db->recovery().records_applied == 1);
    }
  }
  WHEN("the delete is flushed without any new row") {
    books.Flush().OrDie();
    db.Reopen();
    THEN("the segment's deletes file has it and the log nothing") {
      CHECK(*ReadAll(db.OpenBooks()) == left);
      CHECK(db->recovery().records_applied == 0);
    }
  }
  WHEN("it is flushed, deleted from again and flushed again") {
    books.Flush().OrDie();
    books.Delete(IntKeys({1})).status().OrDie();
    books.Flush().OrDie();
    db.Reopen();
    THEN("the newer deletes file has both and the older one is gone") {
      CHECK(*ReadAll(db.OpenBooks()) == Books{{2, 0}, {4, 0}, {5, 0}});
      std::size_t deletes = 0;
      for (const auto& [path, bytes] : DumpTree(*db.fs())) {
        deletes += path.find("deletes-") != std::string::npos ? 1 : 0;
      }
      CHECK(deletes == 1);
    }
  }
}

SCENARIO("a key may come back after its delete", "[walk][delete]") {
  GIVEN("a row that was deleted and inserted again (rule 2)") {
    TestDatabase db;
    Collection books = db.MakeBooks();
    books.Insert(BatchOf({{1, 0}, {2, 0}})).status().OrDie();
    const bool sealed = GENERATE(false, true);
    if (sealed) books.Flush().OrDie();
    books.Delete(IntKeys({1})).status().OrDie();
    books.Insert(BatchOf({{1, 7}})).status().OrDie();
    CHECK(*ReadAll(books) == Books{{1, 7}, {2, 0}});

    THEN("the delete hides older rows only, also replayed and flushed") {
      db.Reopen();
      books = db.OpenBooks();
      CHECK(*ReadAll(books) == Books{{1, 7}, {2, 0}});
      books.Flush().OrDie();
      db.Reopen();
      books = db.OpenBooks();
      CHECK(*ReadAll(books) == Books{{1, 7}, {2, 0}});
      CHECK(BookOf(books.Get(IntKeys({1}), std::vector<std::string>{"*"})->rows[0]) == Book{1, 7});
      CHECK(books.Insert(BatchOf({{1, 9}})).status().code() == StatusCode::kAlreadyExists);
    }
  }
}

TEST_CASE("deleting what is not there is no error and changes nothing", "[walk][delete]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  books.Insert(BatchOf({{1}})).status().OrDie();
  CHECK(books.Delete(IntKeys({99, 100})).ok());
  CHECK(books.Delete(IntKeys({1, 1, 1})).ok());
  CHECK(books.Delete(IntKeys({1})).ok());
  CHECK(*books.Count() == 0);
  CHECK(books.Stats()->deleted_rows == 1);
  db.Reopen();
  CHECK(*db.OpenBooks().Count() == 0);
}

TEST_CASE("deleted rows take no places from the rows that are left", "[walk][delete]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  books.Insert(BatchOf(BooksBetween(1, 100))).status().OrDie();
  if (GENERATE(false, true)) books.Flush().OrDie();
  const std::vector<float> query = Book{50}.vector();
  const auto before = KeysNear(books, query, 100);
  std::vector<Key> nearest(before.begin(), before.begin() + 90);
  books.Delete(nearest).status().OrDie();
  // Rule 12: min(k, matching rows), whatever was deleted.
  CHECK(KeysNear(books, query, 10) == std::vector<std::int64_t>(before.begin() + 90, before.end()));
}

TEST_CASE("deletes find their rows in every shard and by text keys", "[walk][delete]") {
  TestDatabase db;
  const Schema schema =
      *SchemaBuilder().PrimaryKey("id", DataType::kVarChar).Vector("v", 2, Metric::kL2).Build();
  Collection notes = *db->CreateCollection("notes", schema, {.shards = 7});
  Batch batch(schema);
  const std::vector<float> v{1, 2};
  std::vector<Key> odd;
  for (int i = 0; i < 200; ++i) {
    const std::string id = "note " + std::to_string(i);
    batch.Add({{"id", id}, {"v", v}}).OrDie();
    if (i % 2 == 1) odd.emplace_back(id);
  }
  notes.Insert(batch).status().OrDie();
  if (GENERATE(false, true)) notes.Flush().OrDie();
  notes.Delete(odd).status().OrDie();
  CHECK(*notes.Count() == 100);
  CHECK(notes.Get(odd, {})->missing == odd);
  db.Reopen();
  CHECK(*db.OpenBooks("notes").Count() == 100);
  CHECK(db.OpenBooks("notes").Get(odd, {})->missing == odd);
}

TEST_CASE("a delete of a text key of an Int64 collection is refused", "[walk][delete]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  books.Insert(BatchOf({{1}})).status().OrDie();
  CheckRefusal(books.Delete(std::vector<Key>{Key{1L}, Key{"one"}}).status(),
               StatusCode::kInvalidArgument, {"'id'", "Int64", "'one'"});
  CHECK(*books.Count() == 1);
}
