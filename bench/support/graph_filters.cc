// How much does a filter cost? Each of vecdb's ways and the way that it chooses, beside hnswlib
// with a functor that looks into the same bits. Filters keep rows at random, or those that lie
// farthest from the query: the regions, or the rows themselves. There hnswlib walks through
// everything else first and is left out.
#include <cmath>

#include "bench/support/graph_bench.h"

namespace vecdb::bench {
namespace {

constexpr std::size_t kQueries = 300;
constexpr std::size_t kRounds = 3;
constexpr std::size_t kRegions = 100;
const std::vector<std::size_t> kEfs = {10, 20, 40, 80, 160};
const std::vector<float> kTargets = {0.98F, 0.99F};

// The rows that are allowed, for each query or for all of them.
struct Filter {
  std::string name;
  std::vector<std::vector<std::uint64_t>> words;
  std::vector<RowIndex> counts;
  std::vector<float> kth{};  // of each query, the true distance

  std::size_t of(std::size_t query) const { return words.size() == 1 ? 0 : query; }
  index::AllowedRows Allowed(std::size_t query) const {
    return {words[of(query)], counts[of(query)]};
  }
  bool Has(std::size_t query, std::size_t row) const {
    return (words[of(query)][row / 64] >> (row % 64) & 1) != 0;
  }
  void Set(std::size_t query, std::size_t row) {
    words[query][row / 64] |= std::uint64_t{1} << (row % 64);
    ++counts[query];
  }
};

Filter MakeFilter(const std::string& name, std::size_t masks, std::size_t rows) {
  return {name, std::vector(masks, std::vector<std::uint64_t>((rows + 63) / 64)),
          std::vector<RowIndex>(masks)};
}

std::uint64_t Mixed(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15U;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31);
}

Filter AtRandom(const Set& set, unsigned percent) {
  Filter filter = MakeFilter("random " + std::to_string(percent) + " %", 1, set.base.rows);
  for (std::size_t row = 0; row < set.base.rows; ++row) {
    if (Mixed(row) % 100 < percent) filter.Set(0, row);
  }
  return filter;
}

// Regions are the rows nearest to one of kRegions rows; whole regions, the farthest first.
class Regions {
 public:
  explicit Regions(const Set& set) : set_(set), of_(set.base.rows), rows_(kRegions) {
    std::vector<float> best(set.base.rows, INFINITY);
    for (std::size_t r = 0; r < kRegions; ++r) {
      const float* const center = CenterOf(r);
      for (std::size_t row = 0; row < set.base.rows; ++row) {
        const float distance =
            simd::Kernels().f32.l2_pair(center, set.base.row(row), set.base.dimension);
        if (distance >= best[row]) continue;
        best[row] = distance;
        of_[row] = r;
      }
    }
    for (const std::size_t r : of_) ++rows_[r];
  }

  Filter Far(unsigned percent) const {
    Filter filter = MakeFilter("far " + std::to_string(percent) + " %", kQueries, set_.base.rows);
    for (std::size_t q = 0; q < kQueries; ++q) {
      const std::vector<bool> chosen = Farthest(q, set_.base.rows * percent / 100);
      for (std::size_t row = 0; row < set_.base.rows; ++row) {
        if (chosen[of_[row]]) filter.Set(q, row);
      }
    }
    return filter;
  }

 private:
  const float* CenterOf(std::size_t r) const {
    return set_.base.row(Mixed(r + 1000) % set_.base.rows);
  }
  std::vector<bool> Farthest(std::size_t query, std::size_t rows) const {
    std::vector<std::pair<float, std::size_t>> order;
    for (std::size_t r = 0; r < kRegions; ++r) {
      order.emplace_back(
          simd::Kernels().f32.l2_pair(set_.queries.row(query), CenterOf(r), set_.base.dimension),
          r);
    }
    std::sort(order.rbegin(), order.rend());
    std::vector<bool> chosen(kRegions);
    std::size_t taken = 0;
    for (const auto& [distance, r] : order) {
      if (taken >= rows) break;
      chosen[r] = true;
      taken += rows_[r];
    }
    return chosen;
  }

  const Set& set_;
  std::vector<std::size_t> of_;
  std::vector<std::size_t> rows_;
};

// The rows that are farthest from the query themselves.
std::vector<Filter> Shells(const Set& set, const std::vector<unsigned>& percents) {
  std::vector<Filter> filters;
  for (const unsigned percent : percents) {
    filters.push_back(
        MakeFilter("shell " + std::to_string(percent) + " %", kQueries, set.base.rows));
  }
  std::vector<float> distances(set.base.rows);
  for (std::size_t q = 0; q < kQueries; ++q) {
    simd::Kernels().f32.l2_many(set.queries.row(q), set.base.values.data(), set.base.dimension,
                                set.base.rows, distances.data());
    for (std::size_t i = 0; i < percents.size(); ++i) {
      std::vector<float> sorted = distances;
      const auto at =
          sorted.begin() + static_cast<std::ptrdiff_t>(set.base.rows * (100 - percents[i]) / 100);
      std::nth_element(sorted.begin(), at, sorted.end());
      for (std::size_t row = 0; row < set.base.rows; ++row) {
        if (distances[row] >= *at) filters[i].Set(q, row);
      }
    }
  }
  return filters;
}

void FindTruth(const Set& set, std::vector<Filter>* filters) {
  std::vector<float> distances(set.base.rows);
  std::vector<float> kept;
  for (std::size_t q = 0; q < kQueries; ++q) {
    simd::Kernels().f32.l2_many(set.queries.row(q), set.base.values.data(), set.base.dimension,
                                set.base.rows, distances.data());
    for (Filter& filter : *filters) {
      kept.clear();
      for (std::size_t row = 0; row < set.base.rows; ++row) {
        if (filter.Has(q, row)) kept.push_back(distances[row]);
      }
      std::nth_element(kept.begin(), kept.begin() + kK - 1, kept.end());
      filter.kth.push_back(kept[kK - 1]);
    }
  }
}

using Search = std::function<void(std::size_t query, std::vector<std::uint32_t>* ids)>;

class Table {
 public:
  Table(const Set& set, const index::Index& graph, HnswlibPeer* peer, const Filter& filter)
      : set_(set), graph_(graph), peer_(peer), filter_(filter) {}

  void Run() {
    std::vector<std::uint32_t> ids;
    const bool same_for_all = filter_.words.size() == 1;
    if (peer_ != nullptr && same_for_all &&
        peer_->SearchAllowed(set_.queries.row(0), kK, filter_.words[0].data(), &ids)) {
      for (const std::size_t ef : kEfs) theirs_[ef] = Measure(Theirs(ef));
      Print("hnswlib", theirs_);
    }
    Print("walk", OverEfs(index::Way::kWalk));
    Print("scan", {{0, Measure(Ours(index::Way::kScanCodes, {}))}});
    Print("chosen", OverEfs(index::Way::kChosen));
    for (const float target : kTargets) {
      index::Effort effort;
      effort.recall = target;
      const auto percent = static_cast<std::size_t>(std::lround(target * 100));
      Print("recall", {{percent, Measure(Ours(index::Way::kChosen, effort))}});
    }
  }

 private:
  Search Theirs(std::size_t ef) const {
    return [this, ef](std::size_t query, std::vector<std::uint32_t>* ids) {
      peer_->SetEf(ef);
      peer_->SearchAllowed(set_.queries.row(query), kK, filter_.Allowed(query).words.data(), ids);
    };
  }
  Search Ours(index::Way way, const index::Effort& effort) const {
    return [this, way, effort](std::size_t query, std::vector<std::uint32_t>* ids) {
      const index::AllowedRows allowed = filter_.Allowed(query);
      index::NearestRequest request;
      request.query = std::span(set_.queries.row(query), set_.queries.dimension);
      request.k = kK;
      request.effort = effort;
      request.allowed = &allowed;
      request.way = way;
      Exact exact(set_.base, set_.queries.row(query));
      thread_local std::vector<index::Neighbor> found;
      graph_.Search(request, &exact, &found).OrDie();
      ids->clear();
      for (const index::Neighbor& neighbor : found) ids->push_back(neighbor.row);
    };
  }

  Curve OverEfs(index::Way way) const {
    Curve curve;
    for (const std::size_t ef : kEfs) {
      index::Effort effort;
      effort.ef = static_cast<std::uint32_t>(ef);
      curve[ef] = Measure(Ours(way, effort));
    }
    return curve;
  }
  Point Measure(const Search& search) const {
    std::vector<std::uint32_t> ids;
    std::size_t good = 0;
    for (std::size_t q = 0; q < kQueries; ++q) {
      search(q, &ids);
      for (const std::uint32_t id : ids) {
        const float distance = simd::Kernels().f32.l2_pair(set_.queries.row(q), set_.base.row(id),
                                                           set_.base.dimension);
        good += distance <= filter_.kth[q] ? 1 : 0;
      }
    }
    std::vector<double> seconds;
    for (std::size_t round = 0; round < kRounds; ++round) {
      const double start = ThreadSeconds();
      for (std::size_t q = 0; q < kQueries; ++q) search(q, &ids);
      seconds.push_back((ThreadSeconds() - start) / kQueries);
    }
    return {static_cast<double>(good) / (kQueries * kK), Median(seconds)};
  }

  void Print(const std::string& what, const Curve& curve) const {
    std::printf("%-10s %-11s %-8s", set_.name.c_str(), filter_.name.c_str(), what.c_str());
    PrintCurve(curve);
    for (const float target : kTargets) {
      const auto mine = At(curve, double{target});
      const auto theirs = At(theirs_, double{target});
      if (!mine) {
        std::printf(" | -");
      } else {
        std::printf(" | %.1f us %.2fx", *mine * 1e6, theirs ? *theirs / *mine : 0.0);
      }
    }
    std::printf("\n");
    std::fflush(stdout);
  }

  const Set& set_;
  const index::Index& graph_;
  HnswlibPeer* const peer_;
  const Filter& filter_;
  Curve theirs_;
};

}  // namespace

void MeasureFilters(const Set& set) {
  std::vector<Filter> filters;
  for (const unsigned percent : {1U, 10U, 50U, 99U}) filters.push_back(AtRandom(set, percent));
  const Regions regions(set);
  for (const unsigned percent : {1U, 5U, 20U, 50U}) filters.push_back(regions.Far(percent));
  for (Filter& filter : Shells(set, {5U, 50U})) filters.push_back(std::move(filter));
  FindTruth(set, &filters);
  index::GraphParameters parameters;
  const auto graph = set.Graph(parameters, "SQ8");
  const auto peer = set.Peer();
  std::printf(
      "filters, ef:recall/us | us at recall 0.98, 0.99 and how many times as fast as hnswlib\n");
  for (const Filter& filter : filters) Table(set, *graph, peer.get(), filter).Run();
}

}  // namespace vecdb::bench
