// All that a FileSystem holds, read and put elsewhere.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "vecdb/status.h"

#include "io/file_system.h"

namespace vecdb::testkit {

struct TreeEntry {
  std::string path;
  bool is_directory = false;
  std::span<const std::byte> bytes;  // of a file; lent until the visitor returns
};

// Every folder and file, in the order of their paths; a folder before what is in it.
Status VisitTree(io::FileSystem& fs, const std::function<Status(const TreeEntry&)>& visit);

}  // namespace vecdb::testkit
