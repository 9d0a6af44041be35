// Which query node has which sealed segment of a collection: a pure function of what there is.
//
// Every node counts by its share of the collection's rows, segments and bytes, weighted as Milvus
// weights them. A segment that is new goes to the node that has least, the largest first. Those
// that have a node keep it while no two nodes differ by more than three parts in ten, or no move of
// one segment would bring the two closer.
#pragma once

#include <cstdint>
#include <span>

namespace vecdb::segment {

// The query nodes as one collection sees them: it fills them from `first` on, so that many
// collections of one segment each do not meet on one node.
struct Nodes {
  std::uint32_t count = 1;
  std::uint32_t first = 0;  // below count
};

inline constexpr std::uint32_t kNoNode = 0xFFFF'FFFF;

struct PlacedSegment {
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  std::uint32_t node = kNoNode;  // has it now
};

// Gives every segment a node below nodes.count.
void Place(std::span<PlacedSegment> segments, Nodes nodes);

}  // namespace vecdb::segment
