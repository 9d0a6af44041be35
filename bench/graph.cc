// How fast does the graph index answer at the same recall, and how fast is it built, beside hnswlib
// with the same parameters?
//
// One thread, by the thread's own clock; both sides take turns at every number of candidates, and
// the median of the rounds counts. Recall is of the 10 nearest, by distance: a row counts when it
// is no farther than the true tenth. VECDB_BENCH_ROWS caps the rows of the larger set; with
// VECDB_BENCH_CACHE hnswlib's graph is kept there between runs.
#include <atomic>
#include <cmath>
#include <ctime>
#include <map>
#include <optional>
#include <thread>

#include "bench.h"
#include "index/index.h"
#include "io/block_file.h"
#include "simd/kernels.h"
#include "support/hnswlib_peer.h"

using namespace vecdb;
using namespace vecdb::bench;

namespace {

constexpr std::size_t kK = 10;
constexpr std::size_t kRounds = 5;
constexpr std::size_t kScaleEf = 40;
constexpr std::uint32_t kM = 16;
constexpr std::uint32_t kEfConstruction = 200;
const std::vector<std::size_t> kEfs = {10, 14, 20, 28, 40, 56, 80, 112, 160, 224};
const std::vector<double> kTargets = {0.90, 0.95, 0.99};

double ThreadSeconds(clockid_t clock = CLOCK_THREAD_CPUTIME_ID) {
  timespec t;
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

class Rows final : public index::RowSource {
 public:
  explicit Rows(const Vectors& data) : data_(data) {}
  Result<chunk::ColumnView> Read(RowIndex first, RowIndex max_rows) const override {
    chunk::ColumnView view;
    view.type = DataType::kFloatVector;
    view.dimension = data_.dimension;
    view.rows = std::min<std::size_t>(max_rows, data_.rows - first);
    view.values = data_.row(first);
    return view;
  }

 private:
  const Vectors& data_;
};

class Exact final : public index::ExactDistances {
 public:
  Exact(const Vectors& data, const float* query) : data_(data), query_(query) {}
  Status Compute(std::span<const std::uint32_t> rows, std::span<float> out) override {
    simd::Kernels().f32.l2_ids(query_, data_.values.data(), data_.dimension, rows.data(),
                               rows.size(), out.data());
    return Status();
  }

 private:
  const Vectors& data_;
  const float* query_;
};

Status RunOnThreads(std::size_t threads, std::size_t tasks, const index::Task& task) {
  std::atomic<std::size_t> next{0};
  std::vector<Status> statuses(threads);
  std::vector<std::thread> workers;
  for (std::size_t t = 0; t < threads; ++t) {
    workers.emplace_back([&, t] {
      for (std::size_t i = next++; i < tasks && statuses[t].ok(); i = next++) statuses[t] = task(i);
    });
  }
  for (std::thread& worker : workers) worker.join();
  for (const Status& status : statuses) {
    if (!status.ok()) return status;
  }
  return Status();
}

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

struct Point {
  double recall;
  double seconds;  // of one query
};
using Curve = std::map<std::size_t, Point>;

// Seconds of a query at this recall, between two measured points; nothing beyond them.
std::optional<double> At(const Curve& curve, double recall) {
  const Point* below = nullptr;
  for (const auto& [ef, point] : curve) {
    if (point.recall >= recall) {
      if (below == nullptr) return point.seconds;
      const double part = (recall - below->recall) / (point.recall - below->recall);
      return below->seconds + part * (point.seconds - below->seconds);
    }
    below = &point;
  }
  return std::nullopt;
}

struct Side {
  std::string name;
  std::function<void(std::size_t query, std::size_t ef, std::vector<std::uint32_t>* ids)> search;
  Curve curve;
};

class Bench {
 public:
  Bench(const std::string& name, std::size_t rows, std::uint32_t dimension)
      : name_(name),
        base_(Load(name + "-base", rows, dimension)),
        queries_(Load(name + "-query", 1000, dimension)),
        kth_(TrueDistances(base_, queries_)) {}

  void AddPeer() {
    peer_ =
        HnswlibPeer::Make(base_.values.data(), base_.rows, base_.dimension, kM, kEfConstruction);
    if (peer_ == nullptr) return;
    const char* cache = std::getenv("VECDB_BENCH_CACHE");
    const std::string path = cache == nullptr ? ""
                                              : std::string(cache) + "/" + name_ + "-" +
                                                    std::to_string(base_.rows) + ".hnswlib";
    if (!path.empty() && std::filesystem::exists(path)) {
      peer_->Load(path);
    } else {
      Timed("hnswlib", [&] { peer_->Build(2); });
      if (!path.empty()) peer_->Save(path);
    }
    sides_.push_back({"hnswlib",
                      [this](std::size_t query, std::size_t ef, std::vector<std::uint32_t>* ids) {
                        peer_->SetEf(ef);
                        peer_->Search(queries_.row(query), kK, ids);
                      },
                      {}});
  }

  void Add(index::Codec codec) {
    const auto fs = io::MakeMemoryFileSystem();
    auto writer = io::BlockFileWriter::Create(*fs, "graph", {}, 1, io::FileKind::kIndex);
    writer.status().OrDie();
    const index::Shape shape{DataType::kFloatVector, Metric::kL2, base_.dimension,
                             static_cast<RowIndex>(base_.rows)};
    index::GraphParameters parameters;
    parameters.m = kM;
    parameters.ef_construction = kEfConstruction;
    parameters.codec = codec;
    index::BuildContext context;
    context.run = [](std::size_t tasks, const index::Task& task) {
      return RunOnThreads(2, tasks, task);
    };
    const std::string name(index::ToString(codec));
    std::optional<io::SealedFileInfo> info;
    Timed("vecdb " + name, [&] {
      auto built = index::BuildGraph(shape, Rows(base_), parameters, context, &*writer);
      built.status().OrDie();
      info = *built;
    });
    auto file = io::BlockFile::Open(*fs, "graph", {}, *info, LoadMode::kResident);
    file.status().OrDie();
    auto opened = index::Index::Open(*file, shape);
    opened.status().OrDie();
    (*opened)->Verify().OrDie();
    sides_.push_back({"vecdb " + name,
                      [this, graph = *opened](std::size_t query, std::size_t ef,
                                              std::vector<std::uint32_t>* ids) {
                        index::NearestRequest request;
                        request.query = std::span(queries_.row(query), queries_.dimension);
                        request.k = kK;
                        request.effort.ef = static_cast<std::uint32_t>(ef);
                        Exact exact(base_, queries_.row(query));
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
      for (std::size_t q = 0; q < queries_.rows; ++q) side.search(q, kScaleEf, &ids);
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
    std::printf("%-12s %-12s two threads %.2f x one\n", name_.c_str(), side.name.c_str(),
                Median(ratios));
  }

 private:
  template <class Body>
  void Timed(const std::string& what, const Body& body) {
    const double wall = Now();
    const double cpu = ThreadSeconds(CLOCK_PROCESS_CPUTIME_ID);
    body();
    std::printf("%-12s %-12s built in %.1f s, %.1f s of processors\n", name_.c_str(), what.c_str(),
                Now() - wall, ThreadSeconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
    std::fflush(stdout);
  }

  // Seconds a query; also the recall when asked for.
  double Measure(Side* side, std::size_t ef, bool recall) {
    std::vector<std::uint32_t> ids;
    if (recall) {
      std::size_t good = 0;
      for (std::size_t q = 0; q < queries_.rows; ++q) {
        side->search(q, ef, &ids);
        for (const std::uint32_t id : ids) {
          const float distance =
              simd::Kernels().f32.l2_pair(queries_.row(q), base_.row(id), base_.dimension);
          good += distance <= kth_[q] ? 1 : 0;
        }
      }
      side->curve[ef].recall = static_cast<double>(good) / static_cast<double>(queries_.rows * kK);
    }
    const double start = ThreadSeconds();
    for (std::size_t q = 0; q < queries_.rows; ++q) side->search(q, ef, &ids);
    return (ThreadSeconds() - start) / static_cast<double>(queries_.rows);
  }

  void Print() const {
    for (const Side& side : sides_) {
      std::printf("%-12s %-12s", name_.c_str(), side.name.c_str());
      for (const auto& [ef, point] : side.curve) {
        std::printf(" %zu:%.4f/%.1f", ef, point.recall, point.seconds * 1e6);
      }
      std::printf("  (ef:recall/us)\n");
    }
    std::printf("%-12s %-12s", "", "recall");
    for (const double target : kTargets) std::printf("  %9.2f        ", target);
    std::printf("\n");
    for (const Side& side : sides_) {
      std::printf("%-12s %-12s", name_.c_str(), side.name.c_str());
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

  std::string name_;
  Vectors base_;
  Vectors queries_;
  std::vector<float> kth_;
  std::unique_ptr<HnswlibPeer> peer_;
  std::vector<Side> sides_;
};

void Measure(const std::string& name, std::size_t rows, std::uint32_t dimension) {
  Bench bench(name, rows, dimension);
  bench.AddPeer();
  bench.Add(index::Codec::kFloat32);
  bench.Add(index::Codec::kSq8);
  bench.Run();
  bench.Scale();
}

}  // namespace

int main() {
  const char* cap = std::getenv("VECDB_BENCH_ROWS");
  const std::size_t rows = cap == nullptr ? 200'000 : std::strtoull(cap, nullptr, 10);
  Measure("mnist-784", std::min<std::size_t>(rows, 60'000), 784);
  Measure("dsift-128", rows, 128);
  return 0;
}
