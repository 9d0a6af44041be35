// A filter expression (docs/FILTER.md), parsed and bound to a schema: a checked Filter is the only
// kind there is. Three-valued: a row passes only when the expression is TRUE.
//
// Thread safety: immutable after Compile.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vecdb/schema.h"
#include "vecdb/status.h"

#include "base/bitmap.h"
#include "base/deadline.h"
#include "catalog/key_range.h"
#include "segment/segment.h"

namespace vecdb::query {

class Filter {
 public:
  // kInvalidArgument names the position, the word and what was expected there.
  static Result<std::shared_ptr<const Filter>> Compile(std::string_view text, const Schema& schema);
  virtual ~Filter() = default;

  // `passed` gets `rows` bits: 1 where the expression is TRUE for that row of the segment.
  Status Evaluate(const segment::Segment& segment, RowIndex rows, base::Bitmap* passed) const {
    return EvaluateFrom(segment, 0, rows, base::Deadline(), passed);
  }
  // The same, with 0 for the rows before `first`, which are not read.
  virtual Status EvaluateFrom(const segment::Segment& segment, RowIndex first, RowIndex rows,
                              const base::Deadline& deadline, base::Bitmap* passed) const = 0;

  // The values of this field, an Int64 or VarChar, outside of which no row passes; nothing when any
  // may do.
  virtual std::optional<std::vector<Key>> ValuesOf(std::uint32_t field) const = 0;

  // False only if no row can pass whose value of range.field lies in the range, is null, or is no
  // number.
  virtual bool MayPass(const catalog::KeyRange& range) const = 0;

  // As it was given to Compile.
  virtual std::string_view text() const = 0;
  // The expression with every parenthesis written; compiles to an equal filter.
  virtual std::string ToString() const = 0;
};

}  // namespace vecdb::query
