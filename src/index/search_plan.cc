#include "index/search_plan.h"

#include <algorithm>
#include <cmath>

namespace vecdb::index {
namespace {

constexpr float kDefaultRecall = 0.95F;
// A distance on a walk, where each step waits for the one before, takes as long as so many of a
// scan.
constexpr double kWalkCost = 6;
// So few rows are not worth two passes.
constexpr std::size_t kFewRows = 256;

// Vectors as they are, and numbers that are the kernels' own.
bool KeysAreExact(const GraphHeader& header) {
  return header.format.metric != Metric::kCosine &&
         LosslessCodec(header.type) == header.format.codec;
}

}  // namespace

float RefineFactor(const GraphHeader& header) {
  switch (header.format.codec) {
    case Codec::kFloat32:
    case Codec::kInt8:
      return 1;
    case Codec::kFloat16:
    case Codec::kBFloat16:
      return LosslessCodec(header.type) == header.format.codec ? 1.0F : 1.5F;
    case Codec::kSq8:
      return header.lossless ? 1.0F : 2.0F;
  }
  return 1;
}

SearchPlan PlanSearch(const GraphHeader& header, const RecallTable& recalls, std::size_t k,
                      const Effort& effort, RowIndex allowed) {
  SearchPlan plan;
  plan.exact_keys = KeysAreExact(header);
  plan.k = std::min<std::size_t>(k, allowed);
  const float factor = effort.refine_k > 0 ? effort.refine_k : RefineFactor(header);
  const double keep = std::ceil(std::max(1.0, double{factor}) * static_cast<double>(plan.k));
  plan.keep = plan.exact_keys
                  ? plan.k
                  : static_cast<std::size_t>(std::min(keep, static_cast<double>(allowed)));
  const bool asked_to_walk = effort.ef > 0 && allowed == header.rows;
  if ((allowed <= kFewRows && !asked_to_walk) || plan.keep >= allowed / 2) {
    plan.way = plan.exact_keys ? Way::kScanCodes : Way::kScanExact;
    return plan;
  }
  const float recall = effort.recall > 0 ? effort.recall : kDefaultRecall;
  const std::size_t asked = effort.ef > 0 ? effort.ef : recalls.EfFor(plan.k, recall);
  const std::size_t wanted = std::max(asked, plan.keep);
  // Of so many candidates as many are allowed as a search of all rows would keep.
  const double share = static_cast<double>(allowed) / header.rows;
  const double ef = std::min(static_cast<double>(wanted) / share, static_cast<double>(header.rows));
  plan.ef = static_cast<std::size_t>(std::ceil(ef));
  const double walk = kWalkCost * recalls.DistancesOf(plan.ef);
  if (!asked_to_walk && walk > static_cast<double>(allowed)) plan.way = Way::kScanCodes;
  return plan;
}

}  // namespace vecdb::index
