// The public face of the kit: a database's FileSystem is FaultFileSystem (what the process sees) on
// CrashFileSystem (what the disk owes), the same two on which vecdb's own crash tests run.
#include "vecdb/testing.h"

#include <utility>

#include "api/open.h"
#include "base/clock.h"
#include "base/status.h"
#include "io/file_system.h"
#include "testkit/copy_tree.h"
#include "testkit/crash_file_system.h"
#include "testkit/fault_file_system.h"
#include "testkit/seeded_random.h"

namespace vecdb::testing {

Options QuietOptions() {
  Options options;
  options.own_threads = false;
  return options;
}

Database InMemory(const Options& options) {
  return *Database::OpenInMemory(options);
}

struct FaultDisk::Body {
  Body(std::shared_ptr<testkit::CrashFileSystem> state, std::uint64_t seed)
      : disk(std::move(state)),
        process(disk, {.lose_file = [d = disk](const std::string& path) { d->LoseUnsynced(path); },
                       .lose_directory = {}}),
        random(testkit::SeededRandom(seed)) {
    process.SetRecording(false);
  }

  const std::shared_ptr<testkit::CrashFileSystem> disk;
  testkit::FaultFileSystem process;
  base::ManualClock clock;
  const std::function<std::uint64_t()> random;
};

FaultDisk::FaultDisk(std::uint64_t seed)
    : body_(std::make_shared<Body>(std::make_shared<testkit::CrashFileSystem>(seed), seed)) {
}
FaultDisk::FaultDisk(std::shared_ptr<Body> body) : body_(std::move(body)) {
}
FaultDisk::FaultDisk(FaultDisk&&) noexcept = default;
FaultDisk& FaultDisk::operator=(FaultDisk&&) noexcept = default;
FaultDisk::~FaultDisk() = default;

// The database's file system owns the whole body, clock included.
Result<Database> FaultDisk::Open(const Options& options) {
  roles::Environment environment;
  environment.fs = std::shared_ptr<io::FileSystem>(body_, &body_->process);
  environment.clock = &body_->clock;
  environment.random = body_->random;
  return api::DatabaseAccess::Open(std::move(environment), options);
}

void FaultDisk::AdvanceTime(std::chrono::milliseconds by) {
  body_->clock.Advance(by);
}

std::uint64_t FaultDisk::operations() const {
  return body_->process.call_count();
}

void FaultDisk::FailAt(std::uint64_t operation, DiskFault fault, bool lasting) {
  using testkit::FaultKind;
  testkit::Fault armed{operation, FaultKind::kIoError, lasting, {}};
  switch (fault) {
    case DiskFault::kIoError:
      armed.or_else = FaultKind::kSyncFailsLost;
      break;
    case DiskFault::kNoSpace:
      armed.kind = FaultKind::kNoSpace;
      break;
    case DiskFault::kTornWrite:
      armed.kind = FaultKind::kWriteHalf;
      break;
    case DiskFault::kNoFiles:
      armed.kind = FaultKind::kProcessFiles;
      break;
    case DiskFault::kBadByte:
      armed.kind = FaultKind::kBadByte;
      break;
    case DiskFault::kLyingSync:
      armed.kind = FaultKind::kSyncLies;
      break;
  }
  body_->process.Arm(armed);
}

void FaultDisk::StopFailing() {
  body_->process.Disarm();
}

std::uint64_t FaultDisk::failures() const {
  return body_->process.fired();
}

void FaultDisk::StopAt(std::uint64_t operation) {
  body_->process.HaltAt(operation);
}

void FaultDisk::Stop() {
  body_->process.Halt();
}

bool FaultDisk::stopped() const {
  return body_->process.halted();
}

void FaultDisk::Restart() {
  body_->process.Resume();
}

std::size_t FaultDisk::CountPowerCuts() const {
  return body_->disk->CountImages();
}

// With a seed of its own: whoever opens a copy draws other ids than the one who goes on here.
FaultDisk FaultDisk::PowerCut(std::size_t i) const {
  FaultDisk left(std::make_shared<Body>(body_->disk->Image(i), 0x5EED'0000 + i));
  left.body_->clock.SetWall(body_->clock.WallMilliseconds());
  return left;
}

std::string FaultDisk::ExplainPowerCut(std::size_t i) const {
  return body_->disk->Snapshot().Explain(i);
}

// FNV-1a, over paths and bytes with their lengths.
std::uint64_t FaultDisk::Fingerprint() const {
  std::uint64_t hash = 0xcbf2'9ce4'8422'2325u;
  const auto add = [&](std::span<const std::byte> bytes) {
    const auto mix = [&](std::uint8_t byte) { hash = (hash ^ byte) * 0x0000'0100'0000'01b3u; };
    for (unsigned shift = 0; shift < 64; shift += 8) {
      mix(static_cast<std::uint8_t>(bytes.size() >> shift));
    }
    for (const std::byte byte : bytes) mix(static_cast<std::uint8_t>(byte));
  };
  const auto visit = [&](const testkit::TreeEntry& entry) {
    add(std::as_bytes(std::span(entry.path)));
    add(entry.bytes);
    return Status();
  };
  testkit::VisitTree(*body_->disk, visit).OrDie();
  return hash;
}

Status FaultDisk::CopyTo(const std::filesystem::path& directory) const {
  VECDB_TRY_ASSIGN(const auto to, io::OpenDirectory(directory, /*create=*/true));
  return testkit::VisitTree(*body_->disk, [&](const testkit::TreeEntry& entry) -> Status {
    if (entry.is_directory) return to->MakeDirectory(entry.path);
    VECDB_TRY_ASSIGN(const auto file, to->Open(entry.path, io::OpenMode::kCreate));
    return file->WriteAt(0, entry.bytes);
  });
}

}  // namespace vecdb::testing
