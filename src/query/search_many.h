// Nearest-neighbour search by several queries at once.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "query/crossings.h"
#include "query/filter_cache.h"
#include "query/plan.h"
#include "query/portion.h"
#include "query/reduce.h"
#include "query/scan.h"
#include "segment/segment.h"
#include "segment/view.h"

namespace vecdb::query {

// Queries that share a pass over the rows, at most: as many as fit into a second cache.
std::size_t QueriesOfBlock(const Field& field);

// A scan of the allowed rows for all of the plans, which differ in their queries alone, each into
// the top of the same place. Rows are read once.
Status SearchRowsMany(const segment::Segment& segment, std::span<const SearchPlan> plans,
                      const AllowedRows& allowed, std::span<TopK> tops);

// Searches of a View by plans that differ in their queries alone; all lent.
struct ManySearches {
  const segment::View& view;
  std::span<const SearchPlan> plans;
  std::span<const AllowedRows> allowed;  // of each segment
  FilterCache* cache = nullptr;
  Crossings* crossings = nullptr;
};

// Some segments by plans [first, first + count), into the tops of the same places: what has no
// index for all of them together, then query by query through the indexes.
Status SearchSegmentsMany(const ManySearches& of, std::span<const std::size_t> which,
                          std::size_t first, std::size_t count, std::span<TopK> tops);

}  // namespace vecdb::query
