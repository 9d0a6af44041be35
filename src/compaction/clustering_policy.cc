#include "compaction/clustering_policy.h"

#include <algorithm>
#include <map>
#include <utility>

namespace vecdb::compaction {
namespace {

constexpr std::size_t kMostClustered = 16'384;  // what one edit can name, with room to spare

// What there is of one shard and partition.
struct Group {
  Plan plan;
  std::vector<SegmentId> others;
  std::vector<SegmentId> clustered;
  std::uint64_t clustered_bytes = 0;
  std::uint64_t other_bytes = 0;
  std::uint64_t dead_rows = 0;

  std::uint64_t bytes() const { return clustered_bytes + other_bytes; }
  void Add(const SegmentFacts& segment) {
    (segment.clustered ? clustered : others).push_back(segment.id);
    plan.rows += segment.rows - segment.dead_rows;
    dead_rows += segment.dead_rows;
    if (segment.clustered) {
      clustered_bytes += segment.live_bytes();
    } else {
      other_bytes += segment.live_bytes();
    }
  }
  // Those that are not clustered come first: who takes only some of the inputs gets on.
  void SetInputs() {
    std::sort(others.begin(), others.end());
    std::sort(clustered.begin(), clustered.end());
    plan.inputs = others;
    plan.inputs.insert(plan.inputs.end(), clustered.begin(), clustered.end());
    if (plan.inputs.size() > kMostClustered) plan.inputs.resize(kMostClustered);
  }
};

bool IsWorthIt(const Group& group, const PickOptions& options) {
  if (options.thorough) return !group.others.empty() || group.dead_rows > 0;
  return group.other_bytes >= options.max_bytes / 2 &&
         group.other_bytes >= group.clustered_bytes / 4;
}

constexpr std::uint64_t kMostBands = 1'024;

// So many that none of them needs more than max_bytes, about.
std::size_t BandsFor(std::uint64_t bytes, const PickOptions& options) {
  const std::uint64_t each = std::max<std::uint64_t>(1, options.max_bytes / 10 * 9);
  return static_cast<std::size_t>(std::min(bytes / each + 1, kMostBands));
}

}  // namespace

std::vector<Plan> PickBesideClustered(std::span<const SegmentFacts> segments,
                                      const PickOptions& options) {
  std::vector<SegmentFacts> others;
  std::vector<Plan> plans;
  for (const SegmentFacts& segment : segments) {
    if (!segment.clustered) {
      others.push_back(segment);
      continue;
    }
    for (Plan& plan : PickCompactions(std::span(&segment, 1), options)) {
      plans.push_back(std::move(plan));
    }
  }
  for (Plan& plan : PickCompactions(others, options)) plans.push_back(std::move(plan));
  return plans;
}

std::vector<Plan> PickClusterings(std::span<const SegmentFacts> segments,
                                  const PickOptions& options) {
  std::map<std::pair<ShardId, PartitionId>, Group> groups;
  for (const SegmentFacts& segment : segments) {
    groups[{segment.shard, segment.partition}].Add(segment);
  }
  std::vector<Plan> plans;
  for (auto& [place, group] : groups) {
    if (!IsWorthIt(group, options)) continue;
    group.plan.shard = place.first;
    group.plan.partition = place.second;
    group.plan.bands = BandsFor(group.bytes(), options);
    group.SetInputs();
    plans.push_back(std::move(group.plan));
  }
  return plans;
}

}  // namespace vecdb::compaction
