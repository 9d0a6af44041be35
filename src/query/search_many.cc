#include "query/search_many.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <memory>
#include <vector>

#include "base/status.h"
#include "chunk/kinds.h"
#include "query/near_rows.h"
#include "query/search.h"
#include "simd/kernels.h"

namespace vecdb::query {
namespace {

constexpr std::size_t kBatch = Distances::kBatch;
constexpr std::size_t kDistances = std::size_t{1} << 15;  // that a second cache has room for

// One scan for several queries.
class BlockScan {
 public:
  BlockScan(const segment::Segment& segment, std::span<const SearchPlan> plans,
            std::span<TopK> tops)
      : segment_(segment),
        plans_(plans),
        tops_(tops),
        bounds_(tops.size()),
        rows_(std::clamp(kDistances / plans.size() / 64 * 64, std::size_t{64}, kBatch)),
        distance_(plans.size() * rows_) {
    std::vector<const Distances*> all;
    all.reserve(plans.size());
    for (const SearchPlan& plan : plans) all.push_back(plan.distances.get());
    distances_ = all.front()->Together(all);
  }

  // Rows [first, first + view.rows) of the segment.
  Status Run(const chunk::ColumnView& view, RowIndex first) {
    for (std::size_t at = 0; at < view.rows; at += rows_) {
      VECDB_TRY(OfferRows(view, first, at, std::min(rows_, view.rows - at)));
    }
    return Status();
  }

  // Those of them that `allowed` names.
  Status Run(const chunk::ColumnView& view, RowIndex first, const base::Bitmap& allowed) {
    std::size_t n = 0;
    for (std::size_t row = 0; row < view.rows; ++row) {
      const std::size_t bit = first + row;
      if ((bit & 63) == 0 && row + 64 <= view.rows && allowed.words()[bit >> 6] == 0) {
        row += 63;
        continue;
      }
      if (!allowed.Test(bit)) continue;
      ids_[n++] = static_cast<std::uint32_t>(row);
      if (n < rows_) continue;
      VECDB_TRY(OfferIds(view, first, n));
      n = 0;
    }
    return n == 0 ? Status() : OfferIds(view, first, n);
  }

 private:
  Status OfferRows(const chunk::ColumnView& view, RowIndex first, std::size_t at, std::size_t n) {
    if (MayFindNear() && NoteNear(distances_->Near(view, at, n, bounds_, MostNear(n), &near_))) {
      return OfferPairs(view, first, [&](std::size_t i) { return at + i; });
    }
    distances_->Many(view, at, n, distance_.data());
    return Offer(n, [&](std::size_t i) { return first + static_cast<RowIndex>(at + i); });
  }

  Status OfferIds(const chunk::ColumnView& view, RowIndex first, std::size_t n) {
    const auto ids = std::span<const std::uint32_t>(ids_).first(n);
    if (MayFindNear() && NoteNear(distances_->NearIds(view, ids, bounds_, MostNear(n), &near_))) {
      return OfferPairs(view, first, [&](std::size_t i) { return ids_[i]; });
    }
    distances_->Ids(view, ids, distance_.data());
    return Offer(n, [&](std::size_t i) { return first + ids_[i]; });
  }

  // Not while a search wants any row there is, nor just after too many rows were near.
  bool MayFindNear() {
    if (pause_left_ > 0) {
      --pause_left_;
      return false;
    }
    near_.clear();
    bool bounded = true;
    for (std::size_t q = 0; q < tops_.size(); ++q) {
      bounds_[q] = tops_[q].bound();
      bounded = bounded && bounds_[q] < std::numeric_limits<float>::infinity();
    }
    return bounded;
  }

  // From about so many on, all distances together cost no more than those of pairs do.
  std::size_t MostNear(std::size_t n) const { return n * tops_.size() / 8; }

  // Each time that was in vain, the pause is longer, so that little is lost where all is in vain.
  bool NoteNear(bool found) {
    constexpr std::size_t kLongest = 31;
    pause_ = found ? 0 : std::min(2 * pause_ + 1, kLongest);
    pause_left_ = pause_;
    return found;
  }

  // Pairs of near_, each by the kernel of a search by one query. row_of(i) is a row of the view.
  template <typename RowOf>
  Status OfferPairs(const chunk::ColumnView& view, RowIndex first, const RowOf& row_of) {
    for (const NearPair& pair : near_) {
      const auto row = static_cast<std::uint32_t>(row_of(pair.row));
      float distance = 0;
      plans_[pair.query].distances->Ids(view, {&row, 1}, {&distance, 1});
      TopK* const top = &tops_[pair.query];
      if (distance > top->bound()) continue;
      VECDB_TRY(top->Offer(distance, segment_, first + row));
    }
    return Status();
  }

  // Most rows are too far: which are not is seen of many at once.
  template <typename RowAt>
  Status Offer(std::size_t n, const RowAt& row_at) {
    for (std::size_t q = 0; q < tops_.size(); ++q) {
      const float* const distance = distance_.data() + q * n;
      std::array<std::uint64_t, kBatch / 64> near;
      FindNear(distance, n, tops_[q].bound(), near.data());
      for (std::size_t i = 0; i < n; i += 64) {
        VECDB_TRY(OfferNear(distance, i, near[i / 64], row_at, &tops_[q]));
      }
    }
    return Status();
  }
  // Those from `first` on that have a bit.
  template <typename RowAt>
  Status OfferNear(const float* distance, std::size_t first, std::uint64_t near,
                   const RowAt& row_at, TopK* top) {
    for (; near != 0; near &= near - 1) {
      const std::size_t i = first + static_cast<std::size_t>(std::countr_zero(near));
      if (distance[i] > top->bound()) continue;
      VECDB_TRY(top->Offer(distance[i], segment_, row_at(i)));
    }
    return Status();
  }

  // Which are at most `bound`. As integers the bits of floats above zero rise with them; those of
  // floats below fall, and are lower. Where there is no bound all are, even what overflowed.
  static void FindNear(const float* distance, std::size_t n, float bound, std::uint64_t* near) {
    using Limits = std::numeric_limits<std::int32_t>;
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    const auto bits = std::bit_cast<std::int32_t>(bound + 0.0F);  // no zero below zero
    const std::int32_t first = bits < 0 ? bits : Limits::min();
    std::int32_t last = bits < 0 ? std::bit_cast<std::int32_t>(-kInfinity) : bits;
    if (bound == kInfinity) last = Limits::max();
    simd::Kernels().ranges.i32(distance, n, first, last, near);
  }

  const segment::Segment& segment_;
  const std::span<const SearchPlan> plans_;
  const std::span<TopK> tops_;
  std::vector<float> bounds_;
  const std::size_t rows_;  // at once
  std::unique_ptr<DistancesTogether> distances_;
  std::vector<float> distance_;  // of one query after the other
  std::array<std::uint32_t, kBatch> ids_;
  std::vector<NearPair> near_;
  std::size_t pause_ = 0;  // batches that are not asked which of their rows are near
  std::size_t pause_left_ = 0;
};

}  // namespace

std::size_t QueriesOfBlock(const Field& field) {
  constexpr std::size_t kBytes = std::size_t{512} << 10;
  constexpr std::size_t kMost = 256;
  constexpr std::size_t kLeast = 8;
  const bool halves =  // compared as floats
      field.type == DataType::kFloat16Vector || field.type == DataType::kBFloat16Vector;
  const std::size_t width = chunk::FixedWidth(field.type, field.dimension) * (halves ? 2 : 1);
  return width == 0 ? kLeast : std::clamp(kBytes / width / 4 * 4, kLeast, kMost);
}

Status SearchRowsMany(const segment::Segment& segment, std::span<const SearchPlan> plans,
                      const AllowedRows& allowed, std::span<TopK> tops) {
  if (allowed.first == allowed.rows) return Status();
  BlockScan scan(segment, plans, tops);
  return ForEachRun(segment, plans.front(), allowed.first, allowed.rows,
                    [&](const chunk::ColumnView& view, RowIndex first) {
                      return allowed.bitmap ? scan.Run(view, first, *allowed.bitmap)
                                            : scan.Run(view, first);
                    });
}

// Through the indexes of these segments, behind all others; `all`: of the View, so that each is
// asked for its part.
static Status AskIndexes(const ManySearches& of, std::span<const std::size_t> which, bool all,
                         std::size_t first, std::size_t count, std::span<TopK> tops) {
  std::vector<AllowedRows> known(which.size());  // they make more of it
  for (std::size_t i = 0; i < which.size(); ++i) known[i] = of.allowed[which[i]];
  for (std::size_t q = first; q < first + count; ++q) {
    const SearchPlan& plan = of.plans[q];
    VECDB_TRY(plan.deadline.Check());
    std::vector<Portion> portions =
        all ? PortionsOf(of.view, plan)
            : std::vector<Portion>(of.view.segments().size(), Whole(plan));
    const SearchInto into{&tops[q], portions, of.cache, of.crossings};
    VECDB_TRY(SearchKnown(of.view, which, known, plan, into));
    for (std::size_t i = 0; i < which.size(); ++i) {
      if (!NeedsMore(portions[which[i]], tops[q])) continue;
      const segment::Segment& segment = *of.view.segments()[which[i]];
      tops[q].Forget(segment);
      VECDB_TRY(SearchRows(segment, plan, &known[i], &tops[q]));
    }
  }
  return Status();
}

Status SearchSegmentsMany(const ManySearches& of, std::span<const std::size_t> which,
                          std::size_t first, std::size_t count, std::span<TopK> tops) {
  std::vector<std::size_t> asked;
  for (const std::size_t i : which) {
    const segment::Segment& segment = *of.view.segments()[i];
    if (MayAskIndex(segment, of.plans.front())) {
      asked.push_back(i);
    } else {
      VECDB_TRY(SearchRowsMany(segment, of.plans.subspan(first, count), of.allowed[i],
                               tops.subspan(first, count)));
    }
  }
  const bool all = which.size() == of.view.segments().size();
  return asked.empty() ? Status() : AskIndexes(of, asked, all, first, count, tops);
}

}  // namespace vecdb::query
