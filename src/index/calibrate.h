// Measures, when a graph has been built, what recall how many candidates give.
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

// Searches for `queries` of the rows, each as if it were not there itself, and compares with the
// nearest by brute force. Fewer rows than a few times the largest k are not worth a table.
Result<RecallTable> Calibrate(const CalibrationInput& input, std::size_t queries,
                              const BuildContext& context);

}  // namespace vecdb::index
