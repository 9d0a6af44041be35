#include "support/fault_file_system.h"

#include "base/bytes.h"
#include "support/catch.h"
#include "support/crash_file_system.h"
#include "support/dump_tree.h"

using namespace vecdb;
using io::OpenMode;
using test::CallType;
using test::FaultFileSystem;
using test::FaultKind;
using test::PutFile;

TEST_CASE("calls are counted with their type and path, and only the chosen one fails", "[fault]") {
  FaultFileSystem fs(io::MakeMemoryFileSystem());
  fs.MakeDirectory("a").OrDie();
  PutFile(fs, "a/b", "text");
  const std::vector<test::CallRecord> calls = fs.calls();
  REQUIRE(calls.size() == 4);  // make, exists, create, write
  CHECK(calls[2].type == CallType::kCreate);
  CHECK(calls[3].type == CallType::kWrite);
  CHECK(calls[3].path == "a/b");
  fs.Arm({5, FaultKind::kAccess, false});
  CHECK(fs.MakeDirectory("c").ok());
  CHECK(fs.MakeDirectory("d").code() == StatusCode::kIoError);
  CHECK(fs.MakeDirectory("d").ok());
  CHECK(fs.fired() == 1);
}

TEST_CASE("a sticky fault stays until it is disarmed", "[fault]") {
  FaultFileSystem fs(io::MakeMemoryFileSystem());
  fs.Arm({1, FaultKind::kNoSpace, true});
  CHECK(fs.MakeDirectory("a").ok());
  CHECK(fs.MakeDirectory("b").code() == StatusCode::kResourceExhausted);
  CHECK(fs.Exists("b").ok());  // takes no space
  CHECK(fs.Open("c", OpenMode::kCreate).status().code() == StatusCode::kResourceExhausted);
  fs.Disarm();
  CHECK(fs.MakeDirectory("b").ok());
}

TEST_CASE("a write that stops short leaves what it wrote", "[fault]") {
  const std::pair<FaultKind, std::string> cases[] = {{FaultKind::kWriteNone, ""},
                                                     {FaultKind::kWriteOne, "1"},
                                                     {FaultKind::kWriteHalf, "123"},
                                                     {FaultKind::kWriteAllButOne, "12345"}};
  for (const auto& [kind, left] : cases) {
    FaultFileSystem fs(io::MakeMemoryFileSystem());
    const auto file = *fs.Open("a", OpenMode::kCreate);
    fs.Arm({1, kind, false});
    CHECK(file->WriteAt(0, base::AsBytes("123456")).code() == StatusCode::kResourceExhausted);
    CHECK(test::DumpTree(fs).at("a") == left);
  }
}

TEST_CASE("reads can end early or lie", "[fault]") {
  FaultFileSystem fs(io::MakeMemoryFileSystem());
  PutFile(fs, "a", "123456");
  const auto file = *fs.Open("a", OpenMode::kRead);
  std::string out(6, ' ');
  const auto bytes = std::as_writable_bytes(std::span(out));
  fs.Arm({fs.call_count(), FaultKind::kShortRead, false});
  CHECK(file->ReadAt(0, bytes).code() == StatusCode::kCorruption);
  fs.Arm({fs.call_count(), FaultKind::kBadByte, true});
  CHECK(file->ReadAt(0, bytes).ok());
  CHECK(out != "123456");
  CHECK(base::AsText((*file->Map())->bytes()) != "123456");
  fs.Disarm();
  CHECK(base::AsText((*file->Map())->bytes()) == "123456");
}

TEST_CASE("a directory can be listed with a name too many or too few", "[fault]") {
  FaultFileSystem fs(io::MakeMemoryFileSystem());
  PutFile(fs, "a", "");
  fs.Arm({fs.call_count(), FaultKind::kListExtra, false});
  CHECK(fs.List("")->size() == 2);
  fs.Arm({fs.call_count(), FaultKind::kListMissing, false});
  CHECK(fs.List("")->empty());
  CHECK(fs.List("")->size() == 1);
}

TEST_CASE("a rename or removal may fail although it was done", "[fault]") {
  FaultFileSystem fs(io::MakeMemoryFileSystem());
  PutFile(fs, "a", "x");
  fs.Arm({fs.call_count(), FaultKind::kRenameFailsDone, false});
  CHECK(fs.Rename("a", "b").code() == StatusCode::kIoError);
  CHECK(*fs.Exists("b"));
  fs.Arm({fs.call_count(), FaultKind::kRemoveFailsDone, false});
  CHECK(fs.RemoveFile("b").code() == StatusCode::kIoError);
  CHECK_FALSE(*fs.Exists("b"));
}

TEST_CASE("a sync fails with its data lost or kept, or lies", "[fault]") {
  const auto durable_after = [](FaultKind kind, StatusCode expected) {
    const auto disk = std::make_shared<test::CrashFileSystem>();
    FaultFileSystem fs(disk, {[&](const std::string& path) { disk->LoseUnsynced(path); }, {}});
    const auto file = *fs.Open("a", OpenMode::kCreate);
    fs.SyncDirectory("").OrDie();
    file->WriteAt(0, base::AsBytes("text")).OrDie();
    fs.Arm({fs.call_count(), kind, false});
    CHECK(file->Sync().code() == expected);
    CHECK(file->Sync().ok());  // a second sync says OK and brings nothing back
    CHECK(test::DumpTree(fs).at("a") == "text");
    return test::DumpTree(*disk->Image(0)).at("a");
  };
  CHECK(durable_after(FaultKind::kSyncFailsLost, StatusCode::kIoError) == "");
  CHECK(durable_after(FaultKind::kSyncFailsKept, StatusCode::kIoError) == "text");
  CHECK(durable_after(FaultKind::kSyncLies, StatusCode::kOk) == "");
}

TEST_CASE("every kind of fault applies to some call, and every call can fail", "[fault]") {
  CHECK(test::AllFaultKinds().size() == 22);
  for (const FaultKind kind : test::AllFaultKinds()) {
    int sites = 0;
    for (int type = 0; type <= static_cast<int>(CallType::kLock); ++type) {
      if (test::Applies(kind, static_cast<CallType>(type))) ++sites;
    }
    CHECK(sites > 0);
    CHECK(std::string(test::NameOf(kind)) != "");
  }
  for (int type = 0; type <= static_cast<int>(CallType::kLock); ++type) {
    int kinds = 0;
    for (const FaultKind kind : test::AllFaultKinds()) {
      if (test::Applies(kind, static_cast<CallType>(type))) ++kinds;
    }
    CHECK(kinds > 0);
  }
}
