#include "index/graph_index.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/status.h"
#include "index/code_space.h"

namespace vecdb::index {
namespace {

constexpr float kDefaultRecall = 0.95F;
// Candidates refined for each row wanted, unless the codes lose nothing.
constexpr float kRefineSq8 = 2;
constexpr float kRefineSq4u = 4;
constexpr float kRefineHalf = 1.5F;

// Looks at each block before a byte of it is used, and at each link before it is followed.
class Checked {
 public:
  explicit Checked(const GraphFile& graph) : graph_(graph) {}

  Status LinksOf(std::uint32_t row) const {
    const std::size_t degree = graph_.header.degree();
    const std::uint64_t bytes = degree * sizeof(std::uint32_t);
    VECDB_TRY(graph_.file->Read(graph_.at.links + row * bytes, bytes).status());
    const std::uint32_t* const list = graph_.links() + row * degree;
    for (std::size_t i = 0; i < degree && list[i] != kNoRow; ++i) {
      if (list[i] >= graph_.header.rows) {
        return base::Corruption("'{}': row {} is linked to row {} of {}", graph_.file->name(), row,
                                list[i], graph_.header.rows);
      }
    }
    return Status();
  }
  Status CodesOf(const std::uint32_t* rows, std::size_t n) const {
    const std::uint64_t stride = graph_.header.format.stride();
    for (std::size_t i = 0; i < n; ++i) {
      VECDB_TRY(graph_.file->Read(graph_.at.codes + rows[i] * stride, stride).status());
    }
    return Status();
  }

 private:
  const GraphFile& graph_;
};

bool Nearer(const Neighbor& a, const Neighbor& b) {
  return a.distance != b.distance ? a.distance < b.distance : a.row < b.row;
}

}  // namespace

struct GraphIndex::Plan {
  std::size_t k = 0;
  std::size_t ef = 0;
  std::size_t refine = 0;  // 0: keys say exact distances
};

GraphIndex::GraphIndex(GraphFile file)
    : graph_(std::move(file)),
      links_{graph_.links(), graph_.header.degree(), graph_.header.rows, graph_.entries} {
}

// Vectors as they are, and numbers that are the kernels' own.
bool GraphIndex::KeysAreExact() const {
  const CodeFormat& format = graph_.header.format;
  return format.metric != Metric::kCosine && LosslessCodec(graph_.header.type) == format.codec;
}

std::size_t GraphIndex::RefineCount(const SearchRequest& request, std::size_t k) const {
  if (KeysAreExact()) return 0;
  const GraphHeader& header = graph_.header;
  float factor = request.effort.refine_k;
  if (factor <= 0) {
    factor = 1;
    if (!header.lossless && header.format.codec == Codec::kSq8) factor = kRefineSq8;
    if (!header.lossless && header.format.codec == Codec::kSq4u) factor = kRefineSq4u;
    const bool half =
        header.format.codec == Codec::kFloat16 || header.format.codec == Codec::kBFloat16;
    if (half && LosslessCodec(header.type) != header.format.codec) factor = kRefineHalf;
  }
  return static_cast<std::size_t>(std::ceil(std::max(factor, 1.0F) * static_cast<float>(k)));
}

template <class Space>
Status GraphIndex::SearchIn(const Space& space, const SearchRequest& request, const Plan& plan,
                            ExactDistances* exact, std::vector<Neighbor>* out) const {
  const ScratchPool::Loan scratch(scratches_);
  EncodeQuery(graph_.header.format, graph_.quantizer, request.query, &scratch->query);
  const auto* query = Space::Of(scratch->query);
  VECDB_TRY(
      verified_.load(std::memory_order_acquire)
          ? Walk(space, query, links_, plan.ef, request.deadline, Unchecked(), &*scratch)
          : Walk(space, query, links_, plan.ef, request.deadline, Checked(graph_), &*scratch));
  const Beam& beam = scratch->beam;
  const std::size_t n = std::min(beam.size(), std::max(plan.refine, plan.k));
  out->resize(n);
  if (plan.refine == 0) {
    for (std::size_t i = 0; i < n; ++i) {
      (*out)[i] = {NumberOf<typename Space::NumberType>(beam.key(i)), beam.id(i)};
    }
    return Status();
  }
  scratch->ids.resize(std::max(scratch->ids.size(), n));
  scratch->distances.resize(std::max(scratch->distances.size(), n));
  for (std::size_t i = 0; i < n; ++i) scratch->ids[i] = beam.id(i);
  const std::span<float> distances = std::span(scratch->distances).first(n);
  VECDB_TRY(exact->Compute(std::span(scratch->ids).first(n), distances));
  for (std::size_t i = 0; i < n; ++i) (*out)[i] = {distances[i], scratch->ids[i]};
  std::sort(out->begin(), out->end(), Nearer);
  out->resize(std::min(n, plan.k));
  return Status();
}

Status GraphIndex::Search(const SearchRequest& request, ExactDistances* exact,
                          std::vector<Neighbor>* out) const {
  out->clear();
  Plan plan;
  plan.k = std::min<std::size_t>(request.k, graph_.header.rows);
  if (plan.k == 0) return Status();
  const float recall = request.effort.recall > 0 ? request.effort.recall : kDefaultRecall;
  const std::size_t ef =
      request.effort.ef > 0 ? request.effort.ef : graph_.recalls.EfFor(plan.k, recall);
  plan.refine = RefineCount(request, plan.k);
  plan.ef = std::min<std::size_t>(std::max({ef, plan.k, plan.refine}), graph_.header.rows);
  return WithSpace(graph_.header.format, graph_.codes(),
                   [&](const auto& space) { return SearchIn(space, request, plan, exact, out); });
}

Status GraphIndex::Verify() const {
  VECDB_TRY(graph_.VerifyAll());
  verified_.store(true, std::memory_order_release);
  return Status();
}

Description GraphIndex::Describe() const {
  Description description;
  description.codec = graph_.header.format.codec;
  description.m = graph_.header.m;
  description.ef_construction = graph_.header.ef_construction;
  description.rows = graph_.header.rows;
  description.file_bytes = graph_.file->body_size();
  for (const MeasuredRecall& row : graph_.recalls.rows()) {
    if (row.k != 10 || description.recall_at_10 >= kDefaultRecall) continue;
    description.recall_at_10 = row.recall;
    description.ef_at_10 = row.ef;
  }
  return description;
}

Result<std::shared_ptr<const Index>> Index::Open(std::shared_ptr<const io::BlockFile> file,
                                                 const Shape& shape) {
  VECDB_TRY_ASSIGN(GraphFile graph, GraphFile::Open(std::move(file), shape));
  return std::shared_ptr<const Index>(std::make_shared<const GraphIndex>(std::move(graph)));
}

}  // namespace vecdb::index
