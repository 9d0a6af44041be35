// What is known of the indexes of a collection.
#pragma once

#include <vector>

#include "vecdb/index_spec.h"
#include "vecdb/status.h"

#include "roles/live_collection.h"
#include "segment/index_choice.h"

namespace vecdb::roles {

// kNotFound: there is no such index, or the collection was dropped.
Result<IndexInfo> DescribeIndex(const LiveCollection& collection, std::string_view field,
                                const segment::IndexLimits& limits);
Result<std::vector<IndexInfo>> ListIndexes(const LiveCollection& collection,
                                           const segment::IndexLimits& limits);

}  // namespace vecdb::roles
