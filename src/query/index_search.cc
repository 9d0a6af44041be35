#include "query/index_search.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "base/canary.h"
#include "base/status.h"
#include "chunk/chunk.h"
#include "chunk/kinds.h"
#include "index/codes.h"

namespace vecdb::query {
namespace {

// Distances of rows wherever they lie: all are asked for before the first is looked at.
class ExactDistances final : public index::ExactDistances {
 public:
  // Rows are numbered from `from` on.
  ExactDistances(const segment::Segment& segment, const SearchPlan& plan, RowIndex from)
      : segment_(segment), plan_(plan), from_(from) {
    const Field& field = segment.schema().fields()[plan.field];
    asked_ = std::min(kMostAsked, chunk::FixedWidth(field.type, field.dimension));
  }

  Status Compute(std::span<const std::uint32_t> rows, std::span<float> out) override {
    for (std::size_t at = 0; at < rows.size(); at += kAtOnce) {
      const std::size_t n = std::min(kAtOnce, rows.size() - at);
      VECDB_TRY(ComputeSome(rows.subspan(at, n), out.subspan(at, n)));
    }
    return Status();
  }

 private:
  static constexpr std::size_t kAtOnce = 32;
  static constexpr std::size_t kMostAsked = 512;  // bytes of a row; the rest follows by itself

  // Of files that are open only as long as somebody holds them no more than two are held at once.
  Status ComputeSome(std::span<const std::uint32_t> rows, std::span<float> out) {
    std::array<chunk::ColumnView, kAtOnce> views;
    std::size_t done = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      VECDB_TRY_ASSIGN(views[i], segment_.Read(plan_.field, from_ + rows[i], 1, plan_.deadline));
      const auto* const bytes = static_cast<const char*>(views[i].values);
      for (std::size_t at = 0; at < asked_; at += 64) __builtin_prefetch(bytes + at);
      if (i == 0 || views[i].keep == views[i - 1].keep) continue;
      Measure(std::span(views).subspan(done, i - done), out.subspan(done));
      done = i;
    }
    Measure(std::span(views).subspan(done, rows.size() - done), out.subspan(done));
    return Status();
  }

  // Lets go of the rows.
  void Measure(std::span<chunk::ColumnView> rows, std::span<float> out) {
    const std::uint32_t first = 0;
    for (std::size_t i = 0; i < rows.size() && !base::Canary(44); ++i) {
      plan_.distances->Ids(rows[i], std::span(&first, 1), out.subspan(i, 1));
      rows[i].keep.reset();
    }
  }

  const segment::Segment& segment_;
  const SearchPlan& plan_;
  const RowIndex from_;
  std::size_t asked_ = 0;
};

// Makes of the rows a bitmap of the whole segment; false when every row is allowed.
bool Restricts(const segment::Segment& segment, AllowedRows* allowed) {
  const RowIndex rows = segment.rows();
  if (!allowed->bitmap) {
    if (allowed->first == 0 && allowed->rows == rows) return false;
    allowed->bitmap.emplace(allowed->rows, true);
    allowed->bitmap->ResetBefore(allowed->first);
  }
  allowed->bitmap->Resize(rows);
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
    if (key.ok()) __builtin_prefetch(key->values);
  }
}

// Asks for few of the `allowed` rows, and for more as long as there may be rows in the range that
// are wanted and were not found. Rows that are nearer than the range are in the way, so it may take
// many; false when it takes so many that a scan costs less.
Result<bool> AskInRange(const index::Index& index, const SearchPlan& plan, RowIndex allowed,
                        index::NearestRequest request, ExactDistances* exact,
                        std::vector<index::Neighbor>* found) {
  constexpr std::size_t kFirstAsked = 32;
  constexpr std::size_t kStep = 4;
  const std::size_t wanted = request.k;
  request.effort.recall_of = 0;  // the rows wanted may be the last of those that are asked for
  for (request.k = std::min(wanted, kFirstAsked); request.k <= allowed / kStep;
       request.k *= kStep) {
    VECDB_TRY(index.Search(request, exact, found));
    if (found->back().distance > plan.range->farthest) return true;
    const auto held = std::count_if(found->begin(), found->end(), [&](const auto& neighbor) {
      return plan.range->Holds(neighbor.distance);
    });
    if (static_cast<std::size_t>(held) >= wanted) return true;
  }
  return false;
}

// Of the rows from `from` on, which the index has; `allowed` null: all of them are. As
// SearchIndex().
// NOLINTNEXTLINE(readability-function-size): what is searched, and what for.
Result<bool> SearchFrom(RowIndex from, RowIndex rows, const index::Index& index,
                        const segment::Segment& segment, const SearchPlan& plan,
                        const index::AllowedRows* allowed, TopK* top, Portion* portion) {
  portion->farthest.reset();
  index::NearestRequest request;
  request.query = plan.query;
  request.k = portion->wanted;
  request.effort.ef = portion->ef;
  request.effort.recall = plan.effort.recall;
  request.effort.recall_of = portion->expected;
  request.effort.refine_k = plan.effort.refine_k;
  request.allowed = allowed;
  request.deadline = plan.deadline;
  ExactDistances exact(segment, plan, from);
  std::vector<index::Neighbor> found;
  if (plan.range) {
    const RowIndex of = allowed == nullptr ? rows : allowed->count;
    VECDB_TRY_ASSIGN(const bool answered, AskInRange(index, plan, of, request, &exact, &found));
    if (!answered) return false;
  } else {
    VECDB_TRY(index.Search(request, &exact, &found));
    const bool all = portion->wanted >= plan.limit + plan.offset || found.size() < portion->wanted;
    if (!all) portion->farthest = found.back().distance;
  }
  for (index::Neighbor& neighbor : found) neighbor.row += from;
  AskForKeys(segment, found, top->bound());
  for (const index::Neighbor& neighbor : found) {
    if (neighbor.distance > top->bound()) break;
    VECDB_TRY(top->Offer(neighbor.distance, segment, neighbor.row));
  }
  return true;
}

RowIndex CountBits(std::span<const std::uint64_t> words) {
  RowIndex count = 0;
  for (const std::uint64_t word : words) count += static_cast<RowIndex>(std::popcount(word));
  return count;
}

}  // namespace

Result<bool> SearchIndex(const index::Index& index, const segment::Segment& segment,
                         const SearchPlan& plan, AllowedRows* allowed, TopK* top,
                         Portion* portion) {
  index::AllowedRows rows;
  const bool restricted = Restricts(segment, allowed);
  if (restricted) {
    rows.words = allowed->bitmap->words();
    rows.count = static_cast<RowIndex>(allowed->bitmap->Count());
    if (rows.count == 0) return true;
  }
  return SearchFrom(0, segment.rows(), index, segment, plan,
                    restricted && !base::Canary(42) ? &rows : nullptr, top, portion);
}

Result<bool> SearchPart(const segment::IndexPart& part, const segment::Segment& segment,
                        const SearchPlan& plan, AllowedRows* allowed, TopK* top) {
  const segment::PartRange& range = part.range;
  Portion whole = Whole(plan);
  const bool within = allowed->first <= range.first && range.end() <= allowed->rows;
  if (within && !allowed->bitmap) {
    return SearchFrom(range.first, range.rows, *part.index, segment, plan, nullptr, top, &whole);
  }
  if (!allowed->bitmap) {
    allowed->bitmap.emplace(allowed->rows, true);
    allowed->bitmap->ResetBefore(allowed->first);
  }
  if (allowed->bitmap->size() < range.end()) allowed->bitmap->Resize(range.end());
  index::AllowedRows rows;
  rows.words =
      std::span(std::as_const(*allowed->bitmap).words()).subspan(range.first / 64, range.rows / 64);
  rows.count = CountBits(rows.words);
  if (rows.count == 0) return true;
  return SearchFrom(range.first, range.rows, *part.index, segment, plan, &rows, top, &whole);
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
    ExactDistances exact(segment, plan, part.range.first);
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
