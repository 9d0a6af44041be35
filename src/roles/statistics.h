// What an open database says about itself (vecdb/stats.h). Reads only Views, the catalog's state
// and counters: it holds no lock that a write waits for.
#pragma once

#include <vector>

#include "vecdb/result.h"
#include "vecdb/stats.h"

#include "roles/engine.h"

namespace vecdb::roles {

// The segments of the collection's View, by id, with the rows written at or before `t`.
Result<std::vector<SegmentInfo>> SegmentsOf(const LiveCollection& collection, Timestamp t);
std::vector<ChannelInfo> ChannelsOf(const EngineParts& parts);
Result<DatabaseStats> StatsOf(const EngineParts& parts);

}  // namespace vecdb::roles
