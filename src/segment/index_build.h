// Building the index of a field in a sealed segment, and what a crash after each step leaves:
//
// 1 graph -> tmp/<field>-<file>.idx, synced     litter in tmp/, swept at open
// 2 rename into segments/<id>/                  a file that no record names: swept at open
// 3 sync segments/<id>/                         same
// Then the caller commits the record; until then nobody can see the file (rule 6). A failure leaves
// what a crash at the same place leaves.
#pragma once

#include "catalog/records.h"
#include "index/index.h"
#include "io/file_system.h"
#include "segment/flush.h"
#include "segment/index_part.h"
#include "segment/segment.h"

namespace vecdb::segment {

struct IndexBuild {
  std::uint32_t field = 0;
  IndexId index = 0;
  index::GraphParameters parameters;
};

// The record says nothing of how long it took.
Result<catalog::IndexFileRecord> BuildSegmentIndex(io::FileSystem& fs,
                                                   const io::DatabaseUuid& database,
                                                   const Segment& segment, const IndexBuild& build,
                                                   const index::BuildContext& context,
                                                   const NewIds& new_ids);

// An index of some rows of a segment that is in no file, read back; a failure leaves nothing. Its
// memory is not charged.
Result<std::shared_ptr<IndexPart>> BuildIndexPart(const Segment& segment, std::uint32_t field,
                                                  const PartRange& range,
                                                  const index::GraphParameters& parameters,
                                                  const index::BuildContext& context);

// Removes the file of a record that no catalog names (any more).
Status RemoveIndexFile(io::FileSystem& fs, SegmentId segment, const catalog::IndexFileRecord& file);

}  // namespace vecdb::segment
