// Nearest-neighbour search in one segment through the index of the field.
#pragma once

#include "vecdb/status.h"

#include "index/index.h"
#include "query/plan.h"
#include "query/reduce.h"
#include "query/scan.h"
#include "segment/index_part.h"
#include "segment/segment.h"

namespace vecdb::query {

// Offers the nearest of the allowed rows that the index finds to `top`, at exact distances:
// min(limit + offset, allowed) of them. kCorruption: the index is damaged, and nothing was offered.
Status SearchIndex(const index::Index& index, const segment::Segment& segment,
                   const SearchPlan& plan, AllowedRows* allowed, TopK* top);

// The same of the rows of one part; afterwards `allowed` has a bitmap where not all of them are.
Status SearchPart(const segment::IndexPart& part, const segment::Segment& segment,
                  const SearchPlan& plan, AllowedRows* allowed, TopK* top);

// The share of the ten nearest that the part finds, at the effort of a search that names none, of
// some of its own rows.
Result<float> RecallOfPart(const segment::IndexPart& part, const segment::Segment& segment,
                           std::uint32_t field, const base::Deadline& deadline);

}  // namespace vecdb::query
