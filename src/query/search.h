// Nearest-neighbour search in one segment: through the index of the field, where there is one that
// serves, and otherwise exact, row by row.
#pragma once

#include "vecdb/types.h"

#include "query/filter_cache.h"
#include "query/plan.h"
#include "query/portion.h"
#include "query/reduce.h"
#include "segment/read_time.h"
#include "segment/segment.h"

namespace vecdb::query {

// Offers rows of the segment that are visible at `t` and pass the filter to `top`: the nearest, or
// all. An index that turns out to be damaged is noted and not asked again. Of an index no more than
// `portion` says is asked, where there is one.
Status SearchSegment(const segment::Segment& segment, const segment::ReadTime& t,
                     const SearchPlan& plan, TopK* top, FilterCache* cache = nullptr,
                     Portion* portion = nullptr);

}  // namespace vecdb::query
