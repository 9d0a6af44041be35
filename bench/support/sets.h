// Vectors to search, the queries to ask of them, and the true answers, kept between runs.
#pragma once

#include <functional>
#include <queue>
#include <string>
#include <thread>
#include <vector>

#include "bench/bench.h"

namespace vecdb::bench {

struct Set {
  std::string name;
  Vectors base;
  Vectors queries;
};

// The sum is made in one order whatever the types are, so that equal values give equal distances.
template <class A, class B>
double SquaredDistance(const A* a, const B* b, std::size_t n) {
  double sums[8] = {};
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    for (std::size_t k = 0; k < 8; ++k) {
      const double difference = static_cast<double>(a[i + k]) - static_cast<double>(b[i + k]);
      sums[k] += difference * difference;
    }
  }
  for (; i < n; ++i) {
    const double difference = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    sums[0] += difference * difference;
  }
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

[[noreturn]] inline void Refuse(const std::string& path, const char* why) {
  std::fprintf(stderr, "%s: %s\n", path.c_str(), why);
  std::exit(2);
}

inline std::string FileBytes(const std::string& path) {
  if (path.ends_with(".zst")) return Decompressed(path);
  std::ifstream file(path, std::ios::binary);
  if (!file) Refuse(path, "cannot be read");
  return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
}

// `rows` rows of `stored` bytes each begin at `at`; of each the last `dimension` values count.
template <class Stored>
Vectors TakeRows(const std::string& path, const std::string& bytes, std::size_t at,
                 std::size_t rows, std::uint32_t dimension, std::size_t stored) {
  if (dimension == 0 || stored == 0 || (bytes.size() - at) / stored < rows) {
    Refuse(path, "is shorter than it says");
  }
  Vectors data{rows, dimension, std::vector<float>(rows * dimension)};
  const std::size_t skip = stored - dimension * sizeof(Stored);
  for (std::size_t row = 0; row < rows; ++row) {
    const char* from = bytes.data() + at + row * stored + skip;
    for (std::uint32_t i = 0; i < dimension; ++i) {
      Stored value;
      std::memcpy(&value, from + i * sizeof(Stored), sizeof(Stored));
      data.values[row * dimension + i] = static_cast<float>(value);
    }
  }
  return data;
}

// rows and dimension, then the values.
template <class Stored>
Vectors ReadBin(const std::string& path, const std::string& bytes, std::size_t max_rows) {
  std::uint32_t header[2] = {};
  if (bytes.size() < sizeof(header)) Refuse(path, "is shorter than its header");
  std::memcpy(header, bytes.data(), sizeof(header));
  return TakeRows<Stored>(path, bytes, sizeof(header), std::min<std::size_t>(max_rows, header[0]),
                          header[1], header[1] * sizeof(Stored));
}

// The dimension before each row.
inline Vectors ReadFvecs(const std::string& path, const std::string& bytes, std::size_t max_rows) {
  std::uint32_t dimension = 0;
  if (bytes.size() < sizeof(dimension)) Refuse(path, "is empty");
  std::memcpy(&dimension, bytes.data(), sizeof(dimension));
  const std::size_t stored = sizeof(dimension) + std::size_t{dimension} * sizeof(float);
  return TakeRows<float>(path, bytes, 0, std::min(max_rows, bytes.size() / stored), dimension,
                         stored);
}

// Two dimensions of little-endian floats, row by row.
inline Vectors ReadNpy(const std::string& path, const std::string& bytes, std::size_t max_rows) {
  const std::size_t end = bytes.find('\n');
  const std::string header = bytes.substr(0, std::min<std::size_t>(end, 4096));
  const std::size_t shape = header.find("'shape': (");
  if (end == std::string::npos || header.find("'<f4'") == std::string::npos ||
      header.find("'fortran_order': False") == std::string::npos || shape == std::string::npos) {
    Refuse(path, "is no array of rows of float32");
  }
  unsigned long long rows = 0;
  unsigned dimension = 0;
  if (std::sscanf(header.c_str() + shape, "'shape': (%llu, %u)", &rows, &dimension) != 2) {
    Refuse(path, "does not have two dimensions");
  }
  return TakeRows<float>(path, bytes, end + 1, std::min<std::size_t>(max_rows, rows), dimension,
                         dimension * sizeof(float));
}

// By the end of its name: .fvecs, .fbin, .u8bin, .npy, each perhaps with .zst.
inline Vectors ReadVectors(const std::string& path, std::size_t max_rows) {
  const std::string bytes = FileBytes(path);
  const std::string name = path.ends_with(".zst") ? path.substr(0, path.size() - 4) : path;
  if (name.ends_with(".fvecs")) return ReadFvecs(path, bytes, max_rows);
  if (name.ends_with(".fbin")) return ReadBin<float>(path, bytes, max_rows);
  if (name.ends_with(".u8bin")) return ReadBin<std::uint8_t>(path, bytes, max_rows);
  if (name.ends_with(".npy")) return ReadNpy(path, bytes, max_rows);
  Refuse(path, "is neither .fvecs, .fbin, .u8bin nor .npy");
}

// mnist-784 or dsift-128 of VECDB_DATA_DIR, or a file of vectors, whose last rows are the queries
// then; `rows` at most.
inline Set LoadSet(const std::string& data, std::size_t rows, std::size_t queries) {
  if (data == "mnist-784") {
    return {data, Load(data + "-base", std::min<std::size_t>(rows, 60'000), 784),
            Load(data + "-query", queries, 784)};
  }
  if (data == "dsift-128") {
    return {data, Load(data + "-base", rows, 128), Load(data + "-query", queries, 128)};
  }
  Vectors all = ReadVectors(data, rows + queries);
  if (all.rows <= queries) Refuse(data, "has no more rows than there are queries");
  Vectors asked{queries, all.dimension, {}};
  all.rows -= queries;
  asked.values.assign(all.row(all.rows), all.row(all.rows) + queries * all.dimension);
  all.values.resize(all.rows * all.dimension);
  return {std::filesystem::path(data).filename().string(), std::move(all), std::move(asked)};
}

// Of each query the distance of its k-th neighbour among the rows kept.
class Truth {
 public:
  using Kept = std::function<bool(std::size_t row)>;

  // Kept in `folder`, under a name that says what it is of.
  static std::vector<double> Of(const Set& set, std::size_t k, const std::string& folder,
                                const std::string& what = "all", const Kept& kept = {}) {
    const std::string path = folder + "/" + set.name + "-" + std::to_string(set.base.rows) + "-" +
                             std::to_string(set.queries.rows) + "-" + std::to_string(k) + "-" +
                             what + ".truth";
    std::vector<double> kth(set.queries.rows);
    const auto bytes = static_cast<std::streamsize>(kth.size() * sizeof(double));
    std::ifstream file(path, std::ios::binary);
    if (file.read(reinterpret_cast<char*>(kth.data()), bytes)) return kth;
    Compute(set, k, kept, &kth);
    std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(kth.data()), bytes);
    return kth;
  }

 private:
  using Nearest = std::priority_queue<double>;

  static void Compute(const Set& set, std::size_t k, const Kept& kept, std::vector<double>* kth) {
    std::vector<Nearest> nearest(set.queries.rows);
    const std::size_t threads = std::max(1U, std::thread::hardware_concurrency());
    std::vector<std::thread> workers;
    for (std::size_t t = 0; t < threads; ++t) {
      workers.emplace_back([&, t] { ComputeShare(set, k, kept, t, threads, &nearest); });
    }
    for (std::thread& worker : workers) worker.join();
    for (std::size_t q = 0; q < nearest.size(); ++q) {
      (*kth)[q] = nearest[q].empty() ? -1 : nearest[q].top();
    }
  }

  // Every `threads`th query, over blocks of rows that stay in the cache.
  static void ComputeShare(const Set& set, std::size_t k, const Kept& kept, std::size_t first,
                           std::size_t threads, std::vector<Nearest>* nearest) {
    const std::uint32_t dimension = set.base.dimension;
    std::vector<double> block;
    for (std::size_t at = 0; at < set.base.rows; at += 64) {
      block.clear();
      for (std::size_t row = at; row < std::min(at + 64, set.base.rows); ++row) {
        if (kept && !kept(row)) continue;
        block.insert(block.end(), set.base.row(row), set.base.row(row) + dimension);
      }
      for (std::size_t q = first; q < set.queries.rows; q += threads) {
        for (std::size_t i = 0; i < block.size(); i += dimension) {
          Take(SquaredDistance(set.queries.row(q), block.data() + i, dimension), k, &(*nearest)[q]);
        }
      }
    }
  }

  static void Take(double distance, std::size_t k, Nearest* nearest) {
    if (nearest->size() == k && distance >= nearest->top()) return;
    if (nearest->size() == k) nearest->pop();
    nearest->push(distance);
  }
};

}  // namespace vecdb::bench
