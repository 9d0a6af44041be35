#include "index/crossing.h"

#include <algorithm>
#include <numeric>

#include "base/status.h"
#include "index/graph_index.h"

namespace vecdb::index {
namespace {

constexpr std::uint32_t kEf = 8;  // candidates: a row that is near is as good as the nearest

const GraphIndex& GraphOf(const Index& index) {
  return static_cast<const GraphIndex&>(index);  // every Index is one
}

// What stands before is nearer.
class AsFound final : public ExactDistances {
 public:
  Status Compute(std::span<const std::uint32_t> /*rows*/, std::span<float> out) override {
    std::iota(out.begin(), out.end(), 0.0F);
    return Status();
  }
};

}  // namespace

std::span<const std::uint32_t> Crossing::SeedsOf(std::span<const Neighbor> found,
                                                 std::span<std::uint32_t> seeds) const {
  std::size_t n = 0;
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

Status CrossingBuild::Begin() {
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
  numbers_.resize(from.graph().header.format.dimension);
  return Status();
}

Result<bool> CrossingBuild::Go(RowIndex rows, const base::Deadline& deadline) {
  if (order_.empty()) VECDB_TRY(Begin());
  const Links& links = GraphOf(*from_).links();
  for (RowIndex i = 0; i < rows && done_ < order_.size(); ++i, ++done_) {
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
  const GraphFile& graph = GraphOf(*from_).graph();
  const CodeFormat& format = graph.header.format;
  DecodeRow(format, graph.quantizer, graph.codes() + row * format.stride(), numbers_);
  NearestRequest request;
  request.query = std::span<const float>(numbers_);
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
  return std::make_shared<const Crossing>(std::move(crossed_));
}

}  // namespace vecdb::index
