#include "index/calibrate.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"
#include "index/search_plan.h"
#include "simd/kernels.h"

namespace vecdb::index {
namespace {

constexpr std::array<std::uint32_t, 4> kKs = {1, 3, 10, 100};
constexpr std::array<std::uint32_t, 16> kEfs = {3,  5,  7,   10,  14,  20,  28,  40,
                                                56, 80, 120, 180, 270, 400, 600, 1000};
constexpr RowIndex kFewestRows = 1000;
constexpr RowIndex kLeastShare = 4;                 // at most every so many-th row is held back
constexpr std::uint32_t kNumbersOfTask = 1U << 18;  // compared with all queries by one task

// Rows of floats, normalised under COSINE.
struct FloatRows {
  std::size_t dimension;
  std::vector<float> numbers;
  std::span<const float> row(std::size_t i) const {
    return std::span(numbers).subspan(i * dimension, dimension);
  }
};

class Calibration {
 public:
  Calibration(const CalibrationInput& input, std::span<const std::uint32_t> held,
              const BuildContext& context)
      : in_(input),
        context_(context),
        rows_of_task_(std::clamp(kNumbersOfTask / input.shape.dimension, 8U, 1024U)),
        ids_(held),
        queries_{input.shape.dimension, {}} {
    held_.Reset(input.shape.rows);
    for (const std::uint32_t row : held) held_.Meet(row);
  }

  Result<RecallTable> Run() {
    VECDB_TRY(ReadRows(ids_, &queries_.numbers));
    VECDB_TRY(FindTruth());
    found_.resize(ids_.size());
    VECDB_TRY(RunAll(context_, ids_.size(), [this](std::size_t q) { return SearchFor(q); }));
    return Table();
  }

 private:
  // Of one query.
  struct Found {
    std::array<std::array<float, kKs.size()>, kEfs.size()> recall{};
    std::array<double, kEfs.size()> distances{};
  };

  Status ReadRows(std::span<const std::uint32_t> rows, std::vector<float>* out) const {
    out->resize(rows.size() * queries_.dimension);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      VECDB_TRY_ASSIGN(const chunk::ColumnView view, in_.source.Read(rows[i], 1));
      RowAsFloats(view, 0, in_.shape.metric, out->data() + i * queries_.dimension);
    }
    return Status();
  }

  // out[q * n + i]: from each query to each of n rows, smaller = nearer.
  void Distances(std::span<const float> queries, std::span<const float> rows, float* out) const {
    const simd::FloatKernels& kernels = simd::Kernels().f32;
    const std::size_t d = queries_.dimension;
    const std::size_t n = rows.size() / d;
    const std::size_t q = queries.size() / d;
    if (in_.shape.metric == Metric::kL2) {
      return kernels.l2_mq(queries.data(), q, rows.data(), d, n, out);
    }
    kernels.ip_mq(queries.data(), q, rows.data(), d, n, out);
    for (std::size_t i = 0; i < q * n; ++i) out[i] = -out[i];
  }

  Status FindTruth() {
    {
      base::MutexLock lock(mutex_);
      truth_.resize(ids_.size());
    }
    const std::size_t tasks = (in_.shape.rows + rows_of_task_ - 1) / rows_of_task_;
    VECDB_TRY(RunAll(context_, tasks, [this](std::size_t task) { return CompareRows(task); }));
    base::MutexLock lock(mutex_);
    for (std::vector<float>& nearest : truth_) std::sort(nearest.begin(), nearest.end());
    return Status();
  }

  Status CompareRows(std::size_t task) EXCLUDES(mutex_) {
    const auto first = static_cast<RowIndex>(task * rows_of_task_);
    const RowIndex end = std::min(in_.shape.rows, first + rows_of_task_);
    std::vector<float> rows(std::size_t{end - first} * queries_.dimension);
    for (RowIndex row = first; row < end;) {
      VECDB_TRY_ASSIGN(const chunk::ColumnView view, in_.source.Read(row, end - row));
      for (std::size_t i = 0; i < view.rows; ++i, ++row) {
        RowAsFloats(view, i, in_.shape.metric,
                    rows.data() + std::size_t{row - first} * queries_.dimension);
      }
    }
    const std::size_t n = end - first;
    std::vector<float> distances(ids_.size() * n);
    Distances(queries_.numbers, rows, distances.data());
    base::MutexLock lock(mutex_);
    for (std::size_t q = 0; q < ids_.size(); ++q) {
      for (std::size_t i = 0; i < n; ++i) {
        if (!held_.Has(static_cast<std::uint32_t>(first + i)))
          Keep(distances[q * n + i], &truth_[q]);
      }
    }
    return Status();
  }

  // A heap of the smallest.
  static void Keep(float distance, std::vector<float>* heap) {
    if (heap->size() == kKs.back()) {
      if (distance >= heap->front()) return;
      std::pop_heap(heap->begin(), heap->end());
      heap->pop_back();
    }
    heap->push_back(distance);
    std::push_heap(heap->begin(), heap->end());
  }

  Status SearchFor(std::size_t q) EXCLUDES(mutex_) {
    return WithSpace(in_.header.format, in_.codes.data(), [&](const auto& space) {
      using Space = std::decay_t<decltype(space)>;
      const ScratchPool::Loan scratch(scratches_);
      EncodeQuery(in_.header.format, in_.quantizer, QueryVector(queries_.row(q)), &scratch->query);
      for (std::size_t e = 0; e < kEfs.size(); ++e) {
        VECDB_TRY(Walk(space, Space::Of(scratch->query), in_.links, kEfs[e], context_.deadline,
                       Unchecked(), &*scratch));
        found_[q].distances[e] = static_cast<double>(scratch->computed);
        VECDB_TRY(Judge(q, e, scratch->beam));
      }
      return Status();
    });
  }

  // How many of the true neighbours are among what would be returned.
  Status Judge(std::size_t q, std::size_t e, const Beam& beam) EXCLUDES(mutex_) {
    std::vector<std::uint32_t> rows(beam.size());
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = beam.id(i);
    const float factor = RefineFactor(in_.header);
    const auto kept = [&](std::size_t k) {
      const auto n = static_cast<std::size_t>(std::ceil(factor * static_cast<float>(k)));
      return std::min(rows.size(), n);
    };
    rows.resize(kept(kKs.back()));
    std::vector<float> numbers;
    VECDB_TRY(ReadRows(rows, &numbers));
    std::vector<float> distances(rows.size());
    Distances(queries_.row(q), numbers, distances.data());
    for (std::size_t i = 0; i < kKs.size(); ++i) {
      std::vector<float> nearest(distances.begin(),
                                 distances.begin() + static_cast<std::ptrdiff_t>(kept(kKs[i])));
      std::sort(nearest.begin(), nearest.end());
      nearest.resize(std::min<std::size_t>(nearest.size(), kKs[i]));
      const float farthest = TruthOf(q, kKs[i]);
      const auto good = std::upper_bound(nearest.begin(), nearest.end(), farthest);
      found_[q].recall[e][i] =
          static_cast<float>(good - nearest.begin()) / static_cast<float>(kKs[i]);
    }
    return Status();
  }

  float TruthOf(std::size_t q, std::uint32_t k) const EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    return truth_[q][k - 1];
  }

  RecallTable Table() const {
    const double n = static_cast<double>(ids_.size());
    std::vector<MeasuredRecall> rows;
    for (std::size_t i = 0; i < kKs.size(); ++i) {
      float least = 0;  // more candidates are never worse, but for chance
      for (std::size_t e = 0; e < kEfs.size(); ++e) {
        if (kEfs[e] < kKs[i]) continue;
        double recall = 0;
        double distances = 0;
        for (const Found& found : found_) {
          recall += double{found.recall[e][i]};
          distances += found.distances[e];
        }
        least = std::max(least, static_cast<float>(recall / n));
        rows.push_back({kKs[i], kEfs[e], least, static_cast<float>(distances / n)});
      }
    }
    return RecallTable(std::move(rows));
  }

  const CalibrationInput& in_;
  const BuildContext& context_;
  const RowIndex rows_of_task_;
  const std::span<const std::uint32_t> ids_;  // of the rows that are searched for
  Visited held_;                              // the same rows
  FloatRows queries_;
  std::vector<Found> found_;
  ScratchPool scratches_;
  mutable base::Mutex mutex_;  // leaf
  std::vector<std::vector<float>> truth_ GUARDED_BY(mutex_);
};

}  // namespace

std::size_t RowsForCalibration(RowIndex rows, std::size_t asked) {
  return rows < kFewestRows ? 0 : std::min<std::size_t>(asked, rows / kLeastShare);
}

Result<RecallTable> Calibrate(const CalibrationInput& input, std::span<const std::uint32_t> held,
                              const BuildContext& context) {
  return Calibration(input, held, context).Run();
}

}  // namespace vecdb::index
