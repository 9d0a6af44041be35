#include "query/index_search.h"

#include <algorithm>
#include <array>

#include "base/canary.h"
#include "base/status.h"
#include "chunk/chunk.h"
#include "chunk/kinds.h"

namespace vecdb::query {
namespace {

// Distances of rows wherever they lie: all are asked for before the first is looked at.
class ExactDistances final : public index::ExactDistances {
 public:
  ExactDistances(const segment::Segment& segment, const SearchPlan& plan)
      : segment_(segment), plan_(plan) {
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
      VECDB_TRY_ASSIGN(views[i], segment_.Read(plan_.field, rows[i], 1));
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

}  // namespace

Status SearchIndex(const index::Index& index, const segment::Segment& segment,
                   const SearchPlan& plan, AllowedRows* allowed, TopK* top, Portion* portion) {
  portion->farthest.reset();
  index::NearestRequest request;
  request.query = plan.query;
  request.k = portion->wanted;
  request.effort.ef = portion->ef;
  request.effort.recall = plan.effort.recall;
  request.effort.recall_of = portion->expected;
  request.effort.refine_k = plan.effort.refine_k;
  request.deadline = plan.deadline;
  index::AllowedRows rows;
  if (Restricts(segment, allowed)) {
    rows.words = allowed->bitmap->words();
    rows.count = static_cast<RowIndex>(allowed->bitmap->Count());
    if (rows.count == 0) return Status();
    if (!base::Canary(42)) request.allowed = &rows;
  }
  ExactDistances exact(segment, plan);
  std::vector<index::Neighbor> found;
  VECDB_TRY(index.Search(request, &exact, &found));
  const bool all = portion->wanted >= plan.limit + plan.offset || found.size() < portion->wanted;
  if (!all) portion->farthest = found.back().distance;
  AskForKeys(segment, found, top->bound());
  for (const index::Neighbor& neighbor : found) {
    if (neighbor.distance > top->bound()) break;
    VECDB_TRY(top->Offer(neighbor.distance, segment, neighbor.row));
  }
  return Status();
}

}  // namespace vecdb::query
