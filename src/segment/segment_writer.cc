#include "segment/segment_writer.h"

#include <algorithm>

#include "base/canary.h"
#include "chunk/chunk.h"
#include "io/layout.h"
#include "segment/deletes_file.h"
#include "segment/key_file.h"

namespace vecdb::segment {
namespace {

class Writer {
 public:
  Writer(io::FileSystem& fs, const io::DatabaseUuid& database, const Schema& schema,
         const SegmentContents& contents)
      : fs_(fs),
        database_(database),
        schema_(schema),
        contents_(contents),
        tmp_(io::TmpSegmentFolder(contents.id)),
        final_(io::SegmentFolder(contents.id)) {
    record_.id = contents.id;
    record_.collection = contents.collection;
    record_.shard = contents.shard;
    record_.partition = contents.partition;
    record_.schema_version = contents.schema_version;
    record_.rows = contents.rows;
  }

  // Which files there will be, and their ids.
  Status Plan(const NewIds& new_ids, std::uint64_t max_file_bytes) {
    const auto key_field = static_cast<std::uint32_t>(chunk::KeyFieldIndex(schema_));
    for (std::uint32_t field = 0; field < schema_.fields().size(); ++field) {
      if (field != key_field) VECDB_TRY(PlanField(field, max_file_bytes));
    }
    VECDB_TRY(PlanField(catalog::kTimestampField, max_file_bytes));
    if (!contents_.tombstones.empty()) record_.deletes.emplace();

    const std::uint64_t files = record_.columns.size() + 1 + (record_.deletes ? 1 : 0);
    VECDB_TRY_ASSIGN(std::uint64_t id, new_ids(files));
    for (catalog::ColumnFileRecord& column : record_.columns) column.info.file_id = id++;
    record_.keys.file_id = id++;
    if (record_.deletes) record_.deletes->number = id;
    return Status();
  }

  Status MakeFolder() {
    VECDB_TRY(io::RemoveTree(fs_, tmp_));
    return fs_.MakeDirectory(tmp_);
  }

  Status WriteColumns() {
    std::vector<RowIndex> written(schema_.fields().size() + 1);  // of each field; last: timestamps
    for (catalog::ColumnFileRecord& column : record_.columns) {
      RowIndex& first =
          column.field == catalog::kTimestampField ? written.back() : written[column.field];
      const auto rows = static_cast<RowIndex>(column.info.rows);
      VECDB_TRY_ASSIGN(auto out, NewFile(io::ColumnName(column.field, column.chunk),
                                         column.info.file_id, io::FileKind::kColumn));
      VECDB_TRY_ASSIGN(column.info, WriteColumnFile(FieldOf(column.field), Source(column.field),
                                                    first, rows, &out));
      first += rows;
    }
    VECDB_TRY_ASSIGN(record_.min_timestamp, TimestampAt(0));
    VECDB_TRY_ASSIGN(record_.max_timestamp, TimestampAt(contents_.rows - 1));
    return Status();
  }

  Status WriteKeys() {
    const auto field = static_cast<std::uint32_t>(chunk::KeyFieldIndex(schema_));
    VECDB_TRY_ASSIGN(auto out, NewFile(io::KeysName(0), record_.keys.file_id, io::FileKind::kKeys));
    VECDB_TRY_ASSIGN(record_.keys,
                     WriteKeyFile(FieldOf(field), Source(field), contents_.rows, &out));
    return Status();
  }

  Status WriteDeletes() {
    if (!record_.deletes) return Status();
    const std::uint64_t number = record_.deletes->number;
    VECDB_TRY_ASSIGN(auto out, NewFile(io::DeletesName(number), number, io::FileKind::kDeletes));
    VECDB_TRY_ASSIGN(record_.deletes->info, WriteDeletesFile(contents_.tombstones, &out));
    return Status();
  }

  // No record names segments/<id> yet, so whatever stands there is what a crash or a failure left.
  Status Install() {
    if (!base::Canary(2)) VECDB_TRY(fs_.SyncDirectory(tmp_));
    VECDB_TRY(io::RemoveTree(fs_, final_));
    PassBefore();
    VECDB_TRY(fs_.Rename(tmp_, final_));
    PassAfter();
    if (!base::Canary(2)) VECDB_TRY(fs_.SyncDirectory(io::kSegmentsFolder));
    base::KillPoint("flush.folder_synced");
    return Status();
  }

  catalog::SegmentRecord TakeRecord() { return std::move(record_); }

 private:
  void PassBefore() const {
    if (contents_.compacted) return base::KillPoint("compaction.written");
    base::KillPoint("flush.before_rename");
  }
  void PassAfter() const {
    if (contents_.compacted) return base::KillPoint("compaction.renamed");
    base::KillPoint("flush.after_rename");
  }

  const Field& FieldOf(std::uint32_t field) const {
    return field == catalog::kTimestampField ? TimestampField() : schema_.fields()[field];
  }

  ColumnSource Source(std::uint32_t field) const {
    return [this, field](RowIndex first, RowIndex max_rows) {
      return contents_.read(field, first, max_rows);
    };
  }

  Status PlanField(std::uint32_t field, std::uint64_t max_file_bytes) {
    const RowIndex rows = contents_.rows;
    VECDB_TRY_ASSIGN(const std::uint64_t per_file,
                     RowsPerColumnFile(FieldOf(field), rows, Source(field), max_file_bytes));
    catalog::ColumnFileRecord file;
    file.field = field;
    for (std::uint64_t first = 0; first < rows; first += per_file) {
      file.info.rows = std::min<std::uint64_t>(per_file, rows - first);
      record_.columns.push_back(file);
      ++file.chunk;
    }
    return Status();
  }

  Result<io::BlockFileWriter> NewFile(const std::string& name, FileId id, io::FileKind kind) {
    return io::BlockFileWriter::Create(fs_, io::Join(tmp_, name), database_, id, kind);
  }

  Result<Timestamp> TimestampAt(RowIndex row) const {
    VECDB_TRY_ASSIGN(const auto view, contents_.read(catalog::kTimestampField, row, 1));
    return Timestamp{static_cast<std::uint64_t>(view.As<std::int64_t>()[0])};
  }

  io::FileSystem& fs_;
  const io::DatabaseUuid& database_;
  const Schema& schema_;
  const SegmentContents& contents_;
  const std::string tmp_;
  const std::string final_;
  catalog::SegmentRecord record_;
};

}  // namespace

Result<catalog::SegmentRecord> WriteSegment(io::FileSystem& fs, const io::DatabaseUuid& database,
                                            const Schema& schema, const SegmentContents& contents,
                                            const NewIds& new_ids, std::uint64_t max_file_bytes) {
  if (contents.rows == 0) {
    return base::FailedPrecondition("segment {} has no rows to write", contents.id);
  }
  Writer writer(fs, database, schema, contents);
  VECDB_TRY(writer.Plan(new_ids, max_file_bytes));
  VECDB_TRY(writer.MakeFolder());
  VECDB_TRY(writer.WriteColumns());
  base::KillPoint("flush.columns_written");
  VECDB_TRY(writer.WriteKeys());
  base::KillPoint("flush.keys_written");
  VECDB_TRY(writer.WriteDeletes());
  VECDB_TRY(writer.Install());
  return writer.TakeRecord();
}

}  // namespace vecdb::segment
