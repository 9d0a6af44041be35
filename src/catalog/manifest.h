// The catalog on disk: FORMAT (what this directory is), CURRENT (which manifest counts) and
// MANIFEST-<n>, a paged log of edits. A new manifest begins at every open for writing and above 4
// MiB or 1,000 edits: snapshot, sync, sync the folder, then CURRENT by rename, sync the folder,
// then the old one is removed.
//
// Fail-stop: after a failed write, sync or rename here nothing more is committed until reopened.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/mutex.h"
#include "catalog/state.h"
#include "io/file_system.h"
#include "io/log_chain.h"

namespace vecdb::catalog {

// The newest that this code reads and writes. FORMAT names the smallest that can read the
// directory, so that what an older vecdb understands it may go on opening.
inline constexpr std::uint32_t kFormatVersion = 5;
inline constexpr std::uint32_t kFirstFormatVersion = 1;
// The first that knows what may change of a collection: operations above 11.
inline constexpr std::uint32_t kChangesFormatVersion = 3;
// The first that knows clustering keys and CollectionProperties::compact_when_deleted.
inline constexpr std::uint32_t kClusteringFormatVersion = 4;

// The first that knows indexes: operations above 21.
inline constexpr std::uint32_t kIndexFormatVersion = 5;

// The smallest version that can read collections of this schema.
std::uint32_t FormatVersionFor(const Schema& schema);

struct Format {
  std::uint32_t version = kFirstFormatVersion;
  io::DatabaseUuid database{};
  std::uint64_t compatible_bits = 0;            // unknown: ignore
  std::uint64_t read_only_compatible_bits = 0;  // unknown: read-only
  std::uint64_t incompatible_bits = 0;          // unknown: refuse
  std::uint64_t created_ms = 0;
};
base::Bytes EncodeFormat(const Format& format);  // 128 bytes
// A newer version or unknown incompatible bit is kFailedPrecondition naming both versions.
Result<Format> DecodeFormat(std::span<const std::byte> bytes);
// kFailedPrecondition when only a newer vecdb may write here; reading is allowed.
Status CheckWritable(const Format& format);

// What recovery reads, without writing anything.
struct Recovered {
  Format format;
  State state;
  std::uint64_t manifest_number = 0;
  io::ChainReport report;
};
// kNotFound: FORMAT is not there (no database was ever finished here). kCorruption otherwise names
// the file. Never falls back to an older manifest.
Result<Recovered> Recover(io::FileSystem& fs);

class Manifest {
 public:
  // Starts MANIFEST-<number> with a snapshot of `state` and makes it current: CURRENT names it when
  // this returns. For a new database FORMAT is written last of all by WriteFormat().
  static Result<std::unique_ptr<Manifest>> Begin(io::FileSystem& fs, State state,
                                                 std::uint64_t number,
                                                 std::function<std::uint64_t()> random,
                                                 std::uint64_t created_ms);
  virtual ~Manifest() = default;

  // Applies and syncs one edit; when it returns OK the edit is durable and state() shows it. A
  // refused edit (contradiction) changes nothing. One caller at a time (the coordinator's strand,
  // or the log's rotation): commits are serialised inside.
  virtual Status Commit(const Edit& edit) = 0;
  virtual std::shared_ptr<const State> state() const = 0;
  // Ids [first, first + count) that nobody was given before, leasing more by an edit when needed.
  virtual Result<std::uint64_t> NewIds(std::uint64_t count) = 0;
  virtual Status Close() = 0;  // seals and syncs
  virtual Status health() const = 0;
  virtual std::uint64_t number() const = 0;
};

Status WriteFormat(io::FileSystem& fs, const Format& format);

}  // namespace vecdb::catalog
