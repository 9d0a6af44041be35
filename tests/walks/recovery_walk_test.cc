// The Recovery walk: lock, catalog, files, replay, rewrite, publish and sweep, start.
#include "base/canary.h"
#include "catalog/manifest.h"
#include "io/layout.h"
#include "support/crash_file_system.h"
#include "support/fault_file_system.h"
#include "support/temp_directory.h"
#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

Options ReadOnly(bool own_threads = false) {
  Options options;
  options.own_threads = own_threads;
  options.read_only = true;
  return options;
}

// A database with sealed rows, saved and unsaved deletes, and rows only the log has.
Books FillMixed(TestDatabase& db, const CollectionOptions& options = {}) {
  Collection books = db.MakeBooks(options);
  books.Insert(BatchOf(BooksBetween(1, 30))).status().OrDie();
  books.Delete(IntKeys({5})).status().OrDie();
  books.Flush().OrDie();
  books.Delete(IntKeys({6})).status().OrDie();
  books.Upsert(BatchOf({{7, 1}, {31, 1}})).status().OrDie();
  Books expected = ExpectedBetween(1, 30);
  expected.erase(5);
  expected.erase(6);
  expected[7] = 1;
  expected[31] = 1;
  return expected;
}

Result<Database> OpenFolder(const std::filesystem::path& path, const Options& options) {
  return Database::Open(path, options);
}

std::size_t SyncsOf(const FaultFileSystem& disk) {
  std::size_t syncs = 0;
  for (const CallRecord& call : disk.calls()) syncs += call.type == CallType::kSync ? 1 : 0;
  return syncs;
}

}  // namespace

SCENARIO("a database whose process ended without a word has every acknowledged row",
         "[walk][recovery]") {
  TestDatabase db;
  const Books expected = FillMixed(db, {.shards = 3});
  auto disk = MemoryCopyOf(*db.fs());
  for (int life = 0; life < 3; ++life) {
    db.ContinueOn(disk).OrDie();
    CHECK_FALSE(db->recovery().clean);
    CHECK(db->recovery().records_applied > 0);
    CHECK(db->recovery().discarded_bytes == 0);
    CHECK(*ReadAll(db.OpenBooks()) == expected);
    disk = MemoryCopyOf(*db.fs());
  }
  db.Reopen();
  CHECK(*ReadAll(db.OpenBooks()) == expected);
  db.Reopen();
  CHECK(db->recovery().clean);
}

SCENARIO("a lifecycle step is one Edit: before it the old world, after it the new one (rule 7)",
         "[walk][recovery]") {
  static TestDatabase* running = nullptr;
  static std::map<std::string, std::shared_ptr<io::FileSystem>> disks;
  TestDatabase db;
  running = &db;
  disks.clear();
  Collection books = db.MakeBooks();
  books.Insert(BatchOf(BooksBetween(1, 20))).status().OrDie();
  books.Delete(IntKeys({3})).status().OrDie();
  base::SetKillPointHandler([](const char* name) { disks[name] = MemoryCopyOf(*running->fs()); });
  books.Flush().OrDie();
  base::SetKillPointHandler(nullptr);
  REQUIRE(disks.count("flush.commit.before") == 1);
  REQUIRE(disks.count("flush.commit.after") == 1);
  Books expected = ExpectedBetween(1, 20);
  expected.erase(3);
  for (const auto& [name, disk] : disks) {
    INFO("the process ended at " << name);
    TestDatabase next(disk);
    CHECK(*ReadAll(next.OpenBooks()) == expected);
    const bool committed = next.OpenBooks().Stats()->sealed_segments == 1;
    if (name == "flush.commit.before") CHECK_FALSE(committed);
    if (name == "flush.commit.after") CHECK(committed);
    CHECK((next->recovery().records_applied == 0) == committed);
    CHECK(NamesIn(*disk, "segments").size() == (committed ? 1 : 0));  // the orphan was swept
    next.Reopen();
    CHECK(*ReadAll(next.OpenBooks()) == expected);
  }
}

SCENARIO("what no record names is swept when everything else was found whole", "[walk][recovery]") {
  TestDatabase db;
  const Books expected = FillMixed(db);
  db.Close();
  const auto plant = [&] {
    db.fs()->MakeDirectory("segments/999").OrDie();
    PutFile(*db.fs(), "segments/999/1-0.col", "litter");
    PutFile(*db.fs(), "tmp/half", "litter");
    PutFile(*db.fs(), io::LogPath(0, 999), "litter");
    PutFile(*db.fs(), io::ManifestName(999), "litter");
    const std::string segment = "segments/" + NamesIn(*db.fs(), "segments").front();
    PutFile(*db.fs(), segment + "/77-0.col", "litter");
  };
  plant();
  WHEN("the database is opened") {
    db.Open().OrDie();
    THEN("the litter is gone and nothing else") {
      CHECK(db->recovery().orphans_removed >= 5);
      for (const auto& [path, bytes] : DumpTree(*db.fs())) {
        INFO(path);
        CHECK(bytes != "litter");
        CHECK(path.find("999/") == std::string::npos);
      }
      CHECK(*ReadAll(db.OpenBooks()) == expected);
      CHECK(db.OpenBooks().Insert(BatchOf({{40}})).ok());
      db.Reopen();
      CHECK(*db.OpenBooks().Count() == expected.size() + 1);
    }
  }
  WHEN("it is opened for reading only") {
    const auto before = DumpTree(*db.fs());
    db.options() = ReadOnly();
    db.Open().OrDie();
    THEN("the litter stays") {
      CHECK(*ReadAll(db.OpenBooks()) == expected);
      db.Close();
      CHECK(DumpTree(*db.fs()) == before);
    }
  }
  WHEN("a named file is missing") {
    std::string lost;
    for (const auto& [path, bytes] : DumpTree(*db.fs())) {
      if (path.find(".key") != std::string::npos) lost = path;
    }
    db.fs()->RemoveFile(lost).OrDie();
    const auto before = DumpTree(*db.fs());
    THEN("opening fails naming it, and nothing is swept") {
      CheckRefusal(db.Open(), StatusCode::kCorruption, {lost});
      auto after = DumpTree(*db.fs());
      after["LOCK"] = before.at("LOCK");
      CHECK(after == before);
    }
  }
}

SCENARIO("a read-only open sees everything and writes nothing", "[walk][recovery]") {
  TempDirectory folder(FastFolder());
  const std::filesystem::path path = folder / "db";
  Books expected;
  {
    TestDatabase db(*io::OpenDirectory(path, true));
    expected = FillMixed(db, {.shards = 2});
    const bool killed = GENERATE(false, true);
    if (killed) {  // what stands on the disk now is what the next process finds
      std::filesystem::copy(path, folder / "copy", std::filesystem::copy_options::recursive);
      db.Close();
      std::filesystem::remove_all(path);
      std::filesystem::rename(folder / "copy", path);
    }
  }
  const bool locked_down = GENERATE(false, true);
  const bool own_threads = GENERATE(false, true);
  ::chmod(folder.path().c_str(), 0755);
  if (locked_down) SetModes(path, 0555, 0444);
  const auto before = ListingOf(path);
  std::optional<WithoutPrivileges> nobody;
  if (locked_down) nobody.emplace();
  {
    auto db = OpenFolder(path, ReadOnly(own_threads));
    db.status().OrDie();
    auto second = OpenFolder(path, ReadOnly());
    second.status().OrDie();
    CHECK(*db->ListCollections() == std::vector<std::string>{"books"});
    Collection books = *db->OpenCollection("books");
    CHECK(*ReadAll(books) == expected);
    CHECK(*ReadAll(*second->OpenCollection("books")) == expected);
    CHECK(db->recovery().records_applied > 0);
    CHECK(KeysNear(books, Book{7, 1}.vector(), 1) == std::vector<std::int64_t>{7});
    for (const Status& refused :
         {books.Insert(BatchOf({{50}})).status(), books.Upsert(BatchOf({{1}})).status(),
          books.Delete(IntKeys({1})).status(), books.Flush(), db->Flush(),
          db->DropCollection("books"), db->CreateCollection("more", BookSchema()).status()}) {
      CheckRefusal(refused, StatusCode::kFailedPrecondition, {"read-only"});
    }
    CHECK(db->RunBackground(std::chrono::milliseconds(10)).ok());
    CHECK(db->WaitDurable(Timestamp{1}).ok());
    CHECK(db->Health().ok());
    CHECK(db->Close().ok());
  }
  nobody.reset();
  CHECK(ListingOf(path) == before);
  if (locked_down) SetModes(path, 0755, 0644);
}

TEST_CASE("a read-only open makes nothing where nothing is", "[walk][recovery]") {
  TempDirectory folder(FastFolder());
  CheckRefusal(OpenFolder(folder / "none", ReadOnly()).status(), StatusCode::kNotFound, {"none"});
  CHECK_FALSE(std::filesystem::exists(folder / "none"));
  Options options = QuietOptions();
  options.create_if_missing = false;
  CheckRefusal(OpenFolder(folder / "none", options).status(), StatusCode::kNotFound, {"none"});
  CHECK_FALSE(std::filesystem::exists(folder / "none"));
  std::filesystem::create_directory(folder / "empty");
  CheckRefusal(OpenFolder(folder / "empty", ReadOnly()).status(), StatusCode::kNotFound,
               {"no database", "empty"});
  CheckRefusal(OpenFolder(folder / "empty", options).status(), StatusCode::kNotFound,
               {"no database", "empty"});
  CHECK(std::filesystem::is_empty(folder / "empty"));
}

SCENARIO("features that a newer vecdb needs for writing leave reading", "[walk][recovery]") {
  TestDatabase db;
  const Books expected = FillMixed(db);
  db.Close();
  const std::string bytes = DumpTree(*db.fs()).at("FORMAT");
  catalog::Format format = *catalog::DecodeFormat(base::AsBytes(bytes));
  format.read_only_compatible_bits = 4;
  format.compatible_bits = 8;
  PutFile(*db.fs(), "FORMAT", base::AsText(catalog::EncodeFormat(format)));
  const auto before = DumpTree(*db.fs());
  CheckRefusal(db.Open(), StatusCode::kFailedPrecondition, {"read-only", "0x4", "version 1"});
  auto after = DumpTree(*db.fs());
  CHECK(after == before);
  db.options() = ReadOnly();
  db.Open().OrDie();
  CHECK(*ReadAll(db.OpenBooks()) == expected);
  db.Close();
  CHECK(DumpTree(*db.fs()) == before);

  format.read_only_compatible_bits = 0;
  PutFile(*db.fs(), "FORMAT", base::AsText(catalog::EncodeFormat(format)));
  db.options() = QuietOptions();
  CHECK(db.Open().ok());  // unknown compatible bits matter to nobody
}

// ---- options of the database ----------------------------------------------------------

TEST_CASE("a database lives the same life mapped or resident, with threads or without",
          "[walk][recovery]") {
  TempDirectory folder(FastFolder());
  Options options;
  options.own_threads = GENERATE(false, true);
  options.load = GENERATE(LoadMode::kMapped, LoadMode::kResident);
  TestDatabase db(*io::OpenDirectory(folder / "db", true), options);
  Books expected = FillMixed(db, {.shards = 2});
  for (int life = 0; life < 3; ++life) {
    db.Reopen();
    Collection books = db.OpenBooks();
    CHECK(*ReadAll(books) == expected);
    books.Insert(BatchOf({{100 + life}})).status().OrDie();
    expected[100 + life] = 0;
    if (life == 1) books.Flush().OrDie();
  }
  CHECK(*ReadAll(db.OpenBooks()) == expected);
}

TEST_CASE("a database in memory is gone when closed and leaves nothing behind",
          "[walk][recovery]") {
  Options options;
  options.own_threads = GENERATE(false, true);
  auto first = Database::OpenInMemory(options);
  auto second = Database::OpenInMemory(options);
  first.status().OrDie();
  second.status().OrDie();
  Collection books = *first->CreateCollection("books", BookSchema(), {.segment_rows = 5});
  for (std::int64_t id = 1; id <= 20; ++id) books.Insert(BatchOf({{id}})).status().OrDie();
  books.Flush().OrDie();
  CHECK(*ReadAll(books) == ExpectedBetween(1, 20));
  CHECK(second->ListCollections()->empty());
  CHECK(first->WaitDurable(Timestamp{1}).ok());
  first->Close().OrDie();
  CHECK(books.Count().status().code() == StatusCode::kFailedPrecondition);
  CHECK(second->CreateCollection("books", BookSchema()).ok());
}

TEST_CASE("options out of range are refused by name", "[walk][recovery]") {
  Options options;
  options.sync_interval = std::chrono::milliseconds(0);
  CheckRefusal(Database::OpenInMemory(options).status(), StatusCode::kInvalidArgument,
               {"sync_interval", "0", "1"});
  options = {};
  options.write_buffer_bytes = 1000;
  CheckRefusal(Database::OpenInMemory(options).status(), StatusCode::kInvalidArgument,
               {"write_buffer_bytes", "1000", "1 MiB"});
  options = {};
  options.background_threads = 257;
  CheckRefusal(Database::OpenInMemory(options).status(), StatusCode::kInvalidArgument,
               {"background_threads", "257", "256"});
}

SCENARIO("each durability syncs when it says", "[walk][recovery]") {
  auto disk = std::make_shared<FaultFileSystem>(io::MakeMemoryFileSystem());
  Options options = QuietOptions();
  options.durability =
      GENERATE(Durability::kEveryWrite, Durability::kInterval, Durability::kFlushOnly);
  TestDatabase db(disk, options);
  Collection books = db.MakeBooks();
  const auto syncs_during = [&](const std::function<void()>& work) {
    const std::size_t before = SyncsOf(*disk);
    work();
    return SyncsOf(*disk) - before;
  };
  const auto insert = [&](std::int64_t id, std::optional<Durability> durability) {
    return syncs_during(
        [&] { books.Insert(BatchOf({{id}}), {.durability = durability}).status().OrDie(); });
  };
  const auto tick = [&] {
    return syncs_during([&] {
      db.clock().Advance(std::chrono::milliseconds(60));
      RunDueWork(*db);
    });
  };
  const bool every = options.durability == Durability::kEveryWrite;
  const bool interval = options.durability == Durability::kInterval;
  CHECK((insert(1, {}) > 0) == every);
  CHECK((tick() > 0) == interval);
  CHECK(insert(2, Durability::kEveryWrite) > 0);
  CHECK(insert(3, Durability::kFlushOnly) == 0);
  CHECK(tick() == 0);
  CHECK(insert(4, Durability::kInterval) == 0);
  CHECK(tick() > 0);
  Timestamp last{0};
  CHECK(syncs_during([&] {
          last = books.Insert(BatchOf({{5}}), {.durability = Durability::kFlushOnly})->timestamp;
        }) == 0);
  CHECK(syncs_during([&] { db->WaitDurable(last).OrDie(); }) > 0);
  CHECK(syncs_during([&] { db->WaitDurable(last).OrDie(); }) == 0);
  CHECK(*ReadAll(books) == ExpectedBetween(1, 5));
  db.Reopen();
  CHECK(*ReadAll(db.OpenBooks()) == ExpectedBetween(1, 5));
}

SCENARIO("a power cut takes only what was not promised", "[walk][recovery]") {
  auto disk = std::make_shared<CrashFileSystem>();
  Options options = QuietOptions();
  options.durability = Durability::kFlushOnly;
  TestDatabase db(disk, options);
  Collection books = db.MakeBooks();
  books.Insert(BatchOf(BooksBetween(1, 5))).status().OrDie();
  const auto without = disk->Image(0);  // nothing that was pending
  books.Insert(BatchOf(BooksBetween(6, 9))).status().OrDie();
  const Timestamp promised = books.Insert(BatchOf({{10}}))->timestamp;
  db->WaitDurable(promised).OrDie();
  books.Insert(BatchOf({{11}})).status().OrDie();
  const auto with = disk->Image(0);
  books.Insert(BatchOf({{12}}), {.durability = Durability::kEveryWrite}).status().OrDie();
  const auto after_sync = disk->Image(0);
  books.Insert(BatchOf({{13}})).status().OrDie();
  db.Close();
  const auto closed = disk->Image(0);

  const auto rows_on = [](std::shared_ptr<io::FileSystem> found) {
    TestDatabase next(std::move(found));
    return *ReadAll(next.OpenBooks());
  };
  CHECK(rows_on(without).empty());
  CHECK(rows_on(with) == ExpectedBetween(1, 10));
  CHECK(rows_on(after_sync) == ExpectedBetween(1, 12));
  CHECK(rows_on(closed) == ExpectedBetween(1, 13));
}

SCENARIO("an open without room for the log's tail leaves the room that there was",
         "[walk][recovery]") {
  auto disk = std::make_shared<FaultFileSystem>(io::MakeMemoryFileSystem());
  TestDatabase db(disk);
  Collection books = db.MakeBooks();
  books.Insert(BatchOf(BooksBetween(1, 2000))).status().OrDie();
  std::size_t refused = 0;
  bool fired = true;
  for (std::uint64_t k = 0; fired; ++k) {  // each call of an open that finds no space, if it writes
    INFO("call " << k);
    db.Close();
    const auto logs = disk->List(io::PchannelFolder(0))->size();
    const std::uint64_t call = disk->call_count() + k;
    const std::uint64_t fired_before = disk->fired();
    disk->Arm({call, FaultKind::kNoSpace});
    const Status opened = db.Open();
    disk->Disarm();
    fired = disk->call_count() > call;
    if (opened.ok()) continue;
    CHECK(opened.code() == StatusCode::kResourceExhausted);
    CHECK(disk->fired() == fired_before + 1);
    if (disk->calls().at(call).path.starts_with("wal/0/")) {
      ++refused;
      CHECK(disk->List(io::PchannelFolder(0))->size() == logs);
    }
    db.Open().OrDie();
    CHECK(*db.OpenBooks().Count() == 2000);
  }
  CHECK(refused >= 2);
}

SCENARIO("a copy of the files alone, without empty folders, is a whole database",
         "[walk][recovery]") {
  const TempDirectory folder;
  {
    Database db = *Database::Open(folder.path(), QuietOptions());
    Collection books = *db.CreateCollection("books", BookSchema());
    books.Insert(BatchOf({{1}})).status().OrDie();
  }
  std::filesystem::remove_all(folder / "tmp");
  std::filesystem::remove_all(folder / "segments");
  Database db = *Database::Open(folder.path(), QuietOptions());
  Collection books = *db.OpenCollection("books");
  CHECK(books.Flush().ok());
  CHECK(*ReadAll(books) == Books{{1, 0}});
}
