#include "index/crossing.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "base/status.h"
#include "index/graph_index.h"
#include "simd/kernels.h"

namespace vecdb::index {
namespace {

constexpr std::uint32_t kEf = 8;      // candidates: a row that is near is as good as the nearest
constexpr RowIndex kSample = 512;     // rows that tell what distance is usual
constexpr RowIndex kRowsOfLook = 64;  // between two looks at the deadline
constexpr float kNothing = -std::numeric_limits<float>::infinity();  // is as near as that

// What stands before is nearer.
class AsFound final : public ExactDistances {
 public:
  Status Compute(std::span<const std::uint32_t> /*rows*/, std::span<float> out) override {
    std::iota(out.begin(), out.end(), 0.0F);
    return Status();
  }
};

// Smaller = nearer, as exact distances are.
float DistanceBetween(Metric metric, std::span<const float> a, std::span<const float> b) {
  const simd::FloatKernels& kernels = simd::Kernels().f32;
  return metric == Metric::kL2 ? kernels.l2_pair(a.data(), b.data(), a.size())
                               : -kernels.ip_pair(a.data(), b.data(), a.size());
}

}  // namespace

bool CanCross(const Index& from, const Index& to) {
  const GraphHeader& a = GraphOf(from).graph().header;
  const GraphHeader& b = GraphOf(to).graph().header;
  return a.kind() == Kind::kGraph && b.kind() == Kind::kGraph &&
         a.format.metric == b.format.metric && a.format.metric != Metric::kInnerProduct &&
         a.format.dimension == b.format.dimension;
}

std::span<const std::uint32_t> Crossing::SeedsOf(std::span<const Neighbor> found,
                                                 std::span<std::uint32_t> seeds) const {
  std::size_t n = 0;
  if (found.empty() || found.front().distance > usual_) return {};
  for (const Neighbor& neighbor : found) {
    if (n == seeds.size()) break;
    const std::uint32_t row = to_[neighbor.row];
    const auto end = seeds.begin() + static_cast<std::ptrdiff_t>(n);
    if (std::find(seeds.begin(), end, row) == end) seeds[n++] = row;
  }
  return seeds.first(n);
}

CrossingBuild::CrossingBuild(std::shared_ptr<const Index> from, std::shared_ptr<const Index> to)
    : from_(std::move(from)), to_(std::move(to)) {
}

Status CrossingBuild::Begin(const base::Deadline& deadline) {
  const GraphIndex& from = GraphOf(*from_);
  if (!from.verified()) VECDB_TRY(from.Verify());
  crossed_.assign(from.links().rows, 0);
  reached_.assign(from.links().rows, false);
  order_.reserve(from.links().rows);
  for (const std::uint32_t entry : from.links().entries) {
    if (reached_[entry]) continue;
    reached_[entry] = true;
    crossed_[entry] = kNoRow;
    order_.push_back(entry);
  }
  return FindUsual(deadline);
}

std::span<const float> CrossingBuild::Numbers(std::uint32_t row, std::vector<float>* room) const {
  const GraphFile& graph = GraphOf(*from_).graph();
  const CodeFormat& format = graph.header.format;
  room->resize(format.dimension);
  DecodeRow(format, graph.quantizer, graph.codes() + row * format.stride(), *room);
  return *room;
}

// Twice as far, by squared distance, as all but one in a hundred are: a row is linked to its
// nearest, and queries may lie a little beside what rows are like. Vectors may be as far from what
// codes say as half a step in each component, at random.
Status CrossingBuild::FindUsual(const base::Deadline& deadline) {
  const GraphHeader& header = GraphOf(*from_).graph().header;
  const RowIndex step = std::max<RowIndex>(1, header.rows / kSample);
  std::vector<float> distances;
  for (RowIndex row = 0; row < header.rows; row += step) {
    VECDB_TRY(deadline.Check());
    distances.push_back(DistanceToNearest(row));
  }
  std::erase(distances, kNothing);
  if (distances.empty()) {
    usual_ = kNothing;
    return Status();
  }
  const auto place = static_cast<std::ptrdiff_t>(distances.size() * 99 / 100);
  std::nth_element(distances.begin(), distances.begin() + place, distances.end());
  const float most = distances[static_cast<std::size_t>(place)];
  if (header.format.metric == Metric::kCosine) {
    usual_ = 2 * most + 1;  // 1 - cos is half of a squared distance
    return Status();
  }
  const bool loses = header.format.quantized() && !header.lossless;
  const float lost = loses ? header.scale * header.scale / 6 : 0;
  usual_ = 2 * (most + static_cast<float>(header.format.dimension) * lost);
  return Status();
}

// kNothing of a row whose distances say nothing: by COSINE, of zeros.
float CrossingBuild::DistanceToNearest(std::uint32_t row) {
  constexpr std::size_t kMostLooked = 64;
  const GraphIndex& from = GraphOf(*from_);
  const Metric metric = from.graph().header.format.metric;
  const std::span<const float> numbers = Numbers(row, &numbers_);
  if (metric == Metric::kCosine && DistanceBetween(metric, numbers, numbers) > -0.5F) {
    return kNothing;
  }
  const std::uint32_t* const linked = from.links().Of(row);
  const std::size_t most = std::min(from.links().degree, kMostLooked);
  float least = std::numeric_limits<float>::infinity();
  for (std::size_t i = 0; i < most && linked[i] != kNoRow; ++i) {
    least = std::min(least, DistanceBetween(metric, numbers, Numbers(linked[i], &others_)));
  }
  return least;
}

Result<bool> CrossingBuild::Go(RowIndex rows, const base::Deadline& deadline) {
  if (order_.empty()) VECDB_TRY(Begin(deadline));
  const Links& links = GraphOf(*from_).links();
  for (RowIndex i = 0; i < rows && done_ < order_.size(); ++i, ++done_) {
    if (i % kRowsOfLook == 0) VECDB_TRY(deadline.Check());
    const std::uint32_t row = order_[done_];
    VECDB_TRY(Cross(row, deadline));
    const std::uint32_t* const linked = links.Of(row);
    for (std::size_t j = 0; j < links.degree && linked[j] != kNoRow; ++j) {
      if (reached_[linked[j]]) continue;
      reached_[linked[j]] = true;
      crossed_[linked[j]] = crossed_[row];
      order_.push_back(linked[j]);
    }
  }
  return done_ < order_.size();
}

Status CrossingBuild::Cross(std::uint32_t row, const base::Deadline& deadline) {
  NearestRequest request;
  request.query = Numbers(row, &numbers_);
  request.k = 1;
  request.effort.ef = kEf;
  request.deadline = deadline;
  if (crossed_[row] != kNoRow) request.seeds = std::span(&crossed_[row], 1);
  AsFound as_found;
  VECDB_TRY(to_->Search(request, &as_found, &found_));
  crossed_[row] = found_.front().row;
  return Status();
}

std::shared_ptr<const Crossing> CrossingBuild::Take() {
  return std::make_shared<const Crossing>(std::move(crossed_), usual_);
}

}  // namespace vecdb::index
