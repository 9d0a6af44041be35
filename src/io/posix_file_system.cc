// The directory on disk. Every path is opened relative to one directory descriptor, so a directory
// renamed or a working directory changed under a running database harms nothing.
#include <algorithm>
#include <cerrno>
#include <limits>
#include <new>
#include <string_view>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/status.h"
#include "io/directory_rules.h"
#include "io/file_failures.h"
#include "io/file_system.h"
#include "io/layout.h"
#include "io/relative_path.h"

namespace vecdb::io {
namespace {

constexpr mode_t kFileMode = 0600;
constexpr mode_t kDirectoryMode = 0700;
// O_NONBLOCK: opening a pipe that someone put in a file's place must not wait for its writer.
constexpr int kAlways = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
constexpr std::uint64_t kMaxOffset = std::numeric_limits<off_t>::max();
constexpr std::size_t kHugePage = std::size_t{2} << 20;

template <typename Call>
auto RetryInterrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);  // not retried: Linux has closed it even when interrupted
  }
  bool ok() const { return fd_ >= 0; }
  int get() const { return fd_; }

 private:
  int fd_ = -1;
};

Descriptor OpenAt(int directory, const char* name, int flags, mode_t mode = 0) {
  return Descriptor(
      RetryInterrupted([&] { return ::openat(directory, name, flags | O_CLOEXEC, mode); }));
}

const char* NameOf(const std::string& path) {
  return path.empty() ? "." : path.c_str();
}

class PosixMapping final : public Mapping {
 public:
  PosixMapping(void* start, std::size_t size) {
    bytes_ = {static_cast<const std::byte*>(start), size};
  }
  ~PosixMapping() override {
    if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
  }
};

// Small files are copied instead: a process has some 65,000 mappings, and a page each would be more
// memory than the bytes.
constexpr std::uint64_t kSmallFile = std::uint64_t{16} << 10;

class CopiedFile final : public Mapping {
 public:
  explicit CopiedFile(std::size_t size)
      : copy_(new (std::align_val_t{kAlignment}) std::byte[size]) {
    bytes_ = {copy_, size};
  }
  ~CopiedFile() override { ::operator delete[](copy_, std::align_val_t{kAlignment}); }
  CopiedFile(const CopiedFile&) = delete;
  CopiedFile& operator=(const CopiedFile&) = delete;

  static Result<std::shared_ptr<const Mapping>> Make(const File& file, std::size_t size) {
    const auto copied = std::make_shared<CopiedFile>(size);
    VECDB_TRY(file.ReadAt(0, {copied->copy_, size}));
    return std::shared_ptr<const Mapping>(copied);
  }

 private:
  static constexpr std::size_t kAlignment = 64;
  std::byte* const copy_;
};

class PosixFile final : public File {
 public:
  PosixFile(Descriptor descriptor, std::string description)
      : descriptor_(std::move(descriptor)), description_(std::move(description)) {}

  Status ReadAt(std::uint64_t offset, std::span<std::byte> out) const override;
  Status WriteAt(std::uint64_t offset, std::span<const std::byte> bytes) override;
  Status Sync() override;
  Status WriteOut(std::uint64_t offset, std::uint64_t size) override;
  Result<std::uint64_t> Size() const override;
  Result<std::shared_ptr<const Mapping>> Map() const override;

 private:
  Status Failure(std::string_view operation) const {
    return StatusFromErrno(operation, description_, errno);
  }

  const Descriptor descriptor_;
  const std::string description_;
};

Status PosixFile::ReadAt(std::uint64_t offset, std::span<std::byte> out) const {
  const std::uint64_t end = offset + out.size();
  std::uint64_t at = offset;
  while (!out.empty()) {
    const bool beyond = at > kMaxOffset || out.size() > kMaxOffset - at;
    const ssize_t got = beyond ? 0 : RetryInterrupted([&] {
      return ::pread(descriptor_.get(), out.data(), out.size(), static_cast<off_t>(at));
    });
    if (got < 0) return Failure("read");
    if (got == 0) {
      VECDB_TRY_ASSIGN(const std::uint64_t size, Size());
      return FileEndsBefore(description_, end, size);
    }
    at += static_cast<std::uint64_t>(got);
    out = out.subspan(static_cast<std::size_t>(got));
  }
  return Status();
}

Status PosixFile::WriteAt(std::uint64_t offset, std::span<const std::byte> bytes) {
  if (offset > kMaxOffset || bytes.size() > kMaxOffset - offset) {
    return StatusFromErrno("write", description_, EFBIG);
  }
  while (!bytes.empty()) {
    const ssize_t put = RetryInterrupted([&] {
      return ::pwrite(descriptor_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    });
    if (put < 0) return Failure("write");
    if (put == 0) return StatusFromErrno("write", description_, ENOSPC);  // no progress, no reason
    offset += static_cast<std::uint64_t>(put);
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
  return Status();
}

Status PosixFile::Sync() {
  if (RetryInterrupted([&] { return ::fdatasync(descriptor_.get()); }) != 0) return Failure("sync");
  return Status();
}

#if defined(__linux__)
// What it reports is not reported by the next sync, so a failing disk must be told from a file
// system or sandbox that has no such call.
Status PosixFile::WriteOut(std::uint64_t offset, std::uint64_t size) {
  constexpr unsigned kAll =
      SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
  const int outcome = RetryInterrupted([&] {
    return ::sync_file_range(descriptor_.get(), static_cast<off_t>(offset),
                             static_cast<off_t>(size), kAll);
  });
  if (outcome == 0 || (errno != EIO && errno != ENOSPC && errno != EDQUOT)) return Status();
  return Failure("write out");
}
#else
Status PosixFile::WriteOut(std::uint64_t /*offset*/, std::uint64_t /*size*/) {
  return Status();
}
#endif

Result<std::uint64_t> PosixFile::Size() const {
  struct stat info = {};
  if (::fstat(descriptor_.get(), &info) != 0) return Failure("measure");
  return static_cast<std::uint64_t>(info.st_size);
}

Result<std::shared_ptr<const Mapping>> PosixFile::Map() const {
  VECDB_TRY_ASSIGN(const std::uint64_t size, Size());
  if (size <= kSmallFile) return CopiedFile::Make(*this, static_cast<std::size_t>(size));
  void* start = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor_.get(), 0);
  if (start == MAP_FAILED) return Failure("map");
  // Only a hint; file systems that cannot give large pages say no, and nothing is lost.
  if (size >= kHugePage) static_cast<void>(::madvise(start, size, MADV_HUGEPAGE));
  return std::shared_ptr<const Mapping>(new PosixMapping(start, size));
}

// Locks belong to the open file descriptions, so closing other descriptors of the same file keeps
// them, and a child made by fork() that closes its copies does too. Only who took them gives them
// up by name, and then not even a living child's copies hold them.
class PosixLock final : public FileLock {
 public:
  PosixLock(Descriptor file, Descriptor directory)
      : owner_(::getpid()), file_(std::move(file)), directory_(std::move(directory)) {}
  ~PosixLock() override {
    if (::getpid() != owner_) return;
    if (directory_.ok()) static_cast<void>(::flock(directory_.get(), LOCK_UN));
    if (file_.ok()) static_cast<void>(::flock(file_.get(), LOCK_UN));
  }
  PosixLock(const PosixLock&) = delete;
  PosixLock& operator=(const PosixLock&) = delete;

 private:
  const pid_t owner_;
  const Descriptor file_;
  const Descriptor directory_;
};

class PosixFileSystem final : public FileSystem {
 public:
  PosixFileSystem(Descriptor root, std::string description)
      : root_(std::move(root)), description_(std::move(description)), owner_(::getpid()) {}

  Result<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override;
  Status MakeDirectory(const std::string& path) override;
  Status SyncDirectory(const std::string& path) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status RemoveFile(const std::string& path) override;
  Status RemoveDirectory(const std::string& path) override;
  Result<std::vector<DirectoryEntry>> List(const std::string& path) override;
  Result<bool> Exists(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path, bool exclusive) override;
  std::string Describe(const std::string& path) const override {
    return path.empty() ? description_ : Join(description_, path);
  }
  bool OwnedByThisProcess() const override { return ::getpid() == owner_; }

 private:
  Status Failure(std::string_view operation, const std::string& path) const {
    const int error = errno;  // before Describe changes it
    return StatusFromErrno(operation, Describe(path), error);
  }
  // A descriptor of a regular file, or the refusal.
  Result<Descriptor> OpenRegular(std::string_view operation, const std::string& path, int flags);
  Status TakeLock(const Descriptor& lock, const Descriptor* content, bool exclusive) const;

  const Descriptor root_;
  const std::string description_;
  const pid_t owner_;
};

int FlagsOf(OpenMode mode) {
  switch (mode) {
    case OpenMode::kRead:
      return O_RDONLY;
    case OpenMode::kReadWrite:
      return O_RDWR;
    case OpenMode::kCreate:
      return O_RDWR | O_CREAT | O_EXCL;
  }
  return O_RDONLY;
}

Result<Descriptor> PosixFileSystem::OpenRegular(std::string_view operation, const std::string& path,
                                                int flags) {
  VECDB_TRY(CheckPath(path));
  Descriptor opened = OpenAt(root_.get(), path.c_str(), flags | kAlways, kFileMode);
  if (!opened.ok()) return Failure(operation, path);
  struct stat info = {};
  if (::fstat(opened.get(), &info) != 0) return Failure(operation, path);
  if (S_ISDIR(info.st_mode)) return StatusFromErrno(operation, Describe(path), EISDIR);
  if (!S_ISREG(info.st_mode)) {
    return base::IoError("cannot {} '{}': it is not a regular file", operation, Describe(path));
  }
  return opened;
}

Result<std::unique_ptr<File>> PosixFileSystem::Open(const std::string& path, OpenMode mode) {
  const char* operation = mode == OpenMode::kCreate ? "create" : "open";
  VECDB_TRY_ASSIGN(Descriptor file, OpenRegular(operation, path, FlagsOf(mode)));
  return std::unique_ptr<File>(new PosixFile(std::move(file), Describe(path)));
}

Status PosixFileSystem::MakeDirectory(const std::string& path) {
  VECDB_TRY(CheckPath(path));
  if (::mkdirat(root_.get(), path.c_str(), kDirectoryMode) != 0) {
    return Failure("make directory", path);
  }
  return Status();
}

// kResourceExhausted only when it could not be opened, and so nothing was tried: a sync that
// failed, whatever the reason, may have lost what it should keep.
Status SyncDescriptor(const Descriptor& directory, const std::string& description) {
  if (!directory.ok()) return StatusFromErrno("sync directory", description, errno);
  if (RetryInterrupted([&] { return ::fsync(directory.get()); }) == 0) return Status();
  const Status failed = StatusFromErrno("sync directory", description, errno);
  return Status(StatusCode::kIoError, std::string(failed.message()));
}

Status PosixFileSystem::SyncDirectory(const std::string& path) {
  VECDB_TRY(CheckPath(path, true));
  const std::string description = Describe(path);  // before errno is set
  const Descriptor directory =
      OpenAt(root_.get(), NameOf(path), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  return SyncDescriptor(directory, description);
}

Status PosixFileSystem::Rename(const std::string& from, const std::string& to) {
  VECDB_TRY(CheckPath(from));
  VECDB_TRY(CheckPath(to));
  if (::renameat(root_.get(), from.c_str(), root_.get(), to.c_str()) != 0) {
    const int error = errno;
    return RenameFailure(Describe(from), Describe(to), error);
  }
  return Status();
}

Status PosixFileSystem::RemoveFile(const std::string& path) {
  VECDB_TRY(CheckPath(path));
  if (::unlinkat(root_.get(), path.c_str(), 0) != 0) return Failure("remove", path);
  return Status();
}

Status PosixFileSystem::RemoveDirectory(const std::string& path) {
  VECDB_TRY(CheckPath(path));
  if (::unlinkat(root_.get(), path.c_str(), AT_REMOVEDIR) != 0) {
    return Failure("remove directory", path);
  }
  return Status();
}

DirectoryEntry EntryFrom(int directory, const dirent& found) {
  DirectoryEntry entry;
  entry.name = found.d_name;
  entry.is_directory = found.d_type == DT_DIR;
  entry.is_regular = found.d_type == DT_REG;
  struct stat info = {};
  if (found.d_type == DT_UNKNOWN &&  // the file system keeps types elsewhere
      ::fstatat(directory, found.d_name, &info, AT_SYMLINK_NOFOLLOW) == 0) {
    entry.is_directory = S_ISDIR(info.st_mode);
    entry.is_regular = S_ISREG(info.st_mode);
  }
  return entry;
}

Result<std::vector<DirectoryEntry>> PosixFileSystem::List(const std::string& path) {
  VECDB_TRY(CheckPath(path, true));
  const int fd = RetryInterrupted([&] {
    return ::openat(root_.get(), NameOf(path), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  });
  if (fd < 0) return Failure("list", path);
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(fd), &::closedir);
  if (stream == nullptr) {
    const Status failure = Failure("list", path);
    ::close(fd);
    return failure;
  }
  std::vector<DirectoryEntry> entries;
  errno = 0;
  while (const dirent* found = ::readdir(stream.get())) {
    const std::string_view name = found->d_name;
    if (name != "." && name != "..") entries.push_back(EntryFrom(fd, *found));
    errno = 0;
  }
  if (errno != 0) return Failure("list", path);
  std::sort(entries.begin(), entries.end(),
            [](const DirectoryEntry& a, const DirectoryEntry& b) { return a.name < b.name; });
  return entries;
}

Result<bool> PosixFileSystem::Exists(const std::string& path) {
  VECDB_TRY(CheckPath(path, true));
  struct stat info = {};
  if (::fstatat(root_.get(), NameOf(path), &info, AT_SYMLINK_NOFOLLOW) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  return Failure("look for", path);
}

// The process id in a lock file: whatever digits stand at its start.
std::string HolderIn(const Descriptor& file) {
  char text[16];
  const ssize_t got = RetryInterrupted([&] { return ::pread(file.get(), text, sizeof text, 0); });
  std::string holder;
  for (ssize_t i = 0; i < got && text[i] >= '0' && text[i] <= '9'; ++i) holder += text[i];
  return holder;
}

Status PosixFileSystem::TakeLock(const Descriptor& lock, const Descriptor* content,
                                 bool exclusive) const {
  const int how = (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB;
  if (RetryInterrupted([&] { return ::flock(lock.get(), how); }) == 0) return Status();
  if (errno == EWOULDBLOCK) {
    return LockIsTaken(description_, content == nullptr ? std::string() : HolderIn(*content));
  }
  return Failure("lock", "");
}

// The file is locked, and for the database's own lock its directory too: a second writer stays out
// even when someone deletes or replaces the lock file under the first. Not every network file
// system locks directories, so only a conflict counts there. Readers make do with the directory:
// they write nothing, so they make no file either.
Result<std::unique_ptr<FileLock>> PosixFileSystem::Lock(const std::string& path, bool exclusive) {
  const int flags = exclusive ? O_RDWR | O_CREAT : O_RDONLY;
  auto file = OpenRegular("lock", path, flags);
  const bool directory_alone =
      !exclusive && path == kLockName && file.status().code() == StatusCode::kNotFound;
  if (!directory_alone) {
    VECDB_TRY(file.status());
    VECDB_TRY(TakeLock(*file, &*file, exclusive));
  }
  Descriptor directory;
  if (path == kLockName) {
    directory = OpenAt(root_.get(), ".", O_RDONLY | O_DIRECTORY);
    if (!directory.ok()) return Failure("lock", path);
    const Status taken = TakeLock(directory, file.ok() ? &*file : nullptr, exclusive);
    if (taken.code() == StatusCode::kUnavailable) return taken;
  }
  if (exclusive) {  // information for people; a failure to write it changes nothing
    const std::string holder = base::Format("{}\n", ::getpid());
    if (::ftruncate(file->get(), 0) == 0) {
      static_cast<void>(!::pwrite(file->get(), holder.data(), holder.size(), 0));
    }
  }
  return std::unique_ptr<FileLock>(
      new PosixLock(file.ok() ? std::move(*file) : Descriptor(), std::move(directory)));
}

Status SyncParentOf(const std::filesystem::path& path) {
  const std::filesystem::path parent = path.has_parent_path() ? path.parent_path() : ".";
  const std::string description = parent.string();
  const Descriptor directory = OpenAt(AT_FDCWD, parent.c_str(), O_RDONLY | O_DIRECTORY);
  return SyncDescriptor(directory, description);
}

Status BelowAFile(const std::filesystem::path& path) {
  return base::InvalidArgument("'{}' lies below a file, not below a directory", path.native());
}

Result<DirectoryFacts> FactsOf(const Descriptor& directory, const std::string& name) {
  struct stat info = {};
  struct statfs system = {};
  if (::fstat(directory.get(), &info) != 0 || ::fstatfs(directory.get(), &system) != 0) {
    return StatusFromErrno("open directory", name, errno);
  }
  // f_type is signed, or 32 bits wide, on some systems.
  const auto type = static_cast<std::uint64_t>(system.f_type) & 0xFFFF'FFFF;
  return DirectoryFacts{info.st_uid, info.st_mode & 07777, type};
}

// Makes the directory and those above it that are missing, each synced into its parent: after a
// power cut either all of the path is there or none of what lies in it was promised.
Status MakeWithParents(const std::filesystem::path& path) {
  std::filesystem::path made;
  for (const std::filesystem::path& part : path) {
    made /= part;
    if (part.empty() || made == made.root_path()) continue;
    if (::mkdir(made.c_str(), kDirectoryMode) == 0) {
      VECDB_TRY(SyncParentOf(made));
      continue;
    }
    if (errno == EEXIST || errno == EISDIR) continue;
    const int error = errno;
    if (error == ENOTDIR) return BelowAFile(path);
    struct stat info = {};  // a read-only file system refuses even what is there
    if (::stat(made.c_str(), &info) != 0) {
      return StatusFromErrno("make directory", made.string(), error);
    }
  }
  return Status();
}

}  // namespace

Result<std::shared_ptr<FileSystem>> OpenDirectory(const std::filesystem::path& path, bool create,
                                                  const DirectoryRules& rules) {
  const std::string& name = path.native();
  if (name.empty()) return base::InvalidArgument("the path of the database is empty");
  if (name.find('\0') != name.npos) {
    return base::InvalidArgument("the path of the database contains a NUL byte");
  }
  if (create) VECDB_TRY(MakeWithParents(path));
  Descriptor root = OpenAt(AT_FDCWD, path.c_str(), O_RDONLY | O_DIRECTORY);
  if (!root.ok() && errno == ENOTDIR) {
    struct stat info = {};
    if (::stat(path.c_str(), &info) == 0) {
      return base::InvalidArgument("'{}' is a file, not a directory", name);
    }
    return BelowAFile(path);
  }
  if (!root.ok()) return StatusFromErrno("open directory", name, errno);
  VECDB_TRY_ASSIGN(const DirectoryFacts facts, FactsOf(root, name));
  VECDB_TRY(CheckDirectory(name, facts, ::geteuid(), rules));
  return std::shared_ptr<FileSystem>(new PosixFileSystem(std::move(root), name));
}

}  // namespace vecdb::io
