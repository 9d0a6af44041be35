// A sealed file: bytes that never change again, in blocks of 16 KiB, each with a checksum that is
// checked when the block first comes into memory and before anything in it is used.
//
//   body      body_size bytes
//   table     u32 crc32c per block, each seeded with (database id, file id, block number)
//   footer    64 bytes: magic "VDBBLOCK", body_size u64, rows u64, file_id u64, block_count u32,
//             table_crc u32, kind u32, reserved 16 zero bytes, footer_crc u32 over the 60 before
//
// Swapped, duplicated, misdirected or foreign blocks and files fail their seed.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "vecdb/options.h"

#include "base/bytes.h"
#include "base/ids.h"
#include "base/memory_budget.h"
#include "io/file_system.h"

namespace vecdb::io {

inline constexpr std::size_t kBlockSize = 16384;

using DatabaseUuid = std::array<std::byte, 16>;

enum class FileKind : std::uint32_t { kColumn = 1, kKeys = 2, kDeletes = 3, kIndex = 4 };

// What the manifest remembers of a sealed file, and what its footer must agree with.
struct SealedFileInfo {
  FileId file_id = 0;
  FileKind kind = FileKind::kColumn;
  std::uint64_t size_bytes = 0;  // of the whole file
  std::uint64_t rows = 0;
  std::uint32_t footer_crc = 0;

  friend bool operator==(const SealedFileInfo&, const SealedFileInfo&) = default;
};

// Writes one sealed file front to back. Not thread-safe. Until Finish() returns OK the file is
// litter.
class BlockFileWriter {
 public:
  static Result<BlockFileWriter> Create(FileSystem& fs, const std::string& path,
                                        const DatabaseUuid& database, FileId file_id,
                                        FileKind kind);

  Status Append(std::span<const std::byte> bytes);
  Status PadTo(std::size_t alignment);  // zeros up to a multiple of `alignment` (a power of two)
  std::uint64_t position() const;       // bytes of body so far

  // Writes table and footer and syncs the file.
  Result<SealedFileInfo> Finish(std::uint64_t rows);

  BlockFileWriter(BlockFileWriter&&) noexcept;
  BlockFileWriter& operator=(BlockFileWriter&&) noexcept;
  ~BlockFileWriter();

 private:
  struct Body;
  explicit BlockFileWriter(std::unique_ptr<Body> body);
  std::unique_ptr<Body> body_;
};

// Reads a sealed file. Thread-safe; holds no file descriptor after Open.
class BlockFile {
 public:
  // Checks size, footer and table against `expected`; kCorruption names file and reason. kMapped
  // maps the file and verifies blocks on first touch; kResident reads and verifies every byte now.
  // `memory`, of MemoryFor() bytes, is given back when the file goes.
  static Result<std::shared_ptr<const BlockFile>> Open(FileSystem& fs, const std::string& path,
                                                       const DatabaseUuid& database,
                                                       const SealedFileInfo& expected,
                                                       LoadMode mode,
                                                       base::MemoryReservation memory = {});
  // What an open file takes; pages of a mapping belong to the system.
  static std::uint64_t MemoryFor(const SealedFileInfo& info, LoadMode mode);
  // Reads and verifies every byte as kResident does, a piece at a time, and keeps nothing.
  static Status Check(FileSystem& fs, const std::string& path, const DatabaseUuid& database,
                      const SealedFileInfo& expected);

  // [offset, offset + size) of the body, verified. The bytes live as long as this object.
  Result<std::span<const std::byte>> Read(std::uint64_t offset, std::uint64_t size) const;

  std::uint64_t body_size() const { return body_size_; }
  std::uint64_t rows() const { return rows_; }
  const std::string& name() const { return name_; }

  // Verifies every block again, whatever was verified before.
  Status VerifyAll() const;

 private:
  BlockFile() = default;
  Status LoadMapped(const File& file, std::uint64_t file_size);
  Status LoadResident(const File& file);
  Status VerifyBlocks(std::uint64_t first, std::uint64_t last) const;
  Status VerifyBlock(std::uint64_t block) const;

  base::MemoryReservation memory_;  // first, so that it goes last
  std::string name_;
  std::uint64_t body_size_ = 0;
  std::uint64_t rows_ = 0;
  std::uint32_t seed_ = 0;
  std::uint64_t block_count_ = 0;
  std::vector<std::uint32_t> table_;
  std::shared_ptr<const Mapping> mapping_;       // kMapped
  std::shared_ptr<const std::byte[]> resident_;  // kResident; 64-byte aligned
  std::span<const std::byte> body_;
  mutable std::atomic<std::uint64_t> verified_count_{0};
  mutable std::unique_ptr<std::atomic<std::uint64_t>[]> verified_;  // one bit per block
};

// For a sealed file whose record is not at hand (vecdb check and inspect): what its footer says,
// once lengths, footer and table are verified. The blocks need the database's id: BlockFile::Open
// with this answer, then VerifyAll().
Result<SealedFileInfo> PeekSealedFile(FileSystem& fs, const std::string& path);

}  // namespace vecdb::io
