#include "roles/statistics.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/status.h"

namespace vecdb {

std::string_view ToString(SegmentState state) {
  switch (state) {
    case SegmentState::kGrowing:
      return "Growing";
    case SegmentState::kSealed:
      return "Sealed";
    case SegmentState::kFlushed:
      return "Flushed";
  }
  return "unknown";
}

}  // namespace vecdb

namespace vecdb::roles {
namespace {

// Of the segments of a lane that are not in files, the youngest takes the rows.
using Lanes = std::map<std::pair<ShardId, PartitionId>, SegmentId>;
Lanes YoungestGrowing(const segment::View& view) {
  Lanes youngest;
  for (const auto& segment : view.segments()) {
    if (!segment->sealed()) youngest[{segment->shard(), segment->partition()}] = segment->id();
  }
  return youngest;
}

SegmentState StateOf(const segment::Segment& segment, const Lanes& youngest) {
  if (segment.sealed()) return SegmentState::kFlushed;
  const bool takes_rows = youngest.at({segment.shard(), segment.partition()}) == segment.id();
  return takes_rows ? SegmentState::kGrowing : SegmentState::kSealed;
}

// Empty when it was dropped meanwhile.
std::string PartitionName(const LiveCollection& collection, PartitionId id) {
  const auto partition = collection.partitions.At(id);
  return partition == nullptr ? std::string() : partition->name;
}

// The timestamps of its first and its last row at `t`.
Status AddTimes(const segment::Segment& segment, RowIndex rows, SegmentInfo* info) {
  if (rows == 0) return Status();
  if (segment.sealed()) {
    const auto& sealed = static_cast<const segment::SealedSegment&>(segment);
    info->loaded = sealed.has_columns();
    info->level = sealed.clustered() ? 2 : 1;
    info->min_timestamp = sealed.min_timestamp();
    info->max_timestamp = sealed.max_timestamp();
    return Status();
  }
  VECDB_TRY_ASSIGN(info->min_timestamp, segment.TimestampOf(0));
  VECDB_TRY_ASSIGN(info->max_timestamp, segment.TimestampOf(rows - 1));
  return Status();
}

// A segment's first record may be read once it has a row.
Lsn NeededBy(const segment::Segment& segment) {
  const Lsn deletes = segment.tombstones().first_unsaved_lsn();
  if (segment.sealed() || segment.rows() == 0) return deletes;
  return std::min(deletes, static_cast<const segment::GrowingSegment&>(segment).first_lsn());
}

void AddVchannels(const LiveCollection& collection, std::vector<VchannelInfo>* vchannels) {
  const std::string name = collection.name();
  std::vector<Lsn> needed(collection.record.options.shards, kNoLsn);
  for (const auto view = collection.board.Pin(); const auto& segment : view->segments()) {
    Lsn& oldest = needed[segment->shard()];
    oldest = std::min(oldest, NeededBy(*segment));
  }
  for (ShardId shard = 0; shard < needed.size(); ++shard) {
    const Lsn oldest = needed[shard] == kNoLsn ? 0 : needed[shard];
    vchannels->push_back({name, shard, oldest});
  }
}

ChannelInfo ChannelNow(const EngineParts& parts, const Channel& open) {
  const auto state = parts.manifest->state();
  const catalog::PchannelState& channel = state->pchannels.at(open.id);
  ChannelInfo info;
  info.channel = open.id;
  info.first_log = channel.logs.begin()->first;
  info.last_log = channel.logs.rbegin()->first;
  info.durable_lsn = open.writer->durable_lsn();  // first: it is never above the next one
  info.next_lsn = open.writer->next_lsn();
  info.checkpoint = channel.checkpoint;
  info.log_bytes = open.writer->live_bytes();
  return info;
}

// False when it was dropped meanwhile.
Result<bool> AddCollection(const EngineParts& parts, const LiveCollection& collection,
                           DatabaseStats* stats) {
  const auto one = parts.proxy->Stats(collection, {});
  if (one.status().code() == StatusCode::kNotFound) return false;
  VECDB_TRY(one.status());
  ++stats->collections;
  stats->rows += one->rows;
  stats->deleted_rows += one->deleted_rows;
  stats->growing_segments += one->growing_segments;
  stats->sealed_segments += one->sealed_segments;
  stats->disk_bytes += one->disk_bytes;
  stats->memory_bytes += one->memory_bytes;
  for (const auto view = collection.board.Pin(); const auto& segment : view->segments()) {
    if (segment->sealed()) stats->memory_bytes += segment->memory_bytes();
    if (!segment->sealed() && segment->rows() > 0) stats->buffered_bytes += segment->memory_bytes();
  }
  return true;
}

void AddCounters(const EngineParts& parts, DatabaseStats* stats) {
  const Counters& counters = parts.counters;
  stats->writes = counters.writes;
  stats->written_rows = counters.written_rows;
  stats->deleted_keys = counters.deleted_keys;
  stats->searches = counters.searches;
  stats->reads = counters.reads;
  stats->shared_reads = parts.search_pool->handed_over();
  stats->flushes = counters.flushes;
  stats->compactions = counters.compactions;
  stats->index_builds = counters.index_builds;
  stats->recall_probes = counters.recall_probes;
  stats->syncs = parts.disk->syncs;
  stats->written_bytes = parts.disk->written_bytes;
}

void AddMemory(const EngineParts& parts, DatabaseStats* stats) {
  using base::MemoryAccount;
  const base::MemoryBudget& memory = parts.memory;
  const auto use = [&memory](MemoryAccount account, std::uint64_t limit) {
    return MemoryUse{memory.used(account), memory.peak(account), limit};
  };
  const std::uint64_t open = memory.limit() - FlushReserveBytes(parts.options);
  stats->memory = {memory.used(), memory.peak(), memory.limit()};
  stats->growing_memory = use(MemoryAccount::kGrowing, WriteBufferBytes(parts.options));
  stats->segment_memory = use(MemoryAccount::kSegments, memory.limit());
  stats->column_memory = use(MemoryAccount::kColumns, open);
  stats->filter_memory = use(MemoryAccount::kFilters, open);
  stats->job_memory = use(MemoryAccount::kJobs, memory.limit());
  stats->write_memory = use(MemoryAccount::kWrites, open);
  stats->read_memory = use(MemoryAccount::kReads, open);
  if (parts.columns == nullptr) return;
  stats->evictions = parts.columns->evictions();
  stats->reloads = parts.columns->reloads();
}

}  // namespace

Result<std::vector<SegmentInfo>> SegmentsOf(const LiveCollection& collection, Timestamp t) {
  VECDB_TRY(collection.CheckAlive());
  const auto view = collection.board.Pin();
  const Lanes youngest = YoungestGrowing(*view);
  std::vector<SegmentInfo> infos;
  for (const auto& segment : view->segments()) {
    VECDB_TRY_ASSIGN(const segment::VisibleRows visible, segment::VisibleRowsAt(*segment, t));
    SegmentInfo info;
    info.id = segment->id();
    info.shard = segment->shard();
    info.partition = PartitionName(collection, segment->partition());
    info.state = StateOf(*segment, youngest);
    info.rows = visible.rows;
    if (visible.deleted != nullptr) info.deleted_rows = visible.deleted->Count();
    info.memory_bytes = segment->memory_bytes();
    info.disk_bytes = segment->disk_bytes();
    VECDB_TRY(AddTimes(*segment, visible.rows, &info));
    infos.push_back(std::move(info));
  }
  return infos;
}

std::vector<ChannelInfo> ChannelsOf(const EngineParts& parts) {
  // As they stand now; a read-only database has them as they were found.
  std::vector<ChannelInfo> channels = parts.found_channels;
  if (parts.manifest != nullptr) {
    for (const auto& channel : parts.channels.All()) {
      channels.push_back(ChannelNow(parts, *channel));
    }
  }
  for (ChannelInfo& info : channels) {
    info.node = static_cast<std::uint32_t>(info.channel % parts.streaming->nodes().size());
    for (const auto& collection : parts.collections.All()) {
      if (collection->record.pchannel == info.channel) AddVchannels(*collection, &info.vchannels);
    }
  }
  return channels;
}

Result<DatabaseStats> StatsOf(const EngineParts& parts) {
  DatabaseStats stats;
  for (const auto& collection : parts.collections.All()) {
    VECDB_TRY(AddCollection(parts, *collection, &stats).status());
  }
  for (const ChannelInfo& channel : ChannelsOf(parts)) stats.log_bytes += channel.log_bytes;
  stats.threads = static_cast<std::uint32_t>(
      parts.timers->threads() + parts.background->threads() + parts.compaction->threads() +
      parts.search_pool->threads() + parts.build_pool->threads());
  AddCounters(parts, &stats);
  AddMemory(parts, &stats);
  return stats;
}

}  // namespace vecdb::roles
