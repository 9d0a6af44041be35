// Runs a program over the rows of a segment.
#pragma once

#include "vecdb/status.h"

#include "base/bitmap.h"
#include "base/deadline.h"
#include "base/ids.h"
#include "query/filter/program.h"
#include "segment/segment.h"

namespace vecdb::query::filter {

// `passed` gets `rows` bits, 1 where the program is TRUE; those before `first` stay 0. Fails only
// if the segment cannot be read, or at the deadline.
Status Run(const Program& program, const segment::Segment& segment, RowIndex first, RowIndex rows,
           const base::Deadline& deadline, base::Bitmap* passed);

}  // namespace vecdb::query::filter
