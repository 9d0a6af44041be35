// What is known of the indexes of a collection.
#pragma once

#include <vector>

#include "vecdb/index_spec.h"
#include "vecdb/status.h"

#include "roles/live_collection.h"

namespace vecdb::roles {

// kNotFound: there is no such index, or the collection was dropped.
Result<IndexInfo> DescribeIndex(const LiveCollection& collection, std::string_view field);
Result<std::vector<IndexInfo>> ListIndexes(const LiveCollection& collection);

}  // namespace vecdb::roles
