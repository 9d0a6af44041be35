#include "base/status.h"
#include "io/file_system.h"
#include "io/layout.h"

namespace vecdb::io {
namespace {

Status UnlessGone(const Status& status) {
  return status.code() == StatusCode::kNotFound ? Status() : status;
}

// Removes the files of one folder and adds its folders to `folders`.
Status EmptyFolder(FileSystem& fs, const std::string& folder, std::vector<std::string>* folders) {
  Result<std::vector<DirectoryEntry>> entries = fs.List(folder);
  if (!entries.ok()) return UnlessGone(entries.status());
  for (const DirectoryEntry& entry : *entries) {
    const std::string path = Join(folder, entry.name);
    if (entry.is_directory) {
      folders->push_back(path);
    } else {
      VECDB_TRY(UnlessGone(fs.RemoveFile(path)));
    }
  }
  return Status();
}

}  // namespace

// Breadth first down, then back up: no recursion, however deep the tree is.
Status RemoveTree(FileSystem& fs, const std::string& path) {
  VECDB_TRY_ASSIGN(const bool exists, fs.Exists(path));
  if (!exists) return Status();
  const Status removed = fs.RemoveFile(path);
  if (removed.ok() || removed.code() == StatusCode::kNotFound) return Status();
  if (!fs.List(path).ok()) return removed;  // not a folder: the refusal stands
  std::vector<std::string> folders = {path};
  for (std::size_t i = 0; i < folders.size(); ++i) {
    const std::string folder = folders[i];  // a copy: the vector grows
    VECDB_TRY(EmptyFolder(fs, folder, &folders));
  }
  for (std::size_t i = folders.size(); i-- > 0;) {
    VECDB_TRY(UnlessGone(fs.RemoveDirectory(folders[i])));
  }
  return Status();
}

}  // namespace vecdb::io
