// Runs a program over the rows of a segment.
#pragma once

#include "vecdb/status.h"

#include "base/bitmap.h"
#include "base/ids.h"
#include "query/filter/program.h"
#include "segment/segment.h"

namespace vecdb::query::filter {

// `passed` gets `rows` bits, 1 where the program is TRUE. Fails only if the segment cannot be read.
Status Run(const Program& program, const segment::Segment& segment, RowIndex rows,
           base::Bitmap* passed);

}  // namespace vecdb::query::filter
