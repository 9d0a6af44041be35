// The fields of the rows that won.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "vecdb/result.h"
#include "vecdb/schema.h"

#include "base/deadline.h"
#include "query/reduce.h"

namespace vecdb::query {

Result<Row> FetchRow(const Schema& schema, const segment::Segment& segment, RowIndex row,
                     std::span<const std::uint32_t> output, const base::Deadline& deadline);

}  // namespace vecdb::query
