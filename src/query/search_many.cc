#include "query/search_many.h"

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "base/status.h"
#include "chunk/kinds.h"
#include "query/search.h"

namespace vecdb::query {
namespace {

constexpr std::size_t kBatch = Distances::kBatch;

// One scan for several queries.
class BlockScan {
 public:
  BlockScan(const segment::Segment& segment, std::span<const SearchPlan> plans,
            std::span<TopK> tops)
      : segment_(segment), tops_(tops), distance_(plans.size() * kBatch) {
    std::vector<const Distances*> all;
    all.reserve(plans.size());
    for (const SearchPlan& plan : plans) all.push_back(plan.distances.get());
    distances_ = all.front()->Together(all);
  }

  // Rows [first, first + view.rows) of the segment.
  Status Run(const chunk::ColumnView& view, RowIndex first) {
    for (std::size_t at = 0; at < view.rows; at += kBatch) {
      const std::size_t n = std::min(kBatch, view.rows - at);
      distances_->Many(view, at, n, distance_.data());
      const auto row = [&](std::size_t i) { return first + static_cast<RowIndex>(at + i); };
      VECDB_TRY(Offer(n, row));
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
      if (n < kBatch) continue;
      VECDB_TRY(OfferIds(view, first, n));
      n = 0;
    }
    return n == 0 ? Status() : OfferIds(view, first, n);
  }

 private:
  Status OfferIds(const chunk::ColumnView& view, RowIndex first, std::size_t n) {
    distances_->Ids(view, std::span(ids_).first(n), distance_.data());
    return Offer(n, [&](std::size_t i) { return first + ids_[i]; });
  }

  // Most rows are too far: that is seen of sixteen at a time.
  template <typename RowAt>
  Status Offer(std::size_t n, const RowAt& row_at) {
    constexpr std::size_t kStep = 16;
    for (std::size_t q = 0; q < tops_.size(); ++q) {
      const float* const distance = distance_.data() + q * n;
      TopK& top = tops_[q];
      for (std::size_t i = 0; i < n; i += kStep) {
        const std::size_t end = std::min(n, i + kStep);
        if (end - i == kStep && AllFarther(distance + i, top.bound())) continue;
        VECDB_TRY(OfferEach(distance, i, end, row_at, &top));
      }
    }
    return Status();
  }
  template <typename RowAt>
  Status OfferEach(const float* distance, std::size_t first, std::size_t end, const RowAt& row_at,
                   TopK* top) {
    for (std::size_t k = first; k < end; ++k) {
      if (distance[k] > top->bound()) continue;
      VECDB_TRY(top->Offer(distance[k], segment_, row_at(k)));
    }
    return Status();
  }

  // Than `bound`: sixteen of them. Written so that compilers make vectors of it.
  static bool AllFarther(const float* distance, float bound) {
    std::array<std::int32_t, 4> far = {-1, -1, -1, -1};
    for (std::size_t i = 0; i < 16; i += 4) {
      for (std::size_t k = 0; k < 4; ++k) far[k] &= distance[i + k] > bound ? -1 : 0;
    }
    return (far[0] & far[1] & far[2] & far[3]) != 0;
  }

  const segment::Segment& segment_;
  const std::span<TopK> tops_;
  std::unique_ptr<DistancesTogether> distances_;
  std::vector<float> distance_;  // of one query after the other
  std::array<std::uint32_t, kBatch> ids_;
};

}  // namespace

std::size_t QueriesOfBlock(const Field& field) {
  constexpr std::size_t kBytes = std::size_t{128} << 10;
  constexpr std::size_t kMost = 64;
  constexpr std::size_t kLeast = 8;
  const std::size_t width = chunk::FixedWidth(field.type, field.dimension);
  return width == 0 ? kLeast : std::clamp(kBytes / width / 4 * 4, kLeast, kMost);
}

Status SearchRowsMany(const segment::Segment& segment, std::span<const SearchPlan> plans,
                      AllowedRows allowed, std::span<TopK> tops) {
  if (allowed.first == allowed.rows) return Status();
  if (MayAskIndex(segment, plans.front())) {
    for (std::size_t q = 0; q < plans.size(); ++q) {
      VECDB_TRY(plans[q].deadline.Check());
      VECDB_TRY(SearchRows(segment, plans[q], &allowed, &tops[q]));
    }
    return Status();
  }
  BlockScan scan(segment, plans, tops);
  return ForEachRun(segment, plans.front(), allowed.first, allowed.rows,
                    [&](const chunk::ColumnView& view, RowIndex first) {
                      return allowed.bitmap ? scan.Run(view, first, *allowed.bitmap)
                                            : scan.Run(view, first);
                    });
}

}  // namespace vecdb::query
