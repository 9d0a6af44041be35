#include <string_view>
#include <vector>

#include "vecdb/stats.h"

#include "api/c_call.h"
#include "api/c_objects.h"
#include "api/c_struct.h"
#include "base/timestamp_oracle.h"

namespace vecdb::api {

template <>
struct CStruct<vecdb_db_stats> {
  static constexpr std::string_view kName = "vecdb_db_stats";
  static constexpr std::size_t kFirstSize = sizeof(vecdb_db_stats);
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
  lent.syncs = from.syncs;
  lent.written_bytes = from.written_bytes;
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
