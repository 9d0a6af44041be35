// Which segments of a collection are worth writing again, and together with which others. Pure: no
// disk, no clock, no state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/ids.h"

namespace vecdb::compaction {

inline constexpr std::size_t kMostInputs = 30;

// What the choice depends on, of one sealed segment.
struct SegmentFacts {
  SegmentId id = 0;
  ShardId shard = 0;
  PartitionId partition = kDefaultPartition;
  std::uint64_t bytes = 0;  // on disk
  std::uint64_t rows = 0;
  std::uint64_t dead_rows = 0;  // deleted or expired; at most `rows`
  bool dying = false;           // rows die so fast that half of them soon will have: DeathWatch
  bool clustered = false;       // see clustering_policy.h

  std::uint64_t live_bytes() const;  // about what it would take without its dead rows
};

struct PickOptions {
  std::uint64_t max_bytes = std::uint64_t{1} << 30;  // of a merged segment, about
  double dead_share = 0.2;  // a segment with this share of dead rows is written again
  // A dying one is left alone up to this share: what is copied before would soon die too.
  double dying_share = 0.5;
  // Everything that would make the collection smaller, not only what is worth its cost.
  bool thorough = false;
};

// Segments that become one, ascending by id. One alone is written again without its dead rows.
struct Plan {
  ShardId shard = 0;
  PartitionId partition = kDefaultPartition;
  std::vector<SegmentId> inputs;
  std::uint64_t rows = 0;  // that stay
  std::size_t bands = 0;   // of the clustering key, each of which becomes a segment; 0: one does
};

// No segment stands in two plans, and no plan mixes shards or partitions.
//
// Small segments (below half of max_bytes) are merged when there are three or more, or when they
// fill a segment to 85 %, and only with company of their own size: the largest makes up at most
// half of what comes out. So each time a row is copied its segment at least doubles, and a row is
// copied a logarithm of times however often small segments come. And where rows are written over
// all the time, a segment is written again when half of it has gone, so at most one byte is copied
// for each that dies.
std::vector<Plan> PickCompactions(std::span<const SegmentFacts> segments,
                                  const PickOptions& options);

}  // namespace vecdb::compaction
