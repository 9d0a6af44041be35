#include "index/graph_index.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <type_traits>
#include <utility>

#include "base/canary.h"
#include "base/status.h"
#include "index/code_scan.h"
#include "index/code_space.h"

namespace vecdb::index {
namespace {

constexpr float kShownRecall = 0.95F;  // the one that descriptions name

// Looks at each block before a byte of it is used, and at each link before it is followed; at none
// of a file that was verified as a whole.
class Checked {
 public:
  Checked(const GraphFile& graph, bool verified) : graph_(graph), verified_(verified) {}

  Status LinksOf(std::uint32_t row) const { return verified_ ? Status() : CheckLinks(row); }
  Status CodesFrom(std::uint32_t first, std::size_t n) const {
    return verified_ ? Status() : CheckCodes(first, n);
  }
  Status CodesOf(const std::uint32_t* rows, std::size_t n) const {
    for (std::size_t i = 0; i < n && !verified_; ++i) VECDB_TRY(CheckCodes(rows[i], 1));
    return Status();
  }

 private:
  Status CheckLinks(std::uint32_t row) const {
    const std::size_t degree = graph_.header.degree();
    const std::uint64_t bytes = degree * sizeof(std::uint32_t);
    VECDB_TRY(graph_.file->Read(graph_.at.links + row * bytes, bytes).status());
    const std::uint32_t* const list = graph_.links() + row * degree;
    for (std::size_t i = 0; i < degree && list[i] != kNoRow; ++i) {
      if (list[i] >= graph_.header.rows && !base::Canary(32)) {
        return base::Corruption("'{}': row {} is linked to row {} of {}", graph_.file->name(), row,
                                list[i], graph_.header.rows);
      }
    }
    return Status();
  }
  Status CheckCodes(std::uint32_t first, std::size_t n) const {
    const std::uint64_t stride = graph_.header.format.stride();
    return graph_.file->Read(graph_.at.codes + first * stride, n * stride).status();
  }

  const GraphFile& graph_;
  const bool verified_;
};

// It is never deleted: see Walking.
template <class Space, class Admit>
// NOLINTNEXTLINE(cppcoreguidelines-virtual-class-destructor)
class WalkOf final : public Walking {
 public:
  WalkOf(const Space& space, const Checked& check, const Links& links, Admit admit,
         GraphSearch* search)
      : space_(space),
        check_(check),
        admit_(std::move(admit)),
        scratch_(**search->scratch),
        walker_(space_, Space::Of(scratch_.query), links, check_, &admit_, &scratch_) {}

  Status Begin(std::size_t ef, std::span<const std::uint32_t> seeds) {
    return walker_.Begin(ef, seeds);
  }
  Status Run(const base::Deadline& deadline) override { return walker_.Run(deadline); }
  Result<bool> Turn() override { return walker_.Turn(); }
  const Beam* Found() const override { return admit_.Found(scratch_.beam); }

 private:
  const Space space_;
  const Checked check_;
  Admit admit_;
  Scratch& scratch_;
  Walker<Space, Checked, Admit> walker_;
};

bool Nearer(const Neighbor& a, const Neighbor& b) {
  return a.distance != b.distance ? a.distance < b.distance : a.row < b.row;
}

void TakeFound(const Beam& found, std::size_t most, Nearest* nearest) {
  nearest->Reset(most);
  for (std::size_t i = 0; i < std::min(found.size(), most); ++i) {
    nearest->Offer(Beam::EntryOf(found.key(i), found.id(i)));
  }
  nearest->Finish();
}

// Where codes say vectors exactly, in multiples of a power of two, a distance is so many times its
// square.
float KeyUnit(const GraphHeader& header) {
  const bool whole =
      header.format.codec == Codec::kSq8 && header.lossless && header.format.metric == Metric::kL2;
  int exponent = 0;
  if (!whole || std::frexp(header.scale, &exponent) != 0.5F) return 0;
  return std::abs(exponent) <= 40 ? header.scale * header.scale : 0.0F;
}

}  // namespace

GraphIndex::GraphIndex(GraphFile file)
    : graph_(std::move(file)),
      links_{graph_.links(), graph_.header.degree(), graph_.header.rows, graph_.entries},
      key_unit_(KeyUnit(graph_.header)) {
}

template <class Space>
Status GraphIndex::BeginWalk(const Space& space, GraphSearch* search) const {
  const auto place = [&](auto admit) {
    using Walk = WalkOf<Space, decltype(admit)>;
    static_assert(sizeof(Walk) <= sizeof search->room && std::is_trivially_destructible_v<Walk>);
    auto* const walk = new (search->room)
        Walk(space, Checked(graph_, verified()), links_, std::move(admit), search);
    search->walk = walk;
    return walk->Begin(search->plan.ef, search->request->seeds);
  };
  const AllowedRows* const allowed = search->request->allowed;
  if (allowed == nullptr || allowed->count == links_.rows) return place(EveryRow());
  return place(Admission(*allowed, search->plan.limits, &(*search->scratch)->found));
}

Status GraphIndex::Prepare(GraphSearch* search) const {
  Scratch& scratch = **search->scratch;
  EncodeQuery(graph_.header.format, graph_.quantizer, search->request->query, &scratch.query);
  if (search->plan.way != Way::kWalk) return Status();
  return WithSpace(graph_.header.format, graph_.codes(),
                   [&](const auto& space) { return BeginWalk(space, search); });
}

template <class Space>
Status GraphIndex::ScanCodes(const Space& space, const NearestRequest& request,
                             const SearchPlan& plan, Scratch* scratch) const {
  Nearest& nearest = scratch->nearest;
  nearest.Reset(plan.keep);
  const Checked check(graph_, verified());
  CodeScan scan(space, Space::Of(scratch->query), check, &nearest);
  VECDB_TRY(scan.Run(request.allowed, links_.rows, request.deadline));
  nearest.Finish();
  return Status();
}

template <class Number>
bool GraphIndex::TakeExactKeys(const SearchPlan& plan, const Scratch& scratch,
                               std::vector<Neighbor>* out) const {
  constexpr float kMostExact = 16777216;  // 2^24: sums of floats are exact up to it
  const Nearest& nearest = scratch.nearest;
  const std::size_t n = std::min(nearest.size(), plan.k);
  const bool whole = std::is_same_v<Number, std::int32_t> && key_unit_ > 0 && scratch.query.exact &&
                     (n == 0 || NumberOf<Number>(nearest.key(n - 1)) <= kMostExact);
  if (!plan.exact_keys && !whole) return false;
  const float unit = plan.exact_keys ? 1.0F : key_unit_;
  for (std::size_t i = 0; i < n; ++i) {
    out->push_back({NumberOf<Number>(nearest.key(i)) * unit, nearest.id(i)});
  }
  return true;
}

Status GraphIndex::Refine(const NearestRequest& request, const SearchPlan& plan,
                          ExactDistances* exact, Scratch* scratch,
                          std::vector<Neighbor>* out) const {
  VECDB_TRY(request.deadline.Check());
  const std::size_t n = scratch->nearest.size();
  scratch->ids.resize(std::max(scratch->ids.size(), n));
  scratch->distances.resize(std::max(scratch->distances.size(), n));
  for (std::size_t i = 0; i < n; ++i) scratch->ids[i] = scratch->nearest.id(i);
  const std::span<float> distances = std::span(scratch->distances).first(n);
  VECDB_TRY(exact->Compute(std::span(scratch->ids).first(n), distances));
  out->resize(n);
  for (std::size_t i = 0; i < n; ++i) (*out)[i] = {distances[i], scratch->ids[i]};
  std::sort(out->begin(), out->end(), Nearer);
  out->resize(std::min(n, plan.k));
  return Status();
}

Status GraphIndex::ScanExact(const NearestRequest& request, const SearchPlan& plan,
                             ExactDistances* exact, std::vector<Neighbor>* out) const {
  std::uint32_t ids[kRowsAtOnce + 64];
  float distances[kRowsAtOnce + 64];
  std::size_t n = 0;
  for (RowIndex first = 0; first < links_.rows; first += 64) {
    std::uint64_t word = AllowedBits(request.allowed, first, links_.rows);
    for (; word != 0; word &= word - 1) {
      ids[n++] = first + static_cast<RowIndex>(std::countr_zero(word));
    }
    const bool last = links_.rows - first <= 64;
    if (n == 0 || (n < kRowsAtOnce && !last)) continue;
    VECDB_TRY(request.deadline.Check());
    VECDB_TRY(exact->Compute(std::span(ids, n), std::span(distances, n)));
    for (std::size_t i = 0; i < n; ++i) out->push_back({distances[i], ids[i]});
    n = 0;
  }
  std::sort(out->begin(), out->end(), Nearer);
  out->resize(std::min(out->size(), plan.k));
  return Status();
}

// Where a walk found less than was wanted, or none was planned, all codes are looked at.
Status GraphIndex::Finish(GraphSearch* search) const {
  const SearchPlan& plan = search->plan;
  Scratch* const scratch = &**search->scratch;
  const Beam* const found = search->walk == nullptr ? nullptr : search->walk->Found();
  search->walk = nullptr;
  if (found != nullptr) TakeFound(*found, plan.keep, &scratch->nearest);
  return WithSpace(graph_.header.format, graph_.codes(), [&](const auto& space) {
    if (found == nullptr || scratch->nearest.size() < plan.k) {
      VECDB_TRY(ScanCodes(space, *search->request, plan, scratch));
    }
    using Number = typename std::decay_t<decltype(space)>::NumberType;
    return TakeExactKeys<Number>(plan, *scratch, search->out)
               ? Status()
               : Refine(*search->request, plan, search->exact, scratch, search->out);
  });
}

Result<bool> GraphIndex::Begin(GraphSearch* search) const {
  search->out->clear();
  search->walk = nullptr;
  search->plan = PlanSearch(graph_.header, graph_.recalls, *search->request);
  if (search->plan.k == 0) return false;
  search->scratch.emplace(scratches_);
  if (search->plan.way == Way::kScanExact) {
    VECDB_TRY(ScanExact(*search->request, search->plan, search->exact, search->out));
    return false;
  }
  VECDB_TRY(Prepare(search));
  if (search->walk != nullptr) return true;
  VECDB_TRY(Finish(search));
  return false;
}

Result<bool> GraphIndex::Turn(GraphSearch* search) const {
  VECDB_TRY_ASSIGN(const bool more, search->walk->Turn());
  if (!more) VECDB_TRY(Finish(search));
  return more;
}

Status GraphIndex::Search(const NearestRequest& request, ExactDistances* exact,
                          std::vector<Neighbor>* out) const {
  GraphSearch search;
  search.request = &request;
  search.exact = exact;
  search.out = out;
  VECDB_TRY_ASSIGN(const bool walks, Begin(&search));
  if (!walks) return Status();
  VECDB_TRY(search.walk->Run(request.deadline));
  return Finish(&search);
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
  description.kind = graph_.header.kind();
  description.file_bytes = graph_.file->body_size();
  for (const MeasuredRecall& row : graph_.recalls.rows()) {
    if (row.k != 10 || description.recall_at_10 >= kShownRecall) continue;
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
