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
  std::map<PchannelId, io::ChainReport> chains = {};
  std::map<CollectionId, std::shared_ptr<LiveCollection>> by_id;
  // Growing segments found in the log, by shard and id.
  std::map<CollectionId, std::map<SegmentId, std::shared_ptr<segment::GrowingSegment>>> growing;
};

std::vector<io::LogIdentity> LogsOf(const catalog::PchannelState& channel) {
  std::vector<io::LogIdentity> identities;
  for (const auto& [number, identity] : channel.logs) identities.push_back(identity);
  return identities;
}

// ---- 3: files -------------------------------------------------------------------------

Status OpenFiles(Recovery& r) {
  EngineParts& p = r.parts;
  MakeQueryNodes(p);
  for (const auto& [id, state] : r.catalog.state.pchannels) {
    p.channels.Add(Channels::EntryFor(std::make_shared<Channel>(id)));
  }
  for (const auto& [id, record] : r.catalog.state.collections) {
    VECDB_TRY_ASSIGN(auto segments, p.query->OpenAll(r.catalog.state, record));
    auto view = std::make_shared<const segment::View>(record.schema, std::move(segments),
                                                      p.query->NodesFor(id));
    auto channel = p.channels.Find(record.pchannel);
    if (channel == nullptr) {
      return base::Corruption("collection '{}' writes to pchannel {}, which has no log",
                              record.name, record.pchannel);
    }
    const auto named = r.catalog.state.partitions.find(id);
    const auto indexes = r.catalog.state.indexes.find(id);
    r.by_id[id] = std::make_shared<LiveCollection>(
        record, std::move(channel), std::move(view), r.catalog.state.PropertiesOf(id),
        named == r.catalog.state.partitions.end() ? Partitions::Named() : named->second,
        indexes == r.catalog.state.indexes.end() ? Indexes() : indexes->second);
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
    growing->ChargeTo(r.parts.memory);
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

// What the log has is in no file yet, and there is nobody to flush it.
Status CheckMemory(base::MemoryBudget& memory) {
  memory.MakeRoom(0);
  if (!memory.limited() || memory.used() <= memory.limit()) return Status();
  return base::ResourceExhausted(
      "the rows of the log take more than is left of Options::memory_budget_bytes of {}; opened "
      "once with more, or with none, and flushed, they are in files",
      memory.limit());
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
  return CheckMemory(r.parts.memory);
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

Status ApplyMessage(Recovery& r, PchannelId pchannel, const wal::LoggedMessage& logged) {
  const wal::Message& message = logged.message;
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
  if (collection.record.pchannel != pchannel) {
    return base::Corruption("record {} of pchannel {} names collection '{}' of pchannel {}",
                            logged.lsn, pchannel, collection.record.name,
                            collection.record.pchannel);
  }
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

Result<io::ChainReport> ReplayChannel(Recovery& r, PchannelId pchannel,
                                      const catalog::PchannelState& channel) {
  Timestamp replayed{0};  // of the record replayed last
  const auto apply = [&](const wal::ReplayedGroup& group) -> Status {
    for (const wal::LoggedMessage& message : group.messages) {
      if (message.timestamp < replayed) {
        return base::Corruption("record {} of the log is older than the record before it",
                                message.lsn);
      }
      replayed = message.timestamp;
      VECDB_TRY(ApplyMessage(r, pchannel, message));
      if (base::Canary(38)) break;
    }
    return Status();
  };
  return wal::Replay(*r.parts.env.fs, pchannel, LogsOf(channel), channel.checkpoint,
                     channel.durable, apply);
}

void AddToReport(const io::ChainReport& chain, RecoveryReport* report) {
  report->logs_read += chain.logs_read;
  report->groups_applied += chain.groups;
  report->discarded_bytes += chain.discarded_bytes;
  if (report->first_lost_lsn == 0) report->first_lost_lsn = chain.first_lost_lsn;
  report->clean = report->clean && chain.sealed;
  if (!report->detail.empty() && !chain.detail.empty()) report->detail += "; ";
  report->detail += chain.detail;
}

Status ReplayLogs(Recovery& r) {
  RecoveryReport& report = r.parts.report;
  report.discarded_bytes = r.catalog.report.discarded_bytes;
  report.detail = r.catalog.report.detail;
  std::uint64_t newest = base::Raw(r.catalog.state.max_timestamp);
  for (const auto& [pchannel, channel] : r.catalog.state.pchannels) {
    VECDB_TRY_ASSIGN(const io::ChainReport chain, ReplayChannel(r, pchannel, channel));
    newest = std::max(newest, chain.max_ts);
    AddToReport(chain, &report);
    r.chains.emplace(pchannel, chain);
  }
  if (newest >= kEndOfTimestamps) {
    return base::Corruption("the newest timestamp on disk is {}, beyond the year 3000", newest);
  }
  r.parts.oracle.AdvancePast(Timestamp{newest});
  report.clean = report.clean && report.discarded_bytes == 0;
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

Status CopyTail(Recovery& r, Channel& channel, const catalog::PchannelState& old) {
  wal::Writer& writer = *channel.writer;
  VECDB_TRY(wal::Replay(*r.parts.env.fs, channel.id, LogsOf(old), old.checkpoint, old.durable,
                        [&writer](const wal::ReplayedGroup& group) {
                          return writer.CopyGroup(group.records, group.records.front().lsn,
                                                  group.header.max_ts);
                        })
                .status());
  return writer.SyncAll();
}

// What is to be replayed of one channel, in a new log, synced, that no catalog knows yet.
Status RewriteTail(Recovery& r, Channel& channel, catalog::PchannelState* state,
                   std::vector<std::string>* made) {
  EngineParts& p = r.parts;
  io::FileSystem& fs = *p.env.fs;
  const std::uint64_t last_log = state->logs.empty() ? 0 : state->logs.rbegin()->first;
  VECDB_TRY_ASSIGN(const std::uint64_t log_number,
                   NextNumber(fs, io::PchannelFolder(channel.id), last_log, io::ParseLogName));
  MakeWriter(p, channel, log_number, state->checkpoint);
  VECDB_TRY_ASSIGN(const io::LogIdentity log, channel.writer->CreateFirstLog());
  made->push_back(io::LogPath(channel.id, log.number));
  base::KillPoint("recover.log_created");
  VECDB_TRY(CopyTail(r, channel, *state));
  base::KillPoint("recover.log_synced");
  state->logs = {{log.number, log}};
  state->durable = channel.writer->durable_lsn();
  return Status();
}

Status RewriteTails(Recovery& r) {
  EngineParts& p = r.parts;
  io::FileSystem& fs = *p.env.fs;
  catalog::State state = std::move(r.catalog.state);
  std::vector<std::string> made;
  for (const auto& channel : p.channels.All()) {
    const Status rewritten = RewriteTail(r, *channel, &state.pchannels.at(channel->id), &made);
    if (rewritten.ok()) continue;
    for (const std::string& path : made) (void)fs.RemoveFile(path);  // their space is needed
    return rewritten;
  }
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
Status DescribeChannel(Recovery& r, PchannelId pchannel, const catalog::PchannelState& channel,
                       ChannelInfo* info) {
  io::FileSystem& fs = *r.parts.env.fs;
  const io::ChainReport& chain = r.chains.at(pchannel);
  info->channel = pchannel;
  if (!channel.logs.empty()) {
    info->first_log = channel.logs.begin()->first;
    info->last_log = channel.logs.rbegin()->first;
  }
  for (const auto& [number, identity] : channel.logs) {
    VECDB_TRY_ASSIGN(const auto file, fs.Open(io::LogPath(pchannel, number), io::OpenMode::kRead));
    VECDB_TRY_ASSIGN(const std::uint64_t bytes, file->Size());
    info->log_bytes += bytes;
  }
  info->next_lsn = std::max(chain.last_lsn + 1, channel.checkpoint);
  info->durable_lsn = std::max(channel.durable, chain.durable_lsn);
  info->checkpoint = channel.checkpoint;
  return Status();
}

Status ServeReadOnly(Recovery& r) {
  for (const auto& [pchannel, channel] : r.catalog.state.pchannels) {
    VECDB_TRY(DescribeChannel(r, pchannel, channel, &r.parts.found_channels.emplace_back()));
  }
  AddNames(r, r.catalog.state.aliases);
  MakeNodes(r.parts);
  return Status();
}

}  // namespace

Status Recover(EngineParts& p) {
  VECDB_TRY_ASSIGN(const bool made, LockOrCreate(p));  // 1
  if (made) return Status();
  Recovery r{p, {}, {}, {}, {}};
  VECDB_TRY_ASSIGN(r.catalog, catalog::Recover(*p.env.fs));  // 2
  if (!p.options.read_only) VECDB_TRY(catalog::CheckWritable(r.catalog.format));
  p.format = r.catalog.format;
  p.database = p.format.database;
  if (r.catalog.state.pchannels.count(0) == 0) {
    return base::Corruption("the manifest names no log");
  }
  VECDB_TRY(OpenFiles(r));   // 3
  VECDB_TRY(ReplayLogs(r));  // 4
  for (const auto& channel : p.channels.All()) channel->watermark.Start(p.oracle.last());
  if (p.options.read_only) return ServeReadOnly(r);
  VECDB_TRY(RewriteTails(r));  // 5
  MakeNodes(p);
  VECDB_TRY(PublishAndSweep(r));  // 6
  if (p.report.discarded_bytes != 0) {
    p.log.Write(LogLevel::kWarning, "recovery discarded {} bytes: {}", p.report.discarded_bytes,
                p.report.detail);
  }
  return Status();
}

}  // namespace vecdb::roles
