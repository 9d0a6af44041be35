// Measures, when a graph has nearly been built, what recall how many candidates give.
#pragma once

#include "vecdb/status.h"

#include "index/code_table.h"
#include "index/graph_file.h"
#include "index/index.h"
#include "index/walk.h"

namespace vecdb::index {

struct CalibrationInput {
  const Shape& shape;
  const RowSource& source;
  const GraphHeader& header;
  const Quantizer& quantizer;
  const Links& links;
  std::span<const std::byte> codes;
};

// How many rows are worth holding back of a graph, of those asked for; where there are fewer rows
// than a few times the largest k, none.
std::size_t RowsForCalibration(RowIndex rows, std::size_t asked);

// Searches in `links`, which know nothing of the rows `held`, for each of these, and compares with
// the nearest of the other rows by brute force.
Result<RecallTable> Calibrate(const CalibrationInput& input, std::span<const std::uint32_t> held,
                              const BuildContext& context);

}  // namespace vecdb::index
