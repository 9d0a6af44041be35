// The Insert walk: Collection::Insert -> Proxy::Insert -> StreamingNode::Write -> log -> growing.
#include "support/test_database.h"

using namespace vecdb;
using namespace vecdb::test;

SCENARIO("inserted rows are visible when the call returns and after reopening", "[walk][insert]") {
  GIVEN("a collection with three books") {
    TestDatabase db;
    Collection books = db.MakeBooks();
    const auto receipt = books.Insert(BatchOf({{1}, {2}, {3}}));
    receipt.status().OrDie();
    CHECK(receipt->keys == std::vector<Key>{Key{1L}, Key{2L}, Key{3L}});
    CHECK(*ReadAll(books) == Books{{1, 0}, {2, 0}, {3, 0}});

    WHEN("one of the keys comes again in a batch with a new one") {
      const auto again = books.Insert(BatchOf({{4}, {2}}));
      THEN("it is refused by name and nothing of the batch is there") {
        CHECK(again.status().code() == StatusCode::kAlreadyExists);
        CHECK(again.status().message().find("key 2") != std::string_view::npos);
        CHECK(*ReadAll(books) == Books{{1, 0}, {2, 0}, {3, 0}});
      }
    }
    WHEN("the database is closed and opened again") {
      db.Reopen();
      THEN("the same rows are there and keys stay taken") {
        books = db.OpenBooks();
        CHECK(*ReadAll(books) == Books{{1, 0}, {2, 0}, {3, 0}});
        CHECK(books.Insert(BatchOf({{3}})).status().code() == StatusCode::kAlreadyExists);
        CHECK(db->recovery().clean);
        CHECK(db->recovery().discarded_bytes == 0);
      }
    }
    WHEN("it is flushed, written to again and reopened twice") {
      books.Flush().OrDie();
      books.Insert(BatchOf({{10}})).status().OrDie();
      db.Reopen();
      db.Reopen();
      THEN("sealed and replayed rows are both there, each once") {
        books = db.OpenBooks();
        CHECK(*ReadAll(books) == Books{{1, 0}, {2, 0}, {3, 0}, {10, 0}});
        CHECK(books.Stats()->sealed_segments == 1);
      }
    }
  }
}
