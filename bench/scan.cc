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

Options OneThread() {
  Options options{.durability = Durability::kFlushOnly};
  options.search_threads = 1;
  return options;
}

void Measure(const std::string& name, std::size_t rows, std::uint32_t dimension) {
  const Vectors base = Load(name + "-base", rows, dimension);
  const Vectors queries = Load(name + "-query", 1000, dimension);
  Folder folder;
  Database db = *Database::Open(folder.path(), OneThread());
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

// Rows of `type` that take `row_bytes` each, against the plain sum of as many bytes of floats.
template <typename Stored>
void MeasureType(const char* name, const Field& field, std::size_t rows,
                 const std::vector<Stored>& row_major, const QueryVector& query) {
  const std::size_t per_row = row_major.size() / rows;
  const Schema schema = *SchemaBuilder().PrimaryKey("id").Add(field).Build();
  Folder folder;
  Database db = *Database::Open(folder.path(), OneThread());
  Collection collection = *db.CreateCollection("c", schema);
  Batch batch(schema);
  for (std::size_t at = 0; at < rows; at += 10'000) {
    std::vector<std::int64_t> keys(10'000);
    for (std::size_t i = 0; i < keys.size(); ++i) keys[i] = static_cast<std::int64_t>(at + i);
    batch.Clear();
    batch.AddColumn("id", std::span<const std::int64_t>(keys)).OrDie();
    batch.AddVectors("v", std::span(row_major.data() + at * per_row, keys.size() * per_row))
        .OrDie();
    collection.Insert(batch).status().OrDie();
  }
  collection.Flush().OrDie();
  const std::vector<float> plain(row_major.size() * sizeof(Stored) / sizeof(float), 1.0F);
  volatile float keep = 0;
  std::vector<double> sum;
  std::vector<double> mine;
  for (int round = 0; round < 41; ++round) {
    sum.push_back(Seconds([&] { keep = keep + Sum(plain.data(), plain.size()); }));
    mine.push_back(Seconds([&] { (void)*collection.Search({.query = query, .limit = 10}); }));
  }
  std::printf("%-24s %zu x %u  sum %6.2f ms %5.1f GB/s | vecdb %6.2f ms = %5.1f %% of it\n", name,
              rows, field.dimension, Median(sum) * 1e3,
              static_cast<double>(plain.size() * sizeof(float)) / Median(sum) / 1e9,
              Median(mine) * 1e3, 100 * Median(sum) / Median(mine));
  db.Close().OrDie();
}

void MeasureOtherTypes() {
  constexpr std::size_t kRows = 1'000'000;
  constexpr std::uint32_t kDimension = 128;
  std::uint64_t state = 1;
  const auto next = [&state] {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return state >> 40;
  };
  std::vector<std::uint16_t> halves(kRows * kDimension);
  for (std::uint16_t& bits : halves) bits = static_cast<std::uint16_t>(next() & 0xBBFF);  // finite
  std::vector<std::int8_t> bytes(kRows * kDimension);
  for (std::int8_t& byte : bytes) byte = static_cast<std::int8_t>(next());
  std::vector<std::uint8_t> bits(kRows * kDimension);
  for (std::uint8_t& byte : bits) byte = static_cast<std::uint8_t>(next());
  const std::vector<float> floats(kDimension, 0.5F);
  const std::span<const float> query(floats);
  const auto dense = [&](DataType type, Metric metric) {
    return Field{.name = "v", .type = type, .metric = metric, .dimension = kDimension};
  };
  MeasureType("Float16Vector, L2", dense(DataType::kFloat16Vector, Metric::kL2), kRows, halves,
              query);
  MeasureType("BFloat16Vector, IP", dense(DataType::kBFloat16Vector, Metric::kInnerProduct), kRows,
              halves, query);
  MeasureType("Int8Vector, L2", dense(DataType::kInt8Vector, Metric::kL2), kRows, bytes,
              std::span<const std::int8_t>(bytes.data(), kDimension));
  Field binary{.name = "v",
               .type = DataType::kBinaryVector,
               .metric = Metric::kHamming,
               .dimension = kDimension * 8};
  const std::span<const std::uint8_t> first(bits.data(), kDimension);
  MeasureType("BinaryVector, HAMMING", binary, kRows, bits, first);
  binary.metric = Metric::kJaccard;
  MeasureType("BinaryVector, JACCARD", binary, kRows, bits, first);
}

// Eight segments, read by one thread and by two.
void MeasureThreads() {
  constexpr std::size_t kRows = 400'000;
  constexpr std::uint32_t kDimension = 128;
  const Vectors data = Load("none", kRows, kDimension);
  Folder folder;
  std::vector<double> of[2];
  std::size_t segments = 0;
  for (std::size_t round = 0; round < 10; ++round) {
    for (const std::uint32_t threads : {1U, 2U}) {
      Options options{.durability = Durability::kFlushOnly};
      options.search_threads = threads;
      options.query_nodes = 2;
      Database db = *Database::Open(folder.path(), options);
      Collection collection =
          *db.CreateCollection("c", VectorSchema(kDimension), {.segment_rows = kRows / 8});
      if (collection.Stats()->rows == 0) InsertAll(data, collection, 1000);
      collection.Flush().OrDie();
      for (int i = 0; i < 11; ++i) {
        const double seconds = Seconds([&] {
          (void)*collection.Search({.query = std::span(data.row(round), kDimension), .limit = 10});
        });
        if (i > 0) of[threads - 1].push_back(seconds);  // the first one verifies the files
      }
      segments = collection.Stats()->sealed_segments;
      db.Close().OrDie();
    }
  }
  std::printf("%zu x %u in %zu segments: one thread %.2f ms, two %.2f ms = %.2f x\n", kRows,
              kDimension, segments, Median(of[0]) * 1e3, Median(of[1]) * 1e3,
              Median(of[0]) / Median(of[1]));
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
  MeasureThreads();
  Measure("mnist-784", 60'000, 784);
  Measure("dsift-128", 1'000'000, 128);
  MeasureOtherTypes();
}
