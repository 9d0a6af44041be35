#include "index/graph_file.h"
#include "index/search_plan.h"
#include "unit/index/graph_testing.h"

using namespace vecdb;
using namespace vecdb::index;

namespace {

constexpr std::uint32_t kDimension = 24;
constexpr std::size_t kRows = 3000;
constexpr std::size_t kQueries = 50;

TestRows SomeRows(DataType type, Metric metric, std::size_t rows, unsigned seed) {
  const float scale = type == DataType::kInt8Vector ? 30.0F : 1.0F;
  std::vector<float> numbers = Clouds(rows, kDimension, seed, scale);
  if (type == DataType::kInt8Vector) {
    for (float& x : numbers) x = std::clamp(std::nearbyint(x), -128.0F, 127.0F);
  }
  return TestRows(type, metric, kDimension, std::move(numbers));
}

GraphParameters Flat(index::Codec codec) {
  GraphParameters parameters;
  parameters.kind = Kind::kFlat;
  parameters.codec = codec;
  return parameters;
}

// Every `every`-th row is allowed.
double MeanRecall(const Index& index, const TestRows& rows, std::size_t every, std::size_t k) {
  base::Bitmap bitmap(kRows);
  for (std::size_t i = 0; i < kRows; i += every) bitmap.Set(i);
  const AllowedRows allowed{bitmap.words(), static_cast<RowIndex>(bitmap.Count())};
  const TestRows others = SomeRows(rows.shape().type, rows.shape().metric, kQueries, 2);
  double recall = 0;
  for (std::size_t q = 0; q < kQueries; ++q) {
    const TestQuery query(rows.shape().type, others.row(q), kDimension);
    const auto found = SearchIn(index, rows, query, k, {}, every == 1 ? nullptr : &allowed);
    const auto truth = TrueDistances(rows, query, k, [&](std::size_t i) { return i % every == 0; });
    for (const Neighbor& neighbor : found) CHECK(neighbor.row % every == 0);
    recall += RecallOf(found, rows, query, truth) / kQueries;
  }
  return recall;
}

}  // namespace

TEST_CASE("codes without links find what brute force finds, with any filter", "[flat]") {
  struct Case {
    DataType type;
    index::Codec codec;
  };
  const Case cases[] = {{DataType::kFloatVector, index::Codec::kFloat32},
                        {DataType::kFloatVector, index::Codec::kBFloat16},
                        {DataType::kFloatVector, index::Codec::kSq8},
                        {DataType::kFloat16Vector, index::Codec::kFloat16},
                        {DataType::kFloat16Vector, index::Codec::kSq8},
                        {DataType::kInt8Vector, index::Codec::kInt8},
                        {DataType::kFloatVector, index::Codec::kSq4U},
                        {DataType::kFloat16Vector, index::Codec::kSq4U},
                        {DataType::kBFloat16Vector, index::Codec::kSq4U},
                        {DataType::kInt8Vector, index::Codec::kSq4U}};
  for (const Metric metric : {Metric::kL2, Metric::kInnerProduct, Metric::kCosine}) {
    for (const auto& [type, codec] : cases) {
      INFO(ToString(type) << " as " << ToString(codec) << " by " << ToString(metric));
      const TestRows rows = SomeRows(type, metric, kRows, 1);
      TestGraph flat;
      flat.Build(rows, Flat(codec)).OrDie();
      const auto index = flat.Open(rows.shape());
      for (const std::size_t every : {1U, 2U, 7U, 100U}) {
        CHECK(MeanRecall(*index, rows, every, 10) >= 0.999);
      }
      index->Verify().OrDie();
      CHECK(MeanRecall(*index, rows, 1, 1) >= 0.999);
      CHECK(MeanRecall(*index, rows, 3, 100) >= 0.999);
    }
  }
}

TEST_CASE("codes without links say so, and take no memory and no bytes for links", "[flat]") {
  const TestRows rows = SomeRows(DataType::kFloatVector, Metric::kL2, kRows, 1);
  GraphParameters parameters = Flat(index::Codec::kSq8);
  parameters.m = 0;  // does not count
  parameters.ef_construction = 0;
  CHECK(CheckParameters(rows.shape(), parameters).ok());
  TestGraph flat;
  flat.Build(rows, parameters).OrDie();
  TestGraph graph;
  graph.Build(rows, {}).OrDie();
  const Description description = flat.Open(rows.shape())->Describe();
  CHECK(description.kind == Kind::kFlat);
  CHECK(description.codec == index::Codec::kSq8);
  CHECK(description.rows == kRows);
  CHECK(description.m == 0);
  CHECK(description.ef_construction == 0);
  CHECK(description.recall_at_10 == 0);
  CHECK(graph.Open(rows.shape())->Describe().kind == Kind::kGraph);
  const std::uint64_t links = std::uint64_t{kRows} * 2 * GraphParameters().m * 4;
  CHECK(description.file_bytes + links <= graph.Open(rows.shape())->Describe().file_bytes);
  CHECK(BuildMemory(rows.shape(), parameters) + links <= BuildMemory(rows.shape(), {}));
}

TEST_CASE("codes without links are scanned however a search is asked for", "[flat]") {
  const TestRows rows = SomeRows(DataType::kFloatVector, Metric::kL2, kRows, 1);
  TestGraph flat;
  flat.Build(rows, Flat(index::Codec::kSq8)).OrDie();
  const auto index = flat.Open(rows.shape());
  const TestQuery query(DataType::kFloatVector, rows.row(5), kDimension);
  const auto expected = SearchIn(*index, rows, query, 10);
  for (const Way way : {Way::kWalk, Way::kScanCodes, Way::kScanExact}) {
    NearestRequest request;
    request.query = query.view();
    request.k = 10;
    request.effort.ef = 12;
    request.way = way;
    TestDistances exact(rows, query.exact);
    std::vector<Neighbor> found;
    index->Search(request, &exact, &found).OrDie();
    CHECK(found == expected);
  }
  for (const std::size_t k : {0U, 1U, 2999U, 3000U, 16384U}) {
    CHECK(SearchIn(*index, rows, query, k).size() == std::min<std::size_t>(k, kRows));
  }
}

TEST_CASE("who scans codes alone may say how many are refined", "[flat][plan]") {
  GraphHeader header;
  header.format = {index::Codec::kSq8, Metric::kL2, 128};
  header.rows = 100'000;
  const auto keep = [&](std::size_t k, float refine_k, bool lossless = false) {
    header.lossless = lossless;
    NearestRequest request;
    request.k = k;
    request.effort.refine_k = refine_k;
    request.effort.ef = 50;
    const SearchPlan plan = PlanSearch(header, RecallTable(), request);
    CHECK(plan.way == Way::kScanCodes);
    return plan.keep;
  };
  CHECK(keep(1, 0) == 64);
  CHECK(keep(100, 0) == 400);
  CHECK(keep(10, 1) == 10);
  CHECK(keep(10, 1.5) == 15);
  CHECK(keep(10, 0, true) == 10);
  header.format.codec = index::Codec::kSq4U;
  CHECK(keep(1, 0) == 256);
  CHECK(keep(100, 0) == 1600);
  CHECK(keep(10, 0, true) == 256);  // the query has lost something
  CHECK(keep(10, 2) == 20);
}
