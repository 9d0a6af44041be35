// How a file comes into being: born under tmp/, synced, renamed, its parent synced (rule 6).
#pragma once

#include <span>
#include <string>

#include "base/bytes.h"
#include "io/file_system.h"

namespace vecdb::io {

// Writes `bytes` to tmp/<name>, syncs, renames to `path` (replacing it), syncs the parent of
// `path`. A failure leaves the old `path` or the new one, whole, and perhaps a file in tmp/.
Status InstallFile(FileSystem& fs, std::span<const std::byte> bytes, const std::string& tmp_name,
                   const std::string& path);

// A whole file, refused when longer than `max_size` (kCorruption).
Result<base::Bytes> ReadWholeFile(FileSystem& fs, const std::string& path, std::uint64_t max_size);

}  // namespace vecdb::io
