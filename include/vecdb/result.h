// What a caller gets back: plain values that the caller owns. They hold no lock and no view
// of the database; keep them as long as you like.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "vecdb/export.h"
#include "vecdb/types.h"

namespace vecdb {

// The requested fields of one row, in the order they were asked for.
struct Row {
  std::vector<std::string> names;
  std::vector<Value> values;

  // The value of `field` as a T, or nullptr when it is absent, null or of another type. T is an
  // alternative of Value: std::int64_t for every integer, double for Float too.
  template <typename T>
  const T* Get(std::string_view field) const {
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names[i] == field) return std::get_if<T>(&values[i]);
    }
    return nullptr;
  }
};

// A row that a search found.
struct Hit {
  Key key;
  float score = 0;  // in the metric's own units; see Metric for which way is nearer
  Row row;
};

using Hits = std::vector<Hit>;  // best first

// Rows fetched by key, in the order asked; missing keys are named, in the order asked.
struct GetResult {
  std::vector<Row> rows;
  std::vector<Key> missing;
};

// Proof of a write: its place in the database's time and the keys it touched, in batch order.
struct WriteReceipt {
  Timestamp timestamp{0};
  std::vector<Key> keys;
};

// The size of a collection at one instant.
struct CollectionStats {
  std::uint64_t rows = 0;          // visible rows
  std::uint64_t deleted_rows = 0;  // rows that are deleted, replaced or expired, and not gone yet
  std::uint32_t growing_segments = 0;
  std::uint32_t sealed_segments = 0;
  std::uint64_t disk_bytes = 0;    // sealed segments
  std::uint64_t memory_bytes = 0;  // growing segments and the filters of checked keys
  // Segments that reads did not look at, for their partition or their range of the clustering key,
  // since the database was opened.
  std::uint64_t pruned_segments = 0;
};

// What one query node has of all collections. A read is one of one segment, by a search, query or
// count.
struct QueryNodeInfo {
  std::uint32_t segments = 0;  // sealed ones
  std::uint64_t rows = 0;      // in them, deleted ones included
  std::uint64_t bytes = 0;     // on disk
  std::uint64_t reads = 0;     // since the database was opened
};

// What Open() found in the log. Nothing is dropped silently: bytes are discarded only behind the
// last write known to be synced, and counted here. With kInterval and kFlushOnly that may be behind
// acknowledged writes after a power cut.
struct RecoveryReport {
  std::uint64_t logs_read = 0;
  std::uint64_t groups_applied = 0;
  std::uint64_t records_applied = 0;
  std::uint64_t discarded_bytes = 0;
  std::uint64_t first_lost_lsn = 0;  // 0 = none
  std::uint64_t orphans_removed = 0;
  bool clean = true;   // the log ends in a SEAL: closed, or ended while idle; nothing discarded
  std::string detail;  // why bytes were discarded, with file and offset
};

using JobId = std::uint64_t;  // of one opening of a database; never given twice in it

// What a job does.
enum class JobKind : std::uint8_t {
  kFlush = 1,       // a growing segment becomes files
  kCompaction = 2,  // sealed segments become fewer, without their deleted rows
  kIndex = 3,       // sealed segments get the index of a field
};

// "Flush", "Compaction", "Index".
VECDB_API std::string_view ToString(JobKind kind);

// How far a job is.
enum class JobState : std::uint8_t {
  kWaiting = 1,
  kRunning = 2,
  kDone = 3,
  kFailed = 4,
  kCancelled = 5,  // by closing the database or dropping the collection
};

// "Waiting", "Running", "Done", "Failed", "Cancelled".
VECDB_API std::string_view ToString(JobState state);

// Work in the background, as it is at one instant.
struct JobInfo {
  JobId id = 0;
  JobKind kind = JobKind::kFlush;
  JobState state = JobState::kWaiting;
  std::string collection;        // its name when the job was made
  double progress = 0;           // 0 to 1; never falls
  std::uint64_t rows = 0;        // written so far
  std::uint64_t bytes = 0;       // of the files finished so far
  std::uint64_t started_ms = 0;  // since 1970; 0 = not yet
  std::uint64_t ended_ms = 0;    // the same
  std::string error;             // why it failed or was cancelled
};

}  // namespace vecdb
