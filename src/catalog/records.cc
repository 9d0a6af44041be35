#include "catalog/records.h"

namespace vecdb::catalog {

const IndexFileRecord* SegmentRecord::IndexOf(std::uint32_t field) const {
  for (const IndexFileRecord& file : indexes) {
    if (file.field == field) return &file;
  }
  return nullptr;
}

std::uint64_t SegmentRecord::size_bytes() const {
  std::uint64_t total = keys.size_bytes;
  for (const ColumnFileRecord& column : columns) total += column.info.size_bytes;
  if (deletes) total += deletes->info.size_bytes;
  return total;
}

}  // namespace vecdb::catalog
