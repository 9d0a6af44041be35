// Nearest-neighbour search in one segment by several queries at once.
#pragma once

#include <span>

#include "query/plan.h"
#include "query/reduce.h"
#include "query/scan.h"
#include "segment/segment.h"

namespace vecdb::query {

// Queries that share a pass over the rows, at most: as many as fit into a second cache.
std::size_t QueriesOfBlock(const Field& field);

// As SearchRows by each of the plans, which differ in their queries alone, into the top of the same
// place. Where there is no index to ask, the rows are read once for all of them.
Status SearchRowsMany(const segment::Segment& segment, std::span<const SearchPlan> plans,
                      const AllowedRows& allowed, std::span<TopK> tops);

}  // namespace vecdb::query
