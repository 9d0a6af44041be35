// A part of the rows by their clustering key. Rows are ordered by value, those without one first,
// and rows of one value by timestamp, so that every set of rows can be cut into parts of one size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "vecdb/result.h"
#include "vecdb/types.h"

#include "catalog/key_range.h"
#include "compaction/inputs.h"

namespace vecdb::compaction {

struct KeyPlace {
  catalog::KeyValue value;
  Timestamp timestamp{0};
};

// The rows from one place on and before another.
struct Band {
  std::uint32_t field = 0;
  std::optional<KeyPlace> from = {};  // none: the first
  std::optional<KeyPlace> to = {};    // none: the end

  bool Has(const catalog::KeyValueView& value, Timestamp timestamp) const;
  // False only if it has no row of a segment with this range, which tells nothing of rows without
  // a value.
  bool Meets(const catalog::KeyRange& range) const;
};

// At most `count` bands of about as many rows each, by a sample; together they have every row. The
// rows deleted by `at` or written before `keep_from` do not count.
struct SplitSetup {
  std::uint32_t field = 0;  // the clustering key
  std::size_t count = 1;
  Timestamp at{0};
  Timestamp keep_from{0};
};
Result<std::vector<Band>> SplitIntoBands(const Inputs& inputs, const SplitSetup& setup,
                                         const Pace& pace);

}  // namespace vecdb::compaction
