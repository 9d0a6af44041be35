#include "io/install.h"

#include <utility>

#include "base/canary.h"
#include "base/status.h"
#include "io/layout.h"
#include "io/relative_path.h"

namespace vecdb::io {
namespace {

// A file of this name may lie in tmp/ from an earlier failure; it is litter and makes way.
Result<std::unique_ptr<File>> CreateOverLitter(FileSystem& fs, const std::string& path) {
  Result<std::unique_ptr<File>> file = fs.Open(path, OpenMode::kCreate);
  if (file.status().code() != StatusCode::kAlreadyExists) return file;
  VECDB_TRY(fs.RemoveFile(path));
  return fs.Open(path, OpenMode::kCreate);
}

}  // namespace

// 1 write tmp/<name>        crash: litter, swept at open
// 2 sync it                 same
// 3 rename to `path`        crash: the old `path` or the new one; the new one is whole
// 4 sync the parent         from here on the new one
Status InstallFile(FileSystem& fs, std::span<const std::byte> bytes, const std::string& tmp_name,
                   const std::string& path) {
  const std::string tmp = TmpPath(tmp_name);
  VECDB_TRY_ASSIGN(const std::unique_ptr<File> file, CreateOverLitter(fs, tmp));
  VECDB_TRY(file->WriteAt(0, bytes));
  if (!base::Canary(6)) VECDB_TRY(file->Sync());
  VECDB_TRY(fs.Rename(tmp, path));
  if (base::Canary(7)) return Status();
  return fs.SyncDirectory(std::string(ParentOf(path)));
}

Result<base::Bytes> ReadWholeFile(FileSystem& fs, const std::string& path, std::uint64_t max_size) {
  VECDB_TRY_ASSIGN(const std::unique_ptr<File> file, fs.Open(path, OpenMode::kRead));
  VECDB_TRY_ASSIGN(const std::uint64_t size, file->Size());
  if (size > max_size) {
    return base::Corruption("'{}' has {} bytes where at most {} are expected", fs.Describe(path),
                            size, max_size);
  }
  base::Bytes bytes(size);
  VECDB_TRY(file->ReadAt(0, bytes));
  return bytes;
}

}  // namespace vecdb::io
