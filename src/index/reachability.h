// What every graph is promised: that each row can be reached from its entries.
#pragma once

#include <cstdint>
#include <span>

#include "vecdb/status.h"

#include "base/deadline.h"
#include "index/codes.h"
#include "index/graph_builder.h"

namespace vecdb::index {

// Puts every row that no walk would reach behind the nearest that can be reached, which a walk with
// `ef` candidates finds, and counts it in graph->repaired. The graph has entries; what could be
// reached before can be reached afterwards.
Status MakeReachable(const CodeFormat& format, std::span<const std::byte> codes, std::uint32_t ef,
                     const base::Deadline& deadline, Graph* graph);

}  // namespace vecdb::index
