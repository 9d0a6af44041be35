// CURRENT: the one line that says which manifest counts.
//
//   "MANIFEST-" 20 digits, space, 8 lower-case hex digits of crc32c over the name, newline
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "io/file_system.h"

namespace vecdb::catalog {

std::string EncodeCurrent(std::uint64_t manifest_number);
// kCorruption unless every byte is as EncodeCurrent() writes it.
Result<std::uint64_t> DecodeCurrent(std::span<const std::byte> bytes);

// kNotFound when there is none.
Result<std::uint64_t> ReadCurrent(io::FileSystem& fs);

// The two halves of making a manifest current. After PrepareCurrent() the old one still counts,
// whatever happened: tmp/CURRENT is litter. After SwitchCurrent() failed, either may count.
Status PrepareCurrent(io::FileSystem& fs, std::uint64_t manifest_number);
Status SwitchCurrent(io::FileSystem& fs);

}  // namespace vecdb::catalog
