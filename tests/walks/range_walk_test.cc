// Searches within a range of scores: every metric, both ends exact, by scan and through an index.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <utility>

#include "support/vector_oracle.h"
#include "walks/vector_rows.h"
#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

constexpr std::uint32_t kDimension = 16;

bool InRange(Metric metric, float score, const std::optional<float>& radius,
             const std::optional<float>& range_filter) {
  if (LargerIsNearer(metric)) {
    return (!radius || score > *radius) && (!range_filter || score <= *range_filter);
  }
  return (!radius || score < *radius) && (!range_filter || score >= *range_filter);
}

using Found = Scores;

Found FoundBy(const Collection& rows, const SearchRequest& request) {
  const auto hits = rows.Search(request);
  hits.status().OrDie();
  return ScoresOf(*hits);
}

Found Within(const Found& all, Metric metric, const SearchRequest& request) {
  Found within;
  for (const auto& one : all) {
    if (InRange(metric, one.second, request.radius, request.range_filter)) within.push_back(one);
  }
  const std::size_t first = std::min(request.offset, within.size());
  within.erase(within.begin(), within.begin() + static_cast<std::ptrdiff_t>(first));
  within.resize(std::min(within.size(), request.limit));
  return within;
}

}  // namespace

TEST_CASE("a radius and a range filter keep exactly the scores between them", "[walk][range]") {
  const VectorKind kind = GENERATE(from_range(AllVectorKinds()));
  INFO(ToString(kind.type) << " " << ToString(kind.metric));
  TestDatabase db(io::MakeMemoryFileSystem(), QuietOptions());
  const Collection rows = FillVectorRows(db, kind);
  std::mt19937_64 random(11);
  const Value query = WholeVector(kind.type, &random);
  const SearchRequest whole{.query = QueryOf(query), .limit = 1000};
  const Found all = FoundBy(rows, whole);
  REQUIRE(all.size() == *rows.Count());
  // The scores that there are, the best first, are the boundaries that matter.
  std::vector<float> scores;
  for (const auto& [key, score] : all) {
    if (scores.empty() || scores.back() != score) scores.push_back(score);
  }
  REQUIRE(scores.size() > 5);
  std::size_t ranges = 0;
  for (std::size_t far = 0; far < scores.size(); far += 1 + far / 4) {
    for (std::size_t near = 0; near <= far; near += 1 + near / 2) {
      for (const std::size_t limit : {1UL, 7UL, 500UL}) {
        SearchRequest request = whole;
        request.radius = scores[far];
        request.limit = limit;
        request.offset = limit == 7 ? 3 : 0;
        if (near != far) request.range_filter = scores[near];
        INFO("radius " << *request.radius << " to " << scores[near] << " limit " << limit);
        REQUIRE(FoundBy(rows, request) == Within(all, kind.metric, request));
        ++ranges;
      }
    }
  }
  CHECK(ranges > 10);
}

TEST_CASE("an index answers a range with all rows that lie in it", "[walk][range][index]") {
  const Metric metric = GENERATE(Metric::kL2, Metric::kInnerProduct, Metric::kCosine);
  TestDatabase db(io::MakeMemoryFileSystem(), QuietOptions());
  const Schema schema = *SchemaBuilder().PrimaryKey("id").Vector("v", kDimension, metric).Build();
  Collection rows = *db->CreateCollection("rows", schema);
  std::mt19937_64 random(3);
  std::normal_distribution<float> number;
  const auto make = [&] {
    std::vector<float> vector(kDimension);
    for (float& x : vector) x = number(random);
    return vector;
  };
  Batch batch(schema);
  for (std::int64_t id = 0; id < 6000; ++id) batch.Add({{"id", id}, {"v", make()}}).OrDie();
  rows.Insert(batch).status().OrDie();
  rows.Flush().OrDie();
  const IndexSpec spec = GENERATE(IndexSpec(HnswIndex{.m = 16, .ef_construction = 100}),
                                  IndexSpec(HnswSqIndex{.m = 16, .ef_construction = 100}));
  rows.CreateIndex("v", spec).OrDie();
  rows.WaitForIndexes().OrDie();
  std::map<std::pair<std::size_t, std::size_t>, std::pair<std::size_t, std::size_t>> counts;
  for (int i = 0; i < 20; ++i) {
    const std::vector<float> query = make();
    SearchRequest request{.query = query, .limit = 6000};
    request.effort.recall = 1;
    const Found all = FoundBy(rows, request);
    struct Range {
      std::size_t near, far, limit;
    };
    // Nothing near; a few; more than one ask of the index brings; some behind many that are nearer;
    // so many that the index is of no use.
    for (const Range& range :
         {Range{0, 0, 10}, Range{0, 5, 10}, Range{0, 400, 1000}, Range{0, 400, 50},
          Range{30, 60, 20}, Range{300, 420, 1000}, Range{300, 420, 20}, Range{2500, 4000, 10}}) {
      INFO("from " << range.near << " to " << range.far << " limit " << range.limit);
      request.radius = all[range.far].second;
      request.range_filter.reset();
      if (range.near > 0) request.range_filter = all[range.near].second;
      request.limit = range.limit;
      const Found exact = FoundBy(rows, request);
      REQUIRE(exact == Within(all, metric, request));
      SearchRequest near = request;
      near.effort.recall = 0.99F;
      const Found answer = FoundBy(rows, near);
      REQUIRE(answer.size() <= exact.size());
      auto& [found, there] = counts[{range.near, range.limit}];
      for (const auto& one : answer) {
        REQUIRE(InRange(metric, one.second, request.radius, request.range_filter));
        found += static_cast<std::size_t>(std::count(exact.begin(), exact.end(), one));
      }
      there += exact.size();
    }
  }
  for (const auto& [range, count] : counts) {
    INFO("behind " << range.first << " rows, limit " << range.second);
    INFO(count.first << " of " << count.second);
    CHECK(count.first >= count.second * 95 / 100);
  }
}

TEST_CASE("a range that can hold nothing is refused, by name and value", "[walk][range]") {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const Metric metric = GENERATE(Metric::kL2, Metric::kInnerProduct, Metric::kCosine);
  TestDatabase db;
  const Collection books = *db->CreateCollection("books", BookSchema(metric));
  const std::vector<float> query = Book{1}.vector();
  const auto status = [&](std::optional<float> radius, std::optional<float> range_filter) {
    return books.Search({.query = query, .radius = radius, .range_filter = range_filter}).status();
  };
  const StatusCode bad = StatusCode::kInvalidArgument;
  CheckRefusal(status(std::nanf(""), {}), bad, {"radius", "finite", "nan"});
  CheckRefusal(status(kInfinity, {}), bad, {"radius", "finite", "inf"});
  CheckRefusal(status(1.0F, -kInfinity), bad, {"range_filter", "finite", "-inf"});
  CheckRefusal(status(1.0F, std::nanf("")), bad, {"range_filter", "finite", "nan"});
  CheckRefusal(status({}, 0.5F), bad, {"range_filter", "0.5", "radius"});
  const bool larger = LargerIsNearer(metric);
  CheckRefusal(status(0.25F, 0.25F), bad,
               {"range_filter", larger ? "above" : "below", "0.25", ToString(metric)});
  CheckRefusal(larger ? status(0.5F, 0.25F) : status(0.25F, 0.5F), bad,
               {"range_filter", "0.5", "0.25"});
  CHECK(status(larger ? 0.25F : 0.5F, larger ? 0.5F : 0.25F).ok());
  CHECK(status(-1.0F, {}).ok());
  CHECK(status(std::numeric_limits<float>::max(), {}).ok());
  CHECK(status(std::numeric_limits<float>::lowest(), {}).ok());
}
