#include "index/search_plan.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace vecdb::index {
namespace {

constexpr float kDefaultRecall = 0.95F;
// Beside a scan of all codes it costs little to refine more: hardly a neighbour is missed.
constexpr float kFlatFactor = 4;
constexpr RowIndex kFlatLeast = 64;
// Four bits tell less apart.
constexpr float kFourBitsFactor = 4;
constexpr float kFlatFourBitsFactor = 16;
constexpr RowIndex kFlatFourBitsLeast = 256;
// So few rows are not worth two passes.
constexpr std::size_t kFewRows = 256;

// Vectors as they are, and numbers that are the kernels' own.
bool KeysAreExact(const GraphHeader& header) {
  return header.format.metric != Metric::kCosine &&
         LosslessCodec(header.type) == header.format.codec;
}

// What a distance on a walk costs, where each step waits for the one before, in distances of a
// scan: a part that is as large for every row, and its bytes.
double WalkCost(const CodeFormat& format) {
  const auto bytes = static_cast<double>(format.stride());
  return (1000 + 2 * bytes) / (128 + bytes);
}

// Of a walk's candidates at least this part of what is to be expected is allowed, or it gives up.
constexpr double kRoomForMore = 4;

std::size_t Scaled(std::size_t n, double factor, RowIndex most) {
  const double scaled = std::ceil(static_cast<double>(n) * factor);
  return static_cast<std::size_t>(std::min(scaled, static_cast<double>(most)));
}

// How many are refined at least where all codes were looked at, of the allowed rows.
std::size_t BesideScan(const GraphHeader& header, const Effort& effort, RowIndex allowed) {
  const bool by_default = effort.refine_k <= 0 && RefineFactor(header) > 1;
  const bool four_bits = header.format.codec == Codec::kSq4U;
  return by_default ? std::min(four_bits ? kFlatFourBitsLeast : kFlatLeast, allowed) : 0;
}

// How many candidates are refined, of the allowed rows.
std::size_t Refined(const GraphHeader& header, const Effort& effort, std::size_t k,
                    RowIndex allowed) {
  const float factor = effort.refine_k > 0 ? effort.refine_k : RefineFactor(header);
  double keep = std::ceil(std::max(1.0, double{factor}) * static_cast<double>(k));
  keep = std::min(keep, static_cast<double>(allowed));
  const auto refined = static_cast<std::size_t>(keep);
  return header.kind() == Kind::kFlat ? std::max(refined, BesideScan(header, effort, allowed))
                                      : refined;
}

// The candidates of a walk, and whether it costs less than a scan.
bool PlanWalk(const GraphHeader& header, const RecallTable& recalls, const Effort& effort,
              RowIndex allowed, SearchPlan* plan) {
  const double share = static_cast<double>(allowed) / header.rows;
  const float recall = effort.recall > 0 ? effort.recall : kDefaultRecall;
  const std::size_t counted = effort.recall_of > 0 ? std::min(effort.recall_of, plan->k) : plan->k;
  const std::size_t in_all = Scaled(counted, 1 / share, header.rows);
  const std::size_t wanted =
      effort.ef > 0 ? effort.ef : Scaled(recalls.EfFor(in_all, recall), share, allowed);
  const std::size_t found = std::min<std::size_t>(std::max(wanted, plan->keep), allowed);
  plan->ef = found;
  // Codes that do not tell the nearest apart: every candidate's vector decides.
  const bool by_recall = effort.ef == 0 && effort.refine_k <= 0 && !plan->exact_keys;
  if (by_recall && !recalls.Reaches(in_all, recall)) plan->keep = found;
  if (allowed < header.rows) plan->ef = Scaled(found, kRoomForMore / share, header.rows);
  const double cost = WalkCost(header.format);
  plan->limits = {found, static_cast<std::uint64_t>(allowed / cost), share};
  return cost * recalls.DistancesOf(Scaled(found, 1 / share, header.rows)) <= allowed;
}

}  // namespace

float RefineFactor(const GraphHeader& header) {
  switch (header.format.codec) {
    case Codec::kFloat32:
    case Codec::kInt8:
      return 1;
    case Codec::kFloat16:
    case Codec::kBFloat16:  // by COSINE it is the normalised row that is rounded
      return KeysAreExact(header) ? 1.0F : 1.5F;
    case Codec::kSq8:
      if (header.lossless) return 1;
      return header.kind() == Kind::kFlat ? kFlatFactor : 2.0F;
    case Codec::kSq4U:
      return header.kind() == Kind::kFlat ? kFlatFourBitsFactor : kFourBitsFactor;
  }
  return 1;
}

SearchPlan PlanSearch(const GraphHeader& header, const RecallTable& recalls,
                      const NearestRequest& request) {
  const Effort& effort = request.effort;
  const RowIndex allowed = request.allowed == nullptr ? header.rows : request.allowed->count;
  SearchPlan plan;
  plan.exact_keys = KeysAreExact(header);
  plan.k = std::min<std::size_t>(request.k, allowed);
  if (plan.k == 0) return plan;
  plan.keep = plan.exact_keys ? plan.k : Refined(header, effort, plan.k, allowed);
  const bool graph = header.kind() == Kind::kGraph;
  const bool cheap = graph && PlanWalk(header, recalls, effort, allowed, &plan);
  const bool asked_to_walk = graph && effort.ef > 0 && allowed == header.rows;
  if (request.way != Way::kChosen) {
    plan.way = request.way == Way::kWalk && !graph ? Way::kScanCodes : request.way;
    plan.limits.budget = std::numeric_limits<std::uint64_t>::max();
    plan.limits.share = 0;
  } else if ((allowed <= kFewRows && !asked_to_walk) || plan.keep >= allowed / 2) {
    plan.way = plan.exact_keys ? Way::kScanCodes : Way::kScanExact;
  } else if (!cheap && !asked_to_walk) {
    plan.way = Way::kScanCodes;
    plan.keep = std::max(plan.keep, BesideScan(header, effort, allowed));
  }
  return plan;
}

}  // namespace vecdb::index
