// Several pchannels: each collection writes to one, with a log, a watermark, a checkpoint and a
// recovery of its own, and nothing of one is felt in the other.

#include <atomic>

#include "base/canary.h"
#include "catalog/manifest.h"
#include "io/layout.h"
#include "support/crash_file_system.h"
#include "support/fault_file_system.h"
#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

Options With(std::uint32_t channels, std::uint32_t nodes = 1) {
  Options options = QuietOptions();
  options.channels = channels;
  options.streaming_nodes = nodes;
  return options;
}

PchannelId ChannelOf(TestDatabase& db, const std::string& name) {
  return db.parts().collections.Find(name)->channel->id;
}

std::uint32_t FormatOf(TestDatabase& db) {
  const std::string text = DumpTree(*db.fs()).at("FORMAT");
  return catalog::DecodeFormat(base::AsBytes(text))->version;
}

std::vector<std::string> LogsOf(TestDatabase& db, PchannelId pchannel) {
  return NamesIn(*db.fs(), io::PchannelFolder(pchannel));
}

// The log's first group is not what was written.
void Damage(io::FileSystem& fs, const std::string& log) {
  std::string bytes = DumpTree(fs).at(log);
  bytes[4096 + 100] = static_cast<char>(bytes[4096 + 100] ^ 1);
  PutFile(fs, log, bytes);
}

}  // namespace

SCENARIO("a database with one channel is what it always was", "[walk][channels]") {
  TestDatabase db;
  for (const char* name : {"a", "b", "c"}) db.MakeBooks({}, name);
  CHECK(NamesIn(*db.fs(), "wal") == std::vector<std::string>{"0"});
  CHECK(FormatOf(db) == 1);
  db.Reopen();
  CHECK(FormatOf(db) == 1);
}

SCENARIO("collections go where the fewest are, and stay there", "[walk][channels]") {
  TestDatabase db(io::MakeMemoryFileSystem(), With(3, 2));
  db.MakeBooks({}, "a");
  CHECK(FormatOf(db) == 1);  // nothing yet that an older vecdb cannot read
  CHECK(NamesIn(*db.fs(), "wal") == std::vector<std::string>{"0"});
  for (const char* name : {"b", "c", "d"}) db.MakeBooks({}, name);
  CHECK(FormatOf(db) == 3);
  CHECK(ChannelOf(db, "a") == 0);
  CHECK(ChannelOf(db, "b") == 1);
  CHECK(ChannelOf(db, "c") == 2);
  CHECK(ChannelOf(db, "d") == 0);
  db->DropCollection("b").OrDie();
  db.MakeBooks({}, "e");
  CHECK(ChannelOf(db, "e") == 1);

  db.options() = With(1);
  db.Reopen();  // channels that are there stay in use, by one node now
  CHECK(ChannelOf(db, "c") == 2);
  db.OpenBooks("c").Insert(BatchOf({{1}})).status().OrDie();
  db.MakeBooks({}, "f");
  CHECK(ChannelOf(db, "f") == 0);
  db.options() = With(16, 16);
  db.Reopen();
  CHECK(db.OpenBooks("c").Stats()->rows == 1);
  db.MakeBooks({}, "g");
  CHECK(ChannelOf(db, "g") == 3);
}

SCENARIO("every channel is replayed from its own checkpoint", "[walk][channels]") {
  TestDatabase db(io::MakeMemoryFileSystem(), With(2, 2));
  Collection a = db.MakeBooks({.shards = 2}, "a");
  Collection b = db.MakeBooks({.shards = 2}, "b");
  for (std::int64_t i = 1; i <= 60; ++i) {  // a's lsns run ahead of b's
    a.Insert(BatchOf({{i}})).status().OrDie();
    if (i % 6 == 0) b.Insert(BatchOf({{i}})).status().OrDie();
  }
  a.Delete(IntKeys({7})).status().OrDie();
  b.Flush().OrDie();
  b.Upsert(BatchOf({{6, 1}, {99, 1}})).status().OrDie();
  b.Delete(IntKeys({12})).status().OrDie();
  a.Flush().OrDie();
  a.Upsert(BatchOf({{5, 2}})).status().OrDie();
  const Books in_a = *ReadAll(a);
  const Books in_b = *ReadAll(b);
  CHECK(in_a.size() == 59);
  CHECK(in_b.size() == 10);
  db.ContinueOn(MemoryCopyOf(*db.fs())).OrDie();  // killed
  CHECK(*ReadAll(db.OpenBooks("a")) == in_a);
  CHECK(*ReadAll(db.OpenBooks("b")) == in_b);
  for (int again = 0; again < 2; ++again) {
    db.Reopen();
    CHECK(db->recovery().clean);
    CHECK(*ReadAll(db.OpenBooks("a")) == in_a);
    CHECK(*ReadAll(db.OpenBooks("b")) == in_b);
  }
  db.options().read_only = true;
  db.Reopen();
  CHECK(*ReadAll(db.OpenBooks("b")) == in_b);
}

SCENARIO("timestamps are one order over all channels", "[walk][channels]") {
  TestDatabase db(io::MakeMemoryFileSystem(), With(2));
  Collection a = db.MakeBooks({}, "a");
  Collection b = db.MakeBooks({}, "b");
  Timestamp last{0};
  for (std::int64_t i = 1; i <= 20; ++i) {
    const Timestamp now = (i % 2 == 0 ? a : b).Insert(BatchOf({{i}}))->timestamp;
    CHECK(now > last);
    last = now;
  }
  db.clock().SetWall(1);  // far back
  db.Reopen();
  CHECK(db.OpenBooks("a").Insert(BatchOf({{100}}))->timestamp > last);
  CHECK(db.OpenBooks("b").Insert(BatchOf({{100}}))->timestamp > last);
}

SCENARIO("an idle channel is read at once, and its collection shows all of its writes",
         "[walk][channels]") {
  TestDatabase db(io::MakeMemoryFileSystem(), With(2));
  Collection a = db.MakeBooks({}, "a");
  Collection b = db.MakeBooks({}, "b");
  b.Insert(BatchOf({{1}})).status().OrDie();
  for (std::int64_t i = 1; i <= 50; ++i) a.Insert(BatchOf({{i}})).status().OrDie();
  CHECK(*b.Count() == 1);
  CHECK(*a.Count() == 50);
}

SCENARIO("flushing one channel's collection makes its log shorter and leaves the other's",
         "[walk][channels]") {
  TestDatabase db(io::MakeMemoryFileSystem(), With(2));
  db.SetLogBytes(8'192);
  db.Reopen();
  Collection a = db.MakeBooks({}, "a");
  Collection b = db.MakeBooks({}, "b");
  for (std::int64_t i = 1; i <= 30; ++i) {
    a.Insert(BatchOf({{i}})).status().OrDie();
    b.Insert(BatchOf({{i}})).status().OrDie();
  }
  const std::size_t before = LogsOf(db, 1).size();
  REQUIRE(before > 5);
  REQUIRE(LogsOf(db, 0).size() > 5);
  b.Flush().OrDie();
  CHECK(LogsOf(db, 1).size() == 1);
  CHECK(LogsOf(db, 0).size() == before);
  db->DropCollection("a").OrDie();
  CHECK(LogsOf(db, 0).size() == 1);
  db.Reopen();
  CHECK(*db.OpenBooks("b").Count() == 30);
  CHECK(db->recovery().records_applied == 0);
}

SCENARIO("WaitDurable and Flush wait for the logs that they must", "[walk][channels]") {
  auto disk = std::make_shared<CrashFileSystem>(1);
  Options options = With(3);
  options.durability = Durability::kFlushOnly;
  TestDatabase db(disk, options);
  const std::vector<std::string> names = {"a", "b", "c"};
  for (const std::string& name : names) {
    db.MakeBooks({}, name).Insert(BatchOf(BooksBetween(1, 5))).status().OrDie();
  }
  {
    TestDatabase cut(disk->Snapshot().Image(0), With(3));  // nothing unsynced arrives
    for (const std::string& name : names) CHECK(*cut.OpenBooks(name).Count() == 0);
  }
  db.OpenBooks("b").Flush().OrDie();
  {
    TestDatabase cut(disk->Snapshot().Image(0), With(3));
    CHECK(*cut.OpenBooks("a").Count() == 0);
    CHECK(*cut.OpenBooks("b").Count() == 5);
  }
  db->WaitDurable(base::kEndOfTime).OrDie();
  TestDatabase cut(disk->Snapshot().Image(0), With(3));
  for (const std::string& name : names) CHECK(*cut.OpenBooks(name).Count() == 5);
}

SCENARIO("interval syncs and idle seals reach every channel", "[walk][channels]") {
  auto disk = std::make_shared<CrashFileSystem>(1);
  Options options = With(3, 2);
  options.durability = Durability::kInterval;
  TestDatabase db(disk, options);
  for (const char* name : {"a", "b", "c"}) {
    db.MakeBooks({}, name).Insert(BatchOf(BooksBetween(1, 5))).status().OrDie();
  }
  db.clock().Advance(std::chrono::milliseconds(200));
  RunDueWork(*db);
  TestDatabase cut(disk->Snapshot().Image(0), With(3));
  for (const char* name : {"a", "b", "c"}) CHECK(*cut.OpenBooks(name).Count() == 5);
  db.clock().Advance(std::chrono::milliseconds(200));
  RunDueWork(*db);
  TestDatabase sealed(MemoryCopyOf(*disk), With(3));
  CHECK(sealed->recovery().clean);
}

SCENARIO("a channel that comes to be is whole or not there", "[walk][channels]") {
  static TestDatabase* running = nullptr;
  static std::map<std::string, std::shared_ptr<io::FileSystem>> disks;
  TestDatabase db(io::MakeMemoryFileSystem(), With(2));
  db.MakeBooks({}, "a").Insert(BatchOf({{1}})).status().OrDie();
  running = &db;
  disks.clear();
  base::SetKillPointHandler([](const char* name) { disks[name] = MemoryCopyOf(*running->fs()); });
  db.MakeBooks({}, "b");
  base::SetKillPointHandler(nullptr);
  for (const std::string name :
       {"wal.rotate.synced", "channel.log_created", "channel.added", "ddl.create.before"}) {
    INFO("the process ended at " << name);
    REQUIRE(disks.count(name) == 1);
    io::FileSystem& disk = *disks[name];
    const bool added = name == "channel.added" || name == "ddl.create.before";
    CHECK(*disk.Exists("wal/1"));
    TestDatabase next(disks[name], With(2));
    CHECK(*disk.Exists("wal/1") == added);  // litter is swept
    CHECK(*next.OpenBooks("a").Count() == 1);
    CHECK(next->OpenCollection("b").status().code() == StatusCode::kNotFound);
    next.MakeBooks({}, "b").Insert(BatchOf({{2}})).status().OrDie();
    CHECK(ChannelOf(next, "b") == 1);
    next.Reopen();
    CHECK(*next.OpenBooks("b").Count() == 1);
  }
}

SCENARIO("a channel that finds no space is not made, and is when there is some",
         "[walk][channels]") {
  auto disk = std::make_shared<FaultFileSystem>(io::MakeMemoryFileSystem());
  TestDatabase db(disk, With(2));
  db.MakeBooks({}, "a");
  std::size_t refused = 0;
  for (std::uint64_t k = 0;; ++k) {
    INFO("call " << k);
    REQUIRE(k < 100);
    disk->Arm({.call = disk->call_count() + k, .kind = FaultKind::kNoSpace});
    const Status made = db->CreateCollection("b", BookSchema()).status();
    disk->Disarm();
    if (made.ok()) break;
    ++refused;
    CHECK(made.code() == StatusCode::kResourceExhausted);
    CHECK(db->OpenCollection("b").status().code() == StatusCode::kNotFound);
    db.OpenBooks("a").Upsert(BatchOf({{1}})).status().OrDie();
  }
  CHECK(refused >= 3);
  db.OpenBooks("b").Insert(BatchOf({{2}})).status().OrDie();
  db.Reopen();
  CHECK(*db.OpenBooks("a").Count() == 1);
  CHECK(*db.OpenBooks("b").Count() == 1);
}

SCENARIO("channels come to be while others are written to and read", "[walk][channels]") {
  Options options;
  options.channels = 4;
  options.streaming_nodes = 2;
  options.sync_interval = std::chrono::milliseconds(1);
  TestDatabase db(io::MakeMemoryFileSystem(), options);
  db.MakeBooks({}, "first");
  std::atomic<int> wrong{0};
  std::atomic<bool> stop{false};
  std::atomic<std::int64_t> written{0};
  std::thread writer([&] {
    Collection books = db.OpenBooks("first");
    for (std::int64_t i = 1; !stop; ++i) {
      const WriteOptions how{.durability =
                                 i % 2 == 0 ? Durability::kEveryWrite : Durability::kInterval};
      if (!books.Insert(BatchOf({{i}}), how).ok()) ++wrong;
      written = i;
      if (*books.Count() != static_cast<std::uint64_t>(i)) ++wrong;
    }
  });
  const auto one = [&](const std::string& name) {
    return std::thread([&db, &wrong, name] {
      auto books = db->CreateCollection(name, BookSchema());
      for (std::int64_t i = 1; i <= 20 && books.ok(); ++i) {
        if (!books->Insert(BatchOf({{i}})).ok()) ++wrong;
      }
      if (!books.ok() || *books->Count() != 20) ++wrong;
    });
  };
  std::vector<std::thread> makers;
  for (int i = 0; i < 8; ++i) makers.push_back(one("c" + std::to_string(i)));
  for (std::thread& maker : makers) maker.join();
  CHECK(Eventually([&] { return written > 20; }));
  stop = true;
  writer.join();
  CHECK(wrong == 0);
  CHECK(NamesIn(*db.fs(), "wal").size() == 4);
  db.Reopen();
  CHECK(*db.OpenBooks("first").Count() == static_cast<std::uint64_t>(written));
  for (int i = 0; i < 8; ++i) CHECK(*db.OpenBooks("c" + std::to_string(i)).Count() == 20);
}

SCENARIO("a log that fails stops the writes of all channels, and no read", "[walk][channels]") {
  auto disk = std::make_shared<FaultFileSystem>(io::MakeMemoryFileSystem());
  TestDatabase db(disk, With(2));
  Collection a = db.MakeBooks({}, "a");
  Collection b = db.MakeBooks({}, "b");
  a.Insert(BatchOf({{1}})).status().OrDie();
  b.Insert(BatchOf({{1}})).status().OrDie();
  disk->Arm({.call = disk->call_count() + 1, .kind = FaultKind::kSyncFailsKept});
  CheckRefusal(b.Insert(BatchOf({{2}})).status(), StatusCode::kOutcomeUnknown, {});
  disk->Disarm();
  CheckRefusal(a.Insert(BatchOf({{2}})).status(), StatusCode::kFailedPrecondition,
               {"until the database is opened again"});
  CHECK(*a.Count() == 1);
  CHECK(*b.Count() == 1);
  CHECK_FALSE(db->Health().ok());
  (void)db->Close();
  db.Open().OrDie();
  CHECK(*db.OpenBooks("a").Count() == 1);
  db.OpenBooks("b").Upsert(BatchOf({{2}})).status().OrDie();
}

SCENARIO("a damaged log of any channel stops the open and is named", "[walk][channels]") {
  TestDatabase db(io::MakeMemoryFileSystem(), With(2));
  db.MakeBooks({}, "a").Insert(BatchOf({{1}})).status().OrDie();
  db.MakeBooks({}, "b").Insert(BatchOf(BooksBetween(1, 50))).status().OrDie();
  db.Close();
  const std::string path = io::Join("wal/1", NamesIn(*db.fs(), "wal/1").front());
  Damage(*db.fs(), path);
  CheckRefusal(db.Open(), StatusCode::kCorruption, {path});
}

SCENARIO("what a power cut left of several logs is told of each", "[walk][channels]") {
  TestDatabase db(io::MakeMemoryFileSystem(), With(2));
  const WriteOptions unsynced{.durability = Durability::kFlushOnly};
  db.MakeBooks({}, "a").Insert(BatchOf({{1}}), unsynced).status().OrDie();
  db.MakeBooks({}, "b").Insert(BatchOf({{1}}), unsynced).status().OrDie();
  const auto cut = MemoryCopyOf(*db.fs());
  const std::string first = io::Join("wal/0", LogsOf(db, 0).front());
  const std::string second = io::Join("wal/1", LogsOf(db, 1).front());
  Damage(*cut, first);
  Damage(*cut, second);
  db.ContinueOn(cut).OrDie();
  const RecoveryReport& report = db->recovery();
  CHECK_FALSE(report.clean);
  CHECK(report.discarded_bytes > 0);
  const std::size_t parted = report.detail.find(" are discarded; '");
  REQUIRE(parted != std::string::npos);
  CHECK(report.detail.find(first) < parted);
  CHECK(report.detail.find(second, parted) != std::string::npos);
  CHECK(*db.OpenBooks("a").Count() == 0);
  CHECK(*db.OpenBooks("b").Count() == 0);
}

SCENARIO("channels and streaming_nodes out of range are refused", "[walk][channels][limits]") {
  for (const std::uint32_t wrong : {0U, 17U}) {
    CheckRefusal(Database::OpenInMemory(With(wrong)).status(), StatusCode::kInvalidArgument,
                 {"Options::channels", std::to_string(wrong), "16"});
    CheckRefusal(Database::OpenInMemory(With(1, wrong)).status(), StatusCode::kInvalidArgument,
                 {"Options::streaming_nodes", std::to_string(wrong), "16"});
  }
}
