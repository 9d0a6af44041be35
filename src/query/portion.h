// How much a search asks of the index of each segment, where it searches several: a segment with a
// part of the rows has about that part of the nearest.
//
// Where the near rows are not spread like that, all that a segment has given is among the nearest
// of all, and it may have more: it is asked again, for everything (NeedsMore). So a portion costs
// time where it was too small, and never a row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "query/plan.h"
#include "query/reduce.h"
#include "segment/view.h"

namespace vecdb::query {

struct Portion {
  double part = 0;           // of all rows, whose share is asked for; 0: everything is
  std::size_t wanted = 0;    // rows
  std::size_t expected = 0;  // of them, among the nearest of all
  std::uint32_t ef = 0;      // candidates; 0: as the plan's recall takes

  // Of the rows that the index gave, where the segment may have others behind it.
  std::optional<float> farthest = {};
};

// All that the plan asks for.
Portion Whole(const SearchPlan& plan);

// Of `n` things spread over all rows at random, how many `part` of the rows have at most, but for
// about one time in a hundred: no more than n, and at least one.
std::size_t ShareOf(std::size_t n, double part);

// Of one index that has this part of all rows.
Portion PortionOf(const SearchPlan& plan, double part);
// One for each segment of the view. Of a range of distances all is asked, wherever it is.
std::vector<Portion> PortionsOf(const segment::View& view, const SearchPlan& plan);

// Whether a segment that gave this much may have a row that is nearer than the last of `top`, which
// has what all segments gave.
inline bool NeedsMore(const Portion& portion, const TopK& top) {
  return portion.farthest && *portion.farthest < top.bound();
}

}  // namespace vecdb::query
