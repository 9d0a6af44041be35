// How to answer a search in one graph: by a walk, or by a scan of the rows that are allowed. Pure
// functions of counts.
#pragma once

#include <cstddef>
#include <cstdint>

#include "index/graph_file.h"
#include "index/index.h"

namespace vecdb::index {

enum class Way : std::uint8_t {
  kWalk,       // through the graph; rows that are not allowed lead on but are not kept
  kScanCodes,  // every allowed row's code, then the exact distances of the nearest
  kScanExact,  // every allowed row's exact distance
};

struct SearchPlan {
  Way way = Way::kWalk;
  std::size_t k = 0;        // rows to return
  std::size_t keep = 0;     // nearest by code, whose exact distances decide; at least k
  std::size_t ef = 0;       // candidates of a walk
  bool exact_keys = false;  // a key says the exact distance: nothing is computed again
};

// `allowed` of the graph's rows may be returned. Who names an ef and allows every row wants a walk,
// though a scan of few rows may be quicker.
SearchPlan PlanSearch(const GraphHeader& header, const RecallTable& recalls, std::size_t k,
                      const Effort& effort, RowIndex allowed);

// How many candidates of a walk are refined for each row wanted, by default.
float RefineFactor(const GraphHeader& header);

}  // namespace vecdb::index
