// Which rows of a segment a read may see: visible at its time and passing its filter.
#pragma once

#include <optional>
#include <vector>

#include "vecdb/types.h"

#include "base/bitmap.h"
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
                                  const Filter* filter);

// The first `limit` allowed rows in key order over all segments offered.
class FirstByKey {
 public:
  explicit FirstByKey(std::size_t limit) : limit_(limit) {}
  Status Offer(const segment::Segment& segment, const segment::ReadTime& t, const Filter* filter);
  std::vector<Candidate> Take();  // in key order

 private:
  const std::size_t limit_;
  std::vector<Candidate> heap_;  // the largest key on top
};

}  // namespace vecdb::query
