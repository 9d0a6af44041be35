// Turning a growing segment into files (FlushSegment), and what a crash after each step leaves:
//
// 1 columns -> tmp/<id>/, each file synced      litter in tmp/, swept at open; the log replays
// 2 keys -> tmp/<id>/, synced                   same
// 3 tombstones so far -> tmp/<id>/, synced      same
// 4 sync tmp/<id>/                              same
// 5 rename tmp/<id> to segments/<id>            orphan directory, swept at open; the log replays
// 6 sync segments/                              same
// Then the caller commits the record; until then nobody can see these files (rule 6).
// after the commit, before the view is published: reopen sees the sealed segment, and replay skips
// its rows.
//
// Saving the tombstones of a segment that is already sealed (FlushTombstones):
//
// 1 all tombstones -> tmp/deletes-<n>.del, synced     litter in tmp/; the log replays the deletes
// 2 rename into segments/<id>/                        a file that no record names: litter; same
// 3 sync segments/<id>/                               same
// Then the caller commits the record, which names this file instead of the one before.
//
// A failure leaves what a crash at the same place leaves; FlushSegment first removes what an
// earlier attempt at the same segment left.
#include "segment/flush.h"

#include "base/canary.h"
#include "io/layout.h"
#include "segment/deletes_file.h"
#include "segment/segment_writer.h"

namespace vecdb::segment {
namespace {

Result<chunk::ColumnView> ReadGrowing(const GrowingSegment& segment, std::uint32_t field,
                                      RowIndex first, RowIndex max_rows) {
  if (field != catalog::kTimestampField) return segment.Read(field, first, max_rows);
  return segment.ReadTimestamps(first, max_rows);
}

}  // namespace

Result<catalog::SegmentRecord> FlushSegment(io::FileSystem& fs, const io::DatabaseUuid& database,
                                            const GrowingSegment& segment, CollectionId collection,
                                            const NewIds& new_ids, std::size_t* saved_tombstones) {
  SegmentContents contents;
  contents.id = segment.id();
  contents.collection = collection;
  contents.shard = segment.shard();
  contents.partition = segment.partition();
  contents.schema_version = segment.schema_version();
  contents.rows = segment.rows();
  contents.tombstones = segment.tombstones().All();  // those that come later are saved later
  contents.read = [&segment](std::uint32_t field, RowIndex first, RowIndex max_rows) {
    return ReadGrowing(segment, field, first, max_rows);
  };
  const std::size_t saved = contents.tombstones.size();
  if (base::Canary(28) && contents.rows > 3) --contents.rows;
  if (base::Canary(22)) contents.tombstones.clear();
  VECDB_TRY_ASSIGN(catalog::SegmentRecord record,
                   WriteSegment(fs, database, segment.schema(), contents, new_ids));
  *saved_tombstones = saved;
  return record;
}

Result<std::optional<catalog::DeletesFileRecord>> FlushTombstones(
    io::FileSystem& fs, const io::DatabaseUuid& database, SegmentId segment,
    const Tombstones& tombstones, const NewIds& new_ids, std::size_t* saved_tombstones) {
  const std::vector<Tombstone> all = tombstones.All();
  *saved_tombstones = 0;
  if (all.empty() || base::Canary(22)) return std::optional<catalog::DeletesFileRecord>();
  catalog::DeletesFileRecord record;
  VECDB_TRY_ASSIGN(record.number, new_ids(1));
  const std::string name = io::DeletesName(record.number);
  const std::string tmp = io::TmpPath(name);
  const std::string folder = io::SegmentFolder(segment);
  VECDB_TRY_ASSIGN(auto out, io::BlockFileWriter::Create(fs, tmp, database, record.number,
                                                         io::FileKind::kDeletes));
  VECDB_TRY_ASSIGN(record.info, WriteDeletesFile(all, &out));
  base::KillPoint("flush.deletes_written");
  VECDB_TRY(fs.Rename(tmp, io::Join(folder, name)));
  base::KillPoint("flush.deletes_renamed");
  if (!base::Canary(2)) VECDB_TRY(fs.SyncDirectory(folder));
  *saved_tombstones = all.size();
  return std::optional(record);
}

}  // namespace vecdb::segment
