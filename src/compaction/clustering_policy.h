// The same choice as policy.h makes, for collections with a clustering key. Pure, too.
#pragma once

#include <span>
#include <vector>

#include "compaction/policy.h"

namespace vecdb::compaction {

// PickCompactions(), but a clustered segment is merged with none: it is only written again alone,
// and stays clustered.
std::vector<Plan> PickBesideClustered(std::span<const SegmentFacts> segments,
                                      const PickOptions& options);

// All segments of a shard and partition (at most 16,384; those that are not clustered first, the
// oldest of each first), to be cut into segments by the clustering key: Plan::bands of about
// 0.9 max_bytes each, at most 1,024. Thorough: wherever
// that changes anything. Otherwise where what is not clustered takes at least half of max_bytes and
// a quarter of what is: so a row is copied at most some five times more for each doubling of its
// shard.
std::vector<Plan> PickClusterings(std::span<const SegmentFacts> segments,
                                  const PickOptions& options);

}  // namespace vecdb::compaction
