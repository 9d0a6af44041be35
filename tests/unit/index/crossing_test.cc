// Crossings: each row leads to one that is about the nearest in the other index, whatever codes the
// two have, and searches that begin there find as much on a shorter way.
#include "index/crossing.h"

#include <stop_token>

#include "base/clock.h"
#include "index/graph_index.h"
#include "unit/index/graph_testing.h"

using namespace vecdb;
using namespace vecdb::index;

namespace {

constexpr std::uint32_t kDimension = 24;

struct Indexed {
  Indexed(DataType type, Metric metric, index::Codec codec, std::size_t count, unsigned seed)
      : rows(type, metric, kDimension, Clouds(count, kDimension, seed, 20)) {
    graph.Build(rows, {.m = 8, .ef_construction = 60, .codec = codec}).OrDie();
    index = graph.Open(rows.shape());
  }
  std::vector<double> Row(std::size_t i) const {
    return std::vector<double>(rows.row(i), rows.row(i) + kDimension);
  }

  TestRows rows;
  TestGraph graph;
  std::shared_ptr<const Index> index;
};

std::shared_ptr<const Crossing> Cross(const Indexed& from, const Indexed& to,
                                      RowIndex at_once = 1000) {
  CrossingBuild build(from.index, to.index);
  while (true) {
    const Result<bool> more = build.Go(at_once, {});
    more.status().OrDie();
    if (!*more) break;
  }
  return build.Take();
}

// Of how many rows, one in `step`, the crossing leads to one of the `k` nearest.
double ShareNear(const Crossing& crossing, const Indexed& from, const Indexed& to, std::size_t k) {
  constexpr std::size_t kStep = 17;
  std::size_t near = 0;
  std::size_t all = 0;
  for (std::size_t row = 0; row < from.rows.shape().rows; row += kStep, ++all) {
    const TestQuery query(DataType::kFloatVector, from.rows.row(row), kDimension);
    const auto truth = TrueDistances(to.rows, query, k, [](std::size_t) { return true; });
    near += to.rows.Distance(query.exact, crossing[static_cast<RowIndex>(row)]) <= truth.back();
  }
  return static_cast<double>(near) / static_cast<double>(all);
}

}  // namespace

TEST_CASE("a crossing leads to the nearest rows of another index", "[crossing]") {
  struct Case {
    DataType type;
    Metric metric;
    index::Codec codec;
    double least;
  };
  const Case c =
      GENERATE(Case{DataType::kFloatVector, Metric::kL2, index::Codec::kSq8, 0.95},
               Case{DataType::kFloatVector, Metric::kL2, index::Codec::kFloat32, 0.95},
               Case{DataType::kFloatVector, Metric::kCosine, index::Codec::kSq8, 0.95},
               Case{DataType::kFloatVector, Metric::kL2, index::Codec::kSq4U, 0.75},
               Case{DataType::kFloat16Vector, Metric::kL2, index::Codec::kFloat16, 0.95},
               Case{DataType::kBFloat16Vector, Metric::kCosine, index::Codec::kBFloat16, 0.95},
               Case{DataType::kInt8Vector, Metric::kL2, index::Codec::kInt8, 0.95},
               Case{DataType::kInt8Vector, Metric::kCosine, index::Codec::kSq8, 0.95});
  CAPTURE(ToString(c.codec), static_cast<int>(c.metric));
  const Indexed from(c.type, c.metric, c.codec, 3000, 1);
  const Indexed to(c.type, c.metric, c.codec, 2000, 2);
  const auto crossing = Cross(from, to);
  REQUIRE(crossing->rows() == 3000);
  for (RowIndex row = 0; row < crossing->rows(); ++row) REQUIRE((*crossing)[row] < 2000);
  CHECK(ShareNear(*crossing, from, to, 3) >= c.least);
}

TEST_CASE("a crossing is the same however it is made, and to the index itself it is each row",
          "[crossing]") {
  const Indexed from(DataType::kFloatVector, Metric::kL2, index::Codec::kSq8, 2000, 3);
  const Indexed to(DataType::kFloatVector, Metric::kL2, index::Codec::kSq4U, 300, 4);
  const auto crossing = Cross(from, to);
  const auto slowly = Cross(from, to, 7);
  std::size_t same = 0;
  const auto itself = Cross(from, from);
  for (RowIndex row = 0; row < 2000; ++row) {
    REQUIRE((*crossing)[row] == (*slowly)[row]);
    same += (*itself)[row] == row ? 1 : 0;
  }
  CHECK(same >= 1990);
}

TEST_CASE("a crossing that nobody waits for any more ends", "[crossing]") {
  const Indexed from(DataType::kFloatVector, Metric::kL2, index::Codec::kSq8, 500, 5);
  std::stop_source stop;
  stop.request_stop();
  const base::Deadline ended(base::SystemClock(), std::chrono::milliseconds(0), stop.get_token());
  CrossingBuild build(from.index, from.index);
  CHECK(build.Go(100, ended).status().code() == StatusCode::kCancelled);
}

TEST_CASE("rows of zeros do not make everything near", "[crossing]") {
  std::vector<float> numbers = Clouds(1000, kDimension, 9, 20);
  for (std::size_t row = 0; row < 1000; row += 10) {
    std::fill_n(numbers.begin() + static_cast<std::ptrdiff_t>(row * kDimension), kDimension, 0.0F);
  }
  const index::Codec codec =
      GENERATE(index::Codec::kSq8, index::Codec::kFloat32, index::Codec::kSq4U);
  CAPTURE(ToString(codec));
  const TestRows rows(DataType::kFloatVector, Metric::kCosine, kDimension, numbers);
  TestGraph graph;
  graph.Build(rows, {.m = 8, .ef_construction = 60, .codec = codec}).OrDie();
  const auto index = graph.Open(rows.shape());
  CrossingBuild build(index, index);
  while (*build.Go(1000, {})) continue;
  const auto crossing = build.Take();
  std::uint32_t room[4];
  const std::vector<Neighbor> near = {{-0.99F, 1}};
  const std::vector<Neighbor> far = {{-0.1F, 1}};
  CHECK(crossing->SeedsOf(near, room).size() == 1);
  CHECK(crossing->SeedsOf(far, room).empty());
}

TEST_CASE("seeds are what the found rows lead to, each once", "[crossing]") {
  const Crossing crossing({5, 5, 9, 7, 9}, 0.5F);
  const std::vector<Neighbor> found = {{0, 4}, {1, 0}, {2, 1}, {3, 2}, {4, 3}};
  std::uint32_t room[4];
  const auto all = crossing.SeedsOf(found, room);
  CHECK(std::vector(all.begin(), all.end()) == std::vector<std::uint32_t>{9, 5, 7});
  CHECK(crossing.SeedsOf(found, std::span(room).first(2)).size() == 2);
  CHECK(crossing.SeedsOf({}, room).empty());
  const std::vector<Neighbor> far = {{0.6F, 4}};
  CHECK(crossing.SeedsOf(far, room).empty());
}

TEST_CASE("searches from seeds find as much as searches from the entries", "[crossing]") {
  const index::Codec codec =
      GENERATE(index::Codec::kSq8, index::Codec::kFloat32, index::Codec::kSq4U);
  const Metric metric = GENERATE(Metric::kL2, Metric::kCosine);
  const bool half = GENERATE(false, true);
  CAPTURE(ToString(codec), static_cast<int>(metric), half);
  const Indexed from(DataType::kFloatVector, metric, codec, 4000, 6);
  const Indexed to(DataType::kFloatVector, metric, codec, 4000, 7);
  const auto crossing = Cross(from, to);
  base::Bitmap bitmap(4000);
  for (std::size_t row = 0; row < bitmap.size(); row += 2) bitmap.Set(row);
  const AllowedRows even{bitmap.words(), 2000};
  const std::vector<float> numbers = Clouds(100, kDimension, 79, 20);
  const std::vector<double> queries(numbers.begin(), numbers.end());
  double from_entries = 0;
  double from_seeds = 0;
  std::size_t seeded = 0;
  for (std::size_t i = 0; i < 100; ++i) {
    const TestQuery query(DataType::kFloatVector, queries.data() + i * kDimension, kDimension);
    const auto first = SearchIn(*from.index, from.rows, query, 4);
    std::uint32_t room[4];
    NearestRequest request;
    request.query = query.view();
    request.k = 10;
    request.effort.ef = 12;
    if (half) request.allowed = &even;
    TestDistances exact(to.rows, query.exact);
    const auto truth =
        TrueDistances(to.rows, query, 10, [&](std::size_t row) { return !half || row % 2 == 0; });
    std::vector<Neighbor> found;
    to.index->Search(request, &exact, &found).OrDie();
    from_entries += RecallOf(found, to.rows, query, truth);
    request.seeds = crossing->SeedsOf(first, room);
    seeded += request.seeds.empty() ? 0 : 1;
    to.index->Search(request, &exact, &found).OrDie();
    from_seeds += RecallOf(found, to.rows, query, truth);
    for (const Neighbor& neighbor : found) CHECK((!half || neighbor.row % 2 == 0));
  }
  CHECK(from_seeds >= from_entries - 1);  // of 100 searches
  CHECK(seeded >= 80);
}

TEST_CASE("graphs of one kind of distance are crossed between, no others", "[crossing]") {
  const Indexed l2(DataType::kFloatVector, Metric::kL2, index::Codec::kSq8, 300, 1);
  const Indexed other(DataType::kFloatVector, Metric::kL2, index::Codec::kFloat32, 300, 2);
  const Indexed ip(DataType::kFloatVector, Metric::kInnerProduct, index::Codec::kSq8, 300, 1);
  CHECK(CanCross(*l2.index, *other.index));
  CHECK_FALSE(CanCross(*ip.index, *ip.index));
  CHECK_FALSE(CanCross(*l2.index, *ip.index));
  TestGraph flat;
  flat.Build(l2.rows, {.codec = index::Codec::kSq8, .kind = Kind::kFlat}).OrDie();
  CHECK_FALSE(CanCross(*flat.Open(l2.rows.shape()), *l2.index));
  CHECK_FALSE(CanCross(*l2.index, *flat.Open(l2.rows.shape())));
}

// Where all seeds are far from everything that is allowed, and few: the same row again and again.
TEST_CASE("a search from one seed finds all rows there are", "[crossing]") {
  const Indexed to(DataType::kFloatVector, Metric::kL2, index::Codec::kSq8, 600, 8);
  const auto query_row = to.Row(17);
  const TestQuery query(DataType::kFloatVector, query_row.data(), kDimension);
  NearestRequest request;
  request.query = query.view();
  request.k = 600;
  request.effort.ef = 600;
  request.way = Way::kWalk;
  const std::uint32_t seeds[] = {3, 3, 3};
  request.seeds = seeds;
  TestDistances exact(to.rows, query.exact);
  std::vector<Neighbor> found;
  to.index->Search(request, &exact, &found).OrDie();
  CHECK(found.size() == 600);
  CHECK(found.front().row == 17);
}
