// Memory that runs out at any allocation of anything: what was asked has happened or has not, the
// answer says which, and the database goes on or stops for good, but is never wrong.
#include <array>
#include <atomic>
#include <functional>
#include <new>
#include <thread>
#include <vector>

#include "base/task_queue.h"
#include "support/fault_file_system.h"
#include "support/temp_directory.h"
#include "walks/failing_memory.h"
#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

std::shared_ptr<io::FileSystem> DiskAt(const TempDirectory& directory) {
  return *io::OpenDirectory(directory.path(), true);
}

Status Touch(Collection& books, std::int64_t id) {
  return books.Insert(BatchOf({{id}})).status();
}

// A write in which memory ran out: refused and forgotten, or a stop of all writing.
void CheckRefusedOrUnknown(TestDatabase& db, Collection& books, const Status& status,
                           const Books& before, const Books& after) {
  Books expected = before;
  if (status.ok()) expected = after;
  if (status.code() == StatusCode::kOutcomeUnknown) {
    CHECK(Touch(books, 99).code() == StatusCode::kFailedPrecondition);
    CHECK_FALSE(db->Health().ok());
  } else {
    CHECK((status.ok() || status.code() == StatusCode::kResourceExhausted));
    CHECK(*ReadAll(books) == expected);
    CHECK(Touch(books, 99).ok());
    expected[99] = 0;
  }
  db.ContinueOn(db.fs()).OrDie();
  books = db.OpenBooks();
  const Books found = *ReadAll(books);
  if (status.code() == StatusCode::kOutcomeUnknown) {
    CHECK((found == before || found == after));
  } else {
    CHECK(found == expected);
  }
  CHECK(Touch(books, 100).ok());
}

// Every allocation of an upsert fails once, in a log of `log_bytes`.
void SweepUpsert(std::uint64_t log_bytes) {
  const Batch batch = BatchOf({{2, 1}, {3, 1}, {4, 1}, {5, 1}, {6, 1}});
  for (long n = 0;; ++n) {
    INFO("allocation " << n);
    const TempDirectory directory(FastFolder());
    TestDatabase db(DiskAt(directory));
    db.SetLogBytes(log_bytes);
    db.MakeBooks({.shards = 2});
    db.Reopen();
    Collection books = db.OpenBooks();
    books.Insert(BatchOf({{1}, {2}, {3}})).status().OrDie();
    Status status;
    if (!WithFailingAllocation(n, [&] { status = books.Upsert(batch).status(); })) {
      CHECK(status.ok());
      return;
    }
    CheckRefusedOrUnknown(db, books, status, {{1, 0}, {2, 0}, {3, 0}},
                          {{1, 0}, {2, 1}, {3, 1}, {4, 1}, {5, 1}, {6, 1}});
  }
}

}  // namespace

SCENARIO("a write that runs out of memory happens or not, and is never half a write",
         "[walk][memory]") {
  SweepUpsert(std::uint64_t{64} << 20);
}

SCENARIO("a write that runs out of memory while it opens another log keeps that promise",
         "[walk][memory]") {
  SweepUpsert(1);
}

SCENARIO("a flush that runs out of memory can be repeated and loses nothing", "[walk][memory]") {
  const Books expected{{1, 0}, {3, 0}, {4, 1}};
  bool failed = true;
  for (long n = 0; failed; ++n) {
    INFO("allocation " << n);
    const TempDirectory directory(FastFolder());
    TestDatabase db(DiskAt(directory));
    Collection books = db.MakeBooks();
    books.Insert(BatchOf({{1}, {2}})).status().OrDie();
    books.Flush().OrDie();
    books.Insert(BatchOf({{3}, {4}})).status().OrDie();
    books.Upsert(BatchOf({{4, 1}})).status().OrDie();
    const std::vector<Key> gone{Key{2L}};
    books.Delete(gone).status().OrDie();
    Status status;
    failed = WithFailingAllocation(n, [&] { status = books.Flush(); });
    CHECK(*ReadAll(books) == expected);
    if (db->Health().ok()) {
      CHECK(books.Flush().ok());
      CHECK(books.Stats()->sealed_segments == 2);
    }
    CHECK(*ReadAll(books) == expected);
    db.ContinueOn(db.fs()).OrDie();
    books = db.OpenBooks();
    CHECK(*ReadAll(books) == expected);
    CHECK(books.Flush().ok());
    CHECK(*ReadAll(books) == expected);
  }
}

SCENARIO("a task that throws leaves its queue able to stop", "[walk][memory]") {
  base::TaskQueue queue(0, base::SystemClock());
  queue.Post([] { throw std::bad_alloc(); });
  CHECK_THROWS_AS(queue.RunOne(), std::bad_alloc);
  queue.Stop();  // waits for what runs: nothing
}

SCENARIO("a flush that runs out of memory takes no later write with it", "[walk][memory]") {
  for (const std::uint64_t log_bytes : {std::uint64_t{64} << 20, std::uint64_t{1000}}) {
    bool failed = true;
    for (long n = 0; failed; ++n) {
      INFO("log of " << log_bytes << " bytes, allocation " << n);
      TestDatabase db;
      db.SetLogBytes(log_bytes);
      db.Reopen();
      Collection books = db.MakeBooks();
      for (std::int64_t id = 0; id < 12; ++id) Touch(books, id).OrDie();
      failed = WithFailingAllocation(n, [&] { (void)books.Flush(); });
      if (!db->Health().ok()) continue;
      db.clock().Advance(std::chrono::milliseconds(1100));
      RunDueWork(*db);  // tries again what failed
      REQUIRE(Touch(books, 12).ok());
      REQUIRE(Touch(books, 12).code() == StatusCode::kAlreadyExists);
      REQUIRE(books.Flush().ok());
      REQUIRE(*ReadAll(books) == ExpectedBetween(0, 12));
      db.Reopen();
      REQUIRE(*ReadAll(db.OpenBooks()) == ExpectedBetween(0, 12));
    }
  }
}

SCENARIO("work in the background that runs out of memory is done later", "[walk][memory]") {
  const std::vector<Book> many = BooksBetween(1, 100);
  bool failed = true;
  for (long n = 0; failed; ++n) {
    INFO("allocation " << n);
    TestDatabase db;
    Collection books = db.MakeBooks({.segment_rows = 100});
    books.Insert(BatchOf(many)).status().OrDie();
    Status status;
    failed = WithFailingAllocation(n, [&] { status = db->RunBackground(std::chrono::seconds(1)); });
    if (!db->Health().ok()) continue;
    CHECK((status.ok() || status.code() == StatusCode::kResourceExhausted));
    Touch(books, 101).OrDie();  // asks again for the sealing
    for (int i = 0; i < 3; ++i) {
      db.clock().Advance(std::chrono::milliseconds(1100));
      RunDueWork(*db);
    }
    REQUIRE(books.Stats()->sealed_segments >= 1);
    REQUIRE(*ReadAll(books) == ExpectedBetween(1, 101));
  }
}

SCENARIO("a filter of keys that runs out of memory misses no key", "[walk][memory]") {
  bool failed = true;
  for (long n = 0; failed; ++n) {
    INFO("allocation " << n);
    TestDatabase db;
    Collection books = db.MakeBooks();
    for (std::int64_t i = 0; i < 3; ++i) {
      books.Insert(BatchOf(BooksBetween(i * 10, i * 10 + 9))).status().OrDie();
      books.Flush().OrDie();
    }
    failed = WithFailingAllocation(n, [&] { (void)db->RunBackground(std::chrono::seconds(1)); });
    for (std::int64_t id = 0; id < 30; ++id) {
      REQUIRE(Touch(books, id).code() == StatusCode::kAlreadyExists);
    }
  }
}

SCENARIO("closing that runs out of memory can be repeated, and loses nothing", "[walk][memory]") {
  bool failed = true;
  for (long n = 0; failed; ++n) {
    INFO("allocation " << n);
    const TempDirectory directory(FastFolder());
    auto opened = Database::Open(directory.path(), QuietOptions());
    Collection books = *opened->CreateCollection("books", BookSchema());
    Touch(books, 1).OrDie();
    Status status;
    failed = WithFailingAllocation(n, [&] { status = opened->Close(); });
    CHECK(books.Count().status().code() == StatusCode::kFailedPrecondition);
    if (status.code() == StatusCode::kResourceExhausted) status = opened->Close();
    CHECK(status.ok());
    auto again = Database::Open(directory.path(), QuietOptions());
    REQUIRE(again.ok());  // the lock is free
    CHECK(*ReadAll(*again->OpenCollection("books")) == Books{{1, 0}});
  }
}

SCENARIO("a database destroyed without memory ends what runs before what it uses",
         "[walk][memory]") {
  Options options;
  options.background_threads = 1;
  for (long n = 0; n < 4; ++n) {
    auto db = std::make_unique<Database>(*Database::OpenInMemory(options));
    Collection books = *db->CreateCollection("books", BookSchema(), {.segment_rows = 5000});
    for (std::int64_t i = 0; i < 5; ++i) {
      books.Insert(BatchOf(BooksBetween(i * 5000, i * 5000 + 4999))).status().OrDie();
    }
    WithFailingAllocation(n, [&] { db.reset(); });
  }
}

SCENARIO("a write that runs out of memory while it makes room does not stop the next",
         "[walk][memory]") {
  Options options = QuietOptions();
  options.write_buffer_bytes = std::size_t{1} << 20;
  const Batch bulk = BatchOf(BooksBetween(0, 29'999));
  bool failed = true;
  for (long n = 0; failed && n < 60; ++n) {
    INFO("allocation " << n);
    TestDatabase db(io::MakeMemoryFileSystem(), options);
    Collection books = db.MakeBooks();
    books.Insert(bulk).status().OrDie();
    const Batch one = BatchOf({{90'000}});
    Status status;
    failed = WithFailingAllocation(n, [&] { status = books.Insert(one).status(); });
    if (!db->Health().ok()) continue;
    CHECK((status.ok() || status.code() == StatusCode::kResourceExhausted));
    REQUIRE(Touch(books, 90'001).ok());  // and does not hang
  }
}

SCENARIO("readers go on behind an upsert that ran out of memory", "[walk][memory]") {
  const std::vector<Book> all = BooksBetween(0, 99);
  bool failed = true;
  for (long n = 0; failed; ++n) {
    INFO("allocation " << n);
    TestDatabase db;
    Collection books = db.MakeBooks();
    books.Insert(BatchOf(all)).status().OrDie();
    books.Delete(std::vector<Key>{Key{3L}}).status().OrDie();
    const Batch batch = BatchOf({{70, 1}, {95, 1}});
    failed = WithFailingAllocation(n, [&] { (void)books.Upsert(batch).status(); });
    const auto found = ReadAll(books);
    REQUIRE(found.ok());
    CHECK(found->size() == 99);
  }
}

SCENARIO("creating and dropping without memory happen or not, and say which", "[walk][memory]") {
  const Schema schema = BookSchema();
  bool failed = true;
  for (long n = 0; failed; ++n) {
    INFO("creating, allocation " << n);
    TestDatabase db;
    failed =
        WithFailingAllocation(n, [&] { (void)db->CreateCollection("books", schema).status(); });
    if (!db->Health().ok()) continue;
    REQUIRE(db->CreateCollection("books", schema).ok());
  }
  failed = true;
  for (long n = 0; failed; ++n) {
    INFO("dropping, allocation " << n);
    TestDatabase db;
    Collection books = db.MakeBooks();
    Touch(books, 1).OrDie();
    books.Flush().OrDie();
    Status status;
    failed = WithFailingAllocation(n, [&] { status = db->DropCollection("books"); });
    if (!db->Health().ok()) continue;
    const bool there = db->OpenCollection("books").ok();
    CHECK(there != status.ok());
    CHECK(Touch(books, 2).code() == (there ? StatusCode::kOk : StatusCode::kNotFound));
  }
}

SCENARIO("renaming, aliases and properties without memory happen or not, and say which",
         "[walk][memory]") {
  const std::string long_name(60, 'l');  // longer than what a string keeps in itself
  CollectionProperties living;
  living.ttl = std::chrono::hours(1'000'000);
  struct Change {
    std::function<Status(Database&)> make;
    std::function<bool(const Database&)> made;
  };
  const std::vector<Change> changes = {
      {[&](Database& db) { return db.RenameCollection("books", long_name); },
       [&](const Database& db) { return *db.HasCollection(long_name); }},
      {[&](Database& db) { return db.CreateAlias(long_name, "books"); },
       [&](const Database& db) { return db.ListAliases()->count(long_name) != 0; }},
      {[&](Database& db) { return db.AlterAlias("best", "books"); },
       [&](const Database& db) { return db.ListAliases()->at("best") == "books"; }},
      {[&](Database& db) { return db.DropAlias("best"); },
       [&](const Database& db) { return db.ListAliases()->empty(); }},
      {[&](Database& db) { return db.AlterCollection("books", living); },
       [&](const Database& db) { return db.DescribeCollection("books")->properties == living; }},
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    bool failed = true;
    for (long n = 0; failed; ++n) {
      INFO("change " << i << ", allocation " << n);
      TestDatabase db;
      Collection books = db.MakeBooks();
      db.MakeBooks({}, "others");
      if (i == 2 || i == 3) db->CreateAlias("best", "others").OrDie();
      Status status;
      failed = WithFailingAllocation(n, [&] { status = changes[i].make(*db); });
      CHECK(changes[i].made(*db) == status.ok());
      if (!db->Health().ok()) continue;
      CHECK(Touch(books, 1).ok());
      const bool made = changes[i].made(*db);
      db.Reopen();
      CHECK(changes[i].made(*db) == made);
    }
  }
}

SCENARIO("a batch that runs out of memory is what it was before the call", "[walk][memory]") {
  const Schema schema = *SchemaBuilder()
                             .PrimaryKey("id", DataType::kVarChar)
                             .Nullable("n", DataType::kInt32)
                             .Nullable("t", DataType::kVarChar)
                             .Vector("v", 2, Metric::kL2)
                             .Build();
  const std::vector<float> v{1, 2};
  const std::string failing(100, 'f');
  const auto count_rows = [&](Batch& batch) {
    TestDatabase db;
    Collection texts = *db->CreateCollection("texts", schema);
    texts.Insert(batch).status().OrDie();
    const std::vector<Key> keys{Key{"one"}, Key{"two"}};
    const std::vector<std::string> fields{"*"};
    CHECK(texts.Get(keys, fields)->missing.empty());
    return *texts.Count();
  };
  for (long n = 0; n < 12; ++n) {
    INFO("allocation " << n);
    Batch rows(schema);
    rows.Add({{"id", "one"}, {"n", 1}, {"v", v}}).OrDie();
    std::size_t added = 0;
    WithFailingAllocation(n, [&] {
      try {
        added = rows.Add({{"id", failing}, {"t", failing}, {"v", v}}).ok() ? 1 : 0;
      } catch (const std::bad_alloc&) {  // as the header says
      }
    });
    CHECK(rows.rows() == 1 + added);
    rows.Add({{"id", "two"}, {"t", "text"}, {"v", v}}).OrDie();
    CHECK(count_rows(rows) == 2 + added);

    Batch columns(schema);
    const std::vector<std::string_view> keys{"one", "two"};
    const std::vector<float> vectors{1, 2, 3, 4};
    bool brought = false;
    WithFailingAllocation(n, [&] {
      try {
        brought = columns.AddColumn("id", keys).ok();
      } catch (const std::bad_alloc&) {
      }
    });
    if (!brought) columns.AddColumn("id", keys).OrDie();
    columns.AddVectors("v", vectors).OrDie();
    CHECK(count_rows(columns) == 2);
  }
}

// Many threads write one shard at once, so some execute the writes of others, while now and then an
// allocation of each fails. The database lives on a memory disk: what counts is what is said.
SCENARIO("what a write says stays true when others execute it and memory runs out",
         "[walk][memory]") {
  constexpr int kThreads = 8;
  constexpr std::int64_t kWrites = 150;
  TestDatabase db;
  db.MakeBooks({});
  Collection books = db.OpenBooks();
  std::array<std::vector<StatusCode>, kThreads> said;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (std::int64_t i = 0; i < kWrites; ++i) {
        const Batch batch = BatchOf({{t * kWrites + i}});
        Status status;
        WithFailingAllocation(i % 3 == 0 ? 5 + i % 37 : -1,
                              [&] { status = books.Insert(batch).status(); });
        said[static_cast<std::size_t>(t)].push_back(status.code());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const Books found = *ReadAll(books);
  db.ContinueOn(db.fs()).OrDie();
  books = db.OpenBooks();
  const Books recovered = *ReadAll(books);
  for (int t = 0; t < kThreads; ++t) {
    for (std::int64_t i = 0; i < kWrites; ++i) {
      INFO("write " << i << " of thread " << t << " said "
                    << static_cast<int>(
                           said[static_cast<std::size_t>(t)][static_cast<std::size_t>(i)]));
      const std::int64_t id = t * kWrites + i;
      switch (said[static_cast<std::size_t>(t)][static_cast<std::size_t>(i)]) {
        case StatusCode::kOk:
          CHECK(found.count(id) == 1);
          CHECK(recovered.count(id) == 1);
          break;
        case StatusCode::kOutcomeUnknown:
          break;
        default:
          CHECK(found.count(id) == 0);
          CHECK(recovered.count(id) == 0);
      }
    }
  }
  CHECK(Touch(books, kThreads * kWrites).ok());
}
