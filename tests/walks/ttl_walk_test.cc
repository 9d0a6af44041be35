// Time to live: rows that were written long enough ago are in no answer.
#include <random>

#include "base/canary.h"
#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;
using std::chrono::milliseconds;

namespace {

CollectionProperties Living(milliseconds ttl) {
  CollectionProperties properties;
  properties.ttl = ttl;
  return properties;
}

std::vector<std::int64_t> KeysOf(const Books& books) {
  std::vector<std::int64_t> keys;
  for (const auto& [id, version] : books) keys.push_back(id);
  return keys;
}

// Every kind of read says that these books are there and no others of `possible`.
void CheckEveryRead(const Collection& collection, const Books& expected,
                    const std::vector<std::int64_t>& possible) {
  CHECK(*ReadAll(collection) == expected);
  CHECK(*collection.Count() == expected.size());
  CHECK(*collection.Count("id >= 0") == expected.size());
  CHECK(collection.Stats()->rows == expected.size());
  auto near = KeysNear(collection, Book{1}.vector(), 100);
  std::sort(near.begin(), near.end());
  CHECK(near == KeysOf(expected));
  near = KeysNear(collection, Book{1}.vector(), 100, "id >= 0");
  CHECK(near.size() == expected.size());
  const std::vector<Key> keys(possible.begin(), possible.end());
  const auto got = collection.Get(keys, {});
  REQUIRE(got.ok());
  CHECK(got->rows.size() == expected.size());
  CHECK(got->missing.size() == possible.size() - expected.size());
}

}  // namespace

SCENARIO("expired rows are in no answer at once", "[walk][ttl]") {
  TestDatabase db;
  Collection books = db.MakeBooks({.shards = 2});
  const bool sealed = GENERATE(false, true);
  books.Insert(BatchOf(BooksBetween(1, 70))).status().OrDie();
  if (sealed) books.Flush().OrDie();
  db.clock().Advance(milliseconds(1'000));
  books.Insert(BatchOf(BooksBetween(71, 75))).status().OrDie();
  std::vector<std::int64_t> all = KeysOf(ExpectedBetween(1, 75));
  CheckEveryRead(books, ExpectedBetween(1, 75), all);

  db->AlterCollection("books", Living(milliseconds(1'500))).OrDie();
  CheckEveryRead(books, ExpectedBetween(1, 75), all);
  db.clock().Advance(milliseconds(499));
  CheckEveryRead(books, ExpectedBetween(1, 75), all);
  db.clock().Advance(milliseconds(1));  // the first are 1500 ms old to the millisecond
  CheckEveryRead(books, ExpectedBetween(71, 75), all);
  CHECK(books.Stats()->deleted_rows == 70);
  db.Reopen();
  books = db.OpenBooks();
  CheckEveryRead(books, ExpectedBetween(71, 75), all);
  db->AlterCollection("books", Living(milliseconds(500))).OrDie();
  CheckEveryRead(books, {}, all);
  db->AlterCollection("books", Living(milliseconds(60'000))).OrDie();
  CheckEveryRead(books, ExpectedBetween(1, 75), all);
  db->AlterCollection("books", {}).OrDie();
  db.clock().Advance(std::chrono::hours(24 * 365 * 20));
  CheckEveryRead(books, ExpectedBetween(1, 75), all);
}

SCENARIO("expired keys are inserted again, and no key is there twice", "[walk][ttl]") {
  TestDatabase db;
  const bool sealed = GENERATE(false, true);
  const auto shards = GENERATE(1u, 3u);
  Collection books = db.MakeBooks({.shards = shards});
  db->AlterCollection("books", Living(milliseconds(100))).OrDie();
  const std::uint64_t begin = db.clock().WallMilliseconds();
  books.Insert(BatchOf(BooksBetween(1, 6))).status().OrDie();
  if (sealed) books.Flush().OrDie();
  db.clock().Advance(milliseconds(50));
  books.Upsert(BatchOf(BooksBetween(5, 6, 1))).status().OrDie();
  CheckRefusal(books.Insert(BatchOf({{1, 7}})).status(), StatusCode::kAlreadyExists, {"key 1"});
  db.clock().Advance(milliseconds(50));
  Books now = ExpectedBetween(5, 6, 1);
  CHECK(*ReadAll(books) == now);
  // One that lives refuses the whole batch.
  CheckRefusal(books.Insert(BatchOf({{1, 2}, {5, 2}})).status(), StatusCode::kAlreadyExists,
               {"key 5"});
  CHECK(*ReadAll(books) == now);
  books.Insert(BatchOf({{1, 2}, {2, 2}, {9, 2}})).status().OrDie();
  books.Upsert(BatchOf({{3, 2}})).status().OrDie();
  books.Delete(IntKeys({4})).status().OrDie();
  now.insert({{1, 2}, {2, 2}, {3, 2}, {9, 2}});
  CHECK(*ReadAll(books) == now);

  const auto how = GENERATE(0, 1, 2);
  if (how == 0) db->AlterCollection("books", {}).OrDie();  // they live again
  if (how == 1) db.clock().SetWall(begin);                 // the clock is set back
  if (how == 2) {                                          // what the log says
    db.ContinueOn(MemoryCopyOf(*db.fs())).OrDie();
    db->AlterCollection("books", {}).OrDie();
    books = db.OpenBooks();
  }
  CHECK(*ReadAll(books) == now);
  books.Flush().OrDie();
  db.Reopen();
  CHECK(*ReadAll(db.OpenBooks()) == now);
}

SCENARIO("compaction takes expired rows from the disk, and no others", "[walk][ttl]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  db->AlterCollection("books", Living(milliseconds(10'000))).OrDie();
  books.Insert(BatchOf(BooksBetween(1, 30))).status().OrDie();
  books.Flush().OrDie();
  db.clock().Advance(milliseconds(6'000));
  books.Insert(BatchOf(BooksBetween(31, 40))).status().OrDie();
  books.Flush().OrDie();
  db.clock().Advance(milliseconds(4'000));
  CHECK(books.Stats()->deleted_rows == 30);
  const bool by_itself = GENERATE(false, true);
  if (by_itself) {
    db.clock().Advance(milliseconds(1'100));  // housekeeping is due
    RunDueWork(*db);
  } else {
    books.Compact().OrDie();
  }
  CHECK(books.Stats()->deleted_rows == 0);
  CHECK(books.Stats()->sealed_segments == 1);
  CHECK(NamesIn(*db.fs(), "segments").size() == 1);
  CHECK(*ReadAll(books) == ExpectedBetween(31, 40));
  db->AlterCollection("books", {}).OrDie();
  CHECK(*ReadAll(books) == ExpectedBetween(31, 40));
  db.Reopen();
  CHECK(*ReadAll(db.OpenBooks()) == ExpectedBetween(31, 40));
}

SCENARIO("rows that live again are there for reads and writes alike, whatever was compacted",
         "[walk][ttl]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  const std::uint64_t begin = db.clock().WallMilliseconds();
  db->AlterCollection("books", Living(milliseconds(10'000))).OrDie();
  books.Insert(BatchOf(BooksBetween(1, 10))).status().OrDie();
  books.Flush().OrDie();
  books.Insert(BatchOf({{11}})).status().OrDie();
  db.clock().Advance(milliseconds(6'000));
  books.Insert(BatchOf(BooksBetween(12, 30))).status().OrDie();
  books.Flush().OrDie();
  db.clock().Advance(milliseconds(5'000));
  RunDueWork(*db);
  CHECK(books.Stats()->sealed_segments == 1);  // one book of twenty is not worth a compaction
  CHECK(books.Stats()->deleted_rows == 1);
  CHECK(*ReadAll(books) == ExpectedBetween(12, 30));

  const bool by_clock = GENERATE(false, true);
  if (by_clock) db.clock().SetWall(begin + 9'000);
  if (!by_clock) db->AlterCollection("books", {}).OrDie();
  CHECK(books.Insert(BatchOf({{11}})).status().code() == StatusCode::kAlreadyExists);
  CHECK(*ReadAll(books) == ExpectedBetween(11, 30));
  CHECK(books.Stats()->deleted_rows == 0);
  db.Reopen();
  CHECK(*ReadAll(db.OpenBooks()) == ExpectedBetween(11, 30));
}

SCENARIO("a ttl made longer while a compaction runs keeps what it would have taken",
         "[walk][ttl]") {
  static Database* to_alter = nullptr;
  TestDatabase db;
  Collection books = db.MakeBooks();
  db->AlterCollection("books", Living(milliseconds(100))).OrDie();
  books.Insert(BatchOf(BooksBetween(1, 30))).status().OrDie();
  db.clock().Advance(milliseconds(50));
  books.Insert(BatchOf(BooksBetween(31, 40))).status().OrDie();
  books.Flush().OrDie();
  db.clock().Advance(milliseconds(50));
  to_alter = &*db;
  base::SetKillPointHandler([](const char* name) {
    if (std::string_view(name) != "compaction.written") return;
    to_alter->AlterCollection("books", {}).OrDie();
  });
  const Status compacted = books.Compact();
  base::SetKillPointHandler(nullptr);
  CheckRefusal(compacted, StatusCode::kCancelled, {"'books'", "seen again"});
  CHECK(*ReadAll(books) == ExpectedBetween(1, 40));
  books.Compact().OrDie();
  db.Reopen();
  CHECK(*ReadAll(db.OpenBooks()) == ExpectedBetween(1, 40));
}

SCENARIO("a read-only database lets rows expire", "[walk][ttl]") {
  TestDatabase db;
  db.MakeBooks().Insert(BatchOf({{1}})).status().OrDie();
  db->AlterCollection("books", Living(milliseconds(10))).OrDie();
  db.options().read_only = true;
  db.Reopen();
  const Collection books = db.OpenBooks();
  CHECK(*books.Count() == 1);
  db.clock().Advance(milliseconds(10));
  CHECK(*books.Count() == 0);
}

SCENARIO("a clock that runs away or is set back decides by what it says now", "[walk][ttl]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  db->AlterCollection("books", Living(milliseconds(1'000))).OrDie();
  const std::uint64_t begin = db.clock().WallMilliseconds();
  books.Insert(BatchOf({{1}})).status().OrDie();
  db.clock().SetWall(~std::uint64_t{0});
  CHECK(*books.Count() == 0);
  db.clock().SetWall(0);
  CHECK(*books.Count() == 1);
  db.clock().SetWall(begin - 5'000);
  books.Insert(BatchOf({{2}})).status().OrDie();  // its time is behind that of the one before
  CHECK(*books.Count() == 2);
  db.clock().SetWall(begin + 999);
  CHECK(*books.Count() == 2);
  db.clock().SetWall(begin + 1'000);
  CHECK(*books.Count() == 0);
}

SCENARIO("whatever is written and altered while time passes, reads agree with a map",
         "[walk][ttl]") {
  const auto seed = GENERATE(1u, 2u, 3u, 4u, 5u, 6u);
  CAPTURE(seed);
  std::mt19937 random(seed);
  const auto below = [&](std::uint32_t n) { return static_cast<std::int64_t>(random() % n); };
  TestDatabase db;
  Collection books = db.MakeBooks({.shards = 1 + seed % 3, .segment_rows = 20});
  struct Written {
    std::int64_t version = 0;
    std::uint64_t at_ms = 0;
  };
  std::map<std::int64_t, Written> rows;  // also those that have expired
  std::int64_t ttl = 0;
  const auto alive = [&](const Written& row) {
    return ttl == 0 || row.at_ms + static_cast<std::uint64_t>(ttl) > db.clock().WallMilliseconds();
  };
  for (std::int64_t step = 0; step < 300; ++step) {
    const std::int64_t what = below(12);
    const std::int64_t key = below(25);
    const auto found = rows.find(key);
    const Written row{step, db.clock().WallMilliseconds()};
    if (what < 4) {
      const bool taken = found != rows.end() && alive(found->second);
      const Status inserted = books.Insert(BatchOf({{key, step}})).status();
      REQUIRE(inserted.code() == (taken ? StatusCode::kAlreadyExists : StatusCode::kOk));
      if (!taken) rows[key] = row;
    } else if (what < 6) {
      books.Upsert(BatchOf({{key, step}})).status().OrDie();
      rows[key] = row;
    } else if (what == 6) {
      books.Delete(IntKeys({key})).status().OrDie();
      rows.erase(key);
    } else if (what < 9) {
      db.clock().Advance(milliseconds(below(40)));
    } else if (what == 9) {
      ttl = below(3) == 0 ? 0 : 1 + below(300);
      db->AlterCollection("books", Living(milliseconds(ttl))).OrDie();
    } else if (what == 10) {
      books.Flush().OrDie();
    } else if (below(4) == 0) {
      db.Reopen();
      books = db.OpenBooks();
    }
    Books expected;
    for (const auto& [id, written] : rows) {
      if (alive(written)) expected[id] = written.version;
    }
    REQUIRE(*ReadAll(books) == expected);
    REQUIRE(*books.Count() == expected.size());
    REQUIRE(KeysNear(books, Book{1}.vector(), 100).size() == expected.size());
    REQUIRE(books.Get(IntKeys({key}), {})->rows.size() == expected.count(key));
  }
}
