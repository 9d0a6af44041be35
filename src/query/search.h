// Exact nearest-neighbour search in one segment.
#pragma once

#include "vecdb/types.h"

#include "query/plan.h"
#include "query/reduce.h"
#include "segment/read_time.h"
#include "segment/segment.h"

namespace vecdb::query {

// Offers every row of the segment that is visible at `t` and passes the filter to `top`.
Status SearchSegment(const segment::Segment& segment, const segment::ReadTime& t,
                     const SearchPlan& plan, TopK* top);

}  // namespace vecdb::query
