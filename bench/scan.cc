// How close is an exact search to reading the memory, and how far ahead of Faiss?
//
// One query, one thread, through Collection::Search; the three sides take turns on the same values.
#include <immintrin.h>

#include "bench.h"

#if defined(VECDB_BENCH_FAISS)
#include <faiss/IndexFlat.h>
#include <omp.h>
#endif

using namespace vecdb;
using namespace vecdb::bench;

namespace {

__attribute__((target("avx512f"))) float SumAvx512(const float* values, std::size_t n) {
  __m512 a = _mm512_setzero_ps();
  __m512 b = a;
  __m512 c = a;
  __m512 d = a;
  for (std::size_t i = 0; i + 64 <= n; i += 64) {
    a = _mm512_add_ps(a, _mm512_loadu_ps(values + i));
    b = _mm512_add_ps(b, _mm512_loadu_ps(values + i + 16));
    c = _mm512_add_ps(c, _mm512_loadu_ps(values + i + 32));
    d = _mm512_add_ps(d, _mm512_loadu_ps(values + i + 48));
  }
  alignas(64) float lanes[16];
  _mm512_store_ps(lanes, _mm512_add_ps(_mm512_add_ps(a, b), _mm512_add_ps(c, d)));
  float sum = 0;
  for (const float lane : lanes) sum += lane;
  return sum;
}

__attribute__((optimize("O3"))) float SumPortable(const float* values, std::size_t n) {
  float sums[16] = {};
  for (std::size_t i = 0; i + 16 <= n; i += 16) {
    for (std::size_t k = 0; k < 16; ++k) sums[k] += values[i + k];
  }
  float sum = 0;
  for (const float s : sums) sum += s;
  return sum;
}

float Sum(const float* values, std::size_t n) {
  return __builtin_cpu_supports("avx512f") != 0 ? SumAvx512(values, n) : SumPortable(values, n);
}

void Measure(const std::string& name, std::size_t rows, std::uint32_t dimension) {
  const Vectors base = Load(name + "-base", rows, dimension);
  const Vectors queries = Load(name + "-query", 1000, dimension);
  Folder folder;
  Database db = *Database::Open(folder.path(), {.durability = Durability::kFlushOnly});
  Collection collection = *db.CreateCollection("c", VectorSchema(base.dimension));
  InsertAll(base, collection, 1000);
  collection.Flush().OrDie();

#if defined(VECDB_BENCH_FAISS)
  omp_set_num_threads(1);
  faiss::IndexFlatL2 flat(static_cast<int>(base.dimension));
  flat.add(static_cast<std::int64_t>(base.rows), base.values.data());
#endif
  const double bytes = static_cast<double>(base.values.size()) * sizeof(float);
  volatile float keep = 0;
  std::vector<double> sum;
  std::vector<double> mine;
  std::vector<double> theirs;
  std::size_t different = 0;
  const std::size_t rounds = 41;
  for (std::size_t round = 0; round < rounds; ++round) {
    const float* query = queries.row(round % queries.rows);
    sum.push_back(Seconds([&] { keep = keep + Sum(base.values.data(), base.values.size()); }));
    Hits hits;
    mine.push_back(Seconds([&] {
      hits = *collection.Search({.query = std::span(query, base.dimension), .limit = 10});
    }));
#if defined(VECDB_BENCH_FAISS)
    float distances[10];
    std::int64_t labels[10];
    theirs.push_back(Seconds([&] { flat.search(1, query, 10, distances, labels); }));
    for (int i = 0; i < 10; ++i) {
      different += std::abs(hits[static_cast<std::size_t>(i)].score - distances[i]) >
                           1e-4F * (1 + distances[i])
                       ? 1
                       : 0;
    }
#endif
  }
  const double bandwidth = bytes / Median(sum) / 1e9;
  std::printf("%-10s %8zu x %-4u  sum %6.2f ms %5.1f GB/s | vecdb %6.2f ms = %5.1f %% of it",
              name.c_str(), base.rows, base.dimension, Median(sum) * 1e3, bandwidth,
              Median(mine) * 1e3, 100 * Median(sum) / Median(mine));
  if (!theirs.empty()) {
    std::printf(" | faiss IndexFlatL2 %7.2f ms = %4.2f x vecdb (%zu scores differ)",
                Median(theirs) * 1e3, Median(theirs) / Median(mine), different);
  }
  std::printf("\n");
  db.Close().OrDie();
}

void MeasureFixedCost() {
  Database db = *Database::OpenInMemory();
  Collection collection = *db.CreateCollection("c", VectorSchema(8));
  const Vectors data = Load("none", 20, 8);
  InsertAll(data, collection, 20);
  std::vector<double> growing;
  std::vector<double> sealed;
  const auto time = [&](std::vector<double>* into) {
    for (int round = 0; round < 200; ++round) {
      into->push_back(Seconds([&] {
                        for (int i = 0; i < 100; ++i) {
                          (void)collection.Search(
                              {.query = std::span(data.row(0), 8), .limit = 10});
                        }
                      }) /
                      100);
    }
  };
  time(&growing);
  collection.Flush().OrDie();
  time(&sealed);
  std::printf("fixed cost of a query, 20 rows, k = 10: growing %.2f us, sealed %.2f us\n",
              Median(growing) * 1e6, Median(sealed) * 1e6);
}

}  // namespace

int main() {
  std::printf("exact search, one query, one thread; medians of 41 rounds in turn\n");
  MeasureFixedCost();
  Measure("mnist-784", 60'000, 784);
  Measure("dsift-128", 1'000'000, 128);
}
