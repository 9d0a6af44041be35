// Nearest-neighbour search in one segment through the index of the field.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "vecdb/status.h"

#include "chunk/column_view.h"
#include "index/index.h"
#include "query/plan.h"
#include "query/portion.h"
#include "query/reduce.h"
#include "query/scan.h"
#include "segment/index_part.h"
#include "segment/segment.h"

namespace vecdb::query {

// Exact distances of rows wherever they lie: each is asked for some rows before it is looked at.
class ExactRows final : public index::ExactDistances {
 public:
  // Rows are numbered from `from` on.
  ExactRows(const segment::Segment& segment, const SearchPlan& plan, RowIndex from);

  Status Compute(std::span<const std::uint32_t> rows, std::span<float> out) override;

 private:
  void Measure(chunk::ColumnView* row, std::span<float> out);

  const segment::Segment* segment_;
  const SearchPlan* plan_;
  RowIndex from_;
  std::size_t asked_ = 0;  // bytes of a row
};

// What a search asks of one index, and what comes of it.
class IndexAsk {
 public:
  // An index of rows [first, first + rows) of the segment, which it numbers from 0.
  struct Of {
    const index::Index* index = nullptr;
    const segment::Segment* segment = nullptr;
    RowIndex first = 0;
    RowIndex rows = 0;
  };

  // `allowed` has a bitmap afterwards where not all rows of the index are. It, the plan and the
  // segment stay where they are until all is done.
  IndexAsk(const Of& of, const SearchPlan& plan, const Portion& portion, AllowedRows* allowed);

  const Of& of() const { return of_; }
  // The request, which points into this; it counts what is allowed, of which there may be nothing.
  index::SearchOf Request();
  // Offers what was found to `top`, at exact distances.
  Status Offer(TopK* top);
  // Of the last row found, where the index may have others behind it that are wanted.
  std::optional<float> farthest() const;

  // All of it, alone. False: nothing was offered, because so many rows would have to be asked for
  // that a scan costs less. kCorruption: the index is damaged, or a key; some may have been
  // offered.
  Result<bool> Run(TopK* top);

 private:
  Result<bool> AskInRange();

  Of of_;
  const SearchPlan* plan_;
  Portion portion_;
  const AllowedRows* allowed_;  // null: every row
  index::AllowedRows counted_;
  ExactRows exact_;
  std::vector<index::Neighbor> found_;
};

// The share of the ten nearest that the part finds, at the effort of a search that names none, of
// some of its own rows.
Result<float> RecallOfPart(const segment::IndexPart& part, const segment::Segment& segment,
                           std::uint32_t field, const base::Deadline& deadline);

}  // namespace vecdb::query
