#include <set>

#include "unit/index/graph_testing.h"

using namespace vecdb;
using namespace vecdb::index;

namespace {

constexpr std::uint32_t kDimension = 24;
constexpr std::size_t kRows = 1500;
const auto kEverything = [](std::size_t) { return true; };

GraphParameters Small(index::Codec codec) {
  GraphParameters parameters;
  parameters.m = 8;
  parameters.ef_construction = 60;
  parameters.codec = codec;
  parameters.calibration_queries = 20;
  return parameters;
}

TestRows SomeRows(DataType type, Metric metric, std::size_t rows = kRows,
                  std::uint32_t dimension = kDimension) {
  const float scale = type == DataType::kInt8Vector ? 30.0F : 1.0F;
  std::vector<float> numbers = Clouds(rows, dimension, 1, scale);
  if (type == DataType::kInt8Vector) {
    for (float& x : numbers) x = std::clamp(std::nearbyint(x), -128.0F, 127.0F);
  }
  return TestRows(type, metric, dimension, std::move(numbers));
}

// Of queries that are not rows.
double MeanRecall(const Index& index, const TestRows& rows, std::size_t k, const Effort& effort) {
  const TestRows others = [&] {
    const float scale = rows.shape().type == DataType::kInt8Vector ? 30.0F : 1.0F;
    std::vector<float> numbers = Clouds(40, rows.shape().dimension, 2, scale);
    if (scale > 1) {
      for (float& x : numbers) x = std::clamp(std::nearbyint(x), -128.0F, 127.0F);
    }
    return TestRows(rows.shape().type, rows.shape().metric, rows.shape().dimension,
                    std::move(numbers));
  }();
  double recall = 0;
  for (std::size_t q = 0; q < 40; ++q) {
    const TestQuery query(rows.shape().type, others.row(q), rows.shape().dimension);
    const auto found = SearchIn(index, rows, query, k, effort);
    recall += RecallOf(found, rows, query, TrueDistances(rows, query, k, kEverything));
  }
  return recall / 40;
}

}  // namespace

TEST_CASE("every codec finds what brute force finds, by every metric, at exact distances",
          "[graph]") {
  struct Case {
    DataType type;
    index::Codec codec;
  };
  const Case cases[] = {{DataType::kFloatVector, index::Codec::kFloat32},
                        {DataType::kFloatVector, index::Codec::kFloat16},
                        {DataType::kFloatVector, index::Codec::kBFloat16},
                        {DataType::kFloatVector, index::Codec::kSq8},
                        {DataType::kFloat16Vector, index::Codec::kFloat16},
                        {DataType::kFloat16Vector, index::Codec::kSq8},
                        {DataType::kBFloat16Vector, index::Codec::kBFloat16},
                        {DataType::kInt8Vector, index::Codec::kInt8},
                        {DataType::kInt8Vector, index::Codec::kSq8},
                        {DataType::kFloatVector, index::Codec::kSq4U},
                        {DataType::kFloat16Vector, index::Codec::kSq4U},
                        {DataType::kBFloat16Vector, index::Codec::kSq4U},
                        {DataType::kInt8Vector, index::Codec::kSq4U}};
  for (const Metric metric : {Metric::kL2, Metric::kInnerProduct, Metric::kCosine}) {
    for (const auto& [type, codec] : cases) {
      INFO(ToString(type) << " as " << ToString(codec) << " by " << ToString(metric));
      const TestRows rows = SomeRows(type, metric);
      TestGraph graph;
      graph.Build(rows, Small(codec)).OrDie();
      const auto index = graph.Open(rows.shape());
      Effort effort;
      effort.ef = 200;
      CHECK(MeanRecall(*index, rows, 10, effort) >= 0.98);
      index->Verify().OrDie();
      CHECK(MeanRecall(*index, rows, 10, effort) >= 0.98);
    }
  }
}

TEST_CASE("a search for a row finds it", "[graph]") {
  for (const index::Codec codec :
       {index::Codec::kFloat32, index::Codec::kSq8, index::Codec::kSq4U}) {
    const TestRows rows = SomeRows(DataType::kFloatVector, Metric::kL2);
    TestGraph graph;
    graph.Build(rows, Small(codec)).OrDie();
    const auto index = graph.Open(rows.shape());
    std::size_t missed = 0;
    for (std::size_t i = 0; i < kRows; ++i) {
      const TestQuery query(DataType::kFloatVector, rows.row(i), kDimension);
      Effort effort;
      effort.ef = 100;
      const auto found = SearchIn(*index, rows, query, 1, effort);
      missed += found.size() == 1 && found[0].row == i ? 0U : 1U;
    }
    CHECK(missed == 0);
  }
}

namespace {

// Counts what it is asked for.
struct Counting final : ExactDistances {
  Counting(const TestRows& rows, const TestQuery& query)
      : numbers(query.floats.begin(), query.floats.end()), inner(rows, numbers) {}
  Status Compute(std::span<const std::uint32_t> rows, std::span<float> out) override {
    computed += rows.size();
    return inner.Compute(rows, out);
  }
  const std::vector<double> numbers;
  TestDistances inner;
  std::size_t computed = 0;
};

// Searches, checks each distance, and returns how many had to be computed.
std::size_t ComputedBy(const Index& index, const TestRows& rows, const TestQuery& query) {
  NearestRequest request;
  request.query = query.view();
  request.k = 10;
  Counting exact(rows, query);
  std::vector<Neighbor> found;
  index.Search(request, &exact, &found).OrDie();
  REQUIRE(found.size() == 10);
  for (const Neighbor& neighbor : found) {
    CHECK(neighbor.distance == static_cast<float>(rows.Distance(exact.numbers, neighbor.row)));
  }
  return exact.computed;
}

}  // namespace

TEST_CASE("what 8 bits say exactly needs no other distance, and has none that differs", "[graph]") {
  for (const float unit : {0.5F, 64.0F}) {
    for (const Kind kind : {Kind::kGraph, Kind::kFlat}) {
      std::vector<float> numbers = Clouds(kRows, kDimension, 1, 40);
      for (float& x : numbers) x = std::clamp(std::nearbyint(x), -100.0F, 100.0F) * unit;
      const TestRows rows(DataType::kFloatVector, Metric::kL2, kDimension, numbers);
      GraphParameters parameters = Small(index::Codec::kSq8);
      parameters.kind = kind;
      TestGraph graph;
      graph.Build(rows, parameters).OrDie();
      const auto index = graph.Open(rows.shape());
      const auto computed = [&](std::size_t row, double moved) {
        std::vector<double> query(rows.row(row), rows.row(row) + kDimension);
        query[row % kDimension] += moved * double{unit};
        return ComputedBy(*index, rows,
                          TestQuery(DataType::kFloatVector, query.data(), kDimension));
      };
      for (std::size_t row = 0; row < 60; ++row) {
        CHECK(computed(row, 1) == 0);
        CHECK(computed(row, 0.3) > 0);   // between two codes
        CHECK(computed(row, 5000) > 0);  // beyond them all
      }
    }
  }
}

TEST_CASE("sums that floats do not say exactly are computed by those who always do", "[graph]") {
  constexpr std::uint32_t kMany = 600;
  std::mt19937 random(4);
  std::vector<float> numbers(1200 * kMany);
  for (float& x : numbers) x = random() % 2 == 0 ? 0.0F : 255.0F;  // about 300 * 255^2 from zero
  for (std::size_t row = 1; row < 20; ++row) {                     // near the first one
    std::copy_n(numbers.begin(), kMany, numbers.begin() + static_cast<std::ptrdiff_t>(row * kMany));
    numbers[row * kMany + row] = 100;
  }
  const TestRows rows(DataType::kFloatVector, Metric::kL2, kMany, numbers);
  TestGraph graph;
  graph.Build(rows, Small(index::Codec::kSq8)).OrDie();
  const auto index = graph.Open(rows.shape());
  const std::vector<double> zero(kMany, 0.0);
  CHECK(ComputedBy(*index, rows, TestQuery(DataType::kFloatVector, zero.data(), kMany)) > 0);
  CHECK(ComputedBy(*index, rows, TestQuery(DataType::kFloatVector, rows.row(0), kMany)) == 0);
}

TEST_CASE("the bytes of a graph do not depend on the number of threads", "[graph]") {
  const TestRows rows = SomeRows(DataType::kFloatVector, Metric::kCosine);
  TestGraph alone;
  alone.Build(rows, Small(index::Codec::kSq8)).OrDie();
  for (const std::size_t threads : {2U, 5U}) {
    TestGraph together;
    BuildContext context;
    context.run = OnThreads(threads);
    together.Build(rows, Small(index::Codec::kSq8), context).OrDie();
    CHECK(together.Bytes() == alone.Bytes());
  }
}

TEST_CASE("as many rows come as there are, whatever the effort", "[graph]") {
  const TestRows rows = SomeRows(DataType::kFloatVector, Metric::kL2, 300);
  TestGraph graph;
  graph.Build(rows, Small(index::Codec::kSq8)).OrDie();
  const auto index = graph.Open(rows.shape());
  const TestQuery query(DataType::kFloatVector, rows.row(3), kDimension);
  for (const std::size_t k : {0U, 1U, 2U, 100U, 149U, 150U, 299U, 300U, 301U, 16384U}) {
    Effort effort;
    effort.ef = 1;
    CHECK(SearchIn(*index, rows, query, k, effort).size() == std::min<std::size_t>(k, 300));
  }
}

TEST_CASE("degenerate rows are found as well", "[graph]") {
  struct Case {
    std::string name;
    std::size_t rows;
    std::uint32_t dimension;
    std::vector<float> numbers;
  };
  std::vector<Case> cases = {{"one row", 1, 3, {1, 2, 3}},
                             {"two rows", 2, 1, {1, -1}},
                             {"all zero", 500, 4, std::vector<float>(2000, 0.0F)},
                             {"all equal", 700, 4, std::vector<float>(2800, 0.1F)}};
  cases.push_back({"one component", 900, 1, Clouds(900, 1, 4)});
  cases.push_back({"many components", 12, 32768, Clouds(12, 32768, 4)});
  Case half{"half zero", 600, 8, Clouds(600, 8, 4)};
  std::fill_n(half.numbers.begin(), 300 * 8, 0.0F);
  cases.push_back(half);
  Case tails{"heavy tails", 800, 16, Clouds(800, 16, 4)};
  for (float& x : tails.numbers) x = x * x * x;
  cases.push_back(tails);
  Case outliers{"outliers", 800, 16, Clouds(800, 16, 4)};
  for (std::size_t i = 0; i < outliers.numbers.size(); i += 1021) outliers.numbers[i] *= 1e6F;
  cases.push_back(outliers);
  Case copies{"many copies", 1000, 8, Clouds(1000, 8, 4)};
  for (std::size_t i = 0; i < 1000; ++i) {
    std::copy_n(copies.numbers.begin() + static_cast<std::ptrdiff_t>(i % 10 * 8), 8,
                copies.numbers.begin() + static_cast<std::ptrdiff_t>(i * 8));
  }
  cases.push_back(copies);
  for (const Case& c : cases) {
    for (const Metric metric : {Metric::kL2, Metric::kInnerProduct, Metric::kCosine}) {
      for (const index::Codec codec : {index::Codec::kFloat32, index::Codec::kSq8}) {
        INFO(c.name << " as " << ToString(codec) << " by " << ToString(metric));
        // A code has no bits left for most of a row where one number is a million times the others.
        const bool beyond_codes = c.name == std::string("outliers") &&
                                  metric == Metric::kInnerProduct && codec == index::Codec::kSq8;
        if (beyond_codes) continue;
        const TestRows rows(DataType::kFloatVector, metric, c.dimension, c.numbers);
        TestGraph graph;
        graph.Build(rows, Small(codec)).OrDie();
        const auto index = graph.Open(rows.shape());
        index->Verify().OrDie();
        double recall = 0;
        const std::size_t queries = std::min<std::size_t>(c.rows, 20);
        for (std::size_t q = 0; q < queries; ++q) {
          const TestQuery query(DataType::kFloatVector, rows.row(q * c.rows / queries),
                                c.dimension);
          Effort effort;
          effort.ef = 200;
          effort.refine_k = 10;
          const auto found = SearchIn(*index, rows, query, 5, effort);
          recall += RecallOf(found, rows, query, TrueDistances(rows, query, 5, kEverything));
        }
        CHECK(recall / static_cast<double>(queries) >= 0.95);
      }
    }
  }
}

TEST_CASE("a recall that is asked for is reached on rows nobody has seen", "[graph][recall]") {
  const TestRows rows = SomeRows(DataType::kFloatVector, Metric::kL2, 8000);
  TestGraph graph;
  GraphParameters parameters = Small(index::Codec::kSq8);
  parameters.calibration_queries = 100;
  graph.Build(rows, parameters).OrDie();
  const auto index = graph.Open(rows.shape());
  const Description description = index->Describe();
  CHECK(description.rows == 8000);
  CHECK(description.ef_at_10 >= 10);
  CHECK(description.recall_at_10 > 0.5);
  for (const float target : {0.9F, 0.95F, 0.99F}) {
    Effort effort;
    effort.recall = target;
    CHECK(MeanRecall(*index, rows, 10, effort) >= double{target} - 0.03);
  }
}

TEST_CASE("a build says what it needs, can be stopped and reports how far it is", "[graph]") {
  const TestRows rows = SomeRows(DataType::kFloatVector, Metric::kL2);
  BuildContext context;
  context.memory_bytes = BuildMemory(rows.shape(), Small(index::Codec::kSq8)) - 1;
  TestGraph refused;
  CHECK(refused.Build(rows, Small(index::Codec::kSq8), context).code() ==
        StatusCode::kResourceExhausted);

  context.memory_bytes += 1;
  std::vector<double> shares;
  context.progress = [&](double share) { shares.push_back(share); };
  TestGraph built;
  built.Build(rows, Small(index::Codec::kSq8), context).OrDie();
  CHECK(std::is_sorted(shares.begin(), shares.end()));
  REQUIRE(!shares.empty());
  CHECK(shares.back() == 1);

  const base::Clock& clock = base::SystemClock();
  std::stop_source stop;
  context.deadline = base::Deadline(clock, std::chrono::milliseconds(0), stop.get_token());
  context.progress = [&](double share) {
    if (share > 0.3) stop.request_stop();
  };
  TestGraph stopped;
  CHECK(stopped.Build(rows, Small(index::Codec::kSq8), context).code() == StatusCode::kCancelled);
}

TEST_CASE("more candidates than rows are as many as rows", "[graph]") {
  const TestRows rows = SomeRows(DataType::kFloatVector, Metric::kL2, 200);
  GraphParameters parameters = Small(index::Codec::kSq8);
  parameters.ef_construction = kMaxEf;
  TestGraph graph;
  graph.Build(rows, parameters).OrDie();
  Effort effort;
  effort.ef = kMaxEf;
  const TestQuery query(DataType::kFloatVector, rows.row(3), kDimension);
  const auto found = SearchIn(*graph.Open(rows.shape()), rows, query, 10, effort);
  CHECK(RecallOf(found, rows, query, TrueDistances(rows, query, 10, kEverything)) == 1);
}

TEST_CASE("parameters outside their ranges are refused by name", "[graph]") {
  const Shape shape{DataType::kFloatVector, Metric::kL2, 4, 10};
  const auto message = [&](const GraphParameters& parameters) {
    return CheckParameters(shape, parameters).ToString();
  };
  GraphParameters parameters;
  CHECK(CheckParameters(shape, parameters).ok());
  parameters.m = 1;
  CHECK(message(parameters) == "InvalidArgument: M is 1, it must be from 2 to 2048");
  parameters.m = 2049;
  CHECK(message(parameters) == "InvalidArgument: M is 2049, it must be from 2 to 2048");
  parameters.m = 16;
  parameters.ef_construction = 0;
  CHECK(message(parameters) ==
        "InvalidArgument: efConstruction is 0, it must be from 1 to 2147483647");
  parameters.ef_construction = 1;
  parameters.codec = index::Codec::kInt8;
  CHECK(CheckParameters(shape, parameters).code() == StatusCode::kInvalidArgument);
  const Shape bits{DataType::kBinaryVector, Metric::kHamming, 8, 10};
  CHECK(CheckParameters(bits, GraphParameters()).code() == StatusCode::kUnimplemented);
}
