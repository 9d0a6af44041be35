#include "compaction/policy.h"

#include <algorithm>
#include <map>
#include <utility>

namespace vecdb::compaction {
namespace {

using Group = std::vector<const SegmentFacts*>;

bool Smaller(const SegmentFacts* a, const SegmentFacts* b) {
  return std::pair(a->live_bytes(), a->id) < std::pair(b->live_bytes(), b->id);
}

Plan PlanOf(std::span<const SegmentFacts* const> inputs) {
  Plan plan{inputs.front()->shard, inputs.front()->partition, {}};
  for (const SegmentFacts* input : inputs) {
    plan.inputs.push_back(input->id);
    plan.rows += input->rows - input->dead_rows;
  }
  std::sort(plan.inputs.begin(), plan.inputs.end());
  return plan;
}

bool IsSmall(const SegmentFacts& segment, const PickOptions& options) {
  return segment.live_bytes() < options.max_bytes / 2;
}

bool HasManyDead(const SegmentFacts& segment, const PickOptions& options) {
  if (segment.dead_rows == 0) return false;
  if (options.thorough) return true;
  return static_cast<double>(segment.dead_rows) >=
         options.dead_share * static_cast<double>(segment.rows);
}

bool Waits(const SegmentFacts& segment, const PickOptions& options) {
  return segment.dying && !options.thorough &&
         static_cast<double>(segment.dead_rows) <
             options.dying_share * static_cast<double>(segment.rows);
}

// Whether `count` segments, the smallest of their group, are worth merging.
bool IsWorthIt(std::size_t count, std::uint64_t total, std::uint64_t largest,
               const PickOptions& options) {
  if (count < 2) return false;
  if (options.thorough) return true;
  const bool fills = total >= options.max_bytes / 100 * 85;
  return (count >= 3 || fills) && largest <= total - largest;
}

// How many of the first segments, ascending by size, become one; 0 for none.
std::size_t CountToMerge(std::span<const SegmentFacts* const> small, const PickOptions& options) {
  std::size_t best = 0;
  std::uint64_t total = 0;
  std::uint64_t rows = 0;
  constexpr std::uint64_t kMostRows = std::uint64_t{1} << 31;  // they are numbered in 32 bits
  for (std::size_t i = 0; i < small.size() && i < kMostInputs; ++i) {
    total += small[i]->live_bytes();
    rows += small[i]->rows;
    if (total > options.max_bytes || rows > kMostRows) break;
    if (IsWorthIt(i + 1, total, small[i]->live_bytes(), options)) best = i + 1;
  }
  return best;
}

void PickIn(Group group, const PickOptions& options, std::vector<Plan>* plans) {
  std::sort(group.begin(), group.end(), Smaller);
  const auto first_large = std::find_if(
      group.begin(), group.end(), [&](const SegmentFacts* s) { return !IsSmall(*s, options); });
  std::span<const SegmentFacts* const> small(group.begin(), first_large);
  std::span<const SegmentFacts* const> rest(group);
  while (const std::size_t count = CountToMerge(small, options)) {
    plans->push_back(PlanOf(small.first(count)));
    small = small.subspan(count);
    rest = rest.subspan(count);
  }
  for (const SegmentFacts* segment : rest) {
    if (HasManyDead(*segment, options)) plans->push_back(PlanOf(std::span(&segment, 1)));
  }
}

}  // namespace

std::uint64_t SegmentFacts::live_bytes() const {
  if (rows == 0) return 0;
  const double live = static_cast<double>(rows - dead_rows) / static_cast<double>(rows);
  return static_cast<std::uint64_t>(static_cast<double>(bytes) * live);
}

std::vector<Plan> PickCompactions(std::span<const SegmentFacts> segments,
                                  const PickOptions& options) {
  std::map<std::pair<ShardId, PartitionId>, Group> groups;
  for (const SegmentFacts& segment : segments) {
    if (Waits(segment, options)) continue;
    groups[{segment.shard, segment.partition}].push_back(&segment);
  }
  std::vector<Plan> plans;
  for (auto& [place, group] : groups) PickIn(std::move(group), options, &plans);
  return plans;
}

}  // namespace vecdb::compaction
