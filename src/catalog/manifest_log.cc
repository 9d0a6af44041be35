#include "catalog/manifest_log.h"

#include <array>

#include "base/canary.h"
#include "catalog/apply.h"
#include "io/layout.h"

namespace vecdb::catalog {
namespace {

Status AppendRecord(io::PageLogWriter& log, std::uint16_t type, std::span<const std::byte> body,
                    Lsn lsn, const State& state) {
  io::LogRecord record;
  record.type = type;
  record.body = body;
  return log.AppendGroup(std::span(&record, 1), lsn, /*durable_lsn=*/0,
                         static_cast<std::uint64_t>(state.max_timestamp));
}

// Returns the lsn of the last record.
Result<Lsn> AppendSnapshot(io::PageLogWriter& log, const State& state) {
  const std::vector<Edit> edits = Snapshot(state);
  base::Bytes head;
  base::ByteWriter(&head).Put(static_cast<std::uint32_t>(edits.size()));
  Lsn lsn = 1;
  VECDB_TRY(AppendRecord(log, kHeadRecord, head, lsn, state));
  for (const Edit& edit : edits) {
    VECDB_TRY(AppendRecord(log, kEditRecord, EncodeEdit(edit), ++lsn, state));
  }
  return lsn;
}

Result<std::uint32_t> DecodeHead(const io::LogRecord& record, std::string_view path) {
  base::ByteReader in(record.body, path);
  if (record.type != kHeadRecord) return in.Bad("the first record is not that of a manifest");
  std::uint32_t edits = 0;
  VECDB_TRY(in.Get(&edits));
  VECDB_TRY(in.ExpectEnd());
  return edits;
}

// What CURRENT proves: the lsn of the last edit of the snapshot, or of HEAD if that cannot be read.
Result<Lsn> SnapshotEnd(io::PageLogReader& reader) {
  VECDB_TRY_ASSIGN(const auto group, reader.GroupAt(1));
  if (!group || group->records == 0) return Lsn{1};
  VECDB_TRY_ASSIGN(const auto records, reader.Records());
  VECDB_TRY_ASSIGN(const std::uint32_t edits, DecodeHead(records.front(), reader.path()));
  return Lsn{1} + edits;
}

Status ReplayRecord(const io::LogRecord& record, const std::string& path, State* state) {
  if (record.lsn == 1) return DecodeHead(record, path).status();
  const std::string what = base::Format("edit {} of {}", record.lsn, path);
  if (record.type != kEditRecord) {
    return base::Corruption("{} is a record of type {}, which is not known", what, record.type);
  }
  VECDB_TRY_ASSIGN(const Edit edit, DecodeEdit(record.body, what));
  return base::Annotate(ApplyInPlace(edit, state), what);
}

Result<io::LogIdentity> CheckIdentity(io::FileSystem& fs, std::uint64_t number,
                                      const io::DatabaseUuid* database) {
  const std::string path = io::ManifestName(number);
  VECDB_TRY_ASSIGN(const io::LogIdentity identity, io::PageLogReader::PeekIdentity(fs, path));
  if (identity.kind != io::LogKind::kManifest || identity.channel != 0 ||
      identity.number != number) {
    return base::Corruption("{} says in its header that it is another file", path);
  }
  if (database != nullptr && identity.database != *database) {
    return base::Corruption("{} belongs to another database", path);
  }
  return identity;
}

}  // namespace

Result<FreshManifest> CreateManifestLog(io::FileSystem& fs, std::uint64_t number,
                                        const ManifestSource& source, const State& state) {
  const io::LogIdentity identity{io::LogKind::kManifest, source.database, 0, number,
                                 source.incarnation};
  FreshManifest fresh;
  VECDB_TRY_ASSIGN(fresh.log, io::PageLogWriter::Create(fs, io::ManifestName(number), identity,
                                                        source.created_ms));
  VECDB_TRY_ASSIGN(fresh.last_lsn, AppendSnapshot(*fresh.log, state));
  base::KillPoint("manifest.rollover.created");
  if (!base::Canary(4)) VECDB_TRY(fresh.log->Sync());
  if (!base::Canary(5)) VECDB_TRY(fs.SyncDirectory(""));
  base::KillPoint("manifest.rollover.synced");
  return fresh;
}

Result<LoadedManifest> LoadManifestLog(io::FileSystem& fs, std::uint64_t number,
                                       const io::DatabaseUuid* database) {
  VECDB_TRY_ASSIGN(const io::LogIdentity identity, CheckIdentity(fs, number, database));
  const std::string path = io::ManifestName(number);
  std::array<std::unique_ptr<io::PageLogReader>, 1> logs;
  VECDB_TRY_ASSIGN(logs[0], io::PageLogReader::Open(fs, path, identity));
  VECDB_TRY_ASSIGN(const Lsn snapshot_end, SnapshotEnd(*logs[0]));
  LoadedManifest loaded;
  loaded.state.database = identity.database;
  const auto visit = [&](const io::GroupHeader&, std::span<const io::LogRecord> records) {
    for (const io::LogRecord& record : records) {
      VECDB_TRY(ReplayRecord(record, path, &loaded.state));
    }
    return Status();
  };
  VECDB_TRY_ASSIGN(loaded.report, io::ReadChain(logs, 1, snapshot_end, visit));
  if (loaded.report.last_lsn < snapshot_end) {
    return base::Corruption("{} ends at edit {}, before its snapshot does at {}", path,
                            loaded.report.last_lsn, snapshot_end);
  }
  return loaded;
}

}  // namespace vecdb::catalog
