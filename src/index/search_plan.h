// How to answer a search in one graph: by a walk, or by a scan of the rows that are allowed. Pure
// functions of counts.
#pragma once

#include <cstddef>
#include <cstdint>

#include "index/admission.h"
#include "index/graph_file.h"
#include "index/index.h"

namespace vecdb::index {

struct SearchPlan {
  Way way = Way::kWalk;      // not kChosen
  std::size_t k = 0;         // rows to return
  std::size_t keep = 0;      // nearest by code, whose exact distances decide; at least k
  std::size_t ef = 0;        // candidates of a walk
  bool exact_keys = false;   // a key says the exact distance: nothing is computed again
  Admission::Limits limits;  // of a walk under a filter
};

// `allowed` of the graph's rows may be returned. Who names an ef and allows every row wants a walk,
// though a scan of few rows may be quicker.
//
// Under a filter that keeps a share of the rows at random, the k nearest are among the k / share
// nearest of all: a walk looks at as many candidates as those take. Where it costs less to look at
// every allowed row, that is done; and where the rows allowed lie elsewhere, so that a walk was the
// wrong choice, it gives up at the latest when it has cost as much as the scan that follows.
SearchPlan PlanSearch(const GraphHeader& header, const RecallTable& recalls,
                      const NearestRequest& request);

// How many candidates are refined for each row wanted, by default.
float RefineFactor(const GraphHeader& header);

}  // namespace vecdb::index
