// What one distance costs, for every kernel at every level of this machine, and how close a scan of
// small vectors comes to reading the memory.
//
// One thread; medians of rounds. The goals are those of the design, measured on another machine; a
// figure within 1.3 times of its goal counts as reached.
#include "simd/kernels.h"

#include <functional>
#include <numeric>
#include <random>

#include <immintrin.h>

#include "bench.h"

using namespace vecdb::bench;
using vecdb::simd::KernelsAt;
using vecdb::simd::KernelTable;
using vecdb::simd::Level;
using vecdb::simd::VectorKernels;

namespace {

constexpr std::size_t kCached = std::size_t{256} << 10;  // bytes of rows that the L2 cache keeps
constexpr std::size_t kUncached = std::size_t{512} << 20;
constexpr std::size_t kQueries = 64;
constexpr std::size_t kBatch = 256;  // rows, as a search asks for them

// One kernel behind common signatures; `size` is a dimension, or bytes of bits.
struct Kernel {
  std::string name;
  std::size_t query_bytes, row_bytes;  // of one component, or one byte
  std::function<void(const KernelTable&, const void* query, const void* base, std::size_t size,
                     std::size_t n, void* out)>
      many;
  std::function<void(const KernelTable&, const void* query, const void* base, std::size_t size,
                     const std::uint32_t* ids, std::size_t n, void* out)>
      ids;
  std::function<void(const KernelTable&, const void* query, const void* base, std::size_t size,
                     std::size_t n, void* out)>
      pairs;
  std::function<void(const KernelTable&, const void* queries, const void* base, std::size_t size,
                     std::size_t n, void* out)>
      mq;
  std::vector<double> goals;  // ns of scalar, sse2, avx2, avx512, icl, from the cache; 0 is none
  double uncached_goal;
};

// The kernels of one kind that `pick` finds in a table: a struct of function pointers.
template <class Pick>
Kernel DenseKernel(const std::string& name, const Pick& pick, std::vector<double> goals,
                   double uncached_goal) {
  const auto make = [&]<class Q, class E, class N>(const VectorKernels<Q, E, N>&) {
    Kernel kernel{name, sizeof(Q), sizeof(E), {}, {}, {}, {}, std::move(goals), uncached_goal};
    kernel.many = [pick](const KernelTable& table, const void* query, const void* base,
                         std::size_t d, std::size_t n, void* out) {
      pick(table).many(static_cast<const Q*>(query), static_cast<const E*>(base), d, n,
                       static_cast<N*>(out));
    };
    kernel.ids = [pick](const KernelTable& table, const void* query, const void* base,
                        std::size_t d, const std::uint32_t* ids, std::size_t n, void* out) {
      pick(table).ids(static_cast<const Q*>(query), static_cast<const E*>(base), d, ids, n,
                      static_cast<N*>(out));
    };
    kernel.pairs = [pick](const KernelTable& table, const void* query, const void* base,
                          std::size_t d, std::size_t n, void* out) {
      const auto pair = pick(table).pair;
      for (std::size_t i = 0; i < n; ++i) {
        static_cast<N*>(out)[i] =
            pair(static_cast<const Q*>(query), static_cast<const E*>(base) + i * d, d);
      }
    };
    kernel.mq = [pick](const KernelTable& table, const void* queries, const void* base,
                       std::size_t d, std::size_t n, void* out) {
      pick(table).mq(static_cast<const Q*>(queries), kQueries, static_cast<const E*>(base), d, n,
                     static_cast<N*>(out));
    };
    return kernel;
  };
  return make(pick(*KernelsAt(Level::kScalar)).kind);
}

template <class Q, class E, class N>
struct Forms {
  const VectorKernels<Q, E, N>& kind;
  typename VectorKernels<Q, E, N>::Many many;
  typename VectorKernels<Q, E, N>::Ids ids;
  typename VectorKernels<Q, E, N>::Pair pair;
  typename VectorKernels<Q, E, N>::ManyToMany mq;
};

template <class Q, class E, class N>
Forms<Q, E, N> L2Of(const VectorKernels<Q, E, N>& k) {
  return {k, k.l2_many, k.l2_ids, k.l2_pair, k.l2_mq};
}
template <class Q, class E, class N>
Forms<Q, E, N> IpOf(const VectorKernels<Q, E, N>& k) {
  return {k, k.ip_many, k.ip_ids, k.ip_pair, k.ip_mq};
}

const std::uint8_t* Bytes(const void* p) {
  return static_cast<const std::uint8_t*>(p);
}
std::uint32_t* Counts(void* p) {
  return static_cast<std::uint32_t*>(p);
}

Kernel HammingKernel() {
  Kernel kernel{"hamming", 1, 1, {}, {}, {}, {}, {28, 0, 4.5, 0, 3.8}, 19.5};
  kernel.many = [](const KernelTable& table, const void* query, const void* base, std::size_t d,
                   std::size_t n, void* out) {
    table.bits.hamming_many(Bytes(query), Bytes(base), d, n, Counts(out));
  };
  kernel.ids = [](const KernelTable& table, const void* query, const void* base, std::size_t d,
                  const std::uint32_t* ids, std::size_t n, void* out) {
    table.bits.hamming_ids(Bytes(query), Bytes(base), d, ids, n, Counts(out));
  };
  kernel.pairs = [](const KernelTable& table, const void* query, const void* base, std::size_t d,
                    std::size_t n, void* out) {
    for (std::size_t i = 0; i < n; ++i) {
      Counts(out)[i] = table.bits.hamming_pair(Bytes(query), Bytes(base) + i * d, d);
    }
  };
  kernel.mq = [](const KernelTable& table, const void* queries, const void* base, std::size_t d,
                 std::size_t n, void* out) {
    table.bits.hamming_mq(Bytes(queries), kQueries, Bytes(base), d, n, Counts(out));
  };
  return kernel;
}

Kernel JaccardKernel() {
  Kernel kernel{"jaccard", 1, 1, {}, {}, {}, {}, {56, 0, 9, 0, 6}, 20};
  kernel.many = [](const KernelTable& table, const void* query, const void* base, std::size_t d,
                   std::size_t n, void* out) {
    table.bits.jaccard_many(Bytes(query), Bytes(base), d, n, Counts(out), Counts(out) + n);
  };
  kernel.ids = [](const KernelTable& table, const void* query, const void* base, std::size_t d,
                  const std::uint32_t* ids, std::size_t n, void* out) {
    table.bits.jaccard_ids(Bytes(query), Bytes(base), d, ids, n, Counts(out), Counts(out) + n);
  };
  kernel.pairs = [](const KernelTable& table, const void* query, const void* base, std::size_t d,
                    std::size_t n, void* out) {
    for (std::size_t i = 0; i < n; ++i) {
      table.bits.jaccard_pair(Bytes(query), Bytes(base) + i * d, d, Counts(out) + i,
                              Counts(out) + n + i);
    }
  };
  kernel.mq = [](const KernelTable& table, const void* queries, const void* base, std::size_t d,
                 std::size_t n, void* out) {
    table.bits.jaccard_mq(Bytes(queries), kQueries, Bytes(base), d, n, Counts(out),
                          Counts(out) + kQueries * n);
  };
  return kernel;
}

std::vector<Kernel> Kernels() {
  const std::vector<double> f32 = {791, 234, 78, 44, 44};
  const std::vector<double> f16 = {0, 0, 85, 41, 41};
  const std::vector<double> bf16 = {0, 240, 85, 42, 42};
  const std::vector<double> i8 = {500, 60, 16, 9, 12};
  return {
      DenseKernel(
          "f32 l2", [](const KernelTable& t) { return L2Of(t.f32); }, f32, 295),
      DenseKernel(
          "f32 ip", [](const KernelTable& t) { return IpOf(t.f32); }, f32, 295),
      DenseKernel(
          "f16 l2", [](const KernelTable& t) { return L2Of(t.f16); }, f16, 110),
      DenseKernel(
          "f16 ip", [](const KernelTable& t) { return IpOf(t.f16); }, f16, 110),
      DenseKernel(
          "bf16 l2", [](const KernelTable& t) { return L2Of(t.bf16); }, bf16, 110),
      DenseKernel(
          "bf16 ip", [](const KernelTable& t) { return IpOf(t.bf16); }, bf16, 110),
      DenseKernel(
          "int8 l2", [](const KernelTable& t) { return L2Of(t.i8); }, i8, 51),
      DenseKernel(
          "int8 ip", [](const KernelTable& t) { return IpOf(t.i8); }, i8, 51),
      HammingKernel(),
      JaccardKernel(),
  };
}

// Bytes that are small finite numbers as floats, f16 and bf16, and anything as int8 and bits. On a
// grid of 4 bytes the exponents of all three lie in bits 5..6 of the odd bytes.
std::vector<std::uint8_t> RandomRows(std::size_t bytes) {
  std::vector<std::uint8_t> rows(bytes);
  std::uint64_t state = 1;
  for (std::size_t i = 0; i < bytes; i += 8) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const std::uint64_t word = (state & 0x83FF83FF83FF83FFu) | 0x3000300030003000u;
    std::memcpy(rows.data() + i, &word, std::min<std::size_t>(8, bytes - i));
  }
  return rows;
}

// Nanoseconds a distance; `run` computes `distances` of them.
template <class Run>
double Cost(std::size_t distances, const Run& run, int rounds = 21) {
  std::vector<double> seconds;
  for (int round = 0; round < rounds; ++round) seconds.push_back(Seconds(run));
  return Median(seconds) / static_cast<double>(distances) * 1e9;
}

std::string WithGoal(double cost, double goal) {
  char text[64];
  if (goal == 0) {
    std::snprintf(text, sizeof text, "%7.1f        ", cost);
  } else {
    std::snprintf(text, sizeof text, "%7.1f (%5.1f)%c", cost, goal, cost > 1.3 * goal ? '!' : ' ');
  }
  return text;
}

void MeasureCosts(const std::vector<std::uint8_t>& memory, const std::vector<float>& queries,
                  std::size_t dimension) {
  std::printf("ns a distance, dimension %zu; (goal), ! more than 1.3 times the goal\n", dimension);
  std::printf("%-8s %-7s %-16s %7s %7s  %-16s\n", "kernel", "level", "cached, many", "pair", "64 q",
              "DRAM, random ids");
  std::vector<std::uint32_t> out(1 << 20);
  std::mt19937 engine(1);
  for (const Kernel& kernel : Kernels()) {
    const std::size_t size =
        kernel.query_bytes == 1 && kernel.name[0] != 'i' ? dimension / 8 : dimension;
    const std::size_t row_bytes = size * kernel.row_bytes;
    const std::size_t cached = kCached / row_bytes;
    std::vector<std::uint32_t> ids(memory.size() / row_bytes);
    std::iota(ids.begin(), ids.end(), 0);
    std::shuffle(ids.begin(), ids.end(), engine);
    ids.resize(100'000);
    for (std::size_t k = 0; k < 5; ++k) {
      constexpr Level kLevels[] = {Level::kScalar, Level::kSse2, Level::kAvx2, Level::kAvx512,
                                   Level::kIcl};
      const KernelTable* table = KernelsAt(kLevels[k]);
      if (table == nullptr) continue;
      const std::size_t repeats = k == 0 ? 1 : 40;
      const double many = Cost(repeats * cached, [&] {
        for (std::size_t r = 0; r < repeats; ++r) {
          kernel.many(*table, queries.data(), memory.data(), size, cached, out.data());
        }
      });
      const double pair = Cost(repeats * cached, [&] {
        for (std::size_t r = 0; r < repeats; ++r) {
          kernel.pairs(*table, queries.data(), memory.data(), size, cached, out.data());
        }
      });
      const std::size_t rows = k == 0 ? 100 : 2000;
      const double mq = Cost(
          rows * kQueries,
          [&] { kernel.mq(*table, queries.data(), memory.data(), size, rows, out.data()); }, 7);
      const double uncached = Cost(
          ids.size(),
          [&] {
            for (std::size_t i = 0; i < ids.size(); i += kBatch) {
              kernel.ids(*table, queries.data(), memory.data(), size, ids.data() + i,
                         std::min(kBatch, ids.size() - i), out.data());
            }
          },
          k == 0 ? 1 : 7);
      std::printf("%-8s %-7s %s %7.1f %7.1f  %s\n", kernel.name.c_str(), table->name,
                  WithGoal(many, kernel.goals[k]).c_str(), pair, mq,
                  WithGoal(uncached, k < 2 ? 0 : kernel.uncached_goal).c_str());
    }
  }
}

__attribute__((target("avx512f"))) std::uint64_t ReadAvx512(const std::uint8_t* p, std::size_t n) {
  __m512i a = _mm512_setzero_si512();
  __m512i b = a;
  __m512i c = a;
  __m512i d = a;
  for (std::size_t i = 0; i + 256 <= n; i += 256) {
    a = _mm512_or_si512(a, _mm512_loadu_si512(p + i));
    b = _mm512_or_si512(b, _mm512_loadu_si512(p + i + 64));
    c = _mm512_or_si512(c, _mm512_loadu_si512(p + i + 128));
    d = _mm512_or_si512(d, _mm512_loadu_si512(p + i + 192));
  }
  std::uint64_t lanes[8];
  _mm512_storeu_si512(lanes, _mm512_or_si512(_mm512_or_si512(a, b), _mm512_or_si512(c, d)));
  return lanes[0] | lanes[1] | lanes[2] | lanes[3] | lanes[4] | lanes[5] | lanes[6] | lanes[7];
}

std::uint64_t Read(const std::uint8_t* p, std::size_t n) {
  if (__builtin_cpu_supports("avx512f") != 0) return ReadAvx512(p, n);
  std::uint64_t found = 0;
  for (std::size_t i = 0; i + 8 <= n; i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, p + i, 8);
    found |= word;
  }
  return found;
}

void MeasureScans(const std::vector<std::uint8_t>& memory, const std::vector<float>& queries,
                  std::size_t rows, std::size_t dimension) {
  const KernelTable& table = vecdb::simd::Kernels();
  for (const Kernel& kernel : Kernels()) {
    const bool bits = kernel.query_bytes == 1 && kernel.name[0] != 'i';
    const std::size_t size = bits ? dimension / 8 : dimension;
    const std::size_t bytes = rows * size * kernel.row_bytes;
    if (bytes > memory.size()) continue;
    std::uint32_t out[2 * kBatch];
    volatile std::uint64_t keep = 0;
    std::vector<double> read;
    std::vector<double> scan;
    for (int round = 0; round < 41; ++round) {  // in turn
      read.push_back(Seconds([&] { keep = keep | Read(memory.data(), bytes); }));
      scan.push_back(Seconds([&] {
        for (std::size_t i = 0; i < rows; i += kBatch) {
          kernel.many(table, queries.data(), memory.data() + i * size * kernel.row_bytes, size,
                      std::min(kBatch, rows - i), out);
        }
      }));
    }
    std::printf("%-8s %8zu x %-4zu %6.1f MB  read %6.2f ms %6.1f GB/s | %s %6.2f ms = %5.1f %%\n",
                kernel.name.c_str(), rows, dimension, static_cast<double>(bytes) / 1e6,
                Median(read) * 1e3, static_cast<double>(bytes) / Median(read) / 1e9, table.name,
                Median(scan) * 1e3, 100 * Median(read) / Median(scan));
  }
}

}  // namespace

int main() {
  const std::vector<std::uint8_t> memory = RandomRows(kUncached);
  std::vector<float> queries(kQueries * 1024);
  std::mt19937 engine(2);
  for (float& value : queries) value = static_cast<float>(engine() >> 8) * 0x1p-24F;
  MeasureCosts(memory, queries, 768);
  std::printf("scans in batches of %zu beside a plain read of the same bytes, in turn\n", kBatch);
  MeasureScans(memory, queries, 1'000'000, 128);
  MeasureScans(memory, queries, 60'000, 784);
  std::printf("and more rows than caches hold\n");
  MeasureScans(memory, queries, 16'000'000, 128);
  MeasureScans(memory, queries, 600'000, 784);
}
