// The indexes of a collection, in few words.
#pragma once

#include <vector>

#include "vecdb/index_spec.h"

#include "json.h"

namespace vecdb::cli {

// A line for each, or one that says there is none.
void PrintIndexLines(const std::vector<IndexInfo>& indexes);
// An array, one object for each.
void WriteIndexes(const std::vector<IndexInfo>& indexes, JsonWriter* json);

}  // namespace vecdb::cli
