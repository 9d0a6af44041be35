#include "recall/sets.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <random>
#include <span>

#include "formats/vector_reader.h"
#include "support/catch.h"

namespace vecdb::test {
namespace {

using Engine = std::mt19937_64;
using FillRow = std::function<void(Engine* random, float* row)>;

Set Make(const std::string& name, std::uint32_t dimension, std::uint64_t seed,
         const FillRow& fill) {
  Set set{name, dimension, std::vector<float>(kRows * dimension),
          std::vector<float>(kQueries * dimension)};
  Engine random(seed);
  for (std::size_t i = 0; i < kRows; ++i) fill(&random, set.rows.data() + i * dimension);
  for (std::size_t i = 0; i < kQueries; ++i) fill(&random, set.queries.data() + i * dimension);
  return set;
}

// So many points with normal components.
std::vector<float> Points(std::size_t n, std::uint32_t dimension, float scale, std::uint64_t seed) {
  Engine random(seed);
  std::normal_distribution<float> normal(0, scale);
  std::vector<float> points(n * dimension);
  for (float& x : points) x = normal(random);
  return points;
}

// Around 60 centres on a sphere, as embeddings of text lie.
Set Normalised() {
  constexpr std::uint32_t kDimension = 48;
  const std::vector<float> centres = Points(60, kDimension, 1, 1);
  return Make("normalised", kDimension, 2, [centres](Engine* random, float* row) {
    std::normal_distribution<float> noise(0, 0.6F);
    const float* centre = centres.data() + (*random)() % 60 * kDimension;
    float length = 0;
    for (std::size_t i = 0; i < kDimension; ++i) {
      row[i] = centre[i] + noise(*random);
      length += row[i] * row[i];
    }
    for (std::size_t i = 0; i < kDimension; ++i) row[i] *= 120 / std::sqrt(length);
  });
}

// A few components of a few rows are far out, and rows differ in length by tens of times.
Set HeavyTailed() {
  constexpr std::uint32_t kDimension = 32;
  return Make("heavy-tailed", kDimension, 3, [](Engine* random, float* row) {
    std::student_t_distribution<float> tail(3);
    std::lognormal_distribution<float> length(0, 0.7F);
    const float scale = 4 * length(*random);
    for (std::size_t i = 0; i < kDimension; ++i) row[i] = scale * tail(*random);
  });
}

Set FewDimensions() {
  constexpr std::uint32_t kDimension = 4;
  return Make("few dimensions", kDimension, 4, [](Engine* random, float* row) {
    std::uniform_real_distribution<float> anywhere(-120, 120);
    for (std::size_t i = 0; i < kDimension; ++i) row[i] = anywhere(*random);
  });
}

// Far from each other, as near to one another as int8 can tell.
Set TightClusters() {
  constexpr std::uint32_t kDimension = 32;
  const std::vector<float> centres = Points(100, kDimension, 30, 5);
  return Make("tight clusters", kDimension, 6, [centres](Engine* random, float* row) {
    std::normal_distribution<float> noise(0, 1.5F);
    const float* centre = centres.data() + (*random)() % 100 * kDimension;
    for (std::size_t i = 0; i < kDimension; ++i) {
      row[i] = std::clamp(centre[i] + noise(*random), -127.0F, 127.0F);
    }
  });
}

// A tenth of the rows are of their own; the others are copies of 200.
Set Duplicates() {
  constexpr std::uint32_t kDimension = 24;
  const std::vector<float> originals = Points(200, kDimension, 30, 7);
  Set set = Make("duplicates", kDimension, 8, [originals](Engine* random, float* row) {
    std::normal_distribution<float> normal(0, 30);
    const bool copy = (*random)() % 10 != 0;
    const float* original = originals.data() + (*random)() % 200 * kDimension;
    for (std::size_t i = 0; i < kDimension; ++i) {
      row[i] = std::clamp(copy ? original[i] : normal(*random), -127.0F, 127.0F);
    }
  });
  const std::vector<float> off = Points(kQueries, kDimension, 5, 9);  // queries beside them
  for (std::size_t i = 0; i < off.size(); ++i) {
    set.queries[i] = std::clamp(set.queries[i] + off[i], -127.0F, 127.0F);
  }
  return set;
}

std::vector<float> ReadBytes(const std::string& path, std::size_t max_rows,
                             std::uint32_t* dimension) {
  auto reader = cli::VectorReader::Open(path);
  reader.status().OrDie();
  REQUIRE((*reader)->element() == cli::Element::kUint8);
  *dimension = (*reader)->dimension();
  std::vector<float> numbers;
  while (numbers.size() < max_rows * *dimension) {
    const auto bytes = (*reader)->Read(max_rows - numbers.size() / *dimension);
    bytes.status().OrDie();
    if (bytes->empty()) break;
    for (const std::byte b : *bytes) numbers.push_back(static_cast<float>(b));
  }
  return numbers;
}

}  // namespace

const std::vector<Set>& MadeSets() {
  static const std::vector<Set> sets = {Normalised(), HeavyTailed(), FewDimensions(),
                                        TightClusters(), Duplicates()};
  return sets;
}

std::optional<Set> RealSet(const std::string& name, std::size_t rows, std::size_t queries) {
  const char* folder = std::getenv("VECDB_DATA_DIR");
  const std::string base = std::string(folder == nullptr ? "." : folder) + "/" + name;
  if (folder == nullptr || !std::filesystem::exists(base + "-base.u8bin.zst")) {
    std::printf("!! SKIPPED: %s-base.u8bin.zst is not there (VECDB_DATA_DIR): no recall on %s\n",
                name.c_str(), name.c_str());
    return std::nullopt;
  }
  Set set{name, 0, {}, {}};
  set.rows = ReadBytes(base + "-base.u8bin.zst", rows, &set.dimension);
  set.queries = ReadBytes(base + "-query.u8bin.zst", queries, &set.dimension);
  return set;
}

}  // namespace vecdb::test
