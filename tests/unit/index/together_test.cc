// Searches that one thread makes side by side find what each finds whatever the others are.
#include <cmath>
#include <deque>
#include <stop_token>

#include "base/clock.h"
#include "unit/index/graph_testing.h"

using namespace vecdb;
using namespace vecdb::index;

namespace {

constexpr std::uint32_t kDimension = 24;

// Rows, their graph, and what is asked of it.
struct Indexed {
  Indexed(DataType type, Metric metric, std::size_t count, const GraphParameters& parameters,
          unsigned seed)
      : rows(type, metric, kDimension, Clouds(count, kDimension, seed, 20)) {
    graph.Build(rows, parameters).OrDie();
    index = graph.Open(rows.shape());
    if (seed % 2 == 0) index->Verify().OrDie();
  }

  TestRows rows;
  TestGraph graph;
  std::shared_ptr<const Index> index;
};

// Whole, for rows that are.
std::vector<double> NumbersFor(const Indexed& in, const double* numbers) {
  std::vector<double> some(numbers, numbers + kDimension);
  if (in.rows.shape().type != DataType::kInt8Vector) return some;
  for (double& x : some) x = std::trunc(x);
  return some;
}

// One search and what it needs.
struct Asked {
  Asked(const Indexed& in, const double* numbers, std::size_t most, const AllowedRows* some)
      : of(in),
        query(in.rows.shape().type, NumbersFor(in, numbers).data(), kDimension),
        exact(in.rows, query.exact),
        k(most),
        allowed(some) {}
  Asked(const Asked&) = delete;

  SearchOf Request(std::vector<Neighbor>* out) {
    SearchOf search;
    search.index = of.index.get();
    search.exact = &exact;
    search.out = out;
    search.request.query = query.view();
    search.request.k = k;
    search.request.allowed = allowed;
    return search;
  }

  const Indexed& of;
  TestQuery query;
  TestDistances exact;
  std::size_t k;
  const AllowedRows* allowed;
};

std::vector<Indexed> SomeIndexes() {
  const GraphParameters graph{.m = 8, .ef_construction = 60};
  const GraphParameters flat{.kind = Kind::kFlat};
  std::vector<Indexed> indexes;
  indexes.emplace_back(DataType::kFloatVector, Metric::kL2, 3000, graph, 1U);
  indexes.emplace_back(DataType::kFloatVector, Metric::kCosine, 2000, graph, 2U);
  indexes.emplace_back(DataType::kInt8Vector, Metric::kInnerProduct, 1500, graph, 3U);
  indexes.emplace_back(DataType::kFloatVector, Metric::kL2, 40, graph, 4U);
  indexes.emplace_back(DataType::kBFloat16Vector, Metric::kL2, 1200, flat, 5U);
  return indexes;
}

bool EveryOther(std::size_t row) {
  return row % 2 == 0;
}

}  // namespace

TEST_CASE("searches made together find what each finds whatever the others are", "[together]") {
  const std::vector<Indexed> indexes = SomeIndexes();
  const std::vector<float> numbers = Clouds(40, kDimension, 77, 20);
  const std::vector<double> queries(numbers.begin(), numbers.end());
  std::vector<base::Bitmap> bitmaps;
  std::vector<AllowedRows> allowed;
  for (const Indexed& indexed : indexes) {
    base::Bitmap& bitmap = bitmaps.emplace_back(indexed.rows.shape().rows);
    for (std::size_t row = 0; row < bitmap.size(); row += 2) bitmap.Set(row);
  }
  for (const base::Bitmap& bitmap : bitmaps) {
    allowed.push_back({bitmap.words(), static_cast<RowIndex>(bitmap.Count())});
  }
  std::deque<Asked> asked;
  for (std::size_t i = 0; i < 40; ++i) {
    const std::size_t which = i * 3 % indexes.size();
    asked.emplace_back(indexes[which], queries.data() + i * kDimension, 1 + i % 20,
                       i % 4 == 1 ? &allowed[which] : nullptr);
  }
  std::vector<std::vector<Neighbor>> found(asked.size());
  std::vector<SearchOf> searches;
  for (std::size_t i = 0; i < asked.size(); ++i) searches.push_back(asked[i].Request(&found[i]));
  SearchTogether(searches);
  double recall = 0;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    INFO("search " << i);
    REQUIRE(searches[i].status.ok());
    std::vector<Neighbor> alone;
    SearchOf one = asked[i].Request(&alone);
    SearchTogether({&one, 1});
    CHECK(found[i] == alone);
    const bool some = asked[i].allowed != nullptr;
    const auto truth = TrueDistances(asked[i].of.rows, asked[i].query, asked[i].k,
                                     [&](std::size_t row) { return !some || EveryOther(row); });
    recall += RecallOf(found[i], asked[i].of.rows, asked[i].query, truth);
    for (const Neighbor& neighbor : found[i]) CHECK((!some || EveryOther(neighbor.row)));
  }
  CHECK(recall / static_cast<double>(asked.size()) >= 0.93);
}

TEST_CASE("a search that fails leaves those beside it alone", "[together]") {
  const base::Clock& clock = base::SystemClock();
  std::stop_source stop;
  stop.request_stop();
  const base::Deadline ended(clock, std::chrono::milliseconds(0), stop.get_token());
  const std::vector<Indexed> indexes = SomeIndexes();
  const std::vector<float> numbers = Clouds(20, kDimension, 78, 20);
  const std::vector<double> queries(numbers.begin(), numbers.end());
  std::deque<Asked> asked;
  std::vector<std::vector<Neighbor>> found(20);
  std::vector<SearchOf> searches;
  for (std::size_t i = 0; i < found.size(); ++i) {
    asked.emplace_back(indexes[0], queries.data() + i * kDimension, 10, nullptr);
    searches.push_back(asked[i].Request(&found[i]));
    if (i % 3 == 0) searches[i].request.deadline = ended;
  }
  SearchTogether(searches);
  for (std::size_t i = 0; i < found.size(); ++i) {
    INFO("search " << i);
    if (i % 3 == 0) {
      CHECK(searches[i].status.code() == StatusCode::kCancelled);
    } else {
      CHECK(searches[i].status.ok());
      CHECK(found[i].size() == 10);
    }
  }
  SearchTogether({});
}
