// The values of a clustering key, as segments hold them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "vecdb/result.h"

#include "base/ids.h"
#include "catalog/key_range.h"
#include "chunk/column_view.h"
#include "segment/column_file.h"

namespace vecdb::segment {

// Lent by the view, which is of a field that may be a clustering key.
catalog::KeyValueView KeyValueAt(const chunk::ColumnView& view, std::size_t row);

// The range of `rows` values that `read` gives from 0 on: the same for the same values.
Result<catalog::KeyRange> FindKeyRange(std::uint32_t field, RowIndex rows,
                                       const ColumnSource& read);

}  // namespace vecdb::segment
