// Where a read looks: in the partitions that it names, or those that the values in its filter
// belong to, or all; and there in the segments in which its filter can pass a row.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vecdb/result.h"

#include "query/filter/filter.h"
#include "roles/live_collection.h"

namespace vecdb::roles {

// Nothing stands for all.
using PartitionChoice = std::optional<std::vector<PartitionId>>;

// kNotFound, kInvalidArgument: see LiveCollection::NamedPartition. Names are those of `known` or,
// where that is null, of now. `filter` may be null.
Result<PartitionChoice> ChoosePartitions(const LiveCollection& collection,
                                         const Partitions::List* known,
                                         const std::vector<std::string>& names,
                                         const query::Filter* filter);

// A View without the segments of other partitions, and those in which `filter` (null: none) can
// pass no row by their clustering key; they are counted (LiveCollection::pruned_segments).
std::shared_ptr<const segment::View> Chosen(const LiveCollection& collection,
                                            std::shared_ptr<const segment::View> view,
                                            const PartitionChoice& choice,
                                            const query::Filter* filter);

}  // namespace vecdb::roles
