#include <cstddef>
#include <string_view>
#include <vector>

#include "vecdb/stats.h"
#include "vecdb/trace.h"

#include "api/c_call.h"
#include "api/c_objects.h"
#include "api/c_path.h"
#include "api/c_struct.h"
#include "base/timestamp_oracle.h"

namespace vecdb::api {

template <>
struct CStruct<vecdb_db_stats> {
  static constexpr std::string_view kName = "vecdb_db_stats";
  static constexpr std::size_t kFirstSize = offsetof(vecdb_db_stats, memory);
  static vecdb_db_stats Defaults() { return {}; }
};

namespace {

vecdb_segment_info LendSegment(const SegmentInfo& from) {
  vecdb_segment_info lent = {};
  lent.struct_size = sizeof(lent);
  lent.id = from.id;
  lent.shard = from.shard;
  lent.state = static_cast<std::int32_t>(from.state);
  lent.partition = Lend(from.partition);
  lent.rows = from.rows;
  lent.deleted_rows = from.deleted_rows;
  lent.memory_bytes = from.memory_bytes;
  lent.disk_bytes = from.disk_bytes;
  lent.min_timestamp = base::Raw(from.min_timestamp);
  lent.max_timestamp = base::Raw(from.max_timestamp);
  lent.loaded = from.loaded ? 1 : 0;
  lent.level = from.level;
  return lent;
}

vecdb_channel_info LendChannel(const ChannelInfo& from,
                               const std::vector<vecdb_vchannel_info>& vchannels) {
  vecdb_channel_info lent = {};
  lent.struct_size = sizeof(lent);
  lent.channel = from.channel;
  lent.node = from.node;
  lent.first_log = from.first_log;
  lent.last_log = from.last_log;
  lent.next_lsn = from.next_lsn;
  lent.durable_lsn = from.durable_lsn;
  lent.checkpoint = from.checkpoint;
  lent.log_bytes = from.log_bytes;
  lent.vchannels = vchannels.data();
  lent.vchannel_count = vchannels.size();
  return lent;
}

vecdb_memory_use LendUse(const MemoryUse& from) {
  return {from.used, from.peak, from.limit};
}

vecdb_db_stats LendStats(const DatabaseStats& from) {
  vecdb_db_stats lent = {};
  lent.collections = from.collections;
  lent.rows = from.rows;
  lent.deleted_rows = from.deleted_rows;
  lent.growing_segments = from.growing_segments;
  lent.sealed_segments = from.sealed_segments;
  lent.buffered_bytes = from.buffered_bytes;
  lent.memory_bytes = from.memory_bytes;
  lent.disk_bytes = from.disk_bytes;
  lent.log_bytes = from.log_bytes;
  lent.threads = from.threads;
  lent.writes = from.writes;
  lent.written_rows = from.written_rows;
  lent.deleted_keys = from.deleted_keys;
  lent.searches = from.searches;
  lent.reads = from.reads;
  lent.flushes = from.flushes;
  lent.compactions = from.compactions;
  lent.syncs = from.syncs;
  lent.written_bytes = from.written_bytes;
  lent.shared_reads = from.shared_reads;
  lent.memory = LendUse(from.memory);
  lent.growing_memory = LendUse(from.growing_memory);
  lent.segment_memory = LendUse(from.segment_memory);
  lent.column_memory = LendUse(from.column_memory);
  lent.filter_memory = LendUse(from.filter_memory);
  lent.job_memory = LendUse(from.job_memory);
  lent.write_memory = LendUse(from.write_memory);
  lent.read_memory = LendUse(from.read_memory);
  lent.evictions = from.evictions;
  lent.reloads = from.reloads;
  lent.index_builds = from.index_builds;
  lent.recall_probes = from.recall_probes;
  return lent;
}

struct LentTrace {
  std::vector<vecdb_logged_write> writes;
  std::vector<vecdb_traced_row> rows;
  vecdb_key_trace trace = {};
};

LentTrace LendTrace(const KeyTrace& from) {
  LentTrace lent;
  for (const LoggedWrite& write : from.writes) {
    lent.writes.push_back({write.lsn, static_cast<std::int32_t>(write.type),
                           base::Raw(write.timestamp), write.segment});
  }
  for (const TracedRow& row : from.rows) {
    lent.rows.push_back({row.segment, static_cast<std::int32_t>(row.state), Lend(row.partition),
                         row.row, base::Raw(row.written), base::Raw(row.deleted)});
  }
  lent.trace.struct_size = sizeof(lent.trace);
  lent.trace.channel = from.channel;
  lent.trace.shard = from.shard;
  lent.trace.writes = lent.writes.data();
  lent.trace.write_count = lent.writes.size();
  lent.trace.rows = lent.rows.data();
  lent.trace.row_count = lent.rows.size();
  lent.trace.present = from.present ? 1 : 0;
  return lent;
}

}  // namespace
}  // namespace vecdb::api

using namespace vecdb;       // NOLINT(google-build-using-namespace): these functions are its C face
using namespace vecdb::api;  // NOLINT(google-build-using-namespace)

vecdb_code vecdb_collection_segments(const vecdb_collection* collection,
                                     void (*visit)(void* user, const vecdb_segment_info* segment),
                                     void* user, vecdb_error* error) {
  return CallUsing<CollectionObject>(collection, error, [&](CollectionObject& o) -> Status {
    if (visit == nullptr) return IsNull("visit");
    VECDB_TRY_ASSIGN(const auto segments, o.collection->Segments());
    for (const SegmentInfo& segment : segments) {
      const vecdb_segment_info lent = LendSegment(segment);
      visit(user, &lent);
    }
    return Status();
  });
}

vecdb_code vecdb_channels(vecdb_db* db,
                          void (*visit)(void* user, const vecdb_channel_info* channel), void* user,
                          vecdb_error* error) {
  return CallUsing<DatabaseObject>(db, error, [&](DatabaseObject& o) -> Status {
    if (visit == nullptr) return IsNull("visit");
    VECDB_TRY_ASSIGN(const auto channels, o.database->Channels());
    for (const ChannelInfo& channel : channels) {
      std::vector<vecdb_vchannel_info> vchannels;
      for (const VchannelInfo& one : channel.vchannels) {
        vchannels.push_back({Lend(one.collection), one.shard, one.needed_lsn});
      }
      const vecdb_channel_info lent = LendChannel(channel, vchannels);
      visit(user, &lent);
    }
    return Status();
  });
}

void vecdb_db_stats_init(vecdb_db_stats* stats, size_t struct_size) {
  InitStruct(stats, struct_size);
}

vecdb_code vecdb_database_stats(vecdb_db* db, vecdb_db_stats* stats, vecdb_error* error) {
  return CallUsing<DatabaseObject>(db, error, [&](DatabaseObject& o) -> Status {
    VECDB_TRY(CheckStruct(stats));
    VECDB_TRY_ASSIGN(const DatabaseStats found, o.database->Stats());
    return WriteStruct(LendStats(found), stats);
  });
}

vecdb_code vecdb_trace(vecdb_text directory, vecdb_text collection, const vecdb_key* key,
                       void (*visit)(void* user, const vecdb_key_trace* trace), void* user,
                       vecdb_error* error) {
  return Call(error, [&]() -> Status {
    VECDB_TRY_ASSIGN(const auto path, PathOf(directory, "directory"));
    VECDB_TRY_ASSIGN(const std::string_view called, Lent(collection, "collection"));
    if (key == nullptr) return IsNull("key");
    if (visit == nullptr) return IsNull("visit");
    VECDB_TRY_ASSIGN(const std::vector<Key> keys, OwnedKeys(key, 1));
    VECDB_TRY_ASSIGN(const KeyTrace trace, Trace(path, called, keys.front()));
    const LentTrace lent = LendTrace(trace);
    visit(user, &lent.trace);
    return Status();
  });
}
