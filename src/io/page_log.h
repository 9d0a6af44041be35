// A log of records in pages of 4 KiB that are written once and never again. The WAL and the
// manifest are both made of it. Grammar (all little-endian; docs/FORMAT.md has it in hex):
//
//   page 0    header page: magic "VDBWAL01" or "VDBMAN01", database id[16], channel u32,
//             format u32, log number u64, incarnation u64 (random), created wall ms u64, zeros,
//             crc32c u32 at 4092 over the 4092 bytes before
//   page      { u32 crc32c over the rest of the page, seeded with crc32c(database id, log number,
//               incarnation), u8 kind (0 never written, 1 START, 2 CONT, 3 SEAL), u8 version,
//               u16 used, u32 page number, u32 first page of its group, u64 first_lsn } + 4072 B
//   group     START page, then CONT pages. The payload begins { u32 header_crc, u32 n_pages,
//             u32 n_records, u32 flags, u64 first_lsn, u64 last_lsn, u64 durable_lsn, u64 max_ts }
//   record    { u32 len, u32 masked crc32c(type..body), u16 type, u16 reserved 0, u64 lsn, body }
//   SEAL      a page alone: a group of no records, first_lsn = the next lsn, last_lsn = first_lsn-1
//
// A group is the unit of atomicity: it is valid only if all of its pages are. `durable_lsn` is what
// was known to be synced when the group was made; it is what lets a reader tell a torn tail from
// damaged acknowledged data (see log_chain.h).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "io/block_file.h"
#include "io/file_system.h"

namespace vecdb::io {

inline constexpr std::size_t kPageSize = 4096;
inline constexpr std::size_t kPageHeaderSize = 24;
inline constexpr std::size_t kPagePayload = kPageSize - kPageHeaderSize;
inline constexpr std::size_t kGroupHeaderSize = 48;
inline constexpr std::size_t kRecordHeaderSize = 20;
// One constant each, used by writer and reader.
inline constexpr std::size_t kMaxRecordBytes = std::size_t{16} << 20;
inline constexpr std::size_t kMaxGroupBytes = std::size_t{32} << 20 | std::size_t{1} << 20;

enum class LogKind : std::uint8_t { kWal, kManifest };

struct LogIdentity {
  LogKind kind = LogKind::kWal;
  DatabaseUuid database{};
  std::uint32_t channel = 0;
  std::uint64_t number = 0;
  std::uint64_t incarnation = 0;

  friend bool operator==(const LogIdentity&, const LogIdentity&) = default;
};

struct LogRecord {
  std::uint16_t type = 0;
  Lsn lsn = 0;                        // set by the writer
  std::span<const std::byte> body;    // lent
  std::span<const std::byte> head{};  // writing: goes in front of the body, saves joining the two
};

struct GroupHeader {
  std::uint32_t pages = 0;
  std::uint32_t records = 0;
  Lsn first_lsn = 0;
  Lsn last_lsn = 0;  // first_lsn - 1 in a SEAL
  Lsn durable_lsn = 0;
  std::uint64_t max_ts = 0;
  bool seal = false;
};

// Writes groups one behind the other. Not thread-safe for appends; Sync() may run beside an append.
class PageLogWriter {
 public:
  // Makes the file (which must not exist) with its header page; `zero_ahead` bytes of zeros are
  // kept written in front of the end, growing with the log, so that most syncs find their pages
  // allocated. The header is not synced.
  static Result<std::unique_ptr<PageLogWriter>> Create(FileSystem& fs, const std::string& path,
                                                       const LogIdentity& identity,
                                                       std::uint64_t created_ms);
  virtual ~PageLogWriter() = default;

  // Writes one group whose first record gets `first_lsn`, the next ones the numbers after it.
  // kInvalidArgument above the limits, nothing written. After any other failure the log takes no
  // more groups (kFailedPrecondition). After kResourceExhausted the group can never become valid:
  // go on in another log, with the same lsn. After kIoError it may, and so may a later sync lie.
  virtual Status AppendGroup(std::span<const LogRecord> records, Lsn first_lsn, Lsn durable_lsn,
                             std::uint64_t max_ts) = 0;
  virtual Status AppendSeal(Lsn next_lsn, Lsn durable_lsn, std::uint64_t max_ts) = 0;
  virtual Status Sync() = 0;
  // Writes zeros for groups of this many bytes (of payload, about), so that they find their space.
  // A failure leaves the log as it was, with perhaps some of the zeros.
  virtual Status Reserve(std::uint64_t bytes) = 0;

  virtual std::uint64_t size_bytes() const = 0;  // header and groups, without zeros ahead
  virtual std::uint32_t next_page() const = 0;
  virtual bool failed() const = 0;
  virtual const LogIdentity& identity() const = 0;
  virtual const std::string& path() const = 0;
};

// Decodes one log held in memory as a whole, or page by page from the file. Not thread-safe.
class PageLogReader {
 public:
  // Checks the header page against `expected` (kCorruption on mismatch).
  static Result<std::unique_ptr<PageLogReader>> Open(FileSystem& fs, const std::string& path,
                                                     const LogIdentity& expected);
  // The identity in the header page of a log that nobody described (inspect, manifests).
  static Result<LogIdentity> PeekIdentity(FileSystem& fs, const std::string& path);
  virtual ~PageLogReader() = default;

  // The group that starts at this page if every page, header and record of it is valid; nothing
  // otherwise. Fails only when the file cannot be read.
  virtual Result<std::optional<GroupHeader>> GroupAt(std::uint32_t page) = 0;
  // The records of the group GroupAt() returned last; bodies are lent until the next call.
  virtual Result<std::vector<LogRecord>> Records() = 0;

  // The durable_lsn that this page carries if it is the first of a group of this log, whether or
  // not it stands where it was written and the rest of its group is there: it was true when the
  // page was made. 0 when it carries none.
  virtual Result<Lsn> ProofAt(std::uint32_t page) = 0;

  virtual std::uint32_t page_count() const = 0;  // whole pages in the file
  virtual std::uint64_t file_bytes() const = 0;
  // Bytes from this page to the end that are not zero: what a discard throws away.
  virtual Result<std::uint64_t> NonZeroBytesFrom(std::uint32_t page) = 0;
  virtual const std::string& path() const = 0;
};

}  // namespace vecdb::io
