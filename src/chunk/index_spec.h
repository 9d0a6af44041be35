// What an index may be declared with, and how hard a search may be told to look.
#pragma once

#include <cstddef>

#include "vecdb/index_spec.h"
#include "vecdb/status.h"

namespace vecdb::chunk {

// kInvalidArgument naming parameter, value and limit, in Milvus's words (M, efConstruction,
// sq_type). Which fields may have an index is not looked at.
Status CheckIndexSpec(const IndexSpec& spec);

// The same of recall, ef and refine_k. `window` is the search's limit + offset.
Status CheckEffort(const SearchEffort& effort, std::size_t window);

}  // namespace vecdb::chunk
