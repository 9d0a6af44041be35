#include "query/search.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/status.h"
#include "query/scan.h"
#include "simd/kernels.h"

namespace vecdb::query {
namespace {

// Rows whose distances are computed before the heap looks at them: enough to keep the kernel
// streaming, few enough to stay in the first-level cache.
constexpr std::size_t kBatch = 256;

struct Distances {
  std::array<float, kBatch> distance;
  std::array<float, kBatch> norm2;  // COSINE only
};

// For a row so short that the squares of its numbers leave float's range; 0 for a zero vector.
float CosineOfShort(const SearchPlan& plan, const float* row) {
  double ip = 0;
  double norm2 = 0;
  for (std::size_t i = 0; i < plan.dimension; ++i) {
    ip += double{plan.query[i]} * row[i];
    norm2 += double{row[i]} * row[i];
  }
  const double product = plan.query_norm * std::sqrt(norm2);
  return product > 0 ? static_cast<float>(std::clamp(ip / product, -1.0, 1.0)) : 0.0F;
}

// Cosine similarity from an inner product and a squared norm.
float Cosine(const SearchPlan& plan, float ip, float norm2, const float* row) {
  if (norm2 < kSmallestSquaredNorm) return CosineOfShort(plan, row);
  const float product = plan.query_norm * std::sqrt(norm2);
  return product > 0 ? std::clamp(ip / product, -1.0F, 1.0F) : 0.0F;
}

// Turns what the kernels gave into distances, smaller = nearer. `row_at(i)` is the vector of the
// distance i.
template <typename RowAt>
void Finish(const SearchPlan& plan, std::size_t n, const RowAt& row_at, Distances* d) {
  switch (plan.metric) {
    case Metric::kL2:
      return;
    case Metric::kInnerProduct:
      for (std::size_t i = 0; i < n; ++i) d->distance[i] = -d->distance[i];
      return;
    case Metric::kCosine:
      for (std::size_t i = 0; i < n; ++i) {
        d->distance[i] = -Cosine(plan, d->distance[i], d->norm2[i], row_at(i));
      }
      return;
  }
}

void ComputeMany(const SearchPlan& plan, const float* base, std::size_t n, Distances* d) {
  const simd::KernelTable& kernels = simd::Kernels();
  const float* query = plan.query.data();
  switch (plan.metric) {
    case Metric::kL2:
      kernels.f32.l2_many(query, base, plan.dimension, n, d->distance.data());
      break;
    case Metric::kInnerProduct:
      kernels.f32.ip_many(query, base, plan.dimension, n, d->distance.data());
      break;
    case Metric::kCosine:
      kernels.f32.ip_norm_many(query, base, plan.dimension, n, d->distance.data(), d->norm2.data());
      break;
  }
  Finish(
      plan, n, [&](std::size_t i) { return base + i * plan.dimension; }, d);
}

void ComputeIds(const SearchPlan& plan, const float* base, std::span<const std::uint32_t> ids,
                Distances* d) {
  const simd::KernelTable& kernels = simd::Kernels();
  const float* query = plan.query.data();
  switch (plan.metric) {
    case Metric::kL2:
      kernels.f32.l2_ids(query, base, plan.dimension, ids.data(), ids.size(), d->distance.data());
      break;
    case Metric::kInnerProduct:
      kernels.f32.ip_ids(query, base, plan.dimension, ids.data(), ids.size(), d->distance.data());
      break;
    case Metric::kCosine:
      kernels.f32.ip_norm_ids(query, base, plan.dimension, ids.data(), ids.size(),
                              d->distance.data(), d->norm2.data());
      break;
  }
  const auto row_at = [&](std::size_t i) { return base + std::size_t{ids[i]} * plan.dimension; };
  Finish(plan, ids.size(), row_at, d);
}

// One contiguous run of vectors, rows [first, first + view.rows) of the segment.
Status SearchRun(const segment::Segment& segment, const SearchPlan& plan,
                 const chunk::ColumnView& view, RowIndex first, TopK* top) {
  Distances d;
  const float* base = static_cast<const float*>(view.values);
  for (std::size_t at = 0; at < view.rows; at += kBatch) {
    const std::size_t n = std::min(kBatch, view.rows - at);
    ComputeMany(plan, base + at * plan.dimension, n, &d);
    for (std::size_t i = 0; i < n; ++i) {
      if (d.distance[i] > top->bound()) continue;
      VECDB_TRY(top->Offer(d.distance[i], segment, first + static_cast<RowIndex>(at + i)));
    }
  }
  return Status();
}

// The same, for the rows of the run that `allowed` names.
Status SearchAllowed(const segment::Segment& segment, const SearchPlan& plan,
                     const chunk::ColumnView& view, RowIndex first, const base::Bitmap& allowed,
                     TopK* top) {
  Distances d;
  std::array<std::uint32_t, kBatch> ids;
  const float* base = static_cast<const float*>(view.values);
  std::size_t n = 0;
  const auto offer = [&]() -> Status {
    ComputeIds(plan, base, std::span(ids.data(), n), &d);
    for (std::size_t i = 0; i < n; ++i) {
      if (d.distance[i] > top->bound()) continue;
      VECDB_TRY(top->Offer(d.distance[i], segment, first + ids[i]));
    }
    n = 0;
    return Status();
  };
  for (std::size_t row = 0; row < view.rows; ++row) {
    const std::size_t bit = first + row;
    if ((bit & 63) == 0 && row + 64 <= view.rows && allowed.words()[bit >> 6] == 0) {
      row += 63;
      continue;
    }
    if (!allowed.Test(bit)) continue;
    ids[n++] = static_cast<std::uint32_t>(row);
    if (n == kBatch) VECDB_TRY(offer());
  }
  return n == 0 ? Status() : offer();
}

}  // namespace

Status SearchSegment(const segment::Segment& segment, Timestamp t, const SearchPlan& plan,
                     TopK* top) {
  VECDB_TRY_ASSIGN(const AllowedRows allowed, AllowedRowsAt(segment, t, plan.filter.get()));
  for (RowIndex first = 0; first < allowed.rows;) {
    VECDB_TRY_ASSIGN(const chunk::ColumnView view,
                     segment.Read(plan.field, first, allowed.rows - first));
    VECDB_TRY(allowed.bitmap ? SearchAllowed(segment, plan, view, first, *allowed.bitmap, top)
                             : SearchRun(segment, plan, view, first, top));
    first += static_cast<RowIndex>(view.rows);
  }
  return Status();
}

float ScoreOf(Metric metric, float distance) {
  return metric == Metric::kL2 ? distance : 0.0F - distance;
}

}  // namespace vecdb::query
