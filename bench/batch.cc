// How much faster are many exact queries in one call than one by one, and than Faiss with a BLAS?
//
//   OPENBLAS_NUM_THREADS=1 bench_batch [queries]
//
// One thread; the sides take turns on the same values.
#include "bench.h"

#if defined(VECDB_BENCH_FAISS)
#include <faiss/IndexFlat.h>
#include <omp.h>
#endif

using namespace vecdb;
using namespace vecdb::bench;

namespace {

constexpr std::size_t kK = 10;

struct Sides {
  std::vector<double> alone;
  std::vector<double> together;
  std::vector<double> faiss;
  std::size_t different = 0;
};

std::size_t Different(const std::vector<Hits>& hits, const std::vector<float>& scores) {
  std::size_t different = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const float score = hits[i / kK][i % kK].score;
    different += std::abs(score - scores[i]) > 1e-3F * (1 + scores[i]) ? 1 : 0;
  }
  return different;
}

void Measure(const std::string& name, std::size_t rows, std::uint32_t dimension, std::size_t nq) {
  const Vectors base = Load(name + "-base", rows, dimension);
  const Vectors queries = Load(name + "-query", nq, dimension);
  nq = std::min(nq, queries.rows);
  Folder folder;
  Options options{.durability = Durability::kFlushOnly};
  options.search_threads = 1;
  Database db = *Database::Open(folder.path(), options);
  Collection collection = *db.CreateCollection("c", VectorSchema(base.dimension));
  InsertAll(base, collection, 1000);
  collection.Flush().OrDie();
  std::vector<QueryVector> lent;
  for (std::size_t q = 0; q < nq; ++q) {
    lent.emplace_back(std::span<const float>(queries.row(q), base.dimension));
  }
#if defined(VECDB_BENCH_FAISS)
  omp_set_num_threads(1);
  faiss::IndexFlatL2 flat(static_cast<int>(base.dimension));
  flat.add(static_cast<std::int64_t>(base.rows), base.values.data());
#endif
  Sides sides;
  for (int round = 0; round < 7; ++round) {
    std::vector<Hits> hits;
    sides.together.push_back(Seconds([&] { hits = *collection.SearchMany({.limit = kK}, lent); }));
#if defined(VECDB_BENCH_FAISS)
    std::vector<float> scores(nq * kK);
    std::vector<std::int64_t> labels(nq * kK);
    sides.faiss.push_back(Seconds([&] {
      flat.search(static_cast<std::int64_t>(nq), queries.values.data(), kK, scores.data(),
                  labels.data());
    }));
    sides.different += Different(hits, scores);
#endif
    if (round > 2) continue;
    sides.alone.push_back(Seconds([&] {
      for (const QueryVector& query : lent) {
        (void)*collection.Search({.query = query, .limit = kK});
      }
    }));
  }
  const double together = Median(sides.together);
  std::printf("%-10s %8zu x %-4u  %zu queries: together %8.1f ms, one by one %8.1f ms = %4.2f x",
              name.c_str(), base.rows, base.dimension, nq, together * 1e3,
              Median(sides.alone) * 1e3, Median(sides.alone) / together);
  if (!sides.faiss.empty()) {
    std::printf(" | faiss IndexFlatL2 %8.1f ms = %4.2f x vecdb (%zu scores differ)",
                Median(sides.faiss) * 1e3, Median(sides.faiss) / together, sides.different);
  }
  std::printf("\n");
  db.Close().OrDie();
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t queries = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 256;
  std::printf("exact searches by many queries, k = %zu, one thread; medians of 7 in turn\n", kK);
  Measure("mnist-784", 60'000, 784, queries);
  Measure("dsift-128", 200'000, 128, queries);
}
