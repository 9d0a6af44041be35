// Faiss behind an interface without its types; null where the benchmarks were built without it.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "bench/bench.h"

#if defined(VECDB_BENCH_FAISS)
#include <faiss/IndexFlat.h>
#include <faiss/IndexHNSW.h>
#include <faiss/index_io.h>
#include <omp.h>
#endif

namespace vecdb::bench {

class FaissPeer {
 public:
  // Every row is looked at.
  static std::unique_ptr<FaissPeer> Flat(const Vectors& base);
  // The graph is kept at `path`, unless that is empty.
  static std::unique_ptr<FaissPeer> Hnsw(const Vectors& base, int m, int ef_construction,
                                         std::size_t threads, const std::string& path);

  virtual ~FaissPeer() = default;
  virtual void Search(const float* query, std::size_t k, std::size_t ef,
                      std::vector<std::uint32_t>* ids) = 0;
};

#if defined(VECDB_BENCH_FAISS)

class FaissIndexPeer final : public FaissPeer {
 public:
  explicit FaissIndexPeer(std::unique_ptr<faiss::Index> index)
      : index_(std::move(index)), graph_(dynamic_cast<faiss::IndexHNSW*>(index_.get())) {}

  void Search(const float* query, std::size_t k, std::size_t ef,
              std::vector<std::uint32_t>* ids) override {
    if (graph_ != nullptr) graph_->hnsw.efSearch = static_cast<int>(ef);
    distances_.resize(k);
    labels_.resize(k);
    index_->search(1, query, static_cast<faiss::Index::idx_t>(k), distances_.data(),
                   labels_.data());
    ids->clear();
    for (const faiss::Index::idx_t label : labels_) {
      if (label >= 0) ids->push_back(static_cast<std::uint32_t>(label));
    }
  }

 private:
  std::unique_ptr<faiss::Index> index_;
  faiss::IndexHNSW* graph_;  // or null
  std::vector<float> distances_;
  std::vector<faiss::Index::idx_t> labels_;
};

inline std::unique_ptr<FaissPeer> FaissPeer::Flat(const Vectors& base) {
  auto index = std::make_unique<faiss::IndexFlatL2>(static_cast<int>(base.dimension));
  index->add(static_cast<faiss::Index::idx_t>(base.rows), base.values.data());
  omp_set_num_threads(1);
  return std::make_unique<FaissIndexPeer>(std::move(index));
}

inline std::unique_ptr<FaissPeer> FaissPeer::Hnsw(const Vectors& base, int m, int ef_construction,
                                                  std::size_t threads, const std::string& path) {
  std::unique_ptr<faiss::Index> index;
  if (!path.empty() && std::filesystem::exists(path)) {
    index.reset(faiss::read_index(path.c_str()));
  } else {
    auto graph = std::make_unique<faiss::IndexHNSWFlat>(static_cast<int>(base.dimension), m);
    graph->hnsw.efConstruction = ef_construction;
    omp_set_num_threads(static_cast<int>(threads));
    graph->add(static_cast<faiss::Index::idx_t>(base.rows), base.values.data());
    if (!path.empty()) faiss::write_index(graph.get(), path.c_str());
    index = std::move(graph);
  }
  omp_set_num_threads(1);
  return std::make_unique<FaissIndexPeer>(std::move(index));
}

#else

inline std::unique_ptr<FaissPeer> FaissPeer::Flat(const Vectors&) {
  return nullptr;
}
inline std::unique_ptr<FaissPeer> FaissPeer::Hnsw(const Vectors&, int, int, std::size_t,
                                                  const std::string&) {
  return nullptr;
}

#endif

}  // namespace vecdb::bench
