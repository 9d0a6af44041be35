// What an open database says about itself: its segments, its channels, what it has done. Plain
// values that the caller owns.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "vecdb/export.h"
#include "vecdb/types.h"

namespace vecdb {

// Where the rows of a segment are on their way from memory to files.
enum class SegmentState : std::uint8_t {
  kGrowing = 1,  // in memory and in the log, taking rows
  kSealed = 2,   // the same, but it takes no more rows and waits to be flushed
  kFlushed = 3,  // in files that never change
};

// "Growing", "Sealed", "Flushed".
VECDB_API std::string_view ToString(SegmentState state);

// Some rows of one shard and partition. The rows are those written before the call began.
struct SegmentInfo {
  std::uint64_t id = 0;  // of the database; its files lie in segments/ID/
  std::uint32_t shard = 0;
  std::string partition;  // "_default"
  SegmentState state = SegmentState::kGrowing;
  bool loaded = true;              // not of a released collection
  std::uint64_t rows = 0;          // with those that are deleted or have expired
  std::uint64_t deleted_rows = 0;  // that a delete or upsert hides
  std::uint64_t memory_bytes = 0;  // of its own; pages of mapped files belong to the system
  std::uint64_t disk_bytes = 0;    // 0 until it is flushed
  Timestamp min_timestamp{0};      // of its oldest row; 0 without rows
  Timestamp max_timestamp{0};      // of its newest
  // 1: as rows came, or merged; 2: by ranges of the clustering key (CompactOptions::clustering).
  // There is no level of deletes alone: each segment has its own.
  std::uint32_t level = 1;
};

// One shard of a collection, as its channel sees it.
struct VchannelInfo {
  std::string collection;
  std::uint32_t shard = 0;
  // The oldest record of the log that a row in memory or a delete in no file needs; 0 = none.
  std::uint64_t needed_lsn = 0;
};

// A chain of logs, and who writes to it. Records are numbered by lsn, from 1.
struct ChannelInfo {
  std::uint32_t channel = 0;  // its logs lie in wal/CHANNEL/
  std::uint32_t node = 0;     // the streaming node that owns it
  std::uint64_t first_log = 0;
  std::uint64_t last_log = 0;           // the one written to
  std::uint64_t next_lsn = 1;           // of the next record
  std::uint64_t durable_lsn = 0;        // everything up to here would survive a power cut
  std::uint64_t checkpoint = 1;         // where the next open would begin to replay
  std::uint64_t log_bytes = 0;          // of all its logs
  std::vector<VchannelInfo> vchannels;  // by collection, then shard
};

// Memory for one purpose, in bytes: see Options::memory_budget_bytes.
struct MemoryUse {
  std::uint64_t used = 0;   // at the time of the call
  std::uint64_t peak = 0;   // the most at one time since the database was opened
  std::uint64_t limit = 0;  // what it may reach; 0 = no limit
};

// One database. Counters begin at 0 with each open, and count calls and files that went well.
struct DatabaseStats {
  // At the time of the call.
  std::uint64_t collections = 0;
  std::uint64_t rows = 0;
  std::uint64_t deleted_rows = 0;
  std::uint64_t growing_segments = 0;  // in memory, those that wait to be flushed too
  std::uint64_t sealed_segments = 0;   // in files
  std::uint64_t buffered_bytes = 0;    // rows not in files: see Options::write_buffer_bytes
  std::uint64_t memory_bytes = 0;      // segments of both kinds, and filters of checked keys
  std::uint64_t disk_bytes = 0;        // files of segments
  std::uint64_t log_bytes = 0;         // logs of all channels
  std::uint32_t threads = 0;           // of vecdb's own
  // Since the database was opened.
  std::uint64_t writes = 0;        // Insert, Upsert, Delete, DeleteWhere
  std::uint64_t written_rows = 0;  // by Insert and Upsert
  std::uint64_t deleted_keys = 0;  // given to Delete, found by DeleteWhere
  std::uint64_t searches = 0;
  std::uint64_t reads = 0;          // Query, Get, Count
  std::uint64_t flushes = 0;        // segments turned into files
  std::uint64_t compactions = 0;    // segments made of others
  std::uint64_t index_builds = 0;   // indexes of one segment
  std::uint64_t recall_probes = 0;  // searches made again: see Options::recall_probe_every
  std::uint64_t syncs = 0;          // of files and folders
  std::uint64_t written_bytes = 0;  // into files of any kind: rows, log, catalog
  // Shares of searches and reads that another thread than the caller's has done.
  std::uint64_t shared_reads = 0;

  // What the memory budget counts, also when there is none.
  MemoryUse memory;          // all of it
  MemoryUse growing_memory;  // rows that are in no file, also those that a snapshot still reads,
                             // and what they are searched through
  MemoryUse segment_memory;  // keys, timestamps and tombstones of sealed segments, columns loaded
                             // for good, ways from the index of a segment to that of another
  MemoryUse column_memory;   // columns that are closed where room is wanted, and what filters read
                             // in their place
  MemoryUse filter_memory;   // filters of checked keys; the same
  MemoryUse job_memory;      // flushes and compactions at work
  MemoryUse write_memory;    // large writes on their way
  MemoryUse read_memory;     // large reads
  // Column files that were closed to make room, and those of them that were opened again.
  std::uint64_t evictions = 0;
  std::uint64_t reloads = 0;
};

}  // namespace vecdb
