// What the tables of bench/graph.cc share: rows, a graph over them in memory, recalls and clocks.
#pragma once

#include <atomic>
#include <ctime>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "bench/bench.h"
#include "bench/support/hnswlib_peer.h"
#include "index/index.h"
#include "io/block_file.h"
#include "simd/kernels.h"

namespace vecdb::bench {

inline constexpr std::size_t kK = 10;
inline constexpr std::uint32_t kM = 16;
inline constexpr std::uint32_t kEfConstruction = 200;

inline double ThreadSeconds(clockid_t clock = CLOCK_THREAD_CPUTIME_ID) {
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

inline Status RunOnThreads(std::size_t threads, std::size_t tasks, const index::Task& task) {
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

struct Point {
  double recall;
  double seconds;  // of one query
};
using Curve = std::map<std::size_t, Point>;

// Seconds of a query at this recall, between two measured points; nothing beyond them.
inline std::optional<double> At(const Curve& curve, double recall) {
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

inline void PrintCurve(const Curve& curve) {
  for (const auto& [ef, point] : curve) {
    std::printf(" %zu:%.4f/%.1f", ef, point.recall, point.seconds * 1e6);
  }
}

template <class Body>
void Timed(const std::string& set, const std::string& what, const Body& body) {
  const double wall = Now();
  const double cpu = ThreadSeconds(CLOCK_PROCESS_CPUTIME_ID);
  body();
  std::printf("%-12s %-12s built in %.1f s, %.1f s of processors\n", set.c_str(), what.c_str(),
              Now() - wall, ThreadSeconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
  std::fflush(stdout);
}

// One set of vectors, what searches for them, and what is compared with that.
struct Set {
  std::string name;
  Vectors base;
  Vectors queries;

  index::Shape shape() const {
    return {DataType::kFloatVector, Metric::kL2, base.dimension, static_cast<RowIndex>(base.rows)};
  }
  // hnswlib's graph, kept in VECDB_BENCH_CACHE between runs; null without hnswlib.
  std::unique_ptr<HnswlibPeer> Peer() const {
    auto peer =
        HnswlibPeer::Make(base.values.data(), base.rows, base.dimension, kM, kEfConstruction);
    if (peer == nullptr) return nullptr;
    const char* cache = std::getenv("VECDB_BENCH_CACHE");
    const std::string path = cache == nullptr ? ""
                                              : std::string(cache) + "/" + name + "-" +
                                                    std::to_string(base.rows) + ".hnswlib";
    if (!path.empty() && std::filesystem::exists(path)) {
      peer->Load(path);
    } else {
      Timed(name, "hnswlib", [&] { peer->Build(2); });
      if (!path.empty()) peer->Save(path);
    }
    return peer;
  }
  std::shared_ptr<const index::Index> Graph(index::GraphParameters parameters,
                                            const std::string& what) const {
    const auto fs = io::MakeMemoryFileSystem();
    auto writer = io::BlockFileWriter::Create(*fs, "graph", {}, 1, io::FileKind::kIndex);
    writer.status().OrDie();
    parameters.m = kM;
    parameters.ef_construction = kEfConstruction;
    index::BuildContext context;
    context.run = [](std::size_t tasks, const index::Task& task) {
      return RunOnThreads(2, tasks, task);
    };
    std::optional<io::SealedFileInfo> info;
    Timed(name, "vecdb " + what, [&] {
      auto built = index::BuildGraph(shape(), Rows(base), parameters, context, &*writer);
      built.status().OrDie();
      info = *built;
    });
    auto file = io::BlockFile::Open(*fs, "graph", {}, *info, LoadMode::kResident);
    file.status().OrDie();
    auto opened = index::Index::Open(*file, shape());
    opened.status().OrDie();
    (*opened)->Verify().OrDie();
    return *opened;
  }
};

// hnswlib and vecdb beside each other under filters (graph_filters.cc).
void MeasureFilters(const Set& set);

}  // namespace vecdb::bench
