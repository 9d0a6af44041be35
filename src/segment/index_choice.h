// Which index a field gets in one segment. Pure functions.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "vecdb/index_spec.h"
#include "vecdb/schema.h"
#include "vecdb/status.h"

#include "base/ids.h"
#include "index/index.h"

namespace vecdb::segment {

struct IndexChoice {
  bool built = false;  // false: every row is looked at, and there is no file
  index::GraphParameters parameters;
  std::string why;
};

// Below, no type of index is worth its files.
inline constexpr RowIndex kLeastIndexedRows = 1024;
// Below, a graph that AUTOINDEX made of 8-bit codes gives way to one of the vectors themselves.
inline constexpr float kLeastRecallOfCodes = 0.9F;

// kInvalidArgument or kUnimplemented: this field cannot have such an index.
Status CheckIndex(const Field& field, const IndexSpec& spec);

struct IndexLimits {
  RowIndex least_rows = kLeastIndexedRows;
  std::uint64_t memory_bytes = std::numeric_limits<std::uint64_t>::max();  // of AUTOINDEX's builds
  GraphBuilder builder = GraphBuilder::kVecdb;
};

// For a spec that was checked.
IndexChoice ChooseIndex(const IndexSpec& spec, const Field& field, RowIndex rows,
                        const IndexLimits& limits = {});

// What AUTOINDEX builds where codes could not tell the rows apart.
IndexChoice WithoutCodes(const Field& field, float recall_of_codes, GraphBuilder builder);

// The spec as which a graph may be described.
IndexSpec SpecOf(const Field& field, const index::Description& graph);

}  // namespace vecdb::segment
