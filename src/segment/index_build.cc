#include "segment/index_build.h"

#include "base/canary.h"
#include "base/status.h"
#include "io/layout.h"
#include "segment/field_index.h"

namespace vecdb::segment {
namespace {

// Those from `from` on, numbered from 0.
class RowsOf final : public index::RowSource {
 public:
  RowsOf(const Segment& segment, std::uint32_t field, RowIndex from = 0)
      : segment_(segment), field_(field), from_(from) {}
  Result<chunk::ColumnView> Read(RowIndex first, RowIndex max_rows) const override {
    return segment_.Read(field_, from_ + first, max_rows);
  }

 private:
  const Segment& segment_;
  const std::uint32_t field_;
  const RowIndex from_;
};

}  // namespace

Result<catalog::IndexFileRecord> BuildSegmentIndex(io::FileSystem& fs,
                                                   const io::DatabaseUuid& database,
                                                   const Segment& segment, const IndexBuild& build,
                                                   const index::BuildContext& context,
                                                   const NewIds& new_ids) {
  VECDB_TRY_ASSIGN(const FileId file, new_ids(1));
  const std::string name = io::IndexName(build.field, file);
  const std::string tmp = io::TmpPath(name);
  const std::string folder = io::SegmentFolder(segment.id());
  const Field& field = segment.schema().fields()[build.field];
  catalog::IndexFileRecord record{build.field, build.index, 0, {}};
  const auto write = [&]() -> Result<io::SealedFileInfo> {
    VECDB_TRY_ASSIGN(auto out,
                     io::BlockFileWriter::Create(fs, tmp, database, file, io::FileKind::kIndex));
    return index::BuildGraph(ShapeOf(field, segment.rows()), RowsOf(segment, build.field),
                             build.parameters, context, &out);
  };
  const auto written = write();
  if (!written.ok()) {
    (void)fs.RemoveFile(tmp);  // its space may be what is missing
    return written.status();
  }
  record.info = *written;
  base::KillPoint("index.written");
  VECDB_TRY(fs.Rename(tmp, io::Join(folder, name)));
  base::KillPoint("index.renamed");
  VECDB_TRY(fs.SyncDirectory(folder));
  return record;
}

// Through a file as every index, which is in memory once more when it is open: only that one stays.
Result<std::shared_ptr<IndexPart>> BuildIndexPart(const Segment& segment, std::uint32_t field,
                                                  const PartRange& range,
                                                  const index::GraphParameters& parameters,
                                                  const index::BuildContext& context) {
  const std::string name = "part.idx";
  const io::DatabaseUuid none{};
  const auto fs = io::MakeMemoryFileSystem();
  const index::Shape shape = ShapeOf(segment.schema().fields()[field], range.rows);
  VECDB_TRY_ASSIGN(auto out, io::BlockFileWriter::Create(*fs, name, none, 1, io::FileKind::kIndex));
  VECDB_TRY_ASSIGN(
      const io::SealedFileInfo info,
      index::BuildGraph(shape, RowsOf(segment, field, range.first), parameters, context, &out));
  VECDB_TRY_ASSIGN(auto file, io::BlockFile::Open(*fs, name, none, info, LoadMode::kResident));
  auto part = std::make_shared<IndexPart>();
  part->range = range;
  part->bytes = io::BlockFile::MemoryFor(info, LoadMode::kResident);
  VECDB_TRY_ASSIGN(part->index, index::Index::Open(std::move(file), shape));
  VECDB_TRY(part->index->Verify());
  return part;
}

Status RemoveIndexFile(io::FileSystem& fs, SegmentId segment,
                       const catalog::IndexFileRecord& file) {
  return fs.RemoveFile(
      io::Join(io::SegmentFolder(segment), io::IndexName(file.field, file.info.file_id)));
}

}  // namespace vecdb::segment
