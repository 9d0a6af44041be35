// Which rows of a segment a read may see: visible at its time and passing its filter.
#pragma once

#include <optional>
#include <vector>

#include "vecdb/types.h"

#include "base/bitmap.h"
#include "base/deadline.h"
#include "base/status.h"
#include "query/filter_cache.h"
#include "query/plan.h"
#include "query/reduce.h"
#include "segment/read_time.h"
#include "segment/segment.h"

namespace vecdb::query {

// Rows [first, rows), less what the bitmap leaves out.
struct AllowedRows {
  RowIndex first = 0;
  RowIndex rows = 0;
  std::optional<base::Bitmap> bitmap;  // `rows` bits, none set before `first`; empty = all of them
  std::size_t Count() const { return bitmap ? bitmap->Count() : rows - first; }
};
Result<AllowedRows> AllowedRowsAt(const segment::Segment& segment, const segment::ReadTime& t,
                                  const Filter* filter, const base::Deadline& deadline = {},
                                  FilterCache* cache = nullptr);

// The first `limit` allowed rows in key order over all segments offered.
class FirstByKey {
 public:
  explicit FirstByKey(std::size_t limit) : limit_(limit) {}
  Status Offer(const segment::Segment& segment, const segment::ReadTime& t, const Filter* filter,
               const base::Deadline& deadline = {});
  // Those of `allowed` for which `wanted(candidate)` holds.
  template <typename F>
  Status OfferAllowed(const segment::Segment& segment, const AllowedRows& allowed,
                      const base::Deadline& deadline, const F& wanted);
  std::size_t limit() const { return limit_; }
  // Another of the same limit, empty; and what such a one has found.
  FirstByKey Empty() const { return FirstByKey(limit_); }
  void Merge(const FirstByKey& other);
  std::vector<Candidate> Take();  // in key order

 private:
  void Add(const Candidate& candidate);

  std::size_t limit_;
  std::vector<Candidate> heap_;  // the largest key on top
};

// Keys of rows from `first` on, none from `end` on: as many as storage gives at once.
Result<chunk::ColumnView> ReadKeys(const segment::Segment& segment, RowIndex first, RowIndex end);
chunk::KeyView KeyIn(const chunk::ColumnView& keys, std::size_t row);

template <typename F>
Status FirstByKey::OfferAllowed(const segment::Segment& segment, const AllowedRows& allowed,
                                const base::Deadline& deadline, const F& wanted) {
  for (RowIndex first = allowed.first; first < allowed.rows;) {
    VECDB_TRY(deadline.Check());
    VECDB_TRY_ASSIGN(const chunk::ColumnView keys, ReadKeys(segment, first, allowed.rows));
    for (std::size_t i = 0; i < keys.rows; ++i) {
      const RowIndex row = first + static_cast<RowIndex>(i);
      if (allowed.bitmap && !allowed.bitmap->Test(row)) continue;
      const Candidate candidate{0, row, &segment, KeyIn(keys, i)};
      if (wanted(candidate)) Add(candidate);
    }
    first += static_cast<RowIndex>(keys.rows);
  }
  return Status();
}

}  // namespace vecdb::query
