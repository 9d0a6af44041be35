// Writes files in the background: turns sealed-off growing segments into segment folders, and
// several of these into one. It decides nothing and commits nothing.
//
// Thread safety: all methods from any thread, but one flush of a segment at a time.
#pragma once

#include "catalog/records.h"
#include "compaction/job.h"
#include "io/file_system.h"
#include "segment/flush.h"
#include "segment/index_build.h"

namespace vecdb::roles {

class DataNode {
 public:
  DataNode(io::FileSystem& fs, const io::DatabaseUuid& database, segment::NewIds new_ids)
      : fs_(fs), database_(database), new_ids_(std::move(new_ids)) {}

  struct Flushed {
    catalog::SegmentRecord record;
    std::size_t saved_tombstones = 0;
  };
  // A failure leaves litter in tmp/ or an orphan in segments/, which the next open sweeps.
  // `clustering_key`: the field whose range the record names.
  Result<Flushed> Flush(const segment::GrowingSegment& segment, CollectionId collection,
                        std::optional<std::uint32_t> clustering_key) const;

  // Nothing when no row stays, or the rows are those of the one input. A failure leaves the same.
  Result<std::optional<catalog::SegmentRecord>> Compact(compaction::Job& job) const;

  // A failure leaves nothing that counts; the record says how long it took.
  Result<catalog::IndexFileRecord> BuildIndex(const segment::Segment& segment,
                                              const segment::IndexBuild& build,
                                              const index::BuildContext& context) const;

  struct SavedTombstones {
    std::optional<catalog::DeletesFileRecord> file;
    std::size_t count = 0;
  };
  Result<SavedTombstones> SaveTombstones(const segment::Segment& segment) const;

 private:
  io::FileSystem& fs_;
  const io::DatabaseUuid database_;
  const segment::NewIds new_ids_;
};

}  // namespace vecdb::roles
