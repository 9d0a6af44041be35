#include "api/trace.h"

#include <algorithm>
#include <map>
#include <span>
#include <tuple>
#include <utility>

#include "api/guard.h"
#include "base/clock.h"
#include "base/status.h"
#include "catalog/manifest.h"
#include "chunk/codec.h"
#include "chunk/validate.h"
#include "io/layout.h"
#include "roles/engine.h"
#include "roles/statistics.h"
#include "wal/reader.h"

namespace vecdb {

std::string_view ToString(LoggedWriteType type) {
  switch (type) {
    case LoggedWriteType::kInsert:
      return "insert";
    case LoggedWriteType::kUpsert:
      return "upsert";
    case LoggedWriteType::kDelete:
      return "delete";
  }
  return "unknown";
}

namespace api {
namespace {

LoggedWriteType TypeOf(wal::MessageType type) {
  switch (type) {
    case wal::MessageType::kInsert:
      return LoggedWriteType::kInsert;
    case wal::MessageType::kUpsert:
      return LoggedWriteType::kUpsert;
    case wal::MessageType::kDelete:
      break;
  }
  return LoggedWriteType::kDelete;
}

bool Contains(chunk::KeySpan keys, chunk::KeyView key) {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i] == key) return true;
  }
  return false;
}

// ---- the log --------------------------------------------------------------------------

class LogSearch {
 public:
  LogSearch(io::FileSystem& fs, const roles::LiveCollection& collection, chunk::KeyView key,
            KeyTrace* trace)
      : fs_(fs), record_(collection.record), key_(key), trace_(*trace) {}

  Status Run(PchannelId number, const catalog::PchannelState& channel) {
    std::vector<io::LogIdentity> logs;
    for (const auto& [log_number, identity] : channel.logs) logs.push_back(identity);
    VECDB_TRY_ASSIGN(const Lsn from, FirstRecord(number, logs, channel.checkpoint));
    return wal::Replay(fs_, number, logs, from, channel.durable,
                       [&](const wal::ReplayedGroup& group) -> Status {
                         for (const wal::LoggedMessage& logged : group.messages) {
                           VECDB_TRY(Look(logged));
                         }
                         return Status();
                       })
        .status();
  }

 private:
  // A log keeps its records until the last of them is needed by nobody: those below the checkpoint
  // are history, and still readable.
  Result<Lsn> FirstRecord(PchannelId number, std::span<const io::LogIdentity> logs,
                          Lsn checkpoint) {
    if (logs.empty()) return checkpoint;
    const std::string path = io::LogPath(number, logs.front().number);
    VECDB_TRY_ASSIGN(const auto log, io::PageLogReader::Open(fs_, path, logs.front()));
    VECDB_TRY_ASSIGN(const auto group, log->GroupAt(1));
    return group ? std::min<Lsn>(checkpoint, std::max<Lsn>(group->first_lsn, 1)) : checkpoint;
  }

  Status Look(const wal::LoggedMessage& logged) {
    const wal::Message& message = logged.message;
    if (message.collection != record_.id || message.shard != trace_.shard) return Status();
    VECDB_TRY_ASSIGN(const bool named, Names(message));
    if (!named) return Status();
    trace_.writes.push_back({logged.lsn, TypeOf(message.type), logged.timestamp, message.segment});
    return Status();
  }

  Result<bool> Names(const wal::Message& message) const {
    if (message.type == wal::MessageType::kDelete) {
      VECDB_TRY_ASSIGN(const auto keys, chunk::DecodeKeys(record_.schema, message.payload));
      return Contains(keys.View(), key_);
    }
    VECDB_TRY_ASSIGN(const auto rows, chunk::DecodeChunk(record_.schema, message.payload));
    return Contains(chunk::KeysOf(record_.schema, rows), key_);
  }

  io::FileSystem& fs_;
  const catalog::CollectionRecord& record_;
  const chunk::KeyView key_;
  KeyTrace& trace_;
};

// ---- segments -------------------------------------------------------------------------

Timestamp DeletedAt(const segment::Segment& segment, RowIndex row) {
  for (const segment::Tombstone& mark : segment.tombstones().All()) {
    if (mark.row == row) return mark.timestamp;
  }
  return Timestamp{0};
}

Status AddRows(const segment::Segment& segment, const SegmentInfo& info, chunk::KeyView key,
               KeyTrace* trace) {
  std::vector<RowIndex> rows;
  VECDB_TRY(segment.FindKey(key, chunk::HashKey(key), &rows));
  for (const RowIndex row : rows) {
    TracedRow traced{segment.id(), info.state, info.partition, row, {}, DeletedAt(segment, row)};
    VECDB_TRY_ASSIGN(traced.written, segment.TimestampOf(row));
    trace->rows.push_back(std::move(traced));
  }
  return Status();
}

Status SearchSegments(const roles::LiveCollection& collection, Timestamp t, chunk::KeyView key,
                      KeyTrace* trace) {
  VECDB_TRY_ASSIGN(const auto infos, roles::SegmentsOf(collection, t));
  std::map<std::uint64_t, const SegmentInfo*> by_id;
  for (const SegmentInfo& info : infos) by_id[info.id] = &info;
  const auto view = collection.board.Pin();  // the same: nobody writes
  for (const auto& segment : view->segments()) {
    if (segment->shard() != trace->shard) continue;
    VECDB_TRY(AddRows(*segment, *by_id.at(segment->id()), key, trace));
  }
  std::sort(trace->rows.begin(), trace->rows.end(), [](const TracedRow& a, const TracedRow& b) {
    return std::tie(a.written, a.segment, a.row) < std::tie(b.written, b.segment, b.row);
  });
  return Status();
}

}  // namespace

Result<KeyTrace> TraceKey(const std::shared_ptr<io::FileSystem>& fs, std::string_view collection,
                          const Key& key) {
  Options options;
  options.read_only = true;
  const roles::Environment environment{fs, &base::SystemClock(), [] { return std::uint64_t{0}; }};
  VECDB_TRY_ASSIGN(const auto engine, roles::Engine::Open(environment, options));
  const auto live = engine->parts().collections.Find(collection);
  if (live == nullptr) return base::NotFound("no collection named '{}'", collection);
  VECDB_TRY(chunk::ValidateKeys(live->record.schema, std::span(&key, 1)));
  const chunk::KeyView view = chunk::ViewOf(key);
  KeyTrace trace;
  trace.channel = live->record.pchannel;
  trace.shard = chunk::ShardOf(view, live->record.options.shards);
  VECDB_TRY_ASSIGN(const catalog::Recovered catalog, catalog::Recover(*fs));
  const auto channel = catalog.state.pchannels.find(trace.channel);
  if (channel != catalog.state.pchannels.end()) {
    VECDB_TRY(LogSearch(*fs, *live, view, &trace).Run(trace.channel, channel->second));
  }
  VECDB_TRY(SearchSegments(*live, live->channel->watermark.ReadTime(), view, &trace));
  VECDB_TRY_ASSIGN(const GetResult got, engine->parts().proxy->Get(*live, {&key, 1}, {}, {}));
  trace.present = got.missing.empty();
  VECDB_TRY(engine->Close());
  return trace;
}

}  // namespace api

Result<KeyTrace> Trace(const std::filesystem::path& directory, std::string_view collection,
                       const Key& key) {
  return api::Guarded([&]() -> Result<KeyTrace> {
    const io::DirectoryRules any{true, true};  // whoever names it wants to see it
    VECDB_TRY_ASSIGN(const std::shared_ptr<io::FileSystem> fs,
                     io::OpenDirectory(directory, /*create=*/false, any));
    return api::TraceKey(fs, collection, key);
  });
}

}  // namespace vecdb
