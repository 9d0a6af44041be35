// The only door to the disk: everything vecdb reads or writes goes through one FileSystem, so that
// tests can stand behind it. A FileSystem is one database directory; paths are relative to it, made
// by io::Layout, with '/' between folders.
//
// Errors: kNotFound (ENOENT), kAlreadyExists (EEXIST), kResourceExhausted (no space, quota, too
// many open files), kUnavailable (a lock is taken), kIoError (all else); every message names the
// operation, the path and what the system said. EINTR is retried inside.
//
// Thread safety: a FileSystem may be used from any thread; so may one File.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "vecdb/status.h"

#include "io/directory_rules.h"

namespace vecdb::io {

// Bytes of a whole file, readable while this object lives.
class Mapping {
 public:
  virtual ~Mapping() = default;
  std::span<const std::byte> bytes() const { return bytes_; }

 protected:
  std::span<const std::byte> bytes_;
};

class File {
 public:
  virtual ~File() = default;

  // Fills `out`; a file that ends before that is kCorruption naming both sizes.
  virtual Status ReadAt(std::uint64_t offset, std::span<std::byte> out) const = 0;
  // Writes all of `bytes`, extending the file as needed. After a failure any part of them may
  // have been written.
  virtual Status WriteAt(std::uint64_t offset, std::span<const std::byte> bytes) = 0;
  // Returns when the file's bytes and size would survive a power cut. After a failure nothing is
  // known about them; never retry (the kernel may report success once it dropped the pages).
  virtual Status Sync() = 0;
  // Has the system bring these bytes to the disk and waits, so that little is left for Sync(),
  // which has to be called all the same. A failure means what one of Sync() does.
  virtual Status WriteOut(std::uint64_t /*offset*/, std::uint64_t /*size*/) { return Status(); }
  virtual Result<std::uint64_t> Size() const = 0;
  // Maps the file as it is now. Only for files that nobody writes any more. The mapping outlives
  // the File.
  virtual Result<std::shared_ptr<const Mapping>> Map() const = 0;
};

// Releases the lock when destroyed.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

enum class OpenMode {
  kRead,       // must exist
  kReadWrite,  // must exist
  kCreate,     // must not exist
};

struct DirectoryEntry {
  std::string name;
  bool is_directory = false;
  bool is_regular = false;  // neither: a link, a pipe, … which vecdb never makes
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  // Never follows a symbolic link in the last part of `path`; anything but a regular file is
  // refused.
  virtual Result<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) = 0;
  virtual Status MakeDirectory(const std::string& path) = 0;  // kAlreadyExists if it is there
  // Returns when the names in this directory would survive a power cut. "" is the root.
  virtual Status SyncDirectory(const std::string& path) = 0;
  // Replaces an existing file; a directory only if it is empty.
  virtual Status Rename(const std::string& from, const std::string& to) = 0;
  virtual Status RemoveFile(const std::string& path) = 0;
  virtual Status RemoveDirectory(const std::string& path) = 0;  // must be empty
  // In name order, without "." and "..".
  virtual Result<std::vector<DirectoryEntry>> List(const std::string& path) = 0;
  virtual Result<bool> Exists(const std::string& path) = 0;
  // An exclusive lock creates the file when it is missing; a shared one does not, and for LOCK then
  // makes do with the directory, which is locked as well. kUnavailable when another open database
  // (in this process or another) holds it.
  virtual Result<std::unique_ptr<FileLock>> Lock(const std::string& path, bool exclusive) = 0;
  // For messages: the path as a user would write it.
  virtual std::string Describe(const std::string& path) const = 0;
  // False in a child made by fork() after this object was created.
  virtual bool OwnedByThisProcess() const = 0;
};

// A directory on disk. With `create`, it and its parents are made when missing (and the parent is
// synced). kInvalidArgument when the path is a file, kNotFound when it is missing,
// kFailedPrecondition when the rules do not allow it.
Result<std::shared_ptr<FileSystem>> OpenDirectory(const std::filesystem::path& path, bool create,
                                                  const DirectoryRules& rules = {});

// A directory in memory, empty. Sync and SyncDirectory do nothing; locks exclude within it.
std::shared_ptr<FileSystem> MakeMemoryFileSystem();

// Removes a file, or a directory with everything in it; what is already gone is fine.
Status RemoveTree(FileSystem& fs, const std::string& path);

}  // namespace vecdb::io
