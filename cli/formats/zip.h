// The entries of a ZIP archive, each read from front to back, several at a time. Entries are stored
// or, where the program has zlib, deflated; their checksums are compared at their end.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "vecdb/status.h"

#include "formats/input.h"

namespace vecdb::cli {

// Bytes that are read where one likes: a file, or memory.
class RandomBytes {
 public:
  // A file; one that ends in ".zst" is decompressed into memory first.
  static Result<std::shared_ptr<RandomBytes>> Open(const std::string& path);
  static std::shared_ptr<RandomBytes> OfMemory(std::vector<std::byte> bytes);
  virtual ~RandomBytes() = default;
  virtual std::uint64_t size() const = 0;
  // All of `out`, or a failure.
  virtual Status ReadAt(std::uint64_t offset, std::span<std::byte> out) = 0;
};

struct ZipEntry {
  std::string name;
  bool deflated = false;
  std::uint32_t crc = 0;
  std::uint64_t packed = 0;    // bytes in the archive
  std::uint64_t unpacked = 0;  // bytes it stands for
  std::uint64_t header = 0;    // offset of its local header
};

// From the directory at the archive's end: at most 64 entries.
Result<std::vector<ZipEntry>> ReadZipDirectory(RandomBytes& bytes);
// `path` names the archive in messages.
Result<std::unique_ptr<Input>> OpenZipEntry(const std::string& path,
                                            std::shared_ptr<RandomBytes> bytes,
                                            const ZipEntry& entry);

}  // namespace vecdb::cli
