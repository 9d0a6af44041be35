#include <map>

#include "index/admission.h"
#include "index/search_plan.h"
#include "unit/index/graph_testing.h"

using namespace vecdb;
using namespace vecdb::index;

namespace {

constexpr std::uint32_t kDimension = 24;
constexpr RowIndex kRows = 6000;

const TestRows& SomeRows() {
  static const TestRows rows(DataType::kFloatVector, Metric::kL2, kDimension,
                             Clouds(kRows, kDimension, 1));
  return rows;
}

// Built once for each codec, for everything here only searches.
const Index& SomeGraph(index::Codec codec) {
  static std::map<index::Codec, std::shared_ptr<const Index>> graphs;
  std::shared_ptr<const Index>& index = graphs[codec];
  if (index == nullptr) {
    GraphParameters parameters;
    parameters.m = 8;
    parameters.ef_construction = 60;
    parameters.codec = codec;
    parameters.calibration_queries = 60;
    TestGraph graph;
    graph.Build(SomeRows(), parameters).OrDie();
    index = graph.Open(SomeRows().shape());
  }
  return *index;
}

TestQuery QueryOf(std::size_t i) {
  static const TestRows others(DataType::kFloatVector, Metric::kL2, kDimension,
                               Clouds(40, kDimension, 2));
  return TestQuery(DataType::kFloatVector, others.row(i), kDimension);
}

// Mean over the queries, each under the rows that `allow` gives it; every row must be allowed, and
// there must be min(k, allowed) of them.
template <class Allow>
double MeanRecall(std::size_t k, const Effort& effort, Way way, const Allow& allow,
                  index::Codec codec = index::Codec::kSq8) {
  double recall = 0;
  for (std::size_t q = 0; q < 40; ++q) {
    const TestQuery query = QueryOf(q);
    const base::Bitmap bitmap = allow(query);
    const AllowedRows allowed{bitmap.words(), static_cast<RowIndex>(bitmap.Count())};
    NearestRequest request;
    request.query = query.view();
    request.k = k;
    request.effort = effort;
    request.allowed = &allowed;
    request.way = way;
    TestDistances exact(SomeRows(), query.exact);
    std::vector<Neighbor> found;
    SomeGraph(codec).Search(request, &exact, &found).OrDie();
    for (const Neighbor& neighbor : found) CHECK(bitmap.Test(neighbor.row));
    const auto truth =
        TrueDistances(SomeRows(), query, k, [&](std::size_t i) { return bitmap.Test(i); });
    recall += RecallOf(found, SomeRows(), query, truth) / 40;
  }
  return recall;
}

// The same rows for every query, at random.
auto AtRandom(unsigned per_mille) {
  std::mt19937 random(5);
  base::Bitmap bitmap(kRows);
  for (std::size_t i = 0; i < kRows; ++i) {
    if (random() % 1000 < per_mille) bitmap.Set(i);
  }
  return [bitmap](const TestQuery&) { return bitmap; };
}

// The rows farthest from the query, or the nearest to it.
auto ByDistance(unsigned per_mille, bool far) {
  return [per_mille, far](const TestQuery& query) {
    std::vector<std::pair<double, std::size_t>> order;
    for (std::size_t i = 0; i < kRows; ++i) {
      const double distance = SomeRows().Distance(query.exact, i);
      order.emplace_back(far ? -distance : distance, i);
    }
    std::sort(order.begin(), order.end());
    base::Bitmap bitmap(kRows);
    for (std::size_t i = 0; i < kRows * per_mille / 1000; ++i) bitmap.Set(order[i].second);
    return bitmap;
  };
}

std::uint64_t EntryOf(std::uint32_t row) {
  return Beam::EntryOf(row, row);  // as far as its number says
}

}  // namespace

TEST_CASE("a filter leaves exactly the allowed rows, however many", "[filter]") {
  for (const unsigned per_mille : {0U, 1U, 5U, 50U, 300U, 700U, 990U, 1000U}) {
    INFO(per_mille << " of 1000 allowed");
    for (const Way way : {Way::kChosen, Way::kWalk, Way::kScanCodes, Way::kScanExact}) {
      for (const std::size_t k : {1U, 10U, 200U}) {
        CHECK(MeanRecall(k, Effort{}, way, AtRandom(per_mille)) >= 0.93);
      }
    }
  }
}

TEST_CASE("a recall that is asked for is reached under filters", "[filter][recall]") {
  for (const unsigned per_mille : {20U, 100U, 500U, 990U}) {
    for (const float target : {0.9F, 0.95F, 0.99F}) {
      INFO(target << " with " << per_mille << " of 1000 allowed");
      Effort effort;
      effort.recall = target;
      for (const Way way : {Way::kChosen, Way::kWalk}) {
        CHECK(MeanRecall(10, effort, way, AtRandom(per_mille)) >= double{target} - 0.02);
      }
    }
  }
}

TEST_CASE("a filter that allows only what is far from the query costs no result", "[filter]") {
  for (const unsigned per_mille : {10U, 50U, 200U, 500U}) {
    INFO(per_mille << " of 1000 allowed");
    for (const Way way : {Way::kChosen, Way::kWalk}) {
      // By exact numbers: what is farthest is so nearly equally far that codes cannot tell.
      CHECK(MeanRecall(10, Effort{}, way, ByDistance(per_mille, true), index::Codec::kFloat32) >=
            0.98);
    }
  }
}

TEST_CASE("a filter that allows only what is near the query costs no result", "[filter]") {
  for (const unsigned per_mille : {10U, 50U, 200U, 500U}) {
    INFO(per_mille << " of 1000 allowed");
    for (const Way way : {Way::kChosen, Way::kWalk}) {
      CHECK(MeanRecall(10, Effort{}, way, ByDistance(per_mille, false)) >= 0.95);
    }
  }
}

TEST_CASE("a walk finds only allowed rows and is over when none can be nearer", "[filter]") {
  const std::vector<std::uint64_t> words = {0xAAAA'AAAA'AAAA'AAAA};  // the odd rows
  const AllowedRows allowed{words, 32};
  Beam found;
  Admission admission(allowed, {2, 1000, 0.5}, &found);
  for (const std::uint32_t row : {9U, 4U, 7U, 6U}) admission.Met(EntryOf(row));
  REQUIRE(found.size() == 2);
  CHECK(found.id(0) == 7);
  CHECK(found.id(1) == 9);
  CHECK(admission.bound() == EntryOf(9));
  CHECK_FALSE(admission.IsOver(EntryOf(8), 10));
  CHECK(admission.IsOver(EntryOf(10), 10));
  Beam walked;
  walked.Reset(3);
  for (const std::uint32_t row : {4U, 6U, 7U}) (void)walked.Insert(EntryOf(row));
  CHECK_FALSE(admission.Succeeded(walked));  // it had no room for 9, nor for all that 9 is behind
  walked.Reset(4);
  for (const std::uint32_t row : {4U, 6U, 7U, 9U}) (void)walked.Insert(EntryOf(row));
  CHECK(admission.Succeeded(walked));
}

TEST_CASE("a walk gives up when it has computed as much as it may", "[filter]") {
  const std::vector<std::uint64_t> words = {0xAAAA'AAAA'AAAA'AAAA};
  const AllowedRows allowed{words, 32};
  Beam found;
  Admission admission(allowed, {1, 100, 0.5}, &found);
  admission.Met(EntryOf(9));
  CHECK_FALSE(admission.IsOver(EntryOf(3), 100));
  CHECK(admission.IsOver(EntryOf(3), 101));
  Beam walked;
  walked.Reset(2);
  CHECK_FALSE(admission.Succeeded(walked));
}

TEST_CASE("a walk gives up where far fewer rows are allowed than anywhere else", "[filter]") {
  const auto given_up = [](std::size_t every) {
    std::vector<std::uint64_t> words(1000 / 64 + 1);
    for (std::size_t row = 0; row < 1000; row += every) {
      words[row / 64] |= std::uint64_t{1} << (row % 64);
    }
    const AllowedRows allowed{words, 500};  // the others are elsewhere
    Beam found;
    Admission admission(allowed, {1000, 100'000, 0.5}, &found);
    for (std::uint32_t row = 0; row < 1000; ++row) admission.Met(EntryOf(row));
    return admission.IsOver(EntryOf(1000), 1000);
  };
  CHECK_FALSE(given_up(2));
  CHECK_FALSE(given_up(7));
  CHECK(given_up(9));
}

TEST_CASE("few allowed rows are scanned, many are walked to", "[plan]") {
  GraphHeader header;
  header.format = {index::Codec::kSq8, Metric::kL2, 128};
  header.rows = 200'000;
  header.m = 16;
  const RecallTable table(
      {{10, 10, 0.7F, 300}, {10, 50, 0.95F, 900}, {10, 100, 0.99F, 1700}, {100, 200, 0.95F, 3000}});
  const std::vector<std::uint64_t> words(header.rows / 64 + 1);  // only the count matters here
  const auto plan = [&](const GraphHeader& of, RowIndex count, std::size_t k = 10,
                        std::uint32_t ef = 0, Way way = Way::kChosen) {
    const AllowedRows allowed{words, count};
    NearestRequest request;
    request.k = k;
    request.effort.ef = ef;
    request.allowed = &allowed;
    request.way = way;
    return PlanSearch(of, table, request);
  };
  CHECK(plan(header, 200'000).way == Way::kWalk);
  CHECK(plan(header, 100'000).way == Way::kWalk);
  CHECK(plan(header, 2'000).way == Way::kScanCodes);
  CHECK(plan(header, 200).way == Way::kScanExact);
  CHECK(plan(header, 200, 10, 0, Way::kWalk).way == Way::kWalk);
  CHECK(plan(header, 10'000, 16'384).way == Way::kScanExact);
  CHECK(plan(header, 0).k == 0);
  GraphHeader small = header;
  small.rows = 1000;
  CHECK(plan(small, 1000).way == Way::kScanCodes);
  CHECK(plan(small, 1000, 10, 50).way == Way::kWalk);
  CHECK(plan(small, 999, 10, 50).way == Way::kScanCodes);
  CHECK(plan(header, 200'000, 10, 5).keep == 20);
  CHECK(plan(header, 200'000, 10, 5).ef == 20);
  // An ef counts rows that are allowed, of which the walk finds so many among twice as many.
  CHECK(plan(header, 100'000, 10, 50).limits.found == 50);
  CHECK(plan(header, 100'000, 10, 50).ef >= 100);
  // The nearest 10 of a tenth are about the nearest 100 of all, which take 200 candidates.
  CHECK(plan(header, 20'000, 10, 0, Way::kWalk).limits.found == 20);
  CHECK(plan(header, 20'000, 10, 0, Way::kWalk).ef >= 200);
  // What a walk may compute costs at most what a scan does.
  CHECK(plan(header, 100'000).limits.budget <= 100'000 / 3);
}

TEST_CASE("where codes did not tell the nearest apart, every candidate is compared", "[plan]") {
  GraphHeader header;
  header.format = {index::Codec::kSq8, Metric::kL2, 128};
  header.rows = 200'000;
  header.m = 16;
  const RecallTable table({{10, 10, 0.7F, 300}, {10, 100, 0.9F, 900}, {10, 1000, 0.93F, 9000}});
  NearestRequest request;
  request.k = 10;
  request.effort.recall = 0.9F;
  CHECK(PlanSearch(header, table, request).keep == 20);
  request.effort.recall = 0.95F;
  SearchPlan plan = PlanSearch(header, table, request);
  CHECK(plan.ef > 1000);
  CHECK(plan.keep == plan.ef);
  CHECK(PlanSearch(header, RecallTable(), request).keep == 20);  // nothing was measured
  request.effort.refine_k = 3;  // who says how many are compared gets as many
  CHECK(PlanSearch(header, table, request).keep == 30);
  request.effort = {};
  request.effort.ef = 50;
  CHECK(PlanSearch(header, table, request).keep == 20);

  // Beside a scan of all codes that are allowed a few more cost nothing.
  const std::vector<std::uint64_t> words(header.rows / 64 + 1);
  const AllowedRows allowed{words, 2000};
  request.effort = {};
  request.allowed = &allowed;
  plan = PlanSearch(header, RecallTable(), request);
  CHECK(plan.way == Way::kScanCodes);
  CHECK(plan.keep == 64);
}
