// Nearest-neighbour search in one segment through the index of the field.
#pragma once

#include "vecdb/status.h"

#include "index/index.h"
#include "query/plan.h"
#include "query/reduce.h"
#include "query/scan.h"
#include "segment/segment.h"

namespace vecdb::query {

// Offers the nearest of the allowed rows that the index finds to `top`, at exact distances:
// min(limit + offset, allowed) of them, or of those in the plan's range. False: nothing was
// offered, because so many rows would have to be asked for that a scan costs less. kCorruption: the
// index is damaged, and nothing was offered.
Result<bool> SearchIndex(const index::Index& index, const segment::Segment& segment,
                         const SearchPlan& plan, AllowedRows* allowed, TopK* top);

}  // namespace vecdb::query
