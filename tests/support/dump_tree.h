// All that a FileSystem holds, as one map that tests compare and print.
#pragma once

#include <map>
#include <string>

#include "base/bytes.h"
#include "io/file_system.h"
#include "io/layout.h"

namespace vecdb::test {

// Path -> bytes for files, path + "/" -> "" for folders. Ends the process when a call fails.
inline std::map<std::string, std::string> DumpTree(io::FileSystem& fs) {
  std::map<std::string, std::string> tree;
  std::vector<std::string> folders = {""};
  while (!folders.empty()) {
    const std::string folder = folders.back();
    folders.pop_back();
    for (const io::DirectoryEntry& entry : *fs.List(folder)) {
      const std::string path = io::Join(folder, entry.name);
      if (entry.is_directory) {
        folders.push_back(path);
        tree[path + "/"];
        continue;
      }
      const std::unique_ptr<io::File> file = *fs.Open(path, io::OpenMode::kRead);
      std::string& bytes = tree[path];
      bytes.resize(*file->Size());
      file->ReadAt(0, std::as_writable_bytes(std::span(bytes))).OrDie();
    }
  }
  return tree;
}

// Makes a file with these bytes (replacing one that is there), unsynced.
inline void PutFile(io::FileSystem& fs, const std::string& path, std::string_view text) {
  if (*fs.Exists(path)) fs.RemoveFile(path).OrDie();
  (*fs.Open(path, io::OpenMode::kCreate))->WriteAt(0, base::AsBytes(text)).OrDie();
}

// Puts all that `from` holds onto the empty disk `to`, synced.
inline void CopyTree(io::FileSystem& from, io::FileSystem& to) {
  for (const auto& [path, bytes] : DumpTree(from)) {  // a folder before what is in it
    if (path.back() == '/') {
      to.MakeDirectory(path.substr(0, path.size() - 1)).OrDie();
      continue;
    }
    const std::unique_ptr<io::File> file = *to.Open(path, io::OpenMode::kCreate);
    file->WriteAt(0, base::AsBytes(bytes)).OrDie();
    file->Sync().OrDie();
  }
  for (const auto& [path, bytes] : DumpTree(to)) {
    if (path.back() == '/') to.SyncDirectory(path.substr(0, path.size() - 1)).OrDie();
  }
  to.SyncDirectory("").OrDie();
}
inline std::shared_ptr<io::FileSystem> MemoryCopyOf(io::FileSystem& from) {
  auto copy = io::MakeMemoryFileSystem();
  CopyTree(from, *copy);
  return copy;
}

}  // namespace vecdb::test
