// The rows that a compaction keeps: those of its inputs that are neither deleted at a time nor
// expired, in timestamp order, numbered anew from 0. Rows are read from the inputs block by block;
// in memory are 12 bytes a row.
//
// Thread safety: const methods from any thread once made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "chunk/column_view.h"
#include "segment/segment.h"

namespace vecdb::compaction {

using Inputs = std::vector<std::shared_ptr<const segment::Segment>>;  // sealed

// Called between two pieces of work with the bytes of the last; kCancelled ends the work.
using Pace = std::function<Status(std::uint64_t bytes)>;

// Where a kept row comes from.
struct Origin {
  std::uint32_t input = 0;
  RowIndex row = 0;
};

class MergedRows {
 public:
  // Drops rows deleted at or before `t`, and those written before `keep_from`.
  static Result<MergedRows> Make(Inputs inputs, Timestamp t, Timestamp keep_from, const Pace& pace);

  RowIndex rows() const { return static_cast<RowIndex>(origins_.size()); }
  const Inputs& inputs() const { return inputs_; }

  // Like Segment::Read, at most about 1 MiB; catalog::kTimestampField gives timestamps.
  Result<chunk::ColumnView> Read(std::uint32_t field, RowIndex first, RowIndex max_rows) const;
  // The number that a row of an input has here, if it was kept.
  std::optional<RowIndex> PlaceOf(std::size_t input, RowIndex row) const;

 private:
  explicit MergedRows(Inputs inputs) : inputs_(std::move(inputs)) {}
  RowIndex RunAt(RowIndex first, RowIndex max_rows) const;
  Result<chunk::ColumnView> Gather(std::uint32_t field, std::span<const Origin> rows) const;

  Inputs inputs_;
  std::vector<Origin> origins_;                // by number here
  std::vector<std::vector<RowIndex>> places_;  // by input and number there
};

}  // namespace vecdb::compaction
