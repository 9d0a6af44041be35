// A directory in memory that answers every call as the one on disk does, failures included.
#include <cerrno>
#include <cstring>
#include <limits>
#include <map>
#include <utility>

#include <unistd.h>

#include "base/bytes.h"
#include "base/mutex.h"
#include "base/status.h"
#include "io/file_failures.h"
#include "io/file_system.h"
#include "io/layout.h"
#include "io/relative_path.h"

namespace vecdb::io {
namespace {

constexpr std::uint64_t kMaxOffset = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t kMaxName = 255;

// A file or a directory. It lives while a name, an open file, a mapping or a lock refers to it, as
// on disk. Everything but `is_directory` is guarded by Tree::mutex.
struct Node {
  explicit Node(bool directory) : is_directory(directory) {}
  const bool is_directory;
  std::map<std::string, std::shared_ptr<Node>, std::less<>> children;
  // Shared with mappings; replaced, not changed, while any of them lives.
  std::shared_ptr<base::Bytes> content = std::make_shared<base::Bytes>();
  int shared_locks = 0;
  bool exclusive_lock = false;
};

struct Tree {
  base::Mutex mutex;
  const std::shared_ptr<Node> root GUARDED_BY(mutex) = std::make_shared<Node>(true);
};

class MemoryMapping final : public Mapping {
 public:
  explicit MemoryMapping(std::shared_ptr<const base::Bytes> content)
      : content_(std::move(content)) {
    bytes_ = *content_;
  }

 private:
  const std::shared_ptr<const base::Bytes> content_;
};

class MemoryFile final : public File {
 public:
  MemoryFile(std::shared_ptr<Tree> tree, std::shared_ptr<Node> node, bool writable,
             std::string description)
      : tree_(std::move(tree)),
        node_(std::move(node)),
        writable_(writable),
        description_(std::move(description)) {}

  Status ReadAt(std::uint64_t offset, std::span<std::byte> out) const override {
    if (out.empty()) return Status();
    base::MutexLock lock(tree_->mutex);
    const base::Bytes& content = *node_->content;
    if (offset > content.size() || out.size() > content.size() - offset) {
      return FileEndsBefore(description_, offset + out.size(), content.size());
    }
    std::memcpy(out.data(), content.data() + offset, out.size());
    return Status();
  }

  Status WriteAt(std::uint64_t offset, std::span<const std::byte> bytes) override {
    if (offset > kMaxOffset || bytes.size() > kMaxOffset - offset) {
      return StatusFromErrno("write", description_, EFBIG);
    }
    if (bytes.empty()) return Status();
    if (!writable_) return StatusFromErrno("write", description_, EBADF);
    base::MutexLock lock(tree_->mutex);
    std::shared_ptr<base::Bytes>& content = node_->content;
    if (content.use_count() > 1) content = std::make_shared<base::Bytes>(*content);
    if (content->size() < offset + bytes.size()) content->resize(offset + bytes.size());
    std::memcpy(content->data() + offset, bytes.data(), bytes.size());
    return Status();
  }

  Status Sync() override { return Status(); }

  Result<std::uint64_t> Size() const override {
    base::MutexLock lock(tree_->mutex);
    return std::uint64_t{node_->content->size()};
  }

  Result<std::shared_ptr<const Mapping>> Map() const override {
    base::MutexLock lock(tree_->mutex);
    return std::shared_ptr<const Mapping>(new MemoryMapping(node_->content));
  }

 private:
  const std::shared_ptr<Tree> tree_;
  const std::shared_ptr<Node> node_;
  const bool writable_;
  const std::string description_;
};

class MemoryLock final : public FileLock {
 public:
  MemoryLock(std::shared_ptr<Tree> tree, std::vector<std::shared_ptr<Node>> nodes, bool exclusive)
      : tree_(std::move(tree)), nodes_(std::move(nodes)), exclusive_(exclusive) {}
  ~MemoryLock() override {
    base::MutexLock lock(tree_->mutex);
    for (const std::shared_ptr<Node>& node : nodes_) {
      if (exclusive_) {
        node->exclusive_lock = false;
      } else {
        --node->shared_locks;
      }
    }
  }

 private:
  const std::shared_ptr<Tree> tree_;
  const std::vector<std::shared_ptr<Node>> nodes_;
  const bool exclusive_;
};

// Where a path leads: its parent directory and, if the name is taken, what has it. `error` says why
// there is no parent, or that the name cannot be one.
struct Place {
  std::shared_ptr<Node> parent;
  std::string name;
  std::shared_ptr<Node> node;
  int error = 0;
};

class MemoryFileSystem final : public FileSystem {
 public:
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
    return path.empty() ? "memory:" : Join("memory:", path);
  }
  bool OwnedByThisProcess() const override { return ::getpid() == owner_; }

 private:
  Place Find(const std::string& path) const;
  // The directory at `path`, or null and the error number.
  std::shared_ptr<Node> FindDirectory(const std::string& path, int* error) const;

  const std::shared_ptr<Tree> tree_ = std::make_shared<Tree>();
  const pid_t owner_ = ::getpid();
};

// Called with the tree locked (the analysis cannot see through the shared pointer).
Place MemoryFileSystem::Find(const std::string& path) const NO_THREAD_SAFETY_ANALYSIS {
  Place place;
  std::shared_ptr<Node> here = tree_->root;
  std::string_view rest = path;
  for (std::size_t slash = rest.find('/'); slash != rest.npos; slash = rest.find('/')) {
    const std::string_view part = rest.substr(0, slash);
    const auto child = here->children.find(part);
    if (child == here->children.end()) {
      place.error = part.size() > kMaxName ? ENAMETOOLONG : ENOENT;
      return place;
    }
    here = child->second;
    if (!here->is_directory) {
      place.error = ENOTDIR;
      return place;
    }
    rest.remove_prefix(slash + 1);
  }
  place.name = rest;
  place.parent = here;
  if (rest.size() > kMaxName) place.error = ENAMETOOLONG;
  if (const auto child = here->children.find(rest); child != here->children.end()) {
    place.node = child->second;
  }
  return place;
}

std::shared_ptr<Node> MemoryFileSystem::FindDirectory(const std::string& path,
                                                      int* error) const NO_THREAD_SAFETY_ANALYSIS {
  if (path.empty()) return tree_->root;
  const Place place = Find(path);
  *error = place.error;
  if (place.error == 0 && place.node == nullptr) *error = ENOENT;
  if (place.node != nullptr && !place.node->is_directory) *error = ENOTDIR;
  return *error == 0 ? place.node : nullptr;
}

Result<std::unique_ptr<File>> MemoryFileSystem::Open(const std::string& path, OpenMode mode) {
  VECDB_TRY(CheckPath(path));
  const bool create = mode == OpenMode::kCreate;
  base::MutexLock lock(tree_->mutex);
  Place place = Find(path);
  int error = place.error;
  if (error == 0 && create && place.node != nullptr) error = EEXIST;
  if (error == 0 && !create && place.node == nullptr) error = ENOENT;
  if (error == 0 && !create && place.node->is_directory) error = EISDIR;
  if (error != 0) return StatusFromErrno(create ? "create" : "open", Describe(path), error);
  if (create) {
    place.node = std::make_shared<Node>(false);
    place.parent->children.emplace(place.name, place.node);
  }
  return std::unique_ptr<File>(
      new MemoryFile(tree_, place.node, mode != OpenMode::kRead, Describe(path)));
}

Status MemoryFileSystem::MakeDirectory(const std::string& path) {
  VECDB_TRY(CheckPath(path));
  base::MutexLock lock(tree_->mutex);
  const Place place = Find(path);
  const int error = place.error == 0 && place.node != nullptr ? EEXIST : place.error;
  if (error != 0) return StatusFromErrno("make directory", Describe(path), error);
  place.parent->children.emplace(place.name, std::make_shared<Node>(true));
  return Status();
}

Status MemoryFileSystem::SyncDirectory(const std::string& path) {
  VECDB_TRY(CheckPath(path, true));
  base::MutexLock lock(tree_->mutex);
  int error = 0;
  if (FindDirectory(path, &error) == nullptr) {
    return StatusFromErrno("sync directory", Describe(path), error);
  }
  return Status();
}

bool IsBelow(const std::string& path, const std::string& ancestor) {
  return path.size() > ancestor.size() && path.starts_with(ancestor) &&
         path[ancestor.size()] == '/';
}

// In the order in which Linux asks.
int RenameError(const Place& source, const Place& target, const std::string& from,
                const std::string& to) {
  if (source.parent == nullptr) return source.error;
  if (target.parent == nullptr) return target.error;
  if (source.error != 0) return source.error;
  if (source.node == nullptr) return ENOENT;
  if (target.error != 0) return target.error;
  if (IsBelow(to, from)) return EINVAL;
  if (IsBelow(from, to)) return ENOTEMPTY;
  if (target.node == nullptr || target.node == source.node) return 0;
  if (source.node->is_directory && !target.node->is_directory) return ENOTDIR;
  if (!source.node->is_directory && target.node->is_directory) return EISDIR;
  return target.node->children.empty() ? 0 : ENOTEMPTY;
}

Status MemoryFileSystem::Rename(const std::string& from, const std::string& to) {
  VECDB_TRY(CheckPath(from));
  VECDB_TRY(CheckPath(to));
  base::MutexLock lock(tree_->mutex);
  const Place source = Find(from);
  const Place target = Find(to);
  if (const int error = RenameError(source, target, from, to); error != 0) {
    return RenameFailure(Describe(from), Describe(to), error);
  }
  source.parent->children.erase(source.name);
  target.parent->children.insert_or_assign(target.name, source.node);
  return Status();
}

Status MemoryFileSystem::RemoveFile(const std::string& path) {
  VECDB_TRY(CheckPath(path));
  base::MutexLock lock(tree_->mutex);
  const Place place = Find(path);
  int error = place.error;
  if (error == 0 && place.node == nullptr) error = ENOENT;
  if (error == 0 && place.node->is_directory) error = EISDIR;
  if (error != 0) return StatusFromErrno("remove", Describe(path), error);
  place.parent->children.erase(place.name);
  return Status();
}

Status MemoryFileSystem::RemoveDirectory(const std::string& path) {
  VECDB_TRY(CheckPath(path));
  base::MutexLock lock(tree_->mutex);
  const Place place = Find(path);
  int error = place.error;
  if (error == 0 && place.node == nullptr) error = ENOENT;
  if (error == 0 && !place.node->is_directory) error = ENOTDIR;
  if (error == 0 && !place.node->children.empty()) error = ENOTEMPTY;
  if (error != 0) return StatusFromErrno("remove directory", Describe(path), error);
  place.parent->children.erase(place.name);
  return Status();
}

Result<std::vector<DirectoryEntry>> MemoryFileSystem::List(const std::string& path) {
  VECDB_TRY(CheckPath(path, true));
  base::MutexLock lock(tree_->mutex);
  int error = 0;
  const std::shared_ptr<Node> directory = FindDirectory(path, &error);
  if (directory == nullptr) return StatusFromErrno("list", Describe(path), error);
  std::vector<DirectoryEntry> entries;
  entries.reserve(directory->children.size());
  for (const auto& [name, node] : directory->children) {
    entries.push_back({name, node->is_directory, !node->is_directory});
  }
  return entries;
}

Result<bool> MemoryFileSystem::Exists(const std::string& path) {
  VECDB_TRY(CheckPath(path, true));
  if (path.empty()) return true;
  base::MutexLock lock(tree_->mutex);
  const Place place = Find(path);
  if (place.error == ENAMETOOLONG) return StatusFromErrno("look for", Describe(path), place.error);
  return place.node != nullptr;
}

bool CanLock(const Node& node, bool exclusive) {
  return !node.exclusive_lock && (!exclusive || node.shared_locks == 0);
}

// The database's own lock also locks the directory, as on disk.
Result<std::unique_ptr<FileLock>> MemoryFileSystem::Lock(const std::string& path, bool exclusive) {
  VECDB_TRY(CheckPath(path));
  base::MutexLock lock(tree_->mutex);
  Place place = Find(path);
  int error = place.error;
  const bool directory_alone =
      error == 0 && !exclusive && place.node == nullptr && path == kLockName;
  if (error == 0 && !exclusive && place.node == nullptr && !directory_alone) error = ENOENT;
  if (error == 0 && place.node != nullptr && place.node->is_directory) error = EISDIR;
  if (error != 0) return StatusFromErrno("lock", Describe(path), error);
  if (place.node == nullptr && !directory_alone) {
    place.node = std::make_shared<Node>(false);
    place.parent->children.emplace(place.name, place.node);
  }
  std::vector<std::shared_ptr<Node>> nodes;
  if (place.node != nullptr) nodes.push_back(place.node);
  if (path == kLockName) nodes.push_back(tree_->root);
  for (const std::shared_ptr<Node>& node : nodes) {
    if (!CanLock(*node, exclusive)) return LockIsTaken(Describe(""), "");
  }
  for (const std::shared_ptr<Node>& node : nodes) {
    if (exclusive) {
      node->exclusive_lock = true;
    } else {
      ++node->shared_locks;
    }
  }
  return std::unique_ptr<FileLock>(new MemoryLock(tree_, std::move(nodes), exclusive));
}

}  // namespace

std::shared_ptr<FileSystem> MakeMemoryFileSystem() {
  return std::make_shared<MemoryFileSystem>();
}

}  // namespace vecdb::io
