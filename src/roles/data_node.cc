#include "roles/data_node.h"

#include <chrono>

#include "base/status.h"
#include "segment/key_values.h"

namespace vecdb::roles {

Result<DataNode::Flushed> DataNode::Flush(const segment::GrowingSegment& segment,
                                          CollectionId collection,
                                          std::optional<std::uint32_t> clustering_key) const {
  Flushed flushed;
  VECDB_TRY_ASSIGN(flushed.record, segment::FlushSegment(fs_, database_, segment, collection,
                                                         new_ids_, &flushed.saved_tombstones));
  if (!clustering_key) return flushed;
  const auto read = [&](RowIndex first, RowIndex max_rows) {
    return segment.Read(*clustering_key, first, max_rows);
  };
  const auto rows = static_cast<RowIndex>(flushed.record.rows);
  VECDB_TRY_ASSIGN(flushed.record.key_range, segment::FindKeyRange(*clustering_key, rows, read));
  return flushed;
}

Result<std::optional<catalog::SegmentRecord>> DataNode::Compact(compaction::Job& job) const {
  VECDB_TRY(job.Prepare());
  if (job.rows() == 0 || !job.changes()) return std::optional<catalog::SegmentRecord>();
  VECDB_TRY_ASSIGN(catalog::SegmentRecord record, job.Run(fs_, database_, new_ids_));
  return std::optional(std::move(record));
}

Result<catalog::IndexFileRecord> DataNode::BuildIndex(const segment::Segment& segment,
                                                      const segment::IndexBuild& build,
                                                      const index::BuildContext& context) const {
  const auto begun = std::chrono::steady_clock::now();
  VECDB_TRY_ASSIGN(auto record,
                   segment::BuildSegmentIndex(fs_, database_, segment, build, context, new_ids_));
  const auto took = std::chrono::steady_clock::now() - begun;
  record.build_ms = static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(took).count());
  return record;
}

Result<DataNode::SavedTombstones> DataNode::SaveTombstones(const segment::Segment& segment) const {
  SavedTombstones saved;
  VECDB_TRY_ASSIGN(saved.file,
                   segment::FlushTombstones(fs_, database_, segment.id(), segment.tombstones(),
                                            new_ids_, &saved.count));
  return saved;
}

}  // namespace vecdb::roles
