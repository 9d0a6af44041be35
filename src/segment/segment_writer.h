// Writes the files of one sealed segment, wherever its rows come from. flush.cc says what a crash
// at each step leaves behind.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "catalog/records.h"
#include "segment/column_file.h"
#include "segment/flush.h"
#include "segment/tombstones.h"

namespace vecdb::segment {

// What the files will hold. Rows do not change while they are written.
struct SegmentContents {
  SegmentId id = 0;
  CollectionId collection = 0;
  ShardId shard = 0;
  PartitionId partition = kDefaultPartition;
  std::uint32_t schema_version = 1;
  RowIndex rows = 0;
  // Like Segment::Read; catalog::kTimestampField gives timestamps as Int64. Texts outlive the
  // write.
  std::function<Result<chunk::ColumnView>(std::uint32_t field, RowIndex first, RowIndex max_rows)>
      read;
  std::vector<Tombstone> tombstones;  // in timestamp order
  bool compacted = false;             // names the places where a test may end the process
};

// Leaves segments/<id>/ whole and synced, for the caller to commit the record. The id is one that
// no committed record names: what an earlier attempt left under it is removed. kFailedPrecondition
// when there are no rows.
Result<catalog::SegmentRecord> WriteSegment(io::FileSystem& fs, const io::DatabaseUuid& database,
                                            const Schema& schema, const SegmentContents& contents,
                                            const NewIds& new_ids,
                                            std::uint64_t max_file_bytes = kMaxColumnFileBytes);

}  // namespace vecdb::segment
