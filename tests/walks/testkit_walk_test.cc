// The kit for tests of applications keeps its promises: a disk that repeats itself, fails where it
// is told, forgets what may be forgotten, and directories that go away.
#include <atomic>
#include <fstream>
#include <set>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

#include "vecdb/testing.h"

#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;
using testing::DiskFault;
using testing::FaultDisk;

namespace {

constexpr DiskFault kFaults[] = {DiskFault::kIoError, DiskFault::kNoSpace, DiskFault::kTornWrite,
                                 DiskFault::kNoFiles, DiskFault::kBadByte, DiskFault::kLyingSync};

struct Outcome {
  std::uint64_t fingerprint = 0;
  std::uint64_t operations = 0;
  std::vector<std::int64_t> near;
  bool operator==(const Outcome&) const = default;
};

// Writes of every kind, seals in the background, flushes, a drop, a reopening; with `readers`
// threads asking all the while.
Outcome Work(std::uint64_t seed, const Options& options, int readers) {
  FaultDisk disk(seed);
  Outcome outcome;
  {
    Database db = *disk.Open(options);
    Collection books =
        *db.CreateCollection("books", BookSchema(), {.shards = 3, .segment_rows = 40});
    std::atomic<bool> stop{false};
    std::vector<std::thread> threads;
    for (int i = 0; i < readers; ++i) {
      threads.emplace_back([&] {
        while (!stop) (void)books.Search({.query = std::vector<float>{1, 2, 3, 4}, .limit = 5});
      });
    }
    for (std::int64_t at = 0; at < 200; at += 20) {
      books.Insert(BatchOf(BooksBetween(at, at + 19))).status().OrDie();
      disk.AdvanceTime(std::chrono::milliseconds(300));
      if (!options.own_threads) RunDueWork(db);
    }
    books.Upsert(BatchOf(BooksBetween(50, 60, 1))).status().OrDie();
    books.Delete(IntKeys({7, 150})).status().OrDie();
    books.Flush().OrDie();
    db.CreateCollection("gone", BookSchema()).status().OrDie();
    db.DropCollection("gone").OrDie();
    books.Insert(BatchOf(BooksBetween(300, 310))).status().OrDie();
    outcome.near = KeysNear(books, Book{42}.vector(), 10);
    stop = true;
    for (std::thread& thread : threads) thread.join();
    db.Close().OrDie();
  }
  {
    Database db = *disk.Open(options);
    CHECK(*db.OpenCollection("books")->Count() == 209);
    db.Close().OrDie();
  }
  outcome.fingerprint = disk.Fingerprint();
  outcome.operations = disk.operations();
  return outcome;
}

// Five books, one write each; how many were acknowledged.
std::int64_t WriteFive(FaultDisk& disk, std::optional<Durability> durability = {}) {
  auto db = disk.Open();
  if (!db.ok()) return 0;
  auto books = db->CreateCollection("books", BookSchema());
  if (!books.ok()) return 0;
  for (std::int64_t id = 0; id < 5; ++id) {
    if (!books->Insert(BatchOf({{id}}), {.durability = durability}).ok()) return id;
    if (id == 2) (void)books->Flush();
  }
  return 5;
}

Books Found(FaultDisk& disk) {
  Database db = *disk.Open();
  const auto books = db.OpenCollection("books");
  return books.ok() ? *ReadAll(*books) : Books();
}

}  // namespace

SCENARIO(
    "the same calls do the same operations and write the same bytes, whoever reads beside them",
    "[walk][testkit]") {
  const Outcome first = Work(1, testing::QuietOptions(), 0);
  for (int repeat = 0; repeat < 30; ++repeat) {
    REQUIRE(Work(1, testing::QuietOptions(), 0) == first);
  }
  for (const std::uint32_t threads : {1U, 2U, 8U}) {
    Options options = testing::QuietOptions();
    options.background_threads = threads;
    const Outcome beside = Work(1, options, static_cast<int>(threads));
    CHECK(beside.fingerprint == first.fingerprint);
    CHECK(beside.near == first.near);
  }
  const Outcome other = Work(2, testing::QuietOptions(), 0);
  CHECK(other.fingerprint != first.fingerprint);  // ids differ
  CHECK(other.near == first.near);
  CHECK(other.operations == first.operations);
}

SCENARIO("an operation that fails is told or harmless, and a disk that is well again has it all",
         "[walk][testkit]") {
  FaultDisk counting;
  REQUIRE(WriteFive(counting) == 5);
  REQUIRE(counting.operations() > 50);
  std::uint64_t failures = 0;
  for (const DiskFault fault : kFaults) {
    for (const bool lasting : {false, true}) {
      for (std::uint64_t at = 0; at < counting.operations(); ++at) {
        FaultDisk disk;
        disk.FailAt(at, fault, lasting);
        const std::int64_t acknowledged = WriteFive(disk);
        failures += disk.failures();
        disk.StopFailing();
        auto opened = disk.Open();
        INFO("fault " << static_cast<int>(fault) << " at " << at << ": "
                      << opened.status().ToString());
        if (!opened.ok()) {  // a byte was changed, and that was found
          REQUIRE(fault == DiskFault::kBadByte);
          continue;
        }
        const auto books = opened->OpenCollection("books");
        const Books found = books.ok() ? *ReadAll(*books) : Books();
        for (std::int64_t id = 0; id < acknowledged; ++id) REQUIRE(found.count(id) == 1);
      }
    }
  }
  CHECK(failures > 500);
}

SCENARIO("a fault says what it is", "[walk][testkit]") {
  const std::pair<DiskFault, StatusCode> kinds[] = {
      {DiskFault::kIoError, StatusCode::kIoError},
      {DiskFault::kNoSpace, StatusCode::kResourceExhausted},
      {DiskFault::kNoFiles, StatusCode::kResourceExhausted}};
  for (const auto& [fault, code] : kinds) {
    FaultDisk disk;
    disk.FailAt(0, fault, /*lasting=*/true);
    CHECK(disk.Open().status().code() == code);
    CHECK(disk.failures() > 0);
    disk.StopFailing();
    CHECK(disk.Open().ok());
  }
}

SCENARIO("a sync that lies keeps its rows until the power goes", "[walk][testkit]") {
  FaultDisk disk;
  Database db = *disk.Open();
  Collection books = *db.CreateCollection("books", BookSchema());
  disk.FailAt(disk.operations(), DiskFault::kLyingSync, /*lasting=*/true);
  books.Insert(BatchOf({{1}})).status().OrDie();
  CHECK(disk.failures() > 0);
  CHECK(*books.Count() == 1);
  std::set<std::size_t> counts;
  for (std::size_t i = 0; i < disk.CountPowerCuts(); ++i) {
    FaultDisk left = disk.PowerCut(i);
    counts.insert(Found(left).size());
    CHECK_FALSE(disk.ExplainPowerCut(i).empty());
  }
  CHECK(counts.count(0) == 1);
}

SCENARIO("a killed process leaves what it wrote, a power cut what it synced", "[walk][testkit]") {
  FaultDisk counting;
  WriteFive(counting, Durability::kFlushOnly);
  bool lost = false;
  for (std::uint64_t at = 0; at < counting.operations(); at += 3) {
    FaultDisk disk;
    disk.StopAt(at);
    const std::int64_t written = WriteFive(disk, Durability::kFlushOnly);
    CHECK(disk.stopped());
    CHECK_FALSE(disk.Open().ok());
    FaultDisk left = disk.PowerCut(0);  // nothing that was pending
    const Books after_cut = Found(left);
    disk.Restart();
    CHECK_FALSE(disk.stopped());
    const Books after_kill = Found(disk);
    for (std::int64_t id = 0; id < written; ++id) REQUIRE(after_kill.count(id) == 1);
    lost = lost || after_cut.size() < static_cast<std::size_t>(written);
    for (const auto& [id, version] : after_cut) REQUIRE(after_kill.count(id) == 1);
  }
  CHECK(lost);
}

SCENARIO("a power cut leaves the running disk alone, and its copy is a disk like any",
         "[walk][testkit]") {
  FaultDisk disk;
  Database db = *disk.Open();
  Collection books = *db.CreateCollection("books", BookSchema());
  books.Insert(BatchOf(BooksBetween(1, 9))).status().OrDie();
  const std::uint64_t before = disk.Fingerprint();
  FaultDisk left = disk.PowerCut(0);
  CHECK(Found(left) == ExpectedBetween(1, 9));
  CHECK(disk.Fingerprint() == before);
  books.Insert(BatchOf({{10}})).status().OrDie();
  CHECK(disk.Fingerprint() != before);
  const testing::TempDirectory directory;
  left.CopyTo(directory / "copy").OrDie();
  const auto report = Check(directory / "copy", true);
  REQUIRE(report.ok());
  CHECK(report->clean());
  CHECK(report->visible_rows == 9);
  CHECK(left.CopyTo(directory / "copy").code() == StatusCode::kAlreadyExists);
}

SCENARIO("time passes when the test says so", "[walk][testkit]") {
  FaultDisk disk;
  Database db = *disk.Open();
  Collection books =
      *db.CreateCollection("books", BookSchema(), {.seal_after_idle = std::chrono::hours(5)});
  books.Insert(BatchOf({{1}})).status().OrDie();
  RunDueWork(db);
  CHECK(books.Stats()->sealed_segments == 0);
  disk.AdvanceTime(std::chrono::hours(6));
  for (int i = 0; i < 3; ++i) RunDueWork(db);
  CHECK(books.Stats()->sealed_segments == 1);
}

SCENARIO("a database outlives the disk it was opened from", "[walk][testkit]") {
  auto disk = std::make_unique<FaultDisk>();
  Database db = *disk->Open();
  Collection books = *db.CreateCollection("books", BookSchema());
  FaultDisk moved = std::move(*disk);
  disk.reset();
  moved = FaultDisk();
  books.Insert(BatchOf({{1}})).status().OrDie();
  CHECK(*books.Count() == 1);
  CHECK(db.Close().ok());
}

SCENARIO("a database in memory is one line", "[walk][testkit]") {
  Database db = testing::InMemory();
  CHECK(db.ListCollections()->empty());
}

SCENARIO("a temporary directory goes away with what is in it, and nothing else does",
         "[walk][testkit]") {
  const testing::TempDirectory outside;
  std::ofstream(outside / "kept") << "text";
  std::filesystem::path path;
  std::filesystem::path kept;
  {
    testing::TempDirectory directory(outside.path());
    path = directory.path();
    CHECK(path.is_absolute());
    std::filesystem::create_directories(directory / "a" / "b");
    std::filesystem::create_directory_symlink(outside.path(), directory / "link");
    const pid_t child = ::fork();
    if (child == 0) {
      directory.~TempDirectory();  // as a child that returns from its test does
      ::_exit(0);
    }
    int state = -1;
    REQUIRE(::waitpid(child, &state, 0) == child);
    CHECK(std::filesystem::exists(directory / "a"));
    testing::TempDirectory to_keep(outside.path());
    to_keep.Keep();
    kept = to_keep.path();
  }
  CHECK_FALSE(std::filesystem::exists(path));
  CHECK(std::filesystem::exists(outside / "kept"));
  CHECK(std::filesystem::exists(kept));
}
