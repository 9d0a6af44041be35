#include "query/near_rows.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <string>

#include "chunk/half.h"
#include "query/distances.h"
#include "simd/kernels.h"
#include "support/catch.h"

using namespace vecdb;
using namespace vecdb::query;

namespace {

constexpr std::size_t kRows = 90;
constexpr std::size_t kQueries = 40;

// Vectors that are hard on a bound: how numbers are drawn.
struct Kind {
  const char* name;
  float scale;
  float offset;  // of every component
  bool whole;    // few different numbers: many distances are the same
};
constexpr Kind kKinds[] = {{"usual", 1, 0, false},      {"whole", 3, 0, true},
                           {"offset", 1, 1e4F, false},  {"far offset", 1e-3F, 1e6F, true},
                           {"small", 1e-18F, 0, false}, {"denormal", 1e-39F, 0, false},
                           {"zero", 0, 0, false},       {"large", 1e17F, 0, false}};

bool HasKernel() {
  return simd::Kernels().products.width > 0;
}

class Drawn {
 public:
  Drawn(const Kind& kind, DataType type, Metric metric, std::size_t dimension)
      : engine_(static_cast<unsigned>(dimension)) {
    field_.name = std::string("v");  // g++ 12 warns of the other way
    field_.type = type;
    field_.metric = metric;
    field_.dimension = static_cast<std::uint32_t>(dimension);
    rows_ = Numbers(kind, kRows * dimension);
    queries_ = Numbers(kind, kQueries * dimension);
    // Every fifth query is a row, every seventh row zero, every ninth like the one before.
    for (std::size_t q = 0; q < kQueries; q += 5) Copy(rows_, 2 * q, &queries_, q);
    for (std::size_t i = 0; i < kRows; i += 7) {
      std::fill_n(rows_.begin() + static_cast<std::ptrdiff_t>(i * dimension), dimension, 0.0F);
    }
    for (std::size_t i = 9; i < kRows; i += 9) Copy(rows_, i - 1, &rows_, i);
    halves_.resize(rows_.size());
    view_.type = type;
    view_.dimension = field_.dimension;
    view_.rows = kRows;
    view_.values = rows_.data();
    if (type != DataType::kFloatVector) {
      chunk::ToHalf(type, rows_, halves_.data());
      view_.values = halves_.data();
    }
    for (std::size_t q = 0; q < kQueries; ++q) {
      const std::span<const float> query(queries_.data() + q * dimension, dimension);
      distances_.push_back(*MakeDistances(field_, query));
      lent_.push_back(distances_.back().get());
      alone_.emplace_back(kRows);
      lent_.back()->Many(view_, 0, alone_.back());
    }
    together_ = lent_.front()->Together(lent_);
  }

  // That all rows within the bounds are named. Which are, of pairs of query and row.
  using Pairs = std::set<std::pair<std::size_t, std::size_t>>;
  Pairs CheckNear(const std::vector<float>& bounds) {
    std::vector<NearPair> near;
    Pairs named;
    const bool found = together_->Near(view_, 0, kRows, bounds, kRows * kQueries, &near);
    CHECK(found == HasKernel());
    if (!found) return named;
    for (const NearPair& pair : near) named.emplace(pair.query, pair.row);
    CHECK(named.size() == near.size());
    for (std::size_t q = 0; q < kQueries; ++q) {
      for (std::size_t i = 0; i < kRows; ++i) {
        if (!(alone_[q][i] > bounds[q]) && !named.contains({q, i})) {
          FAIL_CHECK("row " << i << " at " << alone_[q][i] << " within " << bounds[q] << " of "
                            << q);
        }
      }
    }
    CheckIds(bounds, named);
    return named;
  }

  std::size_t CountWithin(const std::vector<float>& bounds) const {
    std::size_t within = 0;
    for (std::size_t q = 0; q < kQueries; ++q) {
      for (const float distance : alone_[q]) within += distance <= bounds[q] ? 1 : 0;
    }
    return within;
  }

  std::size_t CountZeros() const {
    std::size_t zeros = 0;
    for (std::size_t i = 0; i < kRows; ++i) {
      const auto row = view_.Vector<float>(i);
      zeros += std::all_of(row.begin(), row.end(), [](float x) { return x == 0; }) ? 1 : 0;
    }
    return zeros;
  }

  // The distance of the row of this rank, of every query.
  std::vector<float> BoundsAt(std::size_t rank) const {
    std::vector<float> bounds;
    for (std::vector<float> all : alone_) {
      std::sort(all.begin(), all.end());
      bounds.push_back(all[rank]);
    }
    return bounds;
  }

  float* row(std::size_t i) { return rows_.data() + i * field_.dimension; }

 private:
  std::vector<float> Numbers(const Kind& kind, std::size_t n) {
    std::normal_distribution<float> normal;
    std::uniform_int_distribution<int> whole(-2, 2);
    std::vector<float> numbers(n);
    for (float& x : numbers) {
      x = (kind.whole ? static_cast<float>(whole(engine_)) : normal(engine_)) * kind.scale +
          kind.offset;
    }
    return numbers;
  }

  void Copy(const std::vector<float>& from, std::size_t i, std::vector<float>* to, std::size_t at) {
    const std::size_t d = field_.dimension;
    std::copy_n(from.data() + i * d, d, to->data() + at * d);
  }

  // Rows by number: the same are named.
  void CheckIds(const std::vector<float>& bounds, const Pairs& named) {
    std::vector<std::uint32_t> ids;
    for (std::uint32_t i = 1; i < kRows; i += 3) ids.push_back(i);
    std::vector<NearPair> near;
    REQUIRE(together_->NearIds(view_, ids, bounds, kRows * kQueries, &near));
    std::size_t expected = 0;
    for (const auto& [q, row] : named) expected += row % 3 == 1 ? 1 : 0;
    CHECK(near.size() == expected);
    for (const NearPair& pair : near) {
      if (!named.contains({pair.query, ids[pair.row]})) FAIL_CHECK("row " << ids[pair.row]);
    }
  }

  std::mt19937 engine_;
  Field field_;
  std::vector<float> rows_;
  std::vector<std::uint16_t> halves_;
  std::vector<float> queries_;
  chunk::ColumnView view_;
  std::vector<std::unique_ptr<const Distances>> distances_;
  std::vector<const Distances*> lent_;
  std::vector<std::vector<float>> alone_;
  std::unique_ptr<DistancesTogether> together_;
};

}  // namespace

TEST_CASE("no row within a bound is left out, whatever the numbers", "[query][near]") {
  const Metric metric = GENERATE(Metric::kL2, Metric::kInnerProduct, Metric::kCosine);
  std::vector<std::size_t> dimensions = {128, 129, 784, 1536};
  for (std::size_t d = 1; d <= 70; ++d) dimensions.push_back(d);
  for (const Kind& kind : kKinds) {
    for (const std::size_t d : dimensions) {
      INFO(ToString(metric) << " " << kind.name << " dimension " << d);
      Drawn drawn(kind, DataType::kFloatVector, metric, d);
      for (const std::size_t rank : {0U, 5U, 44U, 89U}) drawn.CheckNear(drawn.BoundsAt(rank));
    }
  }
}

TEST_CASE("no half within a bound is left out", "[query][near]") {
  const Metric metric = GENERATE(Metric::kL2, Metric::kInnerProduct, Metric::kCosine);
  const DataType type = GENERATE(DataType::kFloat16Vector, DataType::kBFloat16Vector);
  for (const Kind& kind : {kKinds[0], kKinds[1], kKinds[6]}) {
    for (const std::size_t d : {1U, 7U, 16U, 33U, 64U, 200U, 1536U}) {
      INFO(ToString(metric) << " " << kind.name << " dimension " << d);
      Drawn drawn(kind, type, metric, d);
      for (const std::size_t rank : {0U, 5U, 44U}) drawn.CheckNear(drawn.BoundsAt(rank));
    }
  }
}

TEST_CASE("bounds of any kind leave nothing out", "[query][near]") {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr float kMost = std::numeric_limits<float>::max();
  const Metric metric = GENERATE(Metric::kL2, Metric::kInnerProduct, Metric::kCosine);
  for (const Kind& kind : kKinds) {
    Drawn drawn(kind, DataType::kFloatVector, metric, 24);
    for (const float bound : {kInfinity, kMost, 1e9F, 2.0F, 1.0F, 0.99F, 1e-40F, 0.0F, -0.0F,
                              -1e-9F, -0.99F, -1.0F, -2.0F, -1e9F, -kMost, -kInfinity}) {
      INFO(ToString(metric) << " " << kind.name << " bound " << bound);
      drawn.CheckNear(std::vector<float>(kQueries, bound));
    }
  }
}

TEST_CASE("rows of which nothing can be said are named", "[query][near]") {
  const Metric metric = GENERATE(Metric::kL2, Metric::kInnerProduct, Metric::kCosine);
  const float odd = GENERATE(std::numeric_limits<float>::quiet_NaN(),
                             std::numeric_limits<float>::infinity(), 3e38F);
  if (!HasKernel()) return;
  Drawn drawn(kKinds[0], DataType::kFloatVector, metric, 40);
  const std::vector<float> bounds = drawn.BoundsAt(0);
  auto named = drawn.CheckNear(bounds);
  CHECK(named.size() >= kQueries);
  drawn.row(11)[17] = odd;
  for (std::size_t q = 0; q < kQueries; ++q) named.emplace(q, 11);
  CHECK(drawn.CheckNear(bounds) == named);
}

TEST_CASE("few rows are named besides those within the bound", "[query][near]") {
  const Metric metric = GENERATE(Metric::kL2, Metric::kInnerProduct, Metric::kCosine);
  if (!HasKernel()) return;
  for (const std::size_t d : {16U, 128U, 784U}) {
    INFO(ToString(metric) << " dimension " << d);
    Drawn drawn(kKinds[0], DataType::kFloatVector, metric, d);
    const std::vector<float> bounds = drawn.BoundsAt(5);
    const std::size_t within = drawn.CountWithin(bounds);
    // Of a row without a length COSINE knows nothing.
    const std::size_t zeros = metric == Metric::kCosine ? drawn.CountZeros() * kQueries : 0;
    CHECK(within >= 6 * kQueries);
    CHECK(drawn.CheckNear(bounds).size() <= zeros + within + within / 50);
  }
}
