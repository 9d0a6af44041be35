// Nearest-neighbour search in one segment through the index of the field.
#pragma once

#include "vecdb/status.h"

#include "index/index.h"
#include "query/plan.h"
#include "query/portion.h"
#include "query/reduce.h"
#include "query/scan.h"
#include "segment/index_part.h"
#include "segment/segment.h"

namespace vecdb::query {

// Offers the nearest of the allowed rows that the index finds to `top`, at exact distances: as many
// as the portion wants, or of those in the plan's range, or all there are, and notes in the portion
// whether there may be more. False: nothing was offered, because so many rows would have to be
// asked for that a scan costs less. kCorruption: the index is damaged, or a key; some may have been
// offered.
Result<bool> SearchIndex(const index::Index& index, const segment::Segment& segment,
                         const SearchPlan& plan, AllowedRows* allowed, TopK* top, Portion* portion);

// The same of the rows of one part; afterwards `allowed` has a bitmap where not all of them are.
Result<bool> SearchPart(const segment::IndexPart& part, const segment::Segment& segment,
                        const SearchPlan& plan, AllowedRows* allowed, TopK* top);

// The share of the ten nearest that the part finds, at the effort of a search that names none, of
// some of its own rows.
Result<float> RecallOfPart(const segment::IndexPart& part, const segment::Segment& segment,
                           std::uint32_t field, const base::Deadline& deadline);

}  // namespace vecdb::query
