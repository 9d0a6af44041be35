// The life of one row, as the disk still knows it: for questions like "where did it go?". Nothing
// is written, and no byte is believed before its checksum has been compared.
//
// Thread safety: may be called from any thread. Holds the directory's shared lock while it runs:
// beside any number of readers, never beside a writer.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "vecdb/export.h"
#include "vecdb/result.h"
#include "vecdb/stats.h"
#include "vecdb/status.h"
#include "vecdb/types.h"

namespace vecdb {

// What a record of the log says of a key.
enum class LoggedWriteType : std::uint8_t { kInsert = 1, kUpsert = 2, kDelete = 3 };

// "insert", "upsert", "delete".
VECDB_API std::string_view ToString(LoggedWriteType type);

// A record of the log that names the key. Records whose logs were removed, behind a flush, are not
// known any more.
struct LoggedWrite {
  std::uint64_t lsn = 0;
  LoggedWriteType type = LoggedWriteType::kInsert;
  Timestamp timestamp{0};
  std::uint64_t segment = 0;  // the growing segment that took the row; 0 for a delete
};

// A row with the key, in a segment that counts. Rows that were overwritten or deleted stay until
// their segment is rewritten.
struct TracedRow {
  std::uint64_t segment = 0;
  SegmentState state = SegmentState::kGrowing;  // Flushed: in segments/SEGMENT/
  std::string partition;
  std::uint64_t row = 0;  // its number there, from 0
  Timestamp written{0};
  Timestamp deleted{0};  // 0: it lives
};

// Everything found, each list in the order of its timestamps.
struct KeyTrace {
  std::uint32_t channel = 0;
  std::uint32_t shard = 0;  // the key's, by its hash
  std::vector<LoggedWrite> writes;
  std::vector<TracedRow> rows;
  bool present = false;  // a read would find it now
};

// What is known of this key in this collection. kNotFound: no such database or collection.
// kInvalidArgument: a key of another type. kUnavailable: a writer has the directory. kCorruption:
// it does not open, or the log is damaged. Memory: the rows of the log.
VECDB_API Result<KeyTrace> Trace(const std::filesystem::path& directory,
                                 std::string_view collection, const Key& key);

}  // namespace vecdb
