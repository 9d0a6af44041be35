// Turns a growing segment into files. Runs on the background pool; the segment takes no more rows.
#pragma once

#include <functional>
#include <optional>

#include "catalog/records.h"
#include "io/file_system.h"
#include "segment/growing_segment.h"

namespace vecdb::segment {

// Hands out ids nobody had before (catalog::Manifest::NewIds).
using NewIds = std::function<Result<std::uint64_t>(std::uint64_t count)>;

// Writes columns, keys and tombstones so far to tmp/<id>/, then renames to segments/<id>/. The
// caller commits the record; until then nobody can see these files (rule 6). `saved_tombstones`
// gets how many tombstones the record's deletes file holds, for Tombstones::MarkSaved after the
// commit.
Result<catalog::SegmentRecord> FlushSegment(io::FileSystem& fs, const io::DatabaseUuid& database,
                                            const GrowingSegment& segment, CollectionId collection,
                                            const NewIds& new_ids, std::size_t* saved_tombstones);

// Writes all tombstones of a segment to segments/<id>/deletes-<number>.del. Nothing when it has
// none.
Result<std::optional<catalog::DeletesFileRecord>> FlushTombstones(
    io::FileSystem& fs, const io::DatabaseUuid& database, SegmentId segment,
    const Tombstones& tombstones, const NewIds& new_ids, std::size_t* saved_tombstones);

}  // namespace vecdb::segment
