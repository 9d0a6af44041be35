#include "testkit/crash_file_system.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/status.h"
#include "io/layout.h"

namespace vecdb::testkit {

struct CrashFileSystem::Shared {
  explicit Shared(std::uint64_t seed) : state(seed) {}

  const std::shared_ptr<io::FileSystem> live = io::MakeMemoryFileSystem();
  std::function<void(std::uint64_t)> hook;  // constant once operations begin
  std::atomic<std::uint64_t> operations{0};
  mutable base::Mutex mutex;  // held over a call and its mirror, so that they agree
  CrashState state GUARDED_BY(mutex);

  void Before() {
    const std::uint64_t number = operations.fetch_add(1);
    if (hook) hook(number);
  }
};

class CrashFile final : public io::File {
 public:
  CrashFile(std::unique_ptr<io::File> live, std::shared_ptr<CrashFileSystem::Shared> shared,
            InodeNumber inode)
      : live_(std::move(live)), shared_(std::move(shared)), inode_(inode) {}

  Status ReadAt(std::uint64_t offset, std::span<std::byte> out) const override {
    return live_->ReadAt(offset, out);
  }

  Status WriteAt(std::uint64_t offset, std::span<const std::byte> bytes) override {
    shared_->Before();
    base::MutexLock lock(shared_->mutex);
    VECDB_TRY(live_->WriteAt(offset, bytes));
    if (bytes.empty()) return Status();
    VECDB_TRY_ASSIGN(const std::uint64_t size, live_->Size());
    const std::uint64_t start = offset / kSectorSize * kSectorSize;
    const std::uint64_t last = (offset + bytes.size() - 1) / kSectorSize;
    base::Bytes sectors(std::min<std::uint64_t>(size, (last + 1) * kSectorSize) - start);
    VECDB_TRY(live_->ReadAt(start, sectors));
    shared_->state.Write(inode_, start, std::move(sectors));
    return Status();
  }

  Status Sync() override {
    shared_->Before();
    base::MutexLock lock(shared_->mutex);
    VECDB_TRY(live_->Sync());
    shared_->state.SyncFile(inode_);
    return Status();
  }

  Result<std::uint64_t> Size() const override { return live_->Size(); }
  Result<std::shared_ptr<const io::Mapping>> Map() const override { return live_->Map(); }

 private:
  const std::unique_ptr<io::File> live_;
  const std::shared_ptr<CrashFileSystem::Shared> shared_;
  const InodeNumber inode_;
};

std::shared_ptr<CrashFileSystem> CrashSnapshot::Image(std::size_t i) const {
  return std::make_shared<CrashFileSystem>(state_.Image(i), i + 1);
}

CrashFileSystem::CrashFileSystem(std::uint64_t seed) : shared_(std::make_shared<Shared>(seed)) {
}

// A file with two names becomes two files with the same bytes: nobody can tell, as nothing writes
// to a file under one name and reads it under another.
CrashFileSystem::CrashFileSystem(const DiskTree& disk, std::uint64_t seed)
    : shared_(std::make_shared<Shared>(seed)) {
  std::vector<std::pair<InodeNumber, std::string>> folders = {{kRootInode, ""}};
  std::set<InodeNumber> seen = {kRootInode};
  for (std::size_t i = 0; i < folders.size(); ++i) {
    const auto [number, folder] = folders[i];
    for (const auto& [name, child] : disk.directories.at(number)) {
      const std::string path = io::Join(folder, name);
      if (disk.directories.count(child) > 0) {
        if (!seen.insert(child).second) continue;
        MakeDirectory(path).OrDie();
        folders.emplace_back(child, path);
      } else {
        (*Open(path, io::OpenMode::kCreate))->WriteAt(0, *disk.files.at(child)).OrDie();
      }
    }
  }
  base::MutexLock lock(shared_->mutex);
  shared_->state.SettleAll();
  shared_->operations = 0;
}

void CrashFileSystem::SetHook(std::function<void(std::uint64_t)> hook) {
  shared_->hook = std::move(hook);
}

std::uint64_t CrashFileSystem::operations() const {
  return shared_->operations;
}

CrashSnapshot CrashFileSystem::Snapshot() const {
  base::MutexLock lock(shared_->mutex);
  return CrashSnapshot(shared_->state);
}

void CrashFileSystem::LoseUnsynced(const std::string& path) {
  base::MutexLock lock(shared_->mutex);
  const Result<bool> exists = shared_->live->Exists(path);
  if (exists.ok() && *exists) shared_->state.LoseFile(shared_->state.Find(path));
}

Result<std::unique_ptr<io::File>> CrashFileSystem::Open(const std::string& path,
                                                        io::OpenMode mode) {
  const bool create = mode == io::OpenMode::kCreate;
  if (create) shared_->Before();
  base::MutexLock lock(shared_->mutex);
  VECDB_TRY_ASSIGN(std::unique_ptr<io::File> file, shared_->live->Open(path, mode));
  const InodeNumber inode = create ? shared_->state.Add(path, false) : shared_->state.Find(path);
  return std::unique_ptr<io::File>(new CrashFile(std::move(file), shared_, inode));
}

Status CrashFileSystem::MakeDirectory(const std::string& path) {
  shared_->Before();
  base::MutexLock lock(shared_->mutex);
  VECDB_TRY(shared_->live->MakeDirectory(path));
  shared_->state.Add(path, true);
  return Status();
}

Status CrashFileSystem::SyncDirectory(const std::string& path) {
  shared_->Before();
  base::MutexLock lock(shared_->mutex);
  VECDB_TRY(shared_->live->SyncDirectory(path));
  shared_->state.SyncDirectory(path);
  return Status();
}

Status CrashFileSystem::Rename(const std::string& from, const std::string& to) {
  shared_->Before();
  base::MutexLock lock(shared_->mutex);
  VECDB_TRY(shared_->live->Rename(from, to));
  shared_->state.Rename(from, to);
  return Status();
}

Status CrashFileSystem::RemoveFile(const std::string& path) {
  shared_->Before();
  base::MutexLock lock(shared_->mutex);
  VECDB_TRY(shared_->live->RemoveFile(path));
  shared_->state.Remove(path);
  return Status();
}

Status CrashFileSystem::RemoveDirectory(const std::string& path) {
  shared_->Before();
  base::MutexLock lock(shared_->mutex);
  VECDB_TRY(shared_->live->RemoveDirectory(path));
  shared_->state.Remove(path);
  return Status();
}

Result<std::vector<io::DirectoryEntry>> CrashFileSystem::List(const std::string& path) {
  return shared_->live->List(path);
}

Result<bool> CrashFileSystem::Exists(const std::string& path) {
  return shared_->live->Exists(path);
}

Result<std::unique_ptr<io::FileLock>> CrashFileSystem::Lock(const std::string& path,
                                                            bool exclusive) {
  if (exclusive) shared_->Before();
  base::MutexLock lock(shared_->mutex);
  const Result<bool> existed = shared_->live->Exists(path);
  Result<std::unique_ptr<io::FileLock>> taken = shared_->live->Lock(path, exclusive);
  const Result<bool> exists = shared_->live->Exists(path);  // made even when it is not taken
  if (existed.ok() && !*existed && *exists) shared_->state.Add(path, false);
  return taken;
}

std::string CrashFileSystem::Describe(const std::string& path) const {
  return shared_->live->Describe(path);
}

}  // namespace vecdb::testkit
