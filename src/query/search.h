// Nearest-neighbour search in one segment: through the index of the field, where there is one that
// serves, and otherwise exact, row by row.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>

#include "vecdb/schema.h"
#include "vecdb/types.h"

#include "base/status.h"
#include "query/crossings.h"
#include "query/filter_cache.h"
#include "query/plan.h"
#include "query/portion.h"
#include "query/reduce.h"
#include "query/scan.h"
#include "segment/read_time.h"
#include "segment/segment.h"
#include "segment/view.h"

namespace vecdb::query {

// Offers rows of the segment that are visible at `t` and pass the filter to `top`: the nearest, or
// all. An index that turns out to be damaged is noted and not asked again.
Status SearchSegment(const segment::Segment& segment, const segment::ReadTime& t,
                     const SearchPlan& plan, TopK* top, FilterCache* cache = nullptr);
// The same of rows that are known; the bits of `allowed` may become more, all of them zero.
Status SearchRows(const segment::Segment& segment, const SearchPlan& plan, AllowedRows* allowed,
                  TopK* top);

// Where a search of several segments puts what it finds.
struct SearchInto {
  TopK* top = nullptr;
  std::span<Portion> portions;  // of all segments of the View: PortionsOf()
  FilterCache* cache = nullptr;
  Crossings* crossings = nullptr;  // where those that are wanted are made
};
inline constexpr std::size_t kSegmentsTogether = 16;  // whose allowed rows are known at once

// The same of some segments of the View, by this thread. Of an index no more is asked than its
// portion; when all segments have been searched, SearchAgain() asks those for more that may have
// it.
Status SearchSegments(const segment::View& view, std::span<const std::size_t> which,
                      const segment::ReadTime& t, const SearchPlan& plan, const SearchInto& into);
// The same of rows that are known: allowed[i] is of the segment which[i], and its bits may become
// more, all of them zero.
Status SearchKnown(const segment::View& view, std::span<const std::size_t> which,
                   std::span<AllowedRows> allowed, const SearchPlan& plan, const SearchInto& into);
Status SearchAgain(const segment::View& view, const segment::ReadTime& t, const SearchPlan& plan,
                   const SearchInto& into);

// The same of rows that are left: what was allowed, less what has been taken out of the bitmap
// since. Where there is nothing yet, it is found first.
Status SearchLeft(const segment::Segment& segment, const segment::ReadTime& t,
                  const SearchPlan& plan, std::optional<AllowedRows>* left, TopK* top,
                  FilterCache* cache = nullptr);

// Whether SearchRows would ask indexes for most of the rows.
bool MayAskIndex(const segment::Segment& segment, const SearchPlan& plan);

// Rows between two looks at the deadline: about 1 MiB of them, or a few thousand.
RowIndex RowsPerLook(const Field& field);

// Calls visit(view, at) for the field's vectors of [first, end), run by run: row i of a view is row
// at + i.
template <typename Visit>
Status ForEachRun(const segment::Segment& segment, const SearchPlan& plan, RowIndex first,
                  RowIndex end, const Visit& visit) {
  const RowIndex step = plan.deadline.limited() ? RowsPerLook(segment.schema().fields()[plan.field])
                                                : std::max<RowIndex>(end, 1);
  while (first < end) {
    VECDB_TRY(plan.deadline.Check());
    VECDB_TRY_ASSIGN(const chunk::ColumnView view,
                     segment.Read(plan.field, first, std::min(step, end - first), plan.deadline));
    VECDB_TRY(visit(view, first));
    first += static_cast<RowIndex>(view.rows);
  }
  return Status();
}

}  // namespace vecdb::query
