#include "bench/support/hnswlib_peer.h"

#if defined(VECDB_BENCH_HNSWLIB)

#include <atomic>
#include <thread>

#define hnswlib vecdb_bench_hnswlib
#include <hnswlib/hnswlib.h>
#undef hnswlib

namespace vecdb::bench {
namespace {

class Peer final : public HnswlibPeer {
 public:
  Peer(const float* rows, std::size_t n, std::size_t dimension, std::size_t m, std::size_t ef)
      : rows_(rows), n_(n), dimension_(dimension), space_(dimension), m_(m), ef_(ef) {}

  void Build(std::size_t threads) override {
    graph_ = std::make_unique<Graph>(&space_, n_, m_, ef_);
    graph_->addPoint(rows_, 0);
    std::atomic<std::size_t> next{1};
    std::vector<std::thread> workers;
    for (std::size_t t = 0; t < threads; ++t) {
      workers.emplace_back([&] {
        for (std::size_t i = next++; i < n_; i = next++) {
          graph_->addPoint(rows_ + i * dimension_, i);
        }
      });
    }
    for (std::thread& worker : workers) worker.join();
  }
  void Save(const std::string& path) override { graph_->saveIndex(path); }
  void Load(const std::string& path) override { graph_ = std::make_unique<Graph>(&space_, path); }
  void SetEf(std::size_t ef) override { graph_->setEf(ef); }
  void Search(const float* query, std::size_t k, std::vector<std::uint32_t>* ids) override {
    Take(graph_->searchKnn(query, k), ids);
  }
#if __has_include(<hnswlib/stop_condition.h>)
  bool SearchAllowed(const float* query, std::size_t k, const std::uint64_t* allowed,
                     std::vector<std::uint32_t>* ids) override {
    struct Filter final : vecdb_bench_hnswlib::BaseFilterFunctor {
      explicit Filter(const std::uint64_t* words) : bits(words) {}
      bool operator()(vecdb_bench_hnswlib::labeltype id) override {
        return (bits[id / 64] >> (id % 64) & 1) != 0;
      }
      const std::uint64_t* bits;
    };
    Filter filter(allowed);
    Take(graph_->searchKnn(query, k, &filter), ids);
    return true;
  }
  bool SearchBelow(const float* query, std::size_t k, const std::int64_t* values,
                   std::int64_t bound, std::vector<std::uint32_t>* ids) override {
    struct Filter final : vecdb_bench_hnswlib::BaseFilterFunctor {
      Filter(const std::int64_t* of_rows, std::int64_t end) : values(of_rows), bound(end) {}
      bool operator()(vecdb_bench_hnswlib::labeltype id) override { return values[id] < bound; }
      const std::int64_t* values;
      std::int64_t bound;
    };
    Filter filter(values, bound);
    Take(graph_->searchKnn(query, k, &filter), ids);
    return true;
  }
#else
  bool SearchAllowed(const float*, std::size_t, const std::uint64_t*,
                     std::vector<std::uint32_t>*) override {
    return false;
  }
  bool SearchBelow(const float*, std::size_t, const std::int64_t*, std::int64_t,
                   std::vector<std::uint32_t>*) override {
    return false;
  }
#endif

 private:
  using Graph = vecdb_bench_hnswlib::HierarchicalNSW<float>;

  template <class Found>
  static void Take(Found found, std::vector<std::uint32_t>* ids) {
    ids->clear();
    for (; !found.empty(); found.pop()) {
      ids->push_back(static_cast<std::uint32_t>(found.top().second));
    }
  }

  const float* rows_;
  std::size_t n_;
  std::size_t dimension_;
  vecdb_bench_hnswlib::L2Space space_;
  std::size_t m_;
  std::size_t ef_;
  std::unique_ptr<Graph> graph_;
};

}  // namespace

std::unique_ptr<HnswlibPeer> HnswlibPeer::Make(const float* rows, std::size_t n,
                                               std::size_t dimension, std::size_t m,
                                               std::size_t ef_construction) {
  return std::make_unique<Peer>(rows, n, dimension, m, ef_construction);
}

}  // namespace vecdb::bench

#else

namespace vecdb::bench {

std::unique_ptr<HnswlibPeer> HnswlibPeer::Make(const float*, std::size_t, std::size_t, std::size_t,
                                               std::size_t) {
  return nullptr;
}

}  // namespace vecdb::bench

#endif
