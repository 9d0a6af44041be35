// Which directories a database may live in. Other users who can write there could replace its files
// under it, and network file systems break what locks and syncs promise.
#pragma once

#include <cstdint>
#include <string_view>

#include "vecdb/status.h"

namespace vecdb::io {

// What is allowed beyond the directory of one's own on a local disk.
struct DirectoryRules {
  bool shared = true;   // owned by another user, or writable by everyone
  bool network = true;  // on a network file system
};

struct DirectoryFacts {
  std::uint32_t owner = 0;
  std::uint32_t mode = 0;         // permission bits
  std::uint64_t file_system = 0;  // f_type of statfs(2)
};

// "NFS", ...; empty for a file system that is not known to be one.
std::string_view NetworkFileSystem(std::uint64_t file_system);

// kFailedPrecondition naming what is wrong and the option that allows it. `self` is the user; the
// superuser's directories are as good as one's own. Group members are trusted as the owner trusts
// them: many systems give every user a group of their own and let it write by default.
Status CheckDirectory(std::string_view path, const DirectoryFacts& facts, std::uint32_t self,
                      const DirectoryRules& rules);

}  // namespace vecdb::io
