#include "io/counting_file_system.h"

#include "support/catch.h"
#include "support/dump_tree.h"
#include "support/fault_file_system.h"

using namespace vecdb;
using io::OpenMode;
using test::PutFile;
using testkit::FaultFileSystem;
using testkit::FaultKind;

TEST_CASE("bytes written and syncs are counted, of files and of folders", "[counting]") {
  const auto memory = io::MakeMemoryFileSystem();
  const auto counters = std::make_shared<io::DiskCounters>();
  const auto fs = io::CountOperations(memory, counters);
  const auto file = *fs->Open("file", OpenMode::kCreate);
  file->WriteAt(0, base::AsBytes("seven b")).OrDie();
  file->WriteAt(7, base::AsBytes("ytes")).OrDie();
  CHECK(counters->written_bytes == 11);
  CHECK(counters->syncs == 0);
  file->Sync().OrDie();
  fs->SyncDirectory("").OrDie();
  CHECK(counters->syncs == 2);
  std::string read(4, ' ');
  file->ReadAt(7, std::as_writable_bytes(std::span(read))).OrDie();
  CHECK(read == "ytes");
  CHECK(*file->Size() == 11);
  CHECK(base::AsText((*file->Map())->bytes()) == "seven bytes");
  CHECK(test::DumpTree(*memory).at("file") == "seven bytes");
}

TEST_CASE("what failed is not counted", "[counting]") {
  const auto disk = std::make_shared<FaultFileSystem>(io::MakeMemoryFileSystem());
  const auto counters = std::make_shared<io::DiskCounters>();
  const auto fs = io::CountOperations(disk, counters);
  const auto file = *fs->Open("file", OpenMode::kCreate);
  disk->Arm({disk->call_count(), FaultKind::kIoError, true, FaultKind::kSyncFailsLost});
  CHECK(!file->WriteAt(0, base::AsBytes("seven")).ok());
  CHECK(!file->Sync().ok());
  CHECK(!fs->SyncDirectory("").ok());
  CHECK(counters->written_bytes == 0);
  CHECK(counters->syncs == 0);
  CHECK(fs->Open("nope", OpenMode::kRead).status().code() != StatusCode::kOk);
}
