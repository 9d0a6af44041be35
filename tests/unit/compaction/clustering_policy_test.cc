#include "compaction/clustering_policy.h"

#include "support/catch.h"

namespace vecdb::compaction {
namespace {

constexpr std::uint64_t kMax = 1000;

SegmentFacts Of(SegmentId id, std::uint64_t bytes, bool clustered = false, std::uint64_t dead = 0,
                ShardId shard = 0, PartitionId partition = 0) {
  return {.id = id,
          .shard = shard,
          .partition = partition,
          .bytes = bytes,
          .rows = 100,
          .dead_rows = dead,
          .clustered = clustered};
}

using Picked = std::vector<std::vector<SegmentId>>;

Picked InputsOf(const std::vector<Plan>& plans) {
  Picked picked;
  for (const Plan& plan : plans) picked.push_back(plan.inputs);
  return picked;
}

Picked Cluster(const std::vector<SegmentFacts>& segments, bool thorough = false) {
  return InputsOf(PickClusterings(segments, {.max_bytes = kMax, .thorough = thorough}));
}

Picked Beside(const std::vector<SegmentFacts>& segments, bool thorough = false) {
  return InputsOf(PickBesideClustered(segments, {.max_bytes = kMax, .thorough = thorough}));
}

TEST_CASE("clustering waits for half a segment that is not, and a quarter of what is",
          "[clustering_policy]") {
  CHECK(Cluster({}).empty());
  CHECK(Cluster({Of(1, 499)}).empty());
  CHECK(Cluster({Of(1, 500)}) == Picked{{1}});
  CHECK(Cluster({Of(2, 250), Of(1, 250)}) == Picked{{1, 2}});
  CHECK(Cluster({Of(1, 900, true), Of(2, 900, true), Of(3, 200, true), Of(4, 500)}) ==
        Picked{{4, 1, 2, 3}});
  CHECK(Cluster({Of(1, 900, true), Of(2, 900, true), Of(3, 300, true), Of(4, 500)}).empty());
  CHECK(Cluster({Of(1, 5000, true)}).empty());
}

TEST_CASE("a clustering that was asked for takes all, unless it would change nothing",
          "[clustering_policy]") {
  CHECK(Cluster({Of(1, 10)}, true) == Picked{{1}});
  CHECK(Cluster({Of(1, 10, true), Of(2, 10, true)}, true).empty());
  CHECK(Cluster({Of(1, 10, true), Of(2, 10, true, 1)}, true) == Picked{{1, 2}});
  CHECK(Cluster({Of(1, 900, true), Of(2, 1)}, true) == Picked{{2, 1}});
}

TEST_CASE("shards and partitions are clustered apart, in bands of nine tenths of a segment",
          "[clustering_policy]") {
  const std::vector<SegmentFacts> segments = {Of(1, 600, false, 0, 0), Of(2, 2000, false, 0, 1),
                                              Of(3, 700, false, 50, 1, 7), Of(4, 899, false, 0, 2)};
  const auto plans = PickClusterings(segments, {.max_bytes = kMax, .thorough = true});
  REQUIRE(plans.size() == 4);
  CHECK(InputsOf(plans) == Picked{{1}, {2}, {3}, {4}});
  CHECK(plans[0].bands == 1);
  CHECK(plans[1].bands == 3);
  CHECK(plans[1].shard == 1);
  CHECK(plans[2].bands == 1);  // half of its rows are dead
  CHECK(plans[2].rows == 50);
  CHECK(plans[2].partition == 7);
  CHECK(plans[3].bands == 1);
}

TEST_CASE("a clustering takes no more than one edit can name", "[clustering_policy]") {
  std::vector<SegmentFacts> segments;
  for (SegmentId id = 20'000; id > 0; --id) segments.push_back(Of(id, 1000));
  const auto plans = PickClusterings(segments, {.max_bytes = kMax});
  REQUIRE(plans.size() == 1);
  CHECK(plans[0].inputs.size() == 16'384);
  CHECK(plans[0].inputs.front() == 1);
  CHECK(plans[0].inputs.back() == 16'384);
  CHECK(plans[0].bands == 1'024);
  for (SegmentId id = 30'000; id > 20'000; --id) segments.push_back(Of(id, 1, true));
  const auto again = PickClusterings(segments, {.max_bytes = kMax});
  REQUIRE(again.size() == 1);
  CHECK(again[0].inputs == plans[0].inputs);  // what is clustered comes last
}

TEST_CASE("a clustered segment is merged with none, and written again alone",
          "[clustering_policy]") {
  CHECK(Beside({Of(1, 10), Of(2, 10), Of(3, 10)}) == Picked{{1, 2, 3}});
  CHECK(Beside({Of(1, 10, true), Of(2, 10), Of(3, 10)}).empty());
  CHECK(Beside({Of(1, 10, true), Of(2, 10, true), Of(3, 10, true)}, true).empty());
  CHECK(Beside({Of(1, 700, true, 20), Of(2, 700, true, 19)}) == Picked{{1}});
  CHECK(Beside({Of(1, 700, true, 1), Of(2, 10), Of(3, 10)}, true) == Picked{{1}, {2, 3}});
}

}  // namespace
}  // namespace vecdb::compaction
