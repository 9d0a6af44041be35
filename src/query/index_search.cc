#include "query/index_search.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "base/canary.h"
#include "base/prefetch.h"
#include "base/status.h"
#include "chunk/chunk.h"
#include "chunk/kinds.h"
#include "index/codes.h"

namespace vecdb::query {
namespace {

constexpr std::size_t kAhead = 16;       // rows
constexpr std::size_t kMostAsked = 512;  // bytes of a row; the rest follows by itself

RowIndex CountBits(std::span<const std::uint64_t> words) {
  RowIndex count = 0;
  for (const std::uint64_t word : words) count += static_cast<RowIndex>(std::popcount(word));
  return count;
}

// Makes of the rows a bitmap that reaches to `end`; false when every row of [first, end) is
// allowed.
bool Restricts(RowIndex first, RowIndex end, AllowedRows* allowed) {
  if (!allowed->bitmap) {
    if (allowed->first <= first && end <= allowed->rows) return false;
    allowed->bitmap.emplace(allowed->rows, true);
    allowed->bitmap->ResetBefore(allowed->first);
  }
  if (allowed->bitmap->size() < end) allowed->bitmap->Resize(end);
  return true;
}

// So that they are there when they are looked at.
void AskForKeys(const segment::Segment& segment, std::span<const index::Neighbor> found,
                float bound) {
  const auto field = static_cast<std::uint32_t>(chunk::KeyFieldIndex(segment.schema()));
  if (segment.schema().fields()[field].type != DataType::kInt64) return;
  for (const index::Neighbor& neighbor : found) {
    if (neighbor.distance > bound) break;
    const auto key = segment.Read(field, neighbor.row, 1);
    if (key.ok()) base::Prefetch(key->values);
  }
}

}  // namespace

ExactRows::ExactRows(const segment::Segment& segment, const SearchPlan& plan, RowIndex from)
    : segment_(&segment), plan_(&plan), from_(from) {
  const Field& field = segment.schema().fields()[plan.field];
  asked_ = std::min(kMostAsked, chunk::FixedWidth(field.type, field.dimension));
}

// While one row is measured memory brings the next ones. Of files that are open only as long as
// somebody holds them no more than two are held at once.
Status ExactRows::Compute(std::span<const std::uint32_t> rows, std::span<float> out) {
  std::array<chunk::ColumnView, kAhead> views;  // of rows that are asked for and not measured
  std::size_t done = 0;
  const auto measure_before = [&](std::size_t end) {
    for (; done < end; ++done) Measure(&views[done % kAhead], out.subspan(done, 1));
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i >= kAhead) measure_before(i - kAhead + 1);
    VECDB_TRY_ASSIGN(auto view, segment_->Read(plan_->field, from_ + rows[i], 1, plan_->deadline));
    base::PrefetchLines(view.values, asked_);
    if (done < i && view.keep != views[(i - 1) % kAhead].keep) measure_before(i);
    views[i % kAhead] = std::move(view);
  }
  measure_before(rows.size());
  return Status();
}

// Lets go of the row.
void ExactRows::Measure(chunk::ColumnView* row, std::span<float> out) {
  const std::uint32_t first = 0;
  if (!base::Canary(44)) plan_->distances->Ids(*row, std::span(&first, 1), out);
  row->keep.reset();
}

IndexAsk::IndexAsk(const Of& of, const SearchPlan& plan, const Portion& portion,
                   AllowedRows* allowed)
    : of_(of),
      plan_(&plan),
      portion_(portion),
      allowed_(Restricts(of.first, of.first + of.rows, allowed) ? allowed : nullptr),
      exact_(*of.segment, plan, of.first) {
}

index::SearchOf IndexAsk::Request() {
  index::SearchOf search;
  search.index = of_.index;
  search.exact = &exact_;
  search.out = &found_;
  index::NearestRequest& request = search.request;
  request.query = plan_->query;
  request.k = portion_.wanted;
  request.effort.ef = portion_.ef;
  request.effort.recall = plan_->effort.recall;
  request.effort.recall_of = portion_.expected;
  request.effort.refine_k = plan_->effort.refine_k;
  request.deadline = plan_->deadline;
  if (allowed_ == nullptr) return search;
  const base::Bitmap& bitmap = *allowed_->bitmap;
  const bool all = of_.first == 0 && of_.rows == bitmap.size();
  counted_.words = bitmap.words().subspan(of_.first / 64, (of_.rows + 63) / 64);
  counted_.count = all ? static_cast<RowIndex>(bitmap.Count()) : CountBits(counted_.words);
  if (!base::Canary(42)) request.allowed = &counted_;
  return search;
}

Status IndexAsk::Offer(TopK* top) {
  for (index::Neighbor& neighbor : found_) neighbor.row += of_.first;
  AskForKeys(*of_.segment, found_, top->bound());
  for (const index::Neighbor& neighbor : found_) {
    if (neighbor.distance > top->bound()) break;
    VECDB_TRY(top->Offer(neighbor.distance, *of_.segment, neighbor.row));
  }
  return Status();
}

std::optional<float> IndexAsk::farthest() const {
  const bool all =
      portion_.wanted >= plan_->limit + plan_->offset || found_.size() < portion_.wanted;
  return all ? std::nullopt : std::optional(found_.back().distance);
}

Result<bool> IndexAsk::Run(TopK* top) {
  if (plan_->range) {
    VECDB_TRY_ASSIGN(const bool answered, AskInRange());
    if (!answered) return false;
  } else {
    const index::SearchOf search = Request();
    VECDB_TRY(search.index->Search(search.request, search.exact, search.out));
  }
  VECDB_TRY(Offer(top));
  return true;
}

// Asks for few of the allowed rows, and for more as long as there may be rows in the range that
// are wanted and were not found. Rows that are nearer than the range are in the way, so it may take
// many; false when it takes so many that a scan costs less.
Result<bool> IndexAsk::AskInRange() {
  constexpr std::size_t kFirstAsked = 32;
  constexpr std::size_t kStep = 4;
  index::SearchOf search = Request();
  const RowIndex allowed = allowed_ == nullptr ? of_.rows : counted_.count;
  if (allowed == 0) return true;
  index::NearestRequest& request = search.request;
  const std::size_t wanted = request.k;
  request.effort.recall_of = 0;  // the rows wanted may be the last of those that are asked for
  for (request.k = std::min(wanted, kFirstAsked); request.k <= allowed / kStep;
       request.k *= kStep) {
    VECDB_TRY(search.index->Search(request, search.exact, search.out));
    if (found_.back().distance > plan_->range->farthest) return true;
    const auto held = std::count_if(found_.begin(), found_.end(), [&](const auto& neighbor) {
      return plan_->range->Holds(neighbor.distance);
    });
    if (static_cast<std::size_t>(held) >= wanted) return true;
  }
  return false;
}

namespace {

constexpr std::size_t kMeasured = 10;  // nearest rows
constexpr RowIndex kQueries = 16;      // rows that are searched for

// How many of the nearest are among those found, by distance.
std::size_t CountFound(std::span<const index::Neighbor> nearest,
                       std::span<const index::Neighbor> found) {
  if (nearest.empty()) return 0;
  const float farthest = nearest.back().distance;
  const auto beyond = std::find_if(found.begin(), found.end(), [&](const index::Neighbor& one) {
    return one.distance > farthest;
  });
  return static_cast<std::size_t>(beyond - found.begin());
}

}  // namespace

Result<float> RecallOfPart(const segment::IndexPart& part, const segment::Segment& segment,
                           std::uint32_t field, const base::Deadline& deadline) {
  const Field& vectors = segment.schema().fields()[field];
  std::vector<float> query(vectors.dimension);
  std::size_t wanted = 0;
  std::size_t right = 0;
  for (RowIndex i = 0; i < kQueries; ++i) {
    const RowIndex row = part.range.first + part.range.rows / kQueries * i;
    VECDB_TRY_ASSIGN(const chunk::ColumnView view, segment.Read(field, row, 1, deadline));
    index::RowAsFloats(view, 0, vectors.metric, query.data());
    SearchPlan plan;
    plan.field = field;
    plan.query = std::span<const float>(query);
    VECDB_TRY_ASSIGN(plan.distances, MakeDistances(vectors, plan.query));
    ExactRows exact(segment, plan, part.range.first);
    index::NearestRequest request;
    request.query = plan.query;
    request.k = kMeasured;
    request.deadline = deadline;
    std::vector<index::Neighbor> found;
    VECDB_TRY(part.index->Search(request, &exact, &found));
    request.way = index::Way::kScanExact;
    std::vector<index::Neighbor> nearest;
    VECDB_TRY(part.index->Search(request, &exact, &nearest));
    wanted += nearest.size();
    right += CountFound(nearest, found);
  }
  return static_cast<float>(right) / static_cast<float>(wanted);
}

}  // namespace vecdb::query
