// The tombstones of a segment in one file. The grammar of the bytes is on top of deletes_file.cc.
#pragma once

#include <span>
#include <vector>

#include "io/block_file.h"
#include "segment/tombstones.h"

namespace vecdb::segment {

// Writes tombstones, at least one, in timestamp order, and finishes `out`.
Result<io::SealedFileInfo> WriteDeletesFile(std::span<const Tombstone> tombstones,
                                            io::BlockFileWriter* out);

// All of them, checked: rows below `segment_rows`, none twice, timestamps that never fall. Their
// lsn is 0. kCorruption naming the file.
Result<std::vector<Tombstone>> ReadDeletesFile(const io::BlockFile& file, RowIndex segment_rows);

}  // namespace vecdb::segment
