#include "segment/placement.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace vecdb::segment {
namespace {

constexpr double kRowsWeight = 0.4;
constexpr double kSegmentsWeight = 0.4;
constexpr double kBytesWeight = 0.1;
constexpr double kTolerance = 0.3;  // of the fuller of two nodes
constexpr double kMostOfDifference = 0.75;

class Scores {
 public:
  Scores(std::span<const PlacedSegment> segments, Nodes nodes) : nodes_(nodes), of_(nodes.count) {
    for (const PlacedSegment& segment : segments) {
      rows_ += static_cast<double>(segment.rows);
      bytes_ += static_cast<double>(segment.bytes);
    }
    segments_ = static_cast<double>(segments.size());
  }

  double Weight(const PlacedSegment& segment) const {
    const auto share = [](std::uint64_t part, double whole) {
      return whole > 0 ? static_cast<double>(part) / whole : 0;
    };
    return kRowsWeight * share(segment.rows, rows_) + kSegmentsWeight / segments_ +
           kBytesWeight * share(segment.bytes, bytes_);
  }
  void Give(PlacedSegment* segment, std::uint32_t node) {
    if (segment->node < nodes_.count) of_[segment->node] -= Weight(*segment);
    segment->node = node;
    of_[node] += Weight(*segment);
  }

  double of(std::uint32_t node) const { return of_[node]; }
  // Of equal nodes the one that comes first, counted from Nodes::first.
  std::uint32_t Emptiest() const {
    std::uint32_t best = nodes_.first;
    for (std::uint32_t i = 1; i < nodes_.count; ++i) {
      const std::uint32_t node = (nodes_.first + i) % nodes_.count;
      if (of_[node] < of_[best]) best = node;
    }
    return best;
  }
  std::uint32_t Fullest() const {
    return static_cast<std::uint32_t>(std::max_element(of_.begin(), of_.end()) - of_.begin());
  }

 private:
  const Nodes nodes_;
  std::vector<double> of_;
  double rows_ = 0;
  double bytes_ = 0;
  double segments_ = 0;
};

// The heaviest segment of the fullest node whose move would take at least a quarter off what the
// two differ by: less is not worth it. Null when there is none.
PlacedSegment* Movable(std::span<PlacedSegment> segments, const Scores& scores, std::uint32_t from,
                       std::uint32_t to) {
  PlacedSegment* best = nullptr;
  const double difference = scores.of(from) - scores.of(to);
  if (difference <= kTolerance * scores.of(from)) return nullptr;
  for (PlacedSegment& segment : segments) {
    if (segment.node != from || scores.Weight(segment) > kMostOfDifference * difference) continue;
    if (best == nullptr || scores.Weight(segment) > scores.Weight(*best)) best = &segment;
  }
  return best;
}

}  // namespace

void Place(std::span<PlacedSegment> segments, Nodes nodes) {
  if (nodes.count <= 1 || segments.empty()) {
    for (PlacedSegment& segment : segments) segment.node = 0;
    return;
  }
  Scores scores(segments, nodes);
  std::vector<PlacedSegment*> without;
  for (PlacedSegment& segment : segments) {
    if (const std::uint32_t has = segment.node; has < nodes.count) {
      segment.node = kNoNode;
      scores.Give(&segment, has);
    } else {
      segment.node = kNoNode;
      without.push_back(&segment);
    }
  }
  std::stable_sort(without.begin(), without.end(), [&](const auto* a, const auto* b) {
    return scores.Weight(*a) > scores.Weight(*b);
  });
  for (PlacedSegment* segment : without) scores.Give(segment, scores.Emptiest());

  // Each move makes the sum of squares smaller; the bound is for what rounding might do.
  for (std::size_t moves = 0; moves < segments.size(); ++moves) {
    const std::uint32_t to = scores.Emptiest();
    PlacedSegment* const moved = Movable(segments, scores, scores.Fullest(), to);
    if (moved == nullptr) return;
    scores.Give(moved, to);
  }
}

}  // namespace vecdb::segment
