#include "compaction/policy.h"

#include "support/catch.h"

namespace vecdb::compaction {
namespace {

constexpr std::uint64_t kMax = 1000;

SegmentFacts Of(SegmentId id, std::uint64_t bytes, std::uint64_t dead = 0, ShardId shard = 0,
                PartitionId partition = 0) {
  return {id, shard, partition, bytes, 100, dead};
}

SegmentFacts Dying(SegmentId id, std::uint64_t bytes, std::uint64_t dead) {
  SegmentFacts facts = Of(id, bytes, dead);
  facts.dying = true;
  return facts;
}

using Picked = std::vector<std::vector<SegmentId>>;

Picked Pick(const std::vector<SegmentFacts>& segments, bool thorough = false) {
  Picked picked;
  const PickOptions options{.max_bytes = kMax, .thorough = thorough};
  for (const Plan& plan : PickCompactions(segments, options)) picked.push_back(plan.inputs);
  return picked;
}

TEST_CASE("what is worth compacting, by example", "[policy]") {
  struct Example {
    const char* what;
    std::vector<SegmentFacts> segments;
    Picked picked;
  };
  const std::vector<Example> examples = {
      {"nothing", {}, {}},
      {"one small segment alone", {Of(1, 10)}, {}},
      {"two small ones that fill nothing", {Of(1, 10), Of(2, 10)}, {}},
      {"three small ones", {Of(1, 10), Of(2, 10), Of(3, 10)}, {{1, 2, 3}}},
      {"two that fill 85 %", {Of(1, 430), Of(2, 430)}, {{1, 2}}},
      {"two just below", {Of(1, 420), Of(2, 420)}, {}},
      {"large ones", {Of(1, 500), Of(2, 500), Of(3, 700)}, {}},
      {"as many as one segment holds",
       {Of(1, 400), Of(2, 400), Of(3, 400), Of(4, 400), Of(5, 400)},
       {}},
      {"the smallest that fit", {Of(1, 300), Of(2, 300), Of(3, 300), Of(4, 300)}, {{1, 2, 3}}},
      {"no company of its size", {Of(1, 1), Of(2, 1), Of(3, 400)}, {}},
      {"small ones beside a large one", {Of(1, 1), Of(2, 1), Of(3, 1), Of(4, 400)}, {{1, 2, 3}}},
      {"a fifth deleted", {Of(1, 700, 20)}, {{1}}},
      {"a little less", {Of(1, 700, 19)}, {}},
      {"everything deleted", {Of(1, 700, 100)}, {{1}}},
      {"a third deleted, and more to come", {Dying(1, 700, 33)}, {}},
      {"half deleted, and more to come", {Dying(1, 700, 50)}, {{1}}},
      {"small ones, one of which is dying", {Of(1, 10), Dying(2, 10, 5), Of(3, 10)}, {}},
      {"small ones beside it", {Of(1, 10), Dying(2, 10, 5), Of(3, 10), Of(4, 10)}, {{1, 3, 4}}},
      {"deleted rows do not count as size", {Of(1, 900, 90), Of(2, 90), Of(3, 90)}, {{1, 2, 3}}},
      {"shards apart", {Of(1, 10), Of(2, 10, 0, 1), Of(3, 10), Of(4, 10, 0, 1)}, {}},
      {"partitions apart", {Of(1, 10), Of(2, 10, 0, 0, 7), Of(3, 10), Of(4, 10, 0, 0, 7)}, {}},
      {"each shard by itself",
       {Of(1, 10), Of(2, 10, 0, 1), Of(3, 10), Of(4, 10, 0, 1), Of(5, 10), Of(6, 10, 0, 1)},
       {{1, 3, 5}, {2, 4, 6}}},
  };
  for (const Example& example : examples) {
    INFO(example.what);
    CHECK(Pick(example.segments) == example.picked);
  }
}

TEST_CASE("a thorough pick takes whatever makes a collection smaller", "[policy]") {
  CHECK(Pick({Of(1, 10)}, true).empty());
  CHECK(Pick({Of(1, 10, 1)}, true) == Picked{{1}});
  CHECK(Pick({Dying(1, 10, 1), Of(2, 10)}, true) == Picked{{1, 2}});
  CHECK(Pick({Of(1, 10), Of(2, 10)}, true) == Picked{{1, 2}});
  CHECK(Pick({Of(1, 10), Of(2, 400)}, true) == Picked{{1, 2}});
  CHECK(Pick({Of(1, 600), Of(2, 600)}, true).empty());
  CHECK(Pick({Of(1, 600), Of(2, 600, 1)}, true) == Picked{{2}});
}

TEST_CASE("a plan has at most thirty inputs and no segment stands in two", "[policy]") {
  std::vector<SegmentFacts> segments;
  for (SegmentId id = 1; id <= 100; ++id) segments.push_back(Of(id, 1));
  std::size_t inputs = 0;
  std::vector<bool> seen(101);
  for (const auto& plan : Pick(segments)) {
    CHECK(plan.size() <= kMostInputs);
    for (const SegmentId id : plan) {
      CHECK_FALSE(seen[id]);
      seen[id] = true;
      ++inputs;
    }
  }
  CHECK(inputs == 100);
}

// What a policy costs: how often a row is copied on its way from many small segments to large ones.
TEST_CASE("a row is copied few times however many small segments come", "[policy]") {
  std::vector<SegmentFacts> segments;
  std::uint64_t copied = 0;
  SegmentId next = 1;
  for (int flush = 0; flush < 450; ++flush) {
    segments.push_back(Of(next++, 1));
    for (const Plan& plan : PickCompactions(segments, {.max_bytes = kMax})) {
      SegmentFacts merged = Of(next++, 0);
      std::erase_if(segments, [&](const SegmentFacts& segment) {
        const bool input =
            std::find(plan.inputs.begin(), plan.inputs.end(), segment.id) != plan.inputs.end();
        if (input) merged.bytes += segment.bytes;
        return input;
      });
      copied += merged.bytes;
      segments.push_back(merged);
    }
  }
  CHECK(copied <= 450 * 10);  // log2 of what a segment may grow to
  CHECK(segments.size() <= 30);
}

}  // namespace
}  // namespace vecdb::compaction
