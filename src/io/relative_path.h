// The form of the paths that a FileSystem takes: "wal/0/00000000000000000001.wal".
#pragma once

#include <string>
#include <string_view>

#include "vecdb/status.h"

namespace vecdb::io {

// kInvalidArgument unless every part of `path` is a plain name: not empty, not "." or "..", without
// NUL. "" (the root) passes only with `root_allowed`. So no path can leave the directory.
Status CheckPath(std::string_view path, bool root_allowed = false);

std::string_view ParentOf(std::string_view path);    // "" for a name in the root
std::string_view LastPartOf(std::string_view path);  // the name within its parent

}  // namespace vecdb::io
