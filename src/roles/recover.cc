#include "roles/recover.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <set>

#include "base/canary.h"
#include "base/status.h"
#include "chunk/codec.h"
#include "compaction/sweep.h"
#include "io/layout.h"
#include "roles/create.h"
#include "wal/reader.h"

namespace vecdb::roles {
namespace {

// Everything between the lines.
struct Recovery {
  EngineParts& parts;
  catalog::Recovered catalog;
  std::map<CollectionId, std::shared_ptr<LiveCollection>> by_id;
  // Growing segments found in the log, by shard and id.
  std::map<CollectionId, std::map<SegmentId, std::shared_ptr<segment::GrowingSegment>>> growing;
  io::ChainReport chain;
  Lsn next_lsn = 1;
  Timestamp replayed{0};  // of the record replayed last

  const catalog::PchannelState& channel() {
    return catalog.state.pchannels[0];  // made by the first open
  }
  std::vector<io::LogIdentity> logs() {
    std::vector<io::LogIdentity> identities;
    for (const auto& [number, identity] : channel().logs) identities.push_back(identity);
    return identities;
  }
};

// ---- 3: files -------------------------------------------------------------------------

Status OpenFiles(Recovery& r) {
  EngineParts& p = r.parts;
  p.query = std::make_unique<QueryNode>(*p.env.fs, p.database, p.options.load);
  for (const auto& [id, record] : r.catalog.state.collections) {
    VECDB_TRY_ASSIGN(auto segments, p.query->OpenAll(r.catalog.state, record));
    auto view = std::make_shared<const segment::View>(record.schema, std::move(segments));
    const auto named = r.catalog.state.partitions.find(id);
    r.by_id[id] = std::make_shared<LiveCollection>(
        record, std::move(view), r.catalog.state.PropertiesOf(id),
        named == r.catalog.state.partitions.end() ? Partitions::Named() : named->second);
  }
  return Status();
}

// ---- 4: replay ------------------------------------------------------------------------

// Timestamps of this size and above lie beyond the year 3000. None is ever given out, and behind
// the last of all there would be none to give.
constexpr std::uint64_t kEndOfTimestamps = std::uint64_t{1} << 63;

Result<segment::GrowingSegment*> GrowingFor(Recovery& r, LiveCollection& collection,
                                            const wal::Message& message) {
  auto& growing = r.growing[message.collection][message.segment];
  if (growing == nullptr) {
    growing = segment::GrowingSegment::Create(message.segment, message.shard, message.partition,
                                              message.schema_version, collection.record.schema);
    collection.board.Publish(collection.board.Pin()->With(growing));
  }
  if (growing->shard() != message.shard) {
    return base::Corruption("the log puts segment {} into shards {} and {}", message.segment,
                            growing->shard(), message.shard);
  }
  if (growing->partition() != message.partition) {
    return base::Corruption("the log puts segment {} into partitions {} and {}", message.segment,
                            growing->partition(), message.partition);
  }
  return growing.get();
}

Status ApplyRows(Recovery& r, LiveCollection& collection, const wal::LoggedMessage& logged) {
  const wal::Message& message = logged.message;
  VECDB_TRY_ASSIGN(const chunk::Chunk rows,
                   chunk::DecodeChunk(collection.record.schema, message.payload));
  if (message.type == wal::MessageType::kUpsert) {
    VECDB_TRY(collection.board.Pin()->MarkDeleted(message.shard,
                                                  chunk::KeysOf(collection.record.schema, rows),
                                                  logged.timestamp, logged.lsn));
  }
  const catalog::State& state = r.catalog.state;
  if (!state.HasPartition(message.collection, message.partition)) return Status();  // dropped
  // Rule 7: a committed segment has these rows in its files.
  if (state.committed.count(message.segment) != 0 || state.segments.count(message.segment) != 0) {
    return Status();
  }
  if (message.segment == 0 || message.segment >= state.next_id) {
    return base::Corruption("record {} of the log names segment {}, which never was", logged.lsn,
                            message.segment);
  }
  VECDB_TRY_ASSIGN(segment::GrowingSegment * growing, GrowingFor(r, collection, message));
  growing->Append(rows, logged.timestamp, logged.lsn, logged.lsn);
  return Status();
}

Status ApplyDelete(LiveCollection& collection, const wal::LoggedMessage& logged) {
  const wal::Message& message = logged.message;
  VECDB_TRY_ASSIGN(const chunk::KeyList keys,
                   chunk::DecodeKeys(collection.record.schema, message.payload));
  auto view = collection.board.Pin();
  if (message.partition != wal::kDeletedEverywhere) {
    const PartitionId only = wal::PartitionOf(message);
    view = view->InPartitions(std::span(&only, 1));
  }
  return view->MarkDeleted(message.shard, keys.View(), logged.timestamp, logged.lsn);
}

Status ApplyMessage(Recovery& r, const wal::LoggedMessage& logged) {
  const wal::Message& message = logged.message;
  if (logged.timestamp < r.replayed) {
    return base::Corruption("record {} of the log is older than the record before it", logged.lsn);
  }
  r.replayed = logged.timestamp;
  const auto found = r.by_id.find(message.collection);
  if (found == r.by_id.end()) {
    const catalog::State& state = r.catalog.state;
    // A drop is newer than every row of its collection, and the catalog knows how new it is.
    const bool dropped =
        message.collection < state.next_id && logged.timestamp <= state.max_timestamp;
    if (dropped) return Status();
    return base::Corruption("record {} of the log names collection {}, which never was", logged.lsn,
                            message.collection);
  }
  LiveCollection& collection = *found->second;
  if (message.shard >= collection.record.options.shards) {
    return base::Corruption("the log names shard {} of collection '{}', which has {}",
                            message.shard, collection.name(), collection.record.options.shards);
  }
  const PartitionId partition = wal::PartitionOf(message);
  if (!r.catalog.state.HadPartition(message.collection, partition, logged.timestamp)) {
    return base::Corruption("record {} of the log names partition {} of '{}', which never was",
                            logged.lsn, partition, collection.record.name);
  }
  ++r.parts.report.records_applied;
  if (message.type == wal::MessageType::kDelete) return ApplyDelete(collection, logged);
  return ApplyRows(r, collection, logged);
}

Status ReplayLogs(Recovery& r) {
  const catalog::PchannelState& channel = r.channel();
  VECDB_TRY_ASSIGN(r.chain,
                   wal::Replay(*r.parts.env.fs, 0, r.logs(), channel.checkpoint, channel.durable,
                               [&r](const wal::ReplayedGroup& group) -> Status {
                                 for (const wal::LoggedMessage& message : group.messages) {
                                   VECDB_TRY(ApplyMessage(r, message));
                                   if (base::Canary(38)) break;
                                 }
                                 return Status();
                               }));
  r.next_lsn = std::max(r.chain.last_lsn + 1, channel.checkpoint);
  const std::uint64_t newest = std::max(base::Raw(r.catalog.state.max_timestamp), r.chain.max_ts);
  if (newest >= kEndOfTimestamps) {
    return base::Corruption("the newest timestamp on disk is {}, beyond the year 3000", newest);
  }
  r.parts.oracle.AdvancePast(Timestamp{newest});

  RecoveryReport& report = r.parts.report;
  report.logs_read = r.chain.logs_read;
  report.groups_applied = r.chain.groups;
  report.discarded_bytes = r.chain.discarded_bytes + r.catalog.report.discarded_bytes;
  report.first_lost_lsn = r.chain.first_lost_lsn;
  report.clean = r.chain.sealed && report.discarded_bytes == 0;
  report.detail = r.catalog.report.detail + r.chain.detail;
  return Status();
}

// ---- 5: rewrite -----------------------------------------------------------------------

// One more than the largest number in use, also by a file that no record names.
Result<std::uint64_t> NextNumber(io::FileSystem& fs, const std::string& folder, std::uint64_t above,
                                 std::optional<std::uint64_t> (*parse)(std::string_view)) {
  VECDB_TRY_ASSIGN(const auto entries, fs.List(folder));
  for (const io::DirectoryEntry& entry : entries) {
    if (const auto number = parse(entry.name)) above = std::max(above, *number);
  }
  return above + 1;
}

Status CopyTail(Recovery& r, const catalog::PchannelState& old) {
  wal::Writer& writer = *r.parts.writer;
  VECDB_TRY(wal::Replay(*r.parts.env.fs, 0, r.logs(), old.checkpoint, old.durable,
                        [&writer](const wal::ReplayedGroup& group) {
                          return writer.CopyGroup(group.records, group.records.front().lsn,
                                                  group.header.max_ts);
                        })
                .status());
  return writer.SyncAll();
}

Status RewriteTail(Recovery& r) {
  EngineParts& p = r.parts;
  io::FileSystem& fs = *p.env.fs;
  const catalog::PchannelState old = r.channel();
  const std::uint64_t last_log = old.logs.empty() ? 0 : old.logs.rbegin()->first;
  VECDB_TRY_ASSIGN(const std::uint64_t log_number,
                   NextNumber(fs, io::PchannelFolder(0), last_log, io::ParseLogName));
  MakeWriter(p, log_number, old.checkpoint);
  VECDB_TRY_ASSIGN(const io::LogIdentity log, p.writer->CreateFirstLog());
  base::KillPoint("recover.log_created");
  if (const Status copied = CopyTail(r, old); !copied.ok()) {
    (void)fs.RemoveFile(io::LogPath(0, log.number));  // no catalog knows it; its space is needed
    return copied;
  }
  base::KillPoint("recover.log_synced");

  catalog::State state = std::move(r.catalog.state);
  catalog::PchannelState& channel = state.pchannels[0];
  channel.logs = {{log.number, log}};
  channel.durable = p.writer->durable_lsn();
  state.max_timestamp = std::max(state.max_timestamp, p.oracle.last());
  VECDB_TRY_ASSIGN(const std::uint64_t number,
                   NextNumber(fs, "", r.catalog.manifest_number, io::ParseManifestName));
  VECDB_TRY_ASSIGN(p.manifest, catalog::Manifest::Begin(fs, std::move(state), number, p.env.random,
                                                        p.env.clock->WallMilliseconds()));
  base::KillPoint("recover.manifest_current");
  return Status();
}

// ---- 6: publish and sweep ---------------------------------------------------------------

// The youngest recovered segment of a shard and partition goes on taking rows; the older ones wait
// to be flushed.
void AdoptGrowing(Recovery& r) {
  for (auto& [id, segments] : r.growing) {
    LiveCollection& collection = *r.by_id[id];
    for (auto& [segment_id, growing] : segments) {
      r.parts.streaming->AddBuffered(growing->memory_bytes());
      const auto partition = collection.partitions.At(growing->partition());
      partition->open[growing->shard()] = true;
      Lane& lane = *collection.lanes[growing->shard()];
      base::MutexLock lock(lane.mutex);
      Growing& youngest = lane.growing[partition->id];
      if (youngest.segment != nullptr) {
        base::MutexLock pending(collection.pending_mutex);
        collection.pending.push_back(youngest.segment);
      }
      youngest = Growing{std::move(growing), r.parts.env.clock->Now()};
    }
  }
}

void AddNames(Recovery& r, const std::map<std::string, CollectionId, std::less<>>& aliases) {
  Collections& collections = r.parts.collections;
  for (const auto& [id, collection] : r.by_id) {
    collections.Add(Collections::EntryFor(collection->record.name, collection));
  }
  for (const auto& [alias, id] : aliases) {
    collections.SetAlias(Collections::EntryFor(alias, r.by_id.at(id)));
  }
}

Status PublishAndSweep(Recovery& r) {
  EngineParts& p = r.parts;
  AdoptGrowing(r);
  for (const auto& [id, collection] : r.by_id) {
    VECDB_TRY(p.coordinator->AddGrowing(*collection));
  }
  AddNames(r, p.manifest->state()->aliases);
  const auto swept =
      compaction::SweepOrphans(*p.env.fs, *p.manifest->state(), p.manifest->number());
  if (swept.ok()) {
    p.report.orphans_removed = *swept;
  } else {
    p.log.Write(LogLevel::kWarning, "orphans stay until the next open: {}",
                swept.status().message());
  }
  base::KillPoint("recover.swept");
  return Status();
}

// What a writer would know of its log.
Status DescribeChannel(Recovery& r, ChannelInfo* info) {
  io::FileSystem& fs = *r.parts.env.fs;
  const catalog::PchannelState& channel = r.channel();
  if (!channel.logs.empty()) {
    info->first_log = channel.logs.begin()->first;
    info->last_log = channel.logs.rbegin()->first;
  }
  for (const auto& [number, identity] : channel.logs) {
    VECDB_TRY_ASSIGN(const auto file, fs.Open(io::LogPath(0, number), io::OpenMode::kRead));
    VECDB_TRY_ASSIGN(const std::uint64_t bytes, file->Size());
    info->log_bytes += bytes;
  }
  info->next_lsn = r.next_lsn;
  info->durable_lsn = std::max(channel.durable, r.chain.durable_lsn);
  info->checkpoint = channel.checkpoint;
  return Status();
}

Status ServeReadOnly(Recovery& r) {
  VECDB_TRY(DescribeChannel(r, &r.parts.found_channel));
  AddNames(r, r.catalog.state.aliases);
  MakeNodes(r.parts);
  return Status();
}

}  // namespace

Status Recover(EngineParts& p) {
  VECDB_TRY_ASSIGN(const bool made, LockOrCreate(p));  // 1
  if (made) return Status();
  Recovery r{p, {}, {}, {}, {}, 1};
  VECDB_TRY_ASSIGN(r.catalog, catalog::Recover(*p.env.fs));  // 2
  if (!p.options.read_only) VECDB_TRY(catalog::CheckWritable(r.catalog.format));
  p.format = r.catalog.format;
  p.database = p.format.database;
  if (r.catalog.state.pchannels.count(0) == 0) {
    return base::Corruption("the manifest names no log");
  }
  VECDB_TRY(OpenFiles(r));   // 3
  VECDB_TRY(ReplayLogs(r));  // 4
  p.watermark.Start(p.oracle.last());
  if (p.options.read_only) return ServeReadOnly(r);
  VECDB_TRY(RewriteTail(r));  // 5
  MakeNodes(p);
  VECDB_TRY(PublishAndSweep(r));  // 6
  if (p.report.discarded_bytes != 0) {
    p.log.Write(LogLevel::kWarning, "recovery discarded {} bytes: {}", p.report.discarded_bytes,
                p.report.detail);
  }
  return Status();
}

}  // namespace vecdb::roles
