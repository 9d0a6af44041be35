// One budget of memory: what it refuses, who waits for it, what is given up for it, and that no
// answer depends on it.
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "support/fault_file_system.h"
#include "support/temp_directory.h"
#include "walks/failing_memory.h"
#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;
using base::MemoryAccount;
using testkit::FaultFileSystem;
using testkit::FaultKind;

namespace {

constexpr std::uint64_t kBudget = std::uint64_t{64} << 20;

Options Budgeted(LoadMode load = LoadMode::kResident) {
  Options options = QuietOptions();
  options.memory_budget_bytes = kBudget;
  options.load = load;
  return options;
}

// Takes what reads and writes may use, but for so much, as `account`.
base::MemoryReservation LeaveOnly(TestDatabase& db, std::uint64_t bytes, MemoryAccount account) {
  base::MemoryBudget& memory = db.parts().memory;
  const std::uint64_t open = kBudget - roles::FlushReserveBytes(db.options());
  const std::uint64_t others = memory.used() - memory.used(MemoryAccount::kColumns);
  return memory.Take(account, open - others - bytes);
}

std::uint64_t CloseColumns(TestDatabase& db) {
  return db.parts().columns->Evict(~std::uint64_t{0});
}

// Several segments of books, so that merges and reads have something to do.
Collection MakeSegments(TestDatabase& db, int segments, std::int64_t rows = 500) {
  Collection books = db.MakeBooks();
  for (std::int64_t i = 0; i < segments; ++i) {
    books.Insert(BatchOf(BooksBetween(i * rows + 1, (i + 1) * rows))).status().OrDie();
    books.Flush().OrDie();
  }
  return books;
}

}  // namespace

TEST_CASE("a budget below 64 MiB is refused by name", "[walk][memory]") {
  Options options;
  options.memory_budget_bytes = kBudget - 1;
  CheckRefusal(Database::OpenInMemory(options).status(), StatusCode::kInvalidArgument,
               {"memory_budget_bytes", "67108863", "67108864"});
  options.memory_budget_bytes = kBudget;
  CHECK(Database::OpenInMemory(options).ok());
}

TEST_CASE("answers are the same while columns are closed again and again", "[walk][memory]") {
  const LoadMode load = GENERATE(LoadMode::kMapped, LoadMode::kResident);
  TestDatabase whole;
  TestDatabase db(io::MakeMemoryFileSystem(), Budgeted(load));
  const Collection expected = MakeSegments(whole, 4);
  Collection books = MakeSegments(db, 4);
  books.DeleteWhere("id in [4, 13, 22, 700] or id > 1990").status().OrDie();
  Collection same = expected;
  same.DeleteWhere("id in [4, 13, 22, 700] or id > 1990").status().OrDie();
  for (std::int64_t id = 1; id < 60; ++id) {
    (void)CloseColumns(db);
    const std::vector<float> near = Book{id, 1}.vector();
    const std::string filter = "year > 1930 and title != 'book 7 v0'";
    CHECK(KeysNear(books, near, 20, filter) == KeysNear(expected, near, 20, filter));
    CHECK(*books.Count(filter) == *expected.Count(filter));
  }
  (void)CloseColumns(db);
  CHECK(*ReadAll(books) == *ReadAll(expected));
  const DatabaseStats stats = *db->Stats();
  CHECK(stats.evictions >= 4 * 3);
  CHECK(stats.reloads >= 4 * 3);
  CHECK(stats.memory.limit == kBudget);
  CHECK(stats.memory.used <= stats.memory.peak);
}

TEST_CASE("columns are closed by themselves where there is no room for all of them",
          "[walk][memory]") {
  TestDatabase db(io::MakeMemoryFileSystem(), Budgeted());
  Collection books = MakeSegments(db, 8, 2'000);
  const std::vector<float> near = Book{77}.vector();
  const auto nearest = KeysNear(books, near, 9);
  const std::uint64_t many = *books.Count("year > 1950 or title < 'book 5'");
  const std::uint64_t columns = db->Stats()->column_memory.used;
  REQUIRE(columns > 0);
  const auto squeeze = LeaveOnly(db, columns / 3, MemoryAccount::kSegments);
  (void)CloseColumns(db);
  for (int round = 0; round < 3; ++round) {
    CHECK(KeysNear(books, near, 9) == nearest);
    CHECK(*books.Count("year > 1950 or title < 'book 5'") == many);
  }
  const DatabaseStats stats = *db->Stats();
  CHECK(stats.evictions > 0);
  CHECK(stats.reloads > 0);
  CHECK(stats.column_memory.used <= columns / 3);
}

TEST_CASE("a fault of the disk at a reload is the read's, and over when it is over",
          "[walk][memory]") {
  auto disk = std::make_shared<FaultFileSystem>(io::MakeMemoryFileSystem());
  TestDatabase db(disk, Budgeted());
  Collection books = MakeSegments(db, 2);
  const auto near = Book{3}.vector();
  const auto expected = KeysNear(books, near, 5);
  std::uint64_t failed = 0;
  for (std::uint64_t k = 0; k < 200; ++k) {
    (void)CloseColumns(db);
    disk->Arm({.call = disk->call_count() + k, .kind = FaultKind::kIoError, .sticky = true});
    const auto hits = books.Search({.query = near, .limit = 5});
    const bool fired = disk->fired() > failed;
    failed = disk->fired();
    disk->Disarm();
    CHECK(hits.ok() == !fired);
    CHECK(KeysNear(books, near, 5) == expected);
    if (!fired) break;
  }
  CHECK(failed > 0);
}

TEST_CASE("a read whose answer does not fit fails by name, and the next goes on",
          "[walk][memory]") {
  TestDatabase db(io::MakeMemoryFileSystem(), Budgeted(LoadMode::kMapped));
  Collection books = MakeSegments(db, 1, 4'000);
  const QueryRequest all{.output_fields = {"*"}, .limit = 4'000};
  {
    const auto squeeze = LeaveOnly(db, 1'000'000, MemoryAccount::kSegments);
    CheckRefusal(books.Query(all).status(), StatusCode::kResourceExhausted,
                 {"reads", "memory_budget_bytes", "67108864"});
    const auto batches = books.Iterate({.output_fields = {"*"}, .batch_size = 100});
    CHECK(batches.ok());
    CHECK(*books.Count() == 4'000);
    CHECK(KeysNear(books, Book{9}.vector(), 1) == std::vector<std::int64_t>{9});
    CHECK(db->Stats()->read_memory.used == 0);
  }
  CHECK(books.Query(all)->size() == 4'000);
  CHECK(db->Stats()->read_memory.peak > 1'000'000);
}

TEST_CASE("a writer fails by name where no flush would help, and goes on afterwards",
          "[walk][memory]") {
  TestDatabase db(io::MakeMemoryFileSystem(), Budgeted());
  Collection books = db.MakeBooks();
  books.Insert(BatchOf(BooksBetween(1, 100))).status().OrDie();
  {
    const auto squeeze = LeaveOnly(db, 0, MemoryAccount::kSegments);
    const auto more = db.parts().memory.Take(MemoryAccount::kSegments, 4 << 20);
    CheckRefusal(books.Insert(BatchOf({{101}})).status(), StatusCode::kResourceExhausted,
                 {"writes", "memory_budget_bytes", "keys of sealed segments"});
    CHECK(books.Stats()->sealed_segments == 1);  // it tried
    CHECK(*books.Count() == 100);
  }
  CHECK(*ReadAll(books) == ExpectedBetween(1, 100));
  books.Insert(BatchOf({{101}})).status().OrDie();
  CHECK(*ReadAll(books) == ExpectedBetween(1, 101));
  db.Reopen();
  CHECK(*ReadAll(db.OpenBooks()) == ExpectedBetween(1, 101));
}

TEST_CASE("a large write that no budget could hold is refused at once", "[walk][memory]") {
  TestDatabase db(io::MakeMemoryFileSystem(), Budgeted());
  const Schema schema = *SchemaBuilder().PrimaryKey("id").Vector("v", 1024, Metric::kL2).Build();
  Collection wide = *db->CreateCollection("wide", schema, {});
  const std::vector<float> vector(1024, 1.0F);
  Batch batch(schema);
  for (std::int64_t id = 0; id < 7'000; ++id) batch.Add({{"id", id}, {"v", vector}}).OrDie();
  CheckRefusal(wide.Insert(batch).status(), StatusCode::kResourceExhausted,
               {"writes", "memory_budget_bytes"});
  CHECK(*wide.Count() == 0);
  CHECK(db->Stats()->write_memory.used == 0);
}

TEST_CASE("a writer waits for memory until it is given back, or its time is over",
          "[walk][memory]") {
  const bool gives_back = GENERATE(true, false);
  TestDatabase db(io::MakeMemoryFileSystem(), Budgeted());
  Collection books = db.MakeBooks();
  // What a read holds is given back some time: the writer waits for it.
  std::optional<base::MemoryReservation> held = LeaveOnly(db, 0, MemoryAccount::kReads);
  held->Resize(held->bytes() + 1);
  WriteOptions limits;
  limits.timeout = std::chrono::seconds(10);
  Status outcome;
  std::atomic<bool> done{false};
  std::thread writer([&] {
    outcome = books.Insert(BatchOf({{1}}), limits).status();
    done = true;
  });
  if (gives_back) {
    held.reset();
    writer.join();
    CHECK(outcome.ok());
  } else {
    while (!done) {
      db.clock().Advance(std::chrono::seconds(1));
      std::this_thread::yield();
    }
    writer.join();
    // The second where its time was over before it began to wait.
    CHECK((outcome.code() == StatusCode::kResourceExhausted ||
           outcome.code() == StatusCode::kDeadlineExceeded));
    held.reset();
    CHECK(books.Insert(BatchOf({{1}})).ok());
  }
  CHECK(*ReadAll(books) == ExpectedBetween(1, 1));
}

TEST_CASE("readers of old Views read what was closed and compacted since", "[walk][memory]") {
  const LoadMode load = GENERATE(LoadMode::kMapped, LoadMode::kResident);
  const TempDirectory directory(FastFolder());
  TestDatabase db(*io::OpenDirectory(directory.path(), true), Budgeted(load));
  Collection books = MakeSegments(db, 3);
  const auto expected = *ReadAll(books);
  {
    const auto before = *books.Snapshot();
    SECTION("after a compaction") {
      books.Compact().OrDie();
    }
    SECTION("after a release, a load and a compaction") {
      books.Release().OrDie();
      books.Load().OrDie();
      books.Compact().OrDie();
    }
    SECTION("after a release and a drop") {
      books.Release().OrDie();
      db->DropCollection("books").OrDie();
    }
    db.clock().Advance(std::chrono::seconds(2));
    RunDueWork(*db);
    (void)CloseColumns(db);
    CHECK(*ReadAll(before) == expected);
  }
  db.clock().Advance(std::chrono::seconds(2));
  RunDueWork(*db);
  const bool dropped = !db->OpenCollection("books").ok();
  CHECK(NamesIn(*db.fs(), "segments").size() == (dropped ? 0 : 1));
}

TEST_CASE("what was dropped gives its memory back, though there are handles of it",
          "[walk][memory]") {
  TestDatabase db(io::MakeMemoryFileSystem(), Budgeted());
  Collection books = MakeSegments(db, 3, 3'000);
  books.Insert(BatchOf(BooksBetween(20'001, 20'500))).status().OrDie();
  RunDueWork(*db);
  for (int i = 0; i < 3; ++i) CHECK(books.Count("year > 1950").ok());
  REQUIRE(db.parts().narrow->bytes() > 0);
  const base::MemoryBudget& memory = db.parts().memory;
  for (const auto account : {MemoryAccount::kGrowing, MemoryAccount::kSegments,
                             MemoryAccount::kColumns, MemoryAccount::kFilters}) {
    REQUIRE(memory.used(account) > 0);
  }
  db->DropCollection("books").OrDie();
  for (const auto account : {MemoryAccount::kGrowing, MemoryAccount::kSegments,
                             MemoryAccount::kColumns, MemoryAccount::kFilters}) {
    CHECK(memory.used(account) == 0);
  }
  CHECK(db.parts().narrow->bytes() == 0);
  CHECK(books.Insert(BatchOf({{1}})).status().code() == StatusCode::kNotFound);
  CHECK(books.Flush().code() == StatusCode::kNotFound);
}

TEST_CASE("filters of keys are given up for room, and no answer changes", "[walk][memory]") {
  TestDatabase db(io::MakeMemoryFileSystem(), Budgeted());
  Collection books = MakeSegments(db, 4, 3'000);
  RunDueWork(*db);
  REQUIRE(db->Stats()->filter_memory.used > 0);
  (void)db.parts().GiveUp(kBudget);
  CHECK(db->Stats()->filter_memory.used == 0);
  CHECK(books.Insert(BatchOf({{5}})).status().code() == StatusCode::kAlreadyExists);
  CHECK(books.Insert(BatchOf({{50'000}})).ok());
  books.Flush().OrDie();
  RunDueWork(*db);
  CHECK(db->Stats()->filter_memory.used > 0);
  CHECK(books.Insert(BatchOf({{5}})).status().code() == StatusCode::kAlreadyExists);
}

TEST_CASE("rows of the log that the budget cannot hold are refused by the open", "[walk][memory]") {
  Options plain = QuietOptions();
  TestDatabase db(io::MakeMemoryFileSystem(), plain);
  const Schema schema = *SchemaBuilder().PrimaryKey("id").Vector("v", 1024, Metric::kL2).Build();
  Collection wide = *db->CreateCollection("wide", schema, {});
  const std::vector<float> vector(1024, 1.0F);
  for (std::int64_t first = 0; first < 18'000; first += 1'000) {
    Batch batch(schema);
    for (std::int64_t id = first; id < first + 1'000; ++id) {
      batch.Add({{"id", id}, {"v", vector}}).OrDie();
    }
    wide.Insert(batch).status().OrDie();
  }
  db.options() = Budgeted();
  CheckRefusal(db.ContinueOn(MemoryCopyOf(*db.fs())), StatusCode::kResourceExhausted,
               {"log", "memory_budget_bytes"});
  db.options() = plain;
  db.Open().OrDie();
  db->Flush().OrDie();
  db.options() = Budgeted();
  db.Reopen();
  CHECK(*db->OpenCollection("wide")->Count() == 18'000);
}

namespace {

constexpr std::size_t kWide = 256;  // components: a row is a kibibyte
constexpr std::int64_t kBatchRows = 500;

// Enough to overflow the budget twice over, and less where memory is watched.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::int64_t kIngested = 80'000;
#else
constexpr std::int64_t kIngested = 120'000;
#endif

std::vector<float> WideVector(std::int64_t id) {
  std::vector<float> vector(kWide);
  for (std::size_t i = 0; i < kWide; ++i) {
    vector[i] = static_cast<float>((id * 31 + static_cast<std::int64_t>(i) * 17) % 1009);
  }
  return vector;
}

Collection MakeWide(TestDatabase& db, const CollectionOptions& options, std::int64_t segments,
                    std::int64_t rows) {
  const Schema schema = *SchemaBuilder().PrimaryKey("id").Vector("v", kWide, Metric::kL2).Build();
  Collection wide = *db->CreateCollection("wide", schema, options);
  for (std::int64_t first = 0; first < segments * rows; first += rows) {
    Batch batch(schema);
    for (std::int64_t id = first; id < first + rows; ++id) {
      batch.Add({{"id", id}, {"v", WideVector(id)}}).OrDie();
    }
    wide.Insert(batch).status().OrDie();
    wide.Flush().OrDie();
  }
  return wide;
}

}  // namespace

TEST_CASE("ingest, search and compaction stay within a tenth of the budget", "[walk][memory]") {
  const LoadMode load = GENERATE(LoadMode::kResident, LoadMode::kMapped);
  const TempDirectory directory(FastFolder());
  Options options;
  options.memory_budget_bytes = kBudget;
  options.load = load;
  options.durability = Durability::kFlushOnly;
  options.background_threads = 1;
  options.search_threads = 2;
  const std::size_t before = Allocated();
  ForgetMostAllocated();
  Database db = *Database::Open(directory.path(), options);
  const Schema schema = *SchemaBuilder()
                             .PrimaryKey("id")
                             .Scalar("title", DataType::kVarChar)
                             .Vector("v", kWide, Metric::kL2)
                             .Build();
  // Small enough for several of them to be merged under this budget, also where flushes are late.
  Collection wide = *db.CreateCollection("wide", schema, {.segment_bytes = 4u << 20});
  std::atomic<std::int64_t> written{0};
  std::atomic<bool> failed{false};
  std::thread reader([&] {
    std::int64_t id = 0;
    while (written < kIngested && !failed) {
      const std::int64_t there = written;
      if (there == 0) continue;
      id = (id * 7 + 4'001) % there;
      const auto hits = wide.Search({.query = WideVector(id), .limit = 3});
      if (!hits.ok() || hits->empty()) failed = true;
    }
  });
  Status refused;
  for (std::int64_t first = 0; first < kIngested && refused.ok(); first += kBatchRows) {
    Batch batch(schema);
    for (std::int64_t id = first; id < first + kBatchRows; ++id) {
      batch.Add({{"id", id}, {"title", "row " + std::to_string(id)}, {"v", WideVector(id)}})
          .OrDie();
    }
    refused = wide.Insert(batch).status();
    if (refused.ok() && first % (6 * kBatchRows) == 0) refused = wide.Flush();
    written += kBatchRows;
  }
  INFO(refused.ToString());
  CHECK(refused.ok());
  reader.join();
  CHECK_FALSE(failed);
  const Status compacted = wide.Compact();
  INFO(compacted.ToString());
  CHECK(compacted.ok());
  CHECK(*wide.Count() == static_cast<std::uint64_t>(kIngested));
  CHECK(*wide.Count("title >= 'row 5'") > 0);
  const std::size_t most = MostAllocated() - before;
  const DatabaseStats stats = *db.Stats();
  INFO("heap " << most << ", counted " << stats.memory.peak);
  CHECK(most <= kBudget / 10 * 11);
  CHECK(stats.memory.peak <= kBudget / 10 * 11);
  CHECK(stats.flushes > 3);
  CHECK(stats.compactions > 0);
  if (load == LoadMode::kResident) {
    CHECK(stats.disk_bytes > kBudget);
    CHECK(stats.evictions > 0);
    CHECK(stats.reloads > 0);
  }
}

TEST_CASE("a merge as large as the budget allows leaves room for rows that are written",
          "[walk][memory]") {
  constexpr std::int64_t kRows = 7'500;
  TestDatabase db(io::MakeMemoryFileSystem(), Budgeted());
  Collection wide = MakeWide(db, {}, 2, kRows);
  // What the inputs, and the output that is compared with them, do not need.
  const auto others =
      LeaveOnly(db, std::uint64_t{4 * kRows + 4'000} * 1024, MemoryAccount::kGrowing);
  CHECK(wide.Compact().ok());
  CHECK(wide.Stats()->sealed_segments == 1);
  CHECK(*wide.Count() == std::uint64_t{2 * kRows});
}

TEST_CASE("a clustering of as many segments as the budget allows makes no more of them",
          "[walk][memory]") {
  constexpr std::int64_t kRows = 3'000;
  constexpr std::int64_t kSegments = 10;
  Options options = Budgeted();
  options.merged_segment_bytes = 4u << 20;
  TestDatabase db(io::MakeMemoryFileSystem(), options);
  Collection wide = MakeWide(db, {.clustering_key = "id"}, kSegments, kRows);
  std::size_t others = kSegments;
  for (int round = 0; others > 1; ++round) {
    REQUIRE(round < kSegments);  // each of them gets on
    wide.Compact({.clustering = true}).OrDie();
    others = 0;
    for (const SegmentInfo& segment : *wide.Segments()) {
      if (segment.rows == 0) continue;
      CHECK(segment.rows > kRows / 2);
      if (segment.level == 1) ++others;
    }
    if (round == 0) CHECK(others > 0);  // the budget does not allow all of them
  }
  CHECK(*wide.Count() == std::uint64_t{kSegments * kRows});
  CHECK(*wide.Count("id < 10") == 10);
}
