// What may go wrong at the worst moment: memory that runs out at any allocation of a write or a
// flush, a child made by fork(), times beyond all time, logs that lie with good checksums.
#include <cstdlib>
#include <new>
#include <stdexcept>

#include <sys/wait.h>
#include <unistd.h>

#include "base/task_queue.h"
#include "base/timestamp_oracle.h"
#include "chunk/batch_access.h"
#include "chunk/codec.h"
#include "io/layout.h"
#include "support/temp_directory.h"
#include "support/test_database.h"
#include "wal/message.h"

namespace {

// How many allocations of this thread may still succeed before one fails; below 0: all.
thread_local long allocations_left = -1;
thread_local bool allocation_failed = false;

void* Allocate(std::size_t size, std::size_t alignment) {
  if (allocations_left >= 0 && allocations_left-- == 0) {
    allocation_failed = true;
    throw std::bad_alloc();
  }
  const std::size_t wanted = size == 0 ? 1 : size;
  void* memory = alignment == 0 ? std::malloc(wanted)
                                : std::aligned_alloc(
                                      alignment, (wanted + alignment - 1) / alignment * alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) {
  return Allocate(size, 0);
}
[[gnu::noinline]] void* operator new[](std::size_t size) {
  return Allocate(size, 0);
}
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment) {
  return Allocate(size, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void* operator new[](std::size_t size, std::align_val_t alignment) {
  return Allocate(size, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete[](void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete[](void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}

using namespace vecdb;
using namespace vecdb::test;

namespace {

// Calls `function` with its allocation number `n` failing; false when there were not so many.
template <typename F>
bool WithFailingAllocation(long n, F&& function) {
  allocation_failed = false;
  allocations_left = n;
  function();
  allocations_left = -1;
  return allocation_failed;
}

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

SCENARIO("a child made by fork lets go of a database without waiting or writing", "[walk][fork]") {
  const TempDirectory directory(FastFolder());
  Options options;  // with threads of its own
  options.background_threads = 2;
  auto db = std::make_unique<Database>(*Database::Open(directory.path(), options));
  Collection books = *db->CreateCollection("books", BookSchema());
  REQUIRE(Touch(books, 1).ok());
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(20);  // ends a child that waits for ever
    const bool refused = Touch(books, 2).code() == StatusCode::kFailedPrecondition &&
                         books.Count().status().code() == StatusCode::kFailedPrecondition &&
                         db->Close().ok();
    db.reset();
    { const Collection last = std::move(books); }
    ::_exit(refused ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(Touch(books, 3).ok());
  CHECK(*books.Count() == 2);
  CHECK(Database::Open(directory.path()).status().code() == StatusCode::kUnavailable);
}

SCENARIO("times beyond all time are refused by name or mean never", "[walk][limits]") {
  Options options = QuietOptions();
  options.sync_interval = std::chrono::milliseconds::max();
  const Status refused = Database::OpenInMemory(options).status();
  CHECK(refused.code() == StatusCode::kInvalidArgument);
  CHECK(refused.message().find("sync_interval") != std::string_view::npos);

  TestDatabase db;
  Collection books = db.MakeBooks({.seal_after_idle = std::chrono::milliseconds::max()});
  REQUIRE(Touch(books, 1).ok());
  db.clock().Advance(std::chrono::hours(48));
  CHECK(db->RunBackground(std::chrono::milliseconds::max()).ok());
  CHECK(books.Stats()->growing_segments == 1);
  CHECK(books.Stats()->sealed_segments == 0);

  db.clock().SetWall(~std::uint64_t{0});  // a clock gone wild
  CHECK(Touch(books, 2).ok());
  db.Reopen();
  CHECK(*ReadAll(db.OpenBooks()) == Books{{1, 0}, {2, 0}});
}

namespace {

struct LyingRecord {
  std::uint64_t timestamp = 0;
  SegmentId segment = 0;
};

// What opening says to a log of these records in the place of the database's own.
Status OpenWithLog(const std::vector<LyingRecord>& records) {
  TestDatabase db;
  Collection books = db.MakeBooks();
  const auto state = db.parts().manifest->state();
  const catalog::PchannelState& channel = state->pchannels.at(0);
  const io::LogIdentity identity = channel.logs.begin()->second;
  const std::string path = io::LogPath(0, identity.number);
  db->Close().OrDie();
  db.fs()->RemoveFile(path).OrDie();
  auto log = *io::PageLogWriter::Create(*db.fs(), path, identity, 0);
  Lsn lsn = channel.checkpoint;
  for (const LyingRecord& record : records) {
    base::Bytes payload;
    chunk::EncodeChunk(*chunk::BatchAccess::TakeChunk(BatchOf({{static_cast<std::int64_t>(lsn)}})),
                       &payload);
    wal::Message message;
    message.collection = state->collections.begin()->first;
    message.schema_version = 1;
    message.segment = record.segment;
    base::Bytes head;
    wal::EncodeMessageHeader(message, Timestamp{record.timestamp}, &head);
    const io::LogRecord logged{static_cast<std::uint16_t>(message.type), 0, payload, head};
    log->AppendGroup(std::span(&logged, 1), lsn++, 0, record.timestamp).OrDie();
  }
  log->Sync().OrDie();
  return db.ContinueOn(db.fs());
}

}  // namespace

SCENARIO("a log with good checksums and impossible contents is corruption, never the process's end",
         "[walk][hostile]") {
  const std::uint64_t now = std::uint64_t{1} << 60;
  CHECK(OpenWithLog({{now, 2}, {now + 1, 2}}).ok());
  CHECK(OpenWithLog({{now, 2}, {now - 1, 2}}).code() == StatusCode::kCorruption);
  CHECK(OpenWithLog({{~std::uint64_t{0}, 2}}).code() == StatusCode::kCorruption);
  CHECK(OpenWithLog({{now, 0}}).code() == StatusCode::kCorruption);
  CHECK(OpenWithLog({{now, std::uint64_t{1} << 40}}).code() == StatusCode::kCorruption);
}
