#include "segment/segment.h"

#include "base/status.h"

namespace vecdb::segment {

Status Segment::FindLive(chunk::KeyView key, std::uint64_t hash,
                         std::vector<RowIndex>* rows) const {
  const std::size_t before = rows->size();
  VECDB_TRY(FindKey(key, hash, rows));
  std::size_t kept = before;
  for (std::size_t i = before; i < rows->size(); ++i) {
    if (!tombstones().IsMarked((*rows)[i])) (*rows)[kept++] = (*rows)[i];
  }
  rows->resize(kept);
  return Status();
}

Result<std::optional<RowIndex>> Segment::FindVisible(chunk::KeyView key, std::uint64_t hash,
                                                     Timestamp t) const {
  std::vector<RowIndex> found;
  VECDB_TRY(FindKey(key, hash, &found));
  for (std::size_t i = found.size(); i-- > 0;) {
    VECDB_TRY_ASSIGN(const Timestamp written, TimestampOf(found[i]));
    if (written > t) continue;
    if (tombstones().IsDeletedAt(found[i], t)) break;
    return std::optional<RowIndex>(found[i]);
  }
  return std::optional<RowIndex>();
}

}  // namespace vecdb::segment
