// The sentences in which every FileSystem refuses: one place, so that the directory on disk, the
// one in memory and the ones that tests stand in between cannot be told apart by their failures.
#pragma once

#include <cstdint>
#include <string_view>

#include "vecdb/status.h"

namespace vecdb::io {

// "cannot <operation> '<path>': <what the system says>"; `path` as FileSystem::Describe spells it.
Status StatusFromErrno(std::string_view operation, std::string_view path, int error);

// "cannot rename '<from>' to '<to>': ...".
Status RenameFailure(std::string_view from, std::string_view to, int error);

// A read that wanted bytes up to `end` of a file that has fewer: kCorruption with both numbers.
Status FileEndsBefore(std::string_view path, std::uint64_t end, std::uint64_t size);

// kUnavailable; `holder` is the process id found in the lock file, which may be stale: a hint.
Status LockIsTaken(std::string_view directory, std::string_view holder);

}  // namespace vecdb::io
