// Nearest-neighbour search in one segment through the index of the field.
#pragma once

#include "vecdb/status.h"

#include "index/index.h"
#include "query/plan.h"
#include "query/portion.h"
#include "query/reduce.h"
#include "query/scan.h"
#include "segment/segment.h"

namespace vecdb::query {

// Offers the nearest of the allowed rows that the index finds to `top`, at exact distances: as many
// as the portion wants, or all there are, and notes in it whether there may be more. kCorruption:
// the index is damaged, and nothing was offered.
Status SearchIndex(const index::Index& index, const segment::Segment& segment,
                   const SearchPlan& plan, AllowedRows* allowed, TopK* top, Portion* portion);

}  // namespace vecdb::query
