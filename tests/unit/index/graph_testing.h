// Graphs built, opened and compared with brute force in double, all in memory.
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <memory>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

#include "base/bitmap.h"
#include "chunk/half.h"
#include "index/index.h"
#include "io/file_system.h"
#include "support/catch.h"

namespace vecdb::index {

// Vectors of one type, kept as the field keeps them and as doubles.
class TestRows final : public RowSource {
 public:
  TestRows(DataType type, Metric metric, std::uint32_t dimension, std::vector<float> numbers)
      : shape_{type, metric, dimension, static_cast<RowIndex>(numbers.size() / dimension)} {
    if (type == DataType::kInt8Vector) {
      for (const float x : numbers) int8s_.push_back(static_cast<std::int8_t>(x));
      exact_.assign(int8s_.begin(), int8s_.end());
    } else if (type == DataType::kFloatVector) {
      exact_.assign(numbers.begin(), numbers.end());
      floats_ = std::move(numbers);
    } else {
      halves_.resize(numbers.size());
      chunk::ToHalf(type, numbers, halves_.data());
      chunk::FromHalf(type, halves_, numbers.data());
      exact_.assign(numbers.begin(), numbers.end());
    }
  }

  Result<chunk::ColumnView> Read(RowIndex first, RowIndex max_rows) const override {
    chunk::ColumnView view;
    view.type = shape_.type;
    view.dimension = shape_.dimension;
    view.rows = std::min<std::size_t>({max_rows, shape_.rows - first, kMostAtOnce});
    const std::size_t at = std::size_t{first} * shape_.dimension;
    if (!floats_.empty()) view.values = floats_.data() + at;
    if (!halves_.empty()) view.values = halves_.data() + at;
    if (!int8s_.empty()) view.values = int8s_.data() + at;
    return view;
  }

  const Shape& shape() const { return shape_; }
  const double* row(std::size_t i) const { return exact_.data() + i * shape_.dimension; }

  // Smaller = nearer.
  double Distance(const std::vector<double>& query, std::size_t i) const {
    const double* const v = row(i);
    double l2 = 0, ip = 0, q2 = 0, v2 = 0;
    for (std::size_t d = 0; d < query.size(); ++d) {
      l2 += (query[d] - v[d]) * (query[d] - v[d]);
      ip += query[d] * v[d];
      q2 += query[d] * query[d];
      v2 += v[d] * v[d];
    }
    if (shape_.metric == Metric::kL2) return l2;
    if (shape_.metric == Metric::kInnerProduct) return -ip;
    return q2 > 0 && v2 > 0 ? -ip / std::sqrt(q2 * v2) : 0;
  }

 private:
  static constexpr std::size_t kMostAtOnce = 700;  // a source need not give all that is asked for

  Shape shape_;
  std::vector<float> floats_;
  std::vector<std::uint16_t> halves_;
  std::vector<std::int8_t> int8s_;
  std::vector<double> exact_;
};

class TestDistances final : public ExactDistances {
 public:
  TestDistances(const TestRows& rows, const std::vector<double>& query)
      : rows_(rows), query_(query) {}
  Status Compute(std::span<const std::uint32_t> rows, std::span<float> out) override {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      out[i] = static_cast<float>(rows_.Distance(query_, rows[i]));
    }
    return Status();
  }

 private:
  const TestRows& rows_;
  const std::vector<double>& query_;
};

// A query of the field's kind.
struct TestQuery {
  explicit TestQuery(DataType type, const double* numbers, std::size_t dimension)
      : exact(numbers, numbers + dimension) {
    for (const double x : exact) {
      floats.push_back(static_cast<float>(x));
      if (type == DataType::kInt8Vector) bytes.push_back(static_cast<std::int8_t>(x));
    }
  }
  QueryVector view() const {
    if (!bytes.empty()) return std::span<const std::int8_t>(bytes);
    return std::span<const float>(floats);
  }

  std::vector<double> exact;
  std::vector<float> floats;
  std::vector<std::int8_t> bytes;
};

inline RunTasks OnThreads(std::size_t threads) {
  return [threads](std::size_t tasks, const Task& task) {
    std::atomic<std::size_t> next{0};
    std::vector<Status> statuses(threads);
    std::vector<std::thread> workers;
    for (std::size_t t = 0; t < threads; ++t) {
      workers.emplace_back([&, t] {
        for (std::size_t i = next++; i < tasks && statuses[t].ok(); i = next++) {
          statuses[t] = task(i);
        }
      });
    }
    for (std::thread& worker : workers) worker.join();
    for (const Status& status : statuses) {
      if (!status.ok()) return status;
    }
    return Status();
  };
}

// One sealed file in a file system of its own.
struct TestGraph {
  std::shared_ptr<io::FileSystem> fs = io::MakeMemoryFileSystem();
  io::SealedFileInfo info;

  Status Build(const TestRows& rows, const GraphParameters& parameters,
               const BuildContext& context = {}) {
    auto writer = io::BlockFileWriter::Create(*fs, "graph", {}, 7, io::FileKind::kIndex);
    writer.status().OrDie();
    auto built = BuildGraph(rows.shape(), rows, parameters, context, &*writer);
    if (built.ok()) info = *built;
    return built.status();
  }
  std::shared_ptr<const Index> Open(const Shape& shape, LoadMode mode = LoadMode::kMapped) const {
    auto file = io::BlockFile::Open(*fs, "graph", {}, info, mode);
    file.status().OrDie();
    auto index = Index::Open(*file, shape);
    index.status().OrDie();
    return *index;
  }
  std::vector<std::byte> Bytes() const {
    const auto file = *fs->Open("graph", io::OpenMode::kRead);
    std::vector<std::byte> bytes(*file->Size());
    file->ReadAt(0, bytes).OrDie();
    return bytes;
  }
};

inline std::vector<Neighbor> SearchIn(const Index& index, const TestRows& rows,
                                      const TestQuery& query, std::size_t k,
                                      const Effort& effort = {},
                                      const AllowedRows* allowed = nullptr) {
  NearestRequest request;
  request.query = query.view();
  request.k = k;
  request.effort = effort;
  request.allowed = allowed;
  TestDistances exact(rows, query.exact);
  std::vector<Neighbor> found;
  index.Search(request, &exact, &found).OrDie();
  return found;
}

// The k nearest of the rows that pass, by brute force.
template <class Passes>
std::vector<double> TrueDistances(const TestRows& rows, const TestQuery& query, std::size_t k,
                                  const Passes& passes) {
  std::vector<double> distances;
  for (std::size_t i = 0; i < rows.shape().rows; ++i) {
    if (passes(i)) distances.push_back(rows.Distance(query.exact, i));
  }
  std::sort(distances.begin(), distances.end());
  distances.resize(std::min(k, distances.size()));
  return distances;
}

// The share of the true neighbours that were found; every distance must be exact, in order, and of
// a row of its own.
inline double RecallOf(const std::vector<Neighbor>& found, const TestRows& rows,
                       const TestQuery& query, const std::vector<double>& truth) {
  REQUIRE(found.size() == truth.size());
  std::vector<std::uint32_t> seen;
  std::size_t good = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const double exact = rows.Distance(query.exact, found[i].row);
    const double slack = 1e-5 * (std::abs(exact) + std::abs(truth.back())) + 1e-6;
    CHECK(std::abs(double{found[i].distance} - exact) <= slack);
    if (i > 0) CHECK(found[i - 1].distance <= found[i].distance);
    good += exact <= truth.back() + slack ? 1U : 0U;
    seen.push_back(found[i].row);
  }
  std::sort(seen.begin(), seen.end());
  CHECK(std::adjacent_find(seen.begin(), seen.end()) == seen.end());
  return truth.empty() ? 1 : static_cast<double>(good) / static_cast<double>(truth.size());
}

// Gaussian clouds, as embeddings have them: not everything is equally far from everything.
inline std::vector<float> Clouds(std::size_t rows, std::size_t dimension, unsigned seed,
                                 float scale = 1) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  const std::size_t clouds = 20;
  std::mt19937 fixed(99);
  std::vector<float> centers(clouds * dimension);
  for (float& x : centers) x = normal(fixed);
  std::vector<float> numbers(rows * dimension);
  for (std::size_t i = 0; i < rows; ++i) {
    const std::size_t cloud = random() % clouds;
    for (std::size_t d = 0; d < dimension; ++d) {
      numbers[i * dimension + d] = scale * (centers[cloud * dimension + d] + normal(random) * 0.6F);
    }
  }
  return numbers;
}

}  // namespace vecdb::index
