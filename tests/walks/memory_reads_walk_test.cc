// Memory that runs out at any allocation of a delete by filter, of a snapshot or an iterator, of a
// release or a load: each has happened or has not, and can be repeated.
#include <functional>
#include <new>

#include "support/temp_directory.h"
#include "walks/failing_memory.h"
#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

// A collection with sealed and growing rows: 1 to 9.
Collection MakeNine(TestDatabase& db) {
  Collection books = db.MakeBooks({.shards = 2});
  books.Insert(BatchOf(BooksBetween(1, 5))).status().OrDie();
  books.Flush().OrDie();
  books.Insert(BatchOf(BooksBetween(6, 9))).status().OrDie();
  return books;
}

bool IsOutOfMemory(const Status& status) {
  return status.ok() || status.code() == StatusCode::kResourceExhausted;
}

}  // namespace

SCENARIO("a delete by filter that runs out of memory deletes all that matches or nothing",
         "[walk][memory][delete]") {
  const Books before = ExpectedBetween(1, 9);
  const Books after = ExpectedBetween(1, 3);
  bool failed = true;
  for (long n = 0; failed; ++n) {
    INFO("allocation " << n);
    TestDatabase db;
    Collection books = MakeNine(db);
    Status status;
    failed = WithFailingAllocation(n, [&] { status = books.DeleteWhere("id > 3").status(); });
    if (status.code() == StatusCode::kOutcomeUnknown) {
      CHECK_FALSE(db->Health().ok());
      CHECK(*ReadAll(books) == before);  // nothing half-done is visible
      continue;
    }
    CHECK(IsOutOfMemory(status));
    CHECK(*ReadAll(books) == (status.ok() ? after : before));
    CHECK(books.DeleteWhere("id > 3").ok());
    CHECK(*ReadAll(books) == after);
  }
}

SCENARIO("a piece that runs out of memory is given again, and no row is missed",
         "[walk][memory][iterate]") {
  bool failed = true;
  for (long n = 0; failed; ++n) {
    INFO("allocation " << n);
    TestDatabase db;
    Collection books = MakeNine(db);
    std::vector<std::int64_t> seen;
    Result<RowIterator> rows = Status(StatusCode::kInternal, "not asked");
    failed = WithFailingAllocation(n, [&] { rows = books.Iterate({.batch_size = 2}); });
    if (!rows.ok()) {
      CHECK(IsOutOfMemory(rows.status()));
      continue;
    }
    long next = n;  // the first piece, too
    while (true) {
      Result<std::vector<Row>> piece = Status(StatusCode::kInternal, "not asked");
      const bool in_piece = WithFailingAllocation(next, [&] { piece = rows->Next(); });
      failed = failed || in_piece;
      next = next > 7 ? next - 7 : 0;
      if (!piece.ok()) {
        REQUIRE(IsOutOfMemory(piece.status()));
        piece = rows->Next();
        REQUIRE(piece.ok());
      }
      if (piece->empty()) break;
      for (const Row& row : *piece) seen.push_back(*row.Get<std::int64_t>("id"));
    }
    CHECK(seen == std::vector<std::int64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9});
  }
}

SCENARIO("a snapshot that runs out of memory is none, and reads of one can be repeated",
         "[walk][memory][snapshot]") {
  bool failed = true;
  for (long n = 0; failed; ++n) {
    INFO("allocation " << n);
    TestDatabase db;
    Collection books = MakeNine(db);
    Result<Snapshot> snapshot = Status(StatusCode::kInternal, "not asked");
    failed = WithFailingAllocation(n, [&] { snapshot = books.Snapshot(); });
    if (!snapshot.ok()) {
      CHECK(IsOutOfMemory(snapshot.status()));
      continue;
    }
    books.Delete(IntKeys({1, 6})).status().OrDie();
    Result<std::uint64_t> count = Status(StatusCode::kInternal, "not asked");
    const bool in_read = WithFailingAllocation(n, [&] { count = snapshot->Count("id > 0"); });
    failed = failed || in_read;
    CHECK(IsOutOfMemory(count.status()));
    CHECK(*snapshot->Count() == 9);
    CHECK(*books.Count() == 7);
  }
}

SCENARIO("a release or a load that runs out of memory leaves a collection that can be either",
         "[walk][memory][load]") {
  bool failed = true;
  for (long n = 0; failed; ++n) {
    INFO("allocation " << n);
    TestDatabase db;
    Collection books = MakeNine(db);
    Status status;
    failed = WithFailingAllocation(n, [&] { status = books.Release(); });
    CHECK(IsOutOfMemory(status));
    if (!status.ok()) {
      CHECK(*ReadAll(books) == ExpectedBetween(1, 9));
      books.Release().OrDie();
    }
    CHECK(*books.load_state() == LoadState::kReleased);
    const bool in_load = WithFailingAllocation(n, [&] { status = books.Load(); });
    failed = failed || in_load;
    CHECK(IsOutOfMemory(status));
    CHECK(*books.load_state() == (status.ok() ? LoadState::kLoaded : LoadState::kReleased));
    books.Load().OrDie();
    CHECK(*ReadAll(books) == ExpectedBetween(1, 9));
  }
}

SCENARIO("a refusal that runs out of memory is a status too, and is counted as no call",
         "[walk][memory]") {
  const TempDirectory directory(FastFolder());
  Database::Open(directory.path())->CreateCollection("books", BookSchema()).status().OrDie();
  Options options = QuietOptions();
  options.read_only = true;
  Database db = *Database::Open(directory.path(), options);
  Collection books = *db.OpenCollection("books");
  const Batch batch = BatchOf({{1}});
  const auto sweep = [](const std::function<Status()>& call, StatusCode code) {
    bool failed = true;
    for (long n = 0; failed; ++n) {
      INFO("allocation " << n);
      bool thrown = false;
      Status status;
      failed = WithFailingAllocation(n, [&] {
        try {
          status = call();
        } catch (const std::bad_alloc&) {
          thrown = true;
        }
      });
      REQUIRE_FALSE(thrown);
      CHECK(status.code() == (failed ? StatusCode::kResourceExhausted : code));
    }
  };
  sweep([&] { return books.Insert(batch).status(); }, StatusCode::kFailedPrecondition);
  db.Close().OrDie();  // waits for every call that was begun
  sweep([&] { return books.Count().status(); }, StatusCode::kFailedPrecondition);
  const Database moved = std::move(db);
  // NOLINTNEXTLINE(bugprone-use-after-move): that is what is asked
  sweep([&] { return db.Health(); }, StatusCode::kFailedPrecondition);
}
