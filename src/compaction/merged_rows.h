// The rows that a compaction keeps: those of its inputs that are neither deleted at a time nor
// expired, all of them or those of one band of the clustering key, in timestamp order, numbered
// anew from 0. Rows are read from the inputs block by block; in memory are 16 bytes a row kept, and
// 8 once it was read for the last time.
//
// Thread safety: const methods from any thread once made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "chunk/column_view.h"
#include "compaction/band.h"
#include "compaction/inputs.h"

namespace vecdb::compaction {

// Where a kept row comes from.
struct Origin {
  std::uint32_t input = 0;
  RowIndex row = 0;
};

// Which rows stay.
struct Kept {
  Timestamp at{0};         // not those deleted at or before
  Timestamp keep_from{0};  // nor those written before
  std::optional<Band> band = {};
};

class MergedRows {
 public:
  static Result<MergedRows> Make(Inputs inputs, const Kept& kept, const Pace& pace);

  RowIndex rows() const { return rows_; }
  const Inputs& inputs() const { return inputs_; }

  // Like Segment::Read, at most about 1 MiB; catalog::kTimestampField gives timestamps.
  Result<chunk::ColumnView> Read(std::uint32_t field, RowIndex first, RowIndex max_rows) const;
  // The number that a row of an input has here, if it was kept.
  std::optional<RowIndex> PlaceOf(std::size_t input, RowIndex row) const;
  // From here on only PlaceOf() may be asked.
  void EndReading();

 private:
  explicit MergedRows(Inputs inputs) : inputs_(std::move(inputs)) {}
  RowIndex RunAt(RowIndex first, RowIndex max_rows) const;
  Result<chunk::ColumnView> Gather(std::uint32_t field, std::span<const Origin> rows) const;

  Inputs inputs_;
  RowIndex rows_ = 0;
  std::vector<Origin> origins_;  // by number here
  // Of one input: the numbers there, rising, and those here.
  struct Places {
    std::vector<RowIndex> there;
    std::vector<RowIndex> here;
  };
  std::vector<Places> places_;  // by input
};

}  // namespace vecdb::compaction
