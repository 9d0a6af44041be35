#include "testkit/fault_file_system.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/bytes.h"
#include "base/status.h"
#include "io/file_failures.h"

namespace vecdb::testkit {

struct FaultFileSystem::Shared {
  LossHooks hooks;  // constant
  base::Mutex mutex;
  std::optional<Fault> fault GUARDED_BY(mutex);
  std::uint64_t count GUARDED_BY(mutex) = 0;
  std::uint64_t fired GUARDED_BY(mutex) = 0;
  bool recording GUARDED_BY(mutex) = true;
  bool halted GUARDED_BY(mutex) = false;
  std::optional<std::uint64_t> halt_at GUARDED_BY(mutex);
  std::vector<CallRecord> calls GUARDED_BY(mutex);

  // Counts the call; the fault that it must show, if any.
  std::optional<FaultKind> Begin(CallType type, const std::string& path) EXCLUDES(mutex) {
    base::MutexLock lock(mutex);
    halted = halted || (halt_at.has_value() && count >= *halt_at);
    if (halted) return FaultKind::kIoError;
    const std::uint64_t number = count++;
    if (recording) calls.push_back({type, path});
    if (!fault.has_value()) return std::nullopt;
    if (fault->sticky ? number < fault->call : number != fault->call) return std::nullopt;
    if (fault->sticky && !path.starts_with(fault->under)) return std::nullopt;
    const FaultKind otherwise = fault->or_else.value_or(fault->kind);
    const FaultKind kind = Applies(fault->kind, type) ? fault->kind : otherwise;
    if (!Applies(kind, type)) return std::nullopt;
    ++fired;
    return kind;
  }
};

const char* NameOf(CallType type) {
  switch (type) {
    case CallType::kOpenRead:
    case CallType::kOpenWrite:
      return "open";
    case CallType::kCreate:
      return "create";
    case CallType::kRead:
      return "read";
    case CallType::kWrite:
      return "write";
    case CallType::kSync:
      return "sync";
    case CallType::kSize:
      return "measure";
    case CallType::kMap:
      return "map";
    case CallType::kMakeDirectory:
      return "make directory";
    case CallType::kSyncDirectory:
      return "sync directory";
    case CallType::kRename:
      return "rename";
    case CallType::kRemoveFile:
      return "remove";
    case CallType::kRemoveDirectory:
      return "remove directory";
    case CallType::kList:
      return "list";
    case CallType::kExists:
      return "look for";
    case CallType::kLock:
      return "lock";
  }
  return "";
}

const char* NameOf(FaultKind kind) {
  switch (kind) {
    case FaultKind::kIoError:
      return "EIO";
    case FaultKind::kNoSpace:
      return "ENOSPC";
    case FaultKind::kQuota:
      return "EDQUOT";
    case FaultKind::kProcessFiles:
      return "EMFILE";
    case FaultKind::kSystemFiles:
      return "ENFILE";
    case FaultKind::kAccess:
      return "EACCES";
    case FaultKind::kReadOnly:
      return "EROFS";
    case FaultKind::kNoMemory:
      return "ENOMEM";
    case FaultKind::kWriteNone:
      return "write-0";
    case FaultKind::kWriteOne:
      return "write-1";
    case FaultKind::kWriteHalf:
      return "write-half";
    case FaultKind::kWriteAllButOne:
      return "write-n-1";
    case FaultKind::kShortRead:
      return "short-read";
    case FaultKind::kBadByte:
      return "bad-byte";
    case FaultKind::kSyncFailsLost:
      return "sync-fails-lost";
    case FaultKind::kSyncFailsKept:
      return "sync-fails-kept";
    case FaultKind::kSyncLies:
      return "sync-lies";
    case FaultKind::kDirectorySyncLies:
      return "directory-sync-lies";
    case FaultKind::kRenameFailsDone:
      return "rename-fails-done";
    case FaultKind::kRemoveFailsDone:
      return "remove-fails-done";
    case FaultKind::kListExtra:
      return "list-extra";
    case FaultKind::kListMissing:
      return "list-missing";
  }
  return "";
}

const std::vector<FaultKind>& AllFaultKinds() {
  static const std::vector<FaultKind> kinds = [] {
    std::vector<FaultKind> all;
    for (int i = 0; i <= static_cast<int>(FaultKind::kListMissing); ++i) {
      all.push_back(static_cast<FaultKind>(i));
    }
    return all;
  }();
  return kinds;
}

namespace {

bool Opens(CallType type) {
  return type == CallType::kOpenRead || type == CallType::kOpenWrite || type == CallType::kCreate ||
         type == CallType::kLock;
}

bool ChangesNames(CallType type) {
  return type == CallType::kCreate || type == CallType::kMakeDirectory ||
         type == CallType::kRename || type == CallType::kRemoveFile ||
         type == CallType::kRemoveDirectory;
}

bool TakesSpace(CallType type) {
  return type == CallType::kCreate || type == CallType::kMakeDirectory ||
         type == CallType::kRename || type == CallType::kWrite;
}

// The number that the system would give; 0 when the fault is of another sort.
int ErrnoOf(FaultKind kind) {
  switch (kind) {
    case FaultKind::kIoError:
    case FaultKind::kSyncFailsLost:
    case FaultKind::kSyncFailsKept:
    case FaultKind::kRenameFailsDone:
    case FaultKind::kRemoveFailsDone:
      return EIO;
    case FaultKind::kNoSpace:
    case FaultKind::kWriteNone:
    case FaultKind::kWriteOne:
    case FaultKind::kWriteHalf:
    case FaultKind::kWriteAllButOne:
      return ENOSPC;
    case FaultKind::kQuota:
      return EDQUOT;
    case FaultKind::kProcessFiles:
      return EMFILE;
    case FaultKind::kSystemFiles:
      return ENFILE;
    case FaultKind::kAccess:
      return EACCES;
    case FaultKind::kReadOnly:
      return EROFS;
    case FaultKind::kNoMemory:
      return ENOMEM;
    case FaultKind::kShortRead:
    case FaultKind::kBadByte:
    case FaultKind::kSyncLies:
    case FaultKind::kDirectorySyncLies:
    case FaultKind::kListExtra:
    case FaultKind::kListMissing:
      return 0;
  }
  return 0;
}

}  // namespace

bool Applies(FaultKind kind, CallType type) {
  switch (kind) {
    case FaultKind::kIoError:
      return type != CallType::kSync;  // those fail with their data lost or kept
    case FaultKind::kNoSpace:
    case FaultKind::kQuota:
      return TakesSpace(type) || type == CallType::kSyncDirectory;
    case FaultKind::kProcessFiles:
    case FaultKind::kSystemFiles:
      return Opens(type) || type == CallType::kList || type == CallType::kSyncDirectory;
    case FaultKind::kAccess:
      return Opens(type) || ChangesNames(type) || type == CallType::kList;
    case FaultKind::kReadOnly:
      return ChangesNames(type) || type == CallType::kOpenWrite || type == CallType::kLock;
    case FaultKind::kNoMemory:
      return Opens(type) || ChangesNames(type) || type == CallType::kMap || type == CallType::kList;
    case FaultKind::kWriteNone:
    case FaultKind::kWriteOne:
    case FaultKind::kWriteHalf:
    case FaultKind::kWriteAllButOne:
      return type == CallType::kWrite;
    case FaultKind::kShortRead:
      return type == CallType::kRead;
    case FaultKind::kBadByte:
      return type == CallType::kRead || type == CallType::kMap;
    case FaultKind::kSyncFailsLost:
    case FaultKind::kSyncFailsKept:
    case FaultKind::kSyncLies:
      return type == CallType::kSync;
    case FaultKind::kDirectorySyncLies:
      return type == CallType::kSyncDirectory;
    case FaultKind::kRenameFailsDone:
      return type == CallType::kRename;
    case FaultKind::kRemoveFailsDone:
      return type == CallType::kRemoveFile || type == CallType::kRemoveDirectory;
    case FaultKind::kListExtra:
    case FaultKind::kListMissing:
      return type == CallType::kList;
  }
  return false;
}

bool IsSilent(FaultKind kind) {
  return ErrnoOf(kind) == 0 && kind != FaultKind::kShortRead;
}

// One file behind the faults.
class FaultFile final : public io::File {
 public:
  FaultFile(std::unique_ptr<io::File> inner, std::shared_ptr<FaultFileSystem::Shared> shared,
            std::string path, std::string description)
      : inner_(std::move(inner)),
        shared_(std::move(shared)),
        path_(std::move(path)),
        description_(std::move(description)) {}

  Status ReadAt(std::uint64_t offset, std::span<std::byte> out) const override;
  Status WriteAt(std::uint64_t offset, std::span<const std::byte> bytes) override;
  Status Sync() override;
  Status WriteOut(std::uint64_t offset, std::uint64_t size) override;
  Result<std::uint64_t> Size() const override;
  Result<std::shared_ptr<const io::Mapping>> Map() const override;

 private:
  Status Failure(CallType type, FaultKind kind) const {
    return io::StatusFromErrno(NameOf(type), description_, ErrnoOf(kind));
  }
  void Lose() const {
    if (shared_->hooks.lose_file) shared_->hooks.lose_file(path_);
  }

  const std::unique_ptr<io::File> inner_;
  const std::shared_ptr<FaultFileSystem::Shared> shared_;
  const std::string path_;
  const std::string description_;
};

namespace {

class CopiedMapping final : public io::Mapping {
 public:
  explicit CopiedMapping(base::Bytes copy) : copy_(std::move(copy)) { bytes_ = copy_; }

 private:
  const base::Bytes copy_;
};

void FlipOne(std::span<std::byte> bytes) {
  if (!bytes.empty()) bytes[bytes.size() * 2 / 3] ^= std::byte{0x20};
}

std::size_t WrittenOf(FaultKind kind, std::size_t size) {
  if (kind == FaultKind::kWriteOne) return std::min<std::size_t>(size, 1);
  if (kind == FaultKind::kWriteHalf) return size / 2;
  if (kind == FaultKind::kWriteAllButOne) return size == 0 ? 0 : size - 1;
  return 0;
}

}  // namespace

Status FaultFile::ReadAt(std::uint64_t offset, std::span<std::byte> out) const {
  const std::optional<FaultKind> fault = shared_->Begin(CallType::kRead, path_);
  if (!fault.has_value()) return inner_->ReadAt(offset, out);
  if (*fault == FaultKind::kShortRead) {
    const std::size_t half = out.size() / 2;
    VECDB_TRY(inner_->ReadAt(offset, out.first(half)));
    return io::FileEndsBefore(description_, offset + out.size(), offset + half);
  }
  if (*fault != FaultKind::kBadByte) return Failure(CallType::kRead, *fault);
  VECDB_TRY(inner_->ReadAt(offset, out));
  FlipOne(out);
  return Status();
}

Status FaultFile::WriteAt(std::uint64_t offset, std::span<const std::byte> bytes) {
  const std::optional<FaultKind> fault = shared_->Begin(CallType::kWrite, path_);
  if (!fault.has_value()) return inner_->WriteAt(offset, bytes);
  const std::size_t written = WrittenOf(*fault, bytes.size());
  if (written > 0) VECDB_TRY(inner_->WriteAt(offset, bytes.first(written)));
  return Failure(CallType::kWrite, *fault);
}

Status FaultFile::Sync() {
  const std::optional<FaultKind> fault = shared_->Begin(CallType::kSync, path_);
  if (!fault.has_value()) return inner_->Sync();
  if (*fault == FaultKind::kSyncFailsKept) {
    VECDB_TRY(inner_->Sync());
  } else if (*fault != FaultKind::kIoError) {
    Lose();
  }
  return *fault == FaultKind::kSyncLies ? Status() : Failure(CallType::kSync, *fault);
}

// Fails as a sync does; whether it lies shows at the sync behind it.
Status FaultFile::WriteOut(std::uint64_t offset, std::uint64_t size) {
  const std::optional<FaultKind> fault = shared_->Begin(CallType::kSync, path_);
  if (!fault.has_value() || *fault == FaultKind::kSyncLies) return inner_->WriteOut(offset, size);
  if (*fault == FaultKind::kSyncFailsLost) Lose();
  return Failure(CallType::kSync, *fault);
}

Result<std::uint64_t> FaultFile::Size() const {
  const std::optional<FaultKind> fault = shared_->Begin(CallType::kSize, path_);
  if (fault.has_value()) return Failure(CallType::kSize, *fault);
  return inner_->Size();
}

Result<std::shared_ptr<const io::Mapping>> FaultFile::Map() const {
  const std::optional<FaultKind> fault = shared_->Begin(CallType::kMap, path_);
  if (!fault.has_value()) return inner_->Map();
  if (*fault != FaultKind::kBadByte) return Failure(CallType::kMap, *fault);
  VECDB_TRY_ASSIGN(const std::shared_ptr<const io::Mapping> whole, inner_->Map());
  base::Bytes copy(whole->bytes().begin(), whole->bytes().end());
  FlipOne(copy);
  return std::shared_ptr<const io::Mapping>(new CopiedMapping(std::move(copy)));
}

FaultFileSystem::FaultFileSystem(std::shared_ptr<io::FileSystem> inner, LossHooks hooks)
    : inner_(std::move(inner)), shared_(std::make_shared<Shared>()) {
  shared_->hooks = std::move(hooks);
}

void FaultFileSystem::Arm(const Fault& fault) {
  base::MutexLock lock(shared_->mutex);
  shared_->fault = fault;
}

void FaultFileSystem::Disarm() {
  base::MutexLock lock(shared_->mutex);
  shared_->fault.reset();
}

void FaultFileSystem::Halt() {
  base::MutexLock lock(shared_->mutex);
  shared_->halted = true;
}

void FaultFileSystem::HaltAt(std::uint64_t call) {
  base::MutexLock lock(shared_->mutex);
  shared_->halt_at = call;
}

void FaultFileSystem::Resume() {
  base::MutexLock lock(shared_->mutex);
  shared_->halted = false;
  shared_->halt_at.reset();
}

bool FaultFileSystem::halted() const {
  base::MutexLock lock(shared_->mutex);
  return shared_->halted;
}

std::uint64_t FaultFileSystem::fired() const {
  base::MutexLock lock(shared_->mutex);
  return shared_->fired;
}

std::uint64_t FaultFileSystem::call_count() const {
  base::MutexLock lock(shared_->mutex);
  return shared_->count;
}

std::vector<CallRecord> FaultFileSystem::calls() const {
  base::MutexLock lock(shared_->mutex);
  return shared_->calls;
}

void FaultFileSystem::SetRecording(bool recording) {
  base::MutexLock lock(shared_->mutex);
  shared_->recording = recording;
}

Result<std::unique_ptr<io::File>> FaultFileSystem::Open(const std::string& path,
                                                        io::OpenMode mode) {
  CallType type = CallType::kOpenRead;
  if (mode == io::OpenMode::kReadWrite) type = CallType::kOpenWrite;
  if (mode == io::OpenMode::kCreate) type = CallType::kCreate;
  if (const auto fault = shared_->Begin(type, path)) {
    return io::StatusFromErrno(NameOf(type), Describe(path), ErrnoOf(*fault));
  }
  VECDB_TRY_ASSIGN(std::unique_ptr<io::File> file, inner_->Open(path, mode));
  return std::unique_ptr<io::File>(new FaultFile(std::move(file), shared_, path, Describe(path)));
}

Status FaultFileSystem::MakeDirectory(const std::string& path) {
  if (const auto fault = shared_->Begin(CallType::kMakeDirectory, path)) {
    return io::StatusFromErrno("make directory", Describe(path), ErrnoOf(*fault));
  }
  return inner_->MakeDirectory(path);
}

Status FaultFileSystem::SyncDirectory(const std::string& path) {
  const auto fault = shared_->Begin(CallType::kSyncDirectory, path);
  if (!fault.has_value()) return inner_->SyncDirectory(path);
  if (*fault == FaultKind::kDirectorySyncLies) {
    if (shared_->hooks.lose_directory) shared_->hooks.lose_directory(path);
    return Status();
  }
  return io::StatusFromErrno("sync directory", Describe(path), ErrnoOf(*fault));
}

Status FaultFileSystem::Rename(const std::string& from, const std::string& to) {
  const auto fault = shared_->Begin(CallType::kRename, from);
  if (!fault.has_value()) return inner_->Rename(from, to);
  if (*fault == FaultKind::kRenameFailsDone) VECDB_TRY(inner_->Rename(from, to));
  return io::RenameFailure(Describe(from), Describe(to), ErrnoOf(*fault));
}

Status FaultFileSystem::RemoveFile(const std::string& path) {
  const auto fault = shared_->Begin(CallType::kRemoveFile, path);
  if (!fault.has_value()) return inner_->RemoveFile(path);
  if (*fault == FaultKind::kRemoveFailsDone) VECDB_TRY(inner_->RemoveFile(path));
  return io::StatusFromErrno("remove", Describe(path), ErrnoOf(*fault));
}

Status FaultFileSystem::RemoveDirectory(const std::string& path) {
  const auto fault = shared_->Begin(CallType::kRemoveDirectory, path);
  if (!fault.has_value()) return inner_->RemoveDirectory(path);
  if (*fault == FaultKind::kRemoveFailsDone) VECDB_TRY(inner_->RemoveDirectory(path));
  return io::StatusFromErrno("remove directory", Describe(path), ErrnoOf(*fault));
}

Result<std::vector<io::DirectoryEntry>> FaultFileSystem::List(const std::string& path) {
  const auto fault = shared_->Begin(CallType::kList, path);
  if (fault.has_value() && !IsSilent(*fault)) {
    return io::StatusFromErrno("list", Describe(path), ErrnoOf(*fault));
  }
  VECDB_TRY_ASSIGN(std::vector<io::DirectoryEntry> entries, inner_->List(path));
  if (fault == FaultKind::kListExtra) entries.push_back({"zz-not-there", false, true});
  if (fault == FaultKind::kListMissing && !entries.empty()) entries.pop_back();
  return entries;
}

Result<bool> FaultFileSystem::Exists(const std::string& path) {
  if (const auto fault = shared_->Begin(CallType::kExists, path)) {
    return io::StatusFromErrno("look for", Describe(path), ErrnoOf(*fault));
  }
  return inner_->Exists(path);
}

Result<std::unique_ptr<io::FileLock>> FaultFileSystem::Lock(const std::string& path,
                                                            bool exclusive) {
  if (const auto fault = shared_->Begin(CallType::kLock, path)) {
    return io::StatusFromErrno("lock", Describe(path), ErrnoOf(*fault));
  }
  return inner_->Lock(path, exclusive);
}

}  // namespace vecdb::testkit
