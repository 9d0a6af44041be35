// How fast does the graph index answer at the same recall, and how fast is it built, beside hnswlib
// with the same parameters? Without a filter (`speed`) and under filters (`filter`), and what
// codes alone save a scan (`flat`), on mnist and on dsift; arguments name tables and sets, none
// means all.
//
// One thread, by the thread's own clock; both sides take turns at every number of candidates, and
// the median of the rounds counts. Recall is of the 10 nearest, by distance: a row counts when it
// is no farther than the true tenth. VECDB_BENCH_ROWS caps the rows of the larger set; with
// VECDB_BENCH_CACHE hnswlib's graph is kept there between runs.
#include <cmath>
#include <thread>

#include "bench/support/graph_bench.h"

using namespace vecdb;
using namespace vecdb::bench;

namespace {

constexpr std::size_t kRounds = 5;
constexpr std::size_t kScaleEf = 40;
const std::vector<std::size_t> kEfs = {10, 14, 20, 28, 40, 56, 80, 112, 160, 224};
const std::vector<double> kTargets = {0.90, 0.95, 0.99};

// Of each query the distance of its k-th neighbour.
std::vector<float> TrueDistances(const Vectors& base, const Vectors& queries) {
  std::vector<float> kth(queries.rows);
  std::vector<float> distances(base.rows);
  for (std::size_t q = 0; q < queries.rows; ++q) {
    simd::Kernels().f32.l2_many(queries.row(q), base.values.data(), base.dimension, base.rows,
                                distances.data());
    std::nth_element(distances.begin(), distances.begin() + kK - 1, distances.end());
    kth[q] = distances[kK - 1];
  }
  return kth;
}

struct Side {
  std::string name;
  std::function<void(std::size_t query, std::size_t ef, std::vector<std::uint32_t>* ids)> search;
  Curve curve;
};

class Bench {
 public:
  explicit Bench(const Set& set)
      : set_(set), kth_(TrueDistances(set.base, set.queries)), peer_(set.Peer()) {
    if (peer_ == nullptr) return;
    sides_.push_back({"hnswlib",
                      [this](std::size_t query, std::size_t ef, std::vector<std::uint32_t>* ids) {
                        peer_->SetEf(ef);
                        peer_->Search(set_.queries.row(query), kK, ids);
                      },
                      {}});
  }

  void Add(index::Codec codec) {
    index::GraphParameters parameters;
    parameters.codec = codec;
    const std::string name(index::ToString(codec));
    sides_.push_back({"vecdb " + name,
                      [this, graph = set_.Graph(parameters, name)](
                          std::size_t query, std::size_t ef, std::vector<std::uint32_t>* ids) {
                        index::NearestRequest request;
                        request.query = std::span(set_.queries.row(query), set_.queries.dimension);
                        request.k = kK;
                        request.effort.ef = static_cast<std::uint32_t>(ef);
                        Exact exact(set_.base, set_.queries.row(query));
                        thread_local std::vector<index::Neighbor> found;
                        graph->Search(request, &exact, &found).OrDie();
                        ids->clear();
                        for (const index::Neighbor& neighbor : found) ids->push_back(neighbor.row);
                      },
                      {}});
  }

  void Run() {
    for (const std::size_t ef : kEfs) {
      std::vector<std::vector<double>> seconds(sides_.size());
      for (std::size_t round = 0; round < kRounds; ++round) {
        for (std::size_t s = 0; s < sides_.size(); ++s) {
          seconds[s].push_back(Measure(&sides_[s], ef, round == 0));
        }
      }
      for (std::size_t s = 0; s < sides_.size(); ++s) {
        sides_[s].curve[ef].seconds = Median(seconds[s]);
      }
    }
    Print();
  }

  // Two threads beside one, by the clock on the wall: only a quiet machine shows it.
  void Scale() {
    const Side& side = sides_.back();
    const auto pass = [&] {
      std::vector<std::uint32_t> ids;
      for (std::size_t q = 0; q < set_.queries.rows; ++q) side.search(q, kScaleEf, &ids);
    };
    std::vector<double> ratios;
    for (std::size_t round = 0; round < kRounds; ++round) {
      const double one = Seconds([&] {
        pass();
        pass();
      });
      const double two = Seconds([&] {
        std::thread other(pass);
        pass();
        other.join();
      });
      ratios.push_back(one / two);
    }
    std::printf("%-12s %-12s two threads %.2f x one\n", set_.name.c_str(), side.name.c_str(),
                Median(ratios));
  }

 private:
  // Seconds a query; also the recall when asked for.
  double Measure(Side* side, std::size_t ef, bool recall) {
    std::vector<std::uint32_t> ids;
    if (recall) {
      std::size_t good = 0;
      for (std::size_t q = 0; q < set_.queries.rows; ++q) {
        side->search(q, ef, &ids);
        for (const std::uint32_t id : ids) {
          const float distance = simd::Kernels().f32.l2_pair(set_.queries.row(q), set_.base.row(id),
                                                             set_.base.dimension);
          good += distance <= kth_[q] ? 1 : 0;
        }
      }
      side->curve[ef].recall =
          static_cast<double>(good) / static_cast<double>(set_.queries.rows * kK);
    }
    const double start = ThreadSeconds();
    for (std::size_t q = 0; q < set_.queries.rows; ++q) side->search(q, ef, &ids);
    return (ThreadSeconds() - start) / static_cast<double>(set_.queries.rows);
  }

  void Print() const {
    for (const Side& side : sides_) {
      std::printf("%-12s %-12s", set_.name.c_str(), side.name.c_str());
      PrintCurve(side.curve);
      std::printf("  (ef:recall/us)\n");
    }
    std::printf("%-12s %-12s", "", "recall");
    for (const double target : kTargets) std::printf("  %9.2f        ", target);
    std::printf("\n");
    for (const Side& side : sides_) {
      std::printf("%-12s %-12s", set_.name.c_str(), side.name.c_str());
      for (const double target : kTargets) {
        const auto mine = At(side.curve, target);
        const auto theirs = At(sides_.front().curve, target);
        if (!mine) {
          std::printf("  %9s        ", "-");
          continue;
        }
        std::printf("  %6.0f/s %6.2fx", 1 / *mine, theirs ? *theirs / *mine : 0.0);
      }
      std::printf("\n");
    }
    std::fflush(stdout);
  }

  const Set& set_;
  std::vector<float> kth_;
  std::unique_ptr<HnswlibPeer> peer_;
  std::vector<Side> sides_;
};

void MeasureSpeed(const Set& set) {
  Bench bench(set);
  bench.Add(index::Codec::kFloat32);
  bench.Add(index::Codec::kSq4U);
  bench.Add(index::Codec::kSq8);
  bench.Run();
  bench.Scale();
}

// A scan of 8-bit codes beside one of the vectors themselves.
void MeasureFlat(const Set& set) {
  constexpr std::size_t kQueries = 200;
  std::vector<index::Codec> codecs = {index::Codec::kFloat32, index::Codec::kSq8};
  std::vector<std::shared_ptr<const index::Index>> scans;
  for (const index::Codec codec : codecs) {
    index::GraphParameters parameters;
    parameters.kind = index::Kind::kFlat;
    parameters.codec = codec;
    scans.push_back(set.Graph(parameters, "flat " + std::string(index::ToString(codec))));
  }
  std::vector<std::vector<float>> truth(kQueries);  // distances, by the vectors themselves
  std::vector<std::vector<double>> seconds(scans.size());
  std::size_t good = 0;
  for (std::size_t round = 0; round < kRounds; ++round) {
    for (std::size_t s = 0; s < scans.size(); ++s) {
      const double start = ThreadSeconds();
      std::vector<index::Neighbor> found;
      for (std::size_t q = 0; q < kQueries; ++q) {
        index::NearestRequest request;
        request.query = std::span(set.queries.row(q), set.queries.dimension);
        request.k = kK;
        Exact exact(set.base, set.queries.row(q));
        scans[s]->Search(request, &exact, &found).OrDie();
        if (round > 0) continue;
        for (const index::Neighbor& neighbor : found) {
          if (s == 0) truth[q].push_back(neighbor.distance);
          if (s > 0) good += neighbor.distance <= truth[q].back() ? 1 : 0;
        }
      }
      seconds[s].push_back((ThreadSeconds() - start) / kQueries);
    }
  }
  std::printf("%-12s flat SQ8 %.0f us, FP32 %.0f us: %.2f x as fast, recall %.4f\n",
              set.name.c_str(), Median(seconds[1]) * 1e6, Median(seconds[0]) * 1e6,
              Median(seconds[0]) / Median(seconds[1]), static_cast<double>(good) / (kQueries * kK));
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> names(argv + 1, argv + argc);
  const auto named = [&](const char* name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  const bool every_table = !named("speed") && !named("filter") && !named("flat");
  const auto wanted = [&](const char* table) { return every_table || named(table); };
  const char* cap = std::getenv("VECDB_BENCH_ROWS");
  const std::size_t rows = cap == nullptr ? 200'000 : std::strtoull(cap, nullptr, 10);
  const auto measure = [&](const std::string& name, std::size_t n, std::uint32_t dimension) {
    const Set set{name, Load(name + "-base", n, dimension), Load(name + "-query", 1000, dimension)};
    if (wanted("speed")) MeasureSpeed(set);
    if (wanted("filter")) MeasureFilters(set);
    if (wanted("flat")) MeasureFlat(set);
  };
  if (named("mnist") || !named("dsift"))
    measure("mnist-784", std::min<std::size_t>(rows, 60'000), 784);
  if (named("dsift") || !named("mnist")) measure("dsift-128", rows, 128);
  return 0;
}
