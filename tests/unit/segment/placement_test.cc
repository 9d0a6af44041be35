#include "segment/placement.h"

#include <map>
#include <string>
#include <vector>

#include "segment/view.h"
#include "support/catch.h"
#include "unit/segment/growing_rows.h"

namespace vecdb::segment {
namespace {

struct Case {
  std::string name;
  Nodes nodes;
  std::vector<std::uint64_t> rows;    // of each segment; bytes are a hundred times that
  std::vector<std::uint32_t> before;  // kNoNode = new
  std::vector<std::uint32_t> expected;
};

constexpr std::uint32_t kNew = kNoNode;

TEST_CASE("segments go where there is least, and stay while that is fair", "[placement]") {
  const std::vector<Case> cases = {
      {"no segments", {4, 0}, {}, {}, {}},
      {"one node has all", {1, 0}, {5, 6}, {kNew, kNew}, {0, 0}},
      {"equal ones alternate", {2, 0}, {10, 10, 10, 10}, {kNew, kNew, kNew, kNew}, {0, 1, 0, 1}},
      {"a collection begins at its node", {4, 2}, {10, 10, 10}, {kNew, kNew, kNew}, {2, 3, 0}},
      {"the largest is placed first", {2, 0}, {10, 100, 90}, {kNew, kNew, kNew}, {1, 0, 1}},
      {"a large one is alone", {2, 0}, {100, 1, 1, 1}, {kNew, kNew, kNew, kNew}, {0, 1, 1, 1}},
      {"a new one goes to the emptier", {2, 0}, {10, 10, 10}, {0, 0, kNew}, {0, 0, 1}},
      {"what is fair stays", {2, 0}, {10, 11, 10}, {1, 0, 0}, {1, 0, 0}},
      {"what is one-sided is moved", {2, 0}, {10, 10, 10, 10}, {1, 1, 1, 1}, {0, 0, 1, 1}},
      {"a lone segment stays", {3, 0}, {10}, {2}, {2}},
      {"nodes that are gone give up theirs", {2, 0}, {10, 10}, {7, 1}, {0, 1}},
      {"segments without rows count as segments",
       {2, 0},
       {0, 0, 0, 0},
       {kNew, kNew, kNew, kNew},
       {0, 1, 0, 1}},
  };
  for (const Case& c : cases) {
    INFO(c.name);
    std::vector<PlacedSegment> segments;
    for (std::size_t i = 0; i < c.rows.size(); ++i) {
      segments.push_back({c.rows[i], c.rows[i] * 100, c.before[i]});
    }
    Place(segments, c.nodes);
    std::vector<std::uint32_t> got;
    for (const PlacedSegment& segment : segments) got.push_back(segment.node);
    CHECK(got == c.expected);
  }
}

TEST_CASE("fifty segments of one size are spread evenly over any number of nodes", "[placement]") {
  for (std::uint32_t count = 1; count <= 64; ++count) {
    std::vector<PlacedSegment> segments(50, {1000, 100'000, kNoNode});
    Place(segments, {count, count / 2});
    std::map<std::uint32_t, std::size_t> of;
    for (const PlacedSegment& segment : segments) ++of[segment.node];
    const std::size_t most = (50 + count - 1) / count;
    for (const auto& [node, has] : of) {
      CHECK(node < count);
      CHECK(has <= most);
    }
  }
}

TEST_CASE("placing again what was placed moves nothing", "[placement]") {
  std::uint64_t state = 5;
  for (int round = 0; round < 200; ++round) {
    std::vector<PlacedSegment> segments;
    const std::size_t n = 1 + round % 40;
    for (std::size_t i = 0; i < n; ++i) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      segments.push_back({state >> 48, state >> 40, kNoNode});
    }
    const Nodes nodes{static_cast<std::uint32_t>(2 + round % 5), 1};
    Place(segments, nodes);
    std::vector<PlacedSegment> again = segments;
    Place(again, nodes);
    for (std::size_t i = 0; i < n; ++i) CHECK(again[i].node == segments[i].node);
  }
}

TEST_CASE("a view gives nodes to sealed segments only", "[placement]") {
  const Schema schema = NumberedSchema();
  const auto empty =
      std::make_shared<const View>(schema, std::vector<std::shared_ptr<Segment>>{}, Nodes{3, 1});
  const auto view = empty->With(NewSegment(schema, 5))->With(NewSegment(schema, 2));
  CHECK(view->node_count() == 3);
  REQUIRE(view->nodes().size() == 2);
  CHECK(view->nodes()[0] == kNoNode);
  CHECK(view->nodes()[1] == kNoNode);
}

}  // namespace
}  // namespace vecdb::segment
