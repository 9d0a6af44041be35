// Choices made when a database is opened or a collection created. Defaults are meant to be
// right for a laptop; each comment says what changes when you turn the knob.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "vecdb/event.h"
#include "vecdb/types.h"

namespace vecdb {

// When is a write safe from a power cut? It always survives the end of this process.
enum class Durability : std::uint8_t {
  kEveryWrite = 1,  // before the call returns; concurrent writers share one sync
  kInterval = 2,    // within Options::sync_interval; a power cut may lose that much
  kFlushOnly = 3,   // only at Flush(), WaitDurable() and Close(); for bulk loads you can repeat
};

// How sealed files are read. Either way every byte is verified before it can change an answer.
enum class LoadMode : std::uint8_t {
  kMapped = 1,    // mapped; each 16 KiB block is verified on first touch. A failing disk may SIGBUS
  kResident = 2,  // read into memory and verified as it is read; a disk error is a Status
};

// Who makes the links of graph indexes. Graphs of either are searched alike, and no file says whose
// it is.
enum class GraphBuilder : std::uint8_t {
  kVecdb = 1,    // vecdb itself: the same links, however many threads make them
  kHnswlib = 2,  // hnswlib, in a vecdb that was built with it (VECDB_WITH_HNSWLIB)
};

// How much a message of Options::log matters.
enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError };

// Of one database, chosen at each opening.
struct Options {
  bool create_if_missing = true;
  // Writes nothing; takes a shared lock; any number of readers when no writer has it.
  bool read_only = false;

  Durability durability = Durability::kEveryWrite;
  std::chrono::milliseconds sync_interval{50};  // 1 ms to 24 hours

  // What a read of Consistency::kBounded may lag behind, 0 ms to 24 hours: a promise that is kept
  // with room to spare, since in one process the newest is at hand.
  std::chrono::milliseconds bounded_staleness{5000};

  // Sealing, flushing, filters of keys; 0 = a quarter of the cores, at least 1; at most 256. One
  // more for each of streaming_nodes syncs and keeps house, and one of low priority compacts. A
  // read-only database has none of these.
  std::uint32_t background_threads = 0;
  // Of low priority, for building indexes; 0 = one a core; at most 256. They start with the first
  // build.
  std::uint32_t index_threads = 0;
  // Of graphs that are built from now on; those that are there stay. kUnimplemented where vecdb was
  // built without it.
  GraphBuilder graph_builder = GraphBuilder::kVecdb;
  // Every so many-th search through an index is kept for a moment and made again in the background,
  // once as it was and once by looking at every row: IndexInfo says what share of the nearest rows
  // is found. 0 = none. At most 16 wait for each collection, 4 of them are made a second.
  std::uint32_t recall_probe_every = 0;
  // A search, query or count may use so many at once, the caller's among them; 0 = one a core; at
  // most 256. Small ones use the caller's alone. The others start with the first read that is large
  // enough to be shared, also in a read-only database.
  std::uint32_t search_threads = 0;
  // Sealed segments are spread over so many nodes, each read by one thread at a time for one
  // search; 0 = one a core, at most 64.
  std::uint32_t query_nodes = 0;
  // Logs that new collections are spread over, 1 to 16: each collection writes to one for as long
  // as it lives, so writes to collections of different channels do not wait for each other's syncs.
  // Above 1 the directory cannot be opened by a vecdb that reads formats up to 2.
  std::uint32_t channels = 1;
  // Each channel belongs to one, which syncs it; 1 to 16, each with a thread.
  std::uint32_t streaming_nodes = 1;
  bool own_threads = true;  // false: not one thread; call Database::RunBackground() yourself
  // Yours to run what vecdb would run on threads of its own: there are none then, whatever the
  // options above say. It gets background work and shares of large reads, each to be called once,
  // soon, on any thread but not before it returns; what it is given may outlive the database. Syncs
  // at intervals, idle seals and housekeeping are left to RunBackground(): call it now and then.
  // Called from your calls and from its own tasks, by several threads at once; must not throw.
  std::function<void(std::function<void()>)> executor = {};
  // Rows not yet in sealed segments, over all collections; at least 1 MiB. Above it writers help to
  // flush, and wait; kResourceExhausted when that fails.
  std::size_t write_buffer_bytes = 256u << 20;
  // A growing segment seals so long after its first row, however busy it is; from 1 ms.
  std::chrono::milliseconds seal_after = std::chrono::hours(24);
  LoadMode load = LoadMode::kMapped;

  // What the database may use of memory in all, from 64 MiB; 0 = no limit. Counted is what grows
  // with the data: rows not in files (a third at most, however large write_buffer_bytes is), keys
  // and tombstones, columns in LoadMode::kResident, flushes, compactions, large writes and reads;
  // not pages of mapped files, which the system takes back by itself, nor the files of a database
  // in memory. Above it columns are closed, those read longest ago first, and opened again by the
  // next read; writers wait for a flush; then calls fail with kResourceExhausted, which names the
  // budget and what the memory is for.
  std::uint64_t memory_budget_bytes = 0;

  // Compaction merges small sealed segments into ones of up to about this size on disk, at least
  // 1024 bytes.
  std::uint64_t merged_segment_bytes = std::uint64_t{1} << 30;
  // By itself, when sealed segments have many deleted rows or are many and small. Without it only
  // Collection::Compact() compacts. It has one thread of low priority.
  bool auto_compaction = true;
  // What compaction may read and write, at most; 0 = no limit.
  std::uint64_t background_bytes_per_second = 0;
  // Of its time that compaction, or the building of indexes, works and does not rest while writes
  // wait for the disk (Durability::kEveryWrite), where vecdb has threads; above 0, and 1 = it never
  // rests. A write waits several times as long for a disk that compaction keeps busy.
  double background_share = 0.1;

  // A directory that belongs to another user (the superuser excepted) or that everyone may write
  // to is refused: whoever can replace files under an open database can make it say anything.
  bool allow_shared_directory = false;
  // So is one on a network file system (NFS, SMB, Ceph, ...): locks and syncs may not hold there.
  bool allow_network_file_system = false;

  // Called from vecdb's threads, and from yours inside of a call, one call at a time. Must not call
  // back into vecdb, nor throw.
  std::function<void(LogLevel, std::string_view)> log = {};
  // Told what happens to segments, as `log` is; of one segment in the order in which it happens.
  // What it throws is told to `log`. It delays what it is told about: keep it short.
  std::function<void(const Event&)> listener = {};
};

// Of one collection, chosen when it is created.
struct CollectionOptions {
  std::uint32_t shards = 1;  // by key, each with its own segments, 1..16; the log is one for all
  // A growing segment seals at this size in memory, at least 1024 bytes, or up to a tenth below it,
  // so that not all seal together; earlier when the write buffer is full or the log has grown to
  // eight files (512 MiB), after Options::seal_after,
  std::size_t segment_bytes = 122'880'000;
  std::size_t segment_rows = 0;                        // or at this many rows; 0 = no limit
  std::chrono::milliseconds seal_after_idle{600'000};  // or when no row came for so long, from 1 ms
  // Insert refuses taken keys; off for bulk loads of keys known to be new. Costs 2 to 3 bytes of
  // memory a row once the collection is written to and has several sealed segments.
  bool check_keys = true;
  // Sends each row to one of `num_partitions` partitions by its value of this field: an Int64 or
  // VarChar that is neither the primary key nor nullable. A filter that asks for some of its values
  // (key == 7, key in [7, 8]) makes a read look only where they are. Calls name no partitions then.
  std::string partition_key = {};
  std::uint32_t num_partitions = 16;  // with a partition key; 1 to 1,024
  // Lets compaction put rows of near values of this field, a number or a VarChar, into one segment
  // (Collection::Compact), and reads leave out segments in which a filter finds none: key == 7,
  // key in [7, 8], key > 7 and the like. Directories with such a collection are refused by vecdbs
  // that read formats up to 3.
  std::string clustering_key = {};
};

// Of one Collection::Compact or StartCompaction.
struct CompactOptions {
  // By the clustering key: all segments of a shard and partition become ones of about
  // Options::merged_segment_bytes that share no values of it but those at their bounds. Done by
  // itself, too (Options::auto_compaction), when half of that size has come that is not clustered,
  // and a quarter of what is.
  bool clustering = false;
};

// Of one collection, chosen when it is created and changed at any time by
// Database::AlterCollection.
struct CollectionProperties {
  // Rows that were written longer ago than this are in no answer, by the machine's clock, and their
  // keys are free; 0 = rows live until they are deleted. At most 3,155,760,000 seconds.
  std::chrono::milliseconds ttl{0};
  bool auto_compaction = true;                     // segments are merged and rewritten by vecdb
  Consistency consistency = Consistency::kStrong;  // of reads that name none
  // The share of deleted or expired rows, 0 to 1, from which on vecdb writes a segment again
  // without them. Directories with another than 0.2 are refused by vecdbs that read formats up
  // to 3.
  double compact_when_deleted = 0.2;

  // The same choices.
  friend bool operator==(const CollectionProperties&, const CollectionProperties&) = default;
};

}  // namespace vecdb
