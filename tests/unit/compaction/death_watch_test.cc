#include "compaction/death_watch.h"

#include <vector>

#include "support/catch.h"

namespace vecdb::compaction {
namespace {

// Whether a segment of 1,000 rows is dying, looked at when so many of them are dead.
class Looks {
 public:
  bool At(std::int64_t second, std::uint64_t dead_rows) {
    std::vector<SegmentFacts> segments(1);
    segments[0].id = 7;
    segments[0].rows = 1'000;
    segments[0].dead_rows = dead_rows;
    watch_.Look(second * 1'000, segments);
    return segments[0].dying;
  }

 private:
  DeathWatch watch_;
};

TEST_CASE("a segment is dying while half of its rows would soon be dead", "[death_watch]") {
  Looks looks;
  CHECK_FALSE(looks.At(0, 300));  // nobody knows when
  CHECK_FALSE(looks.At(1, 300));
  CHECK(looks.At(2, 310));  // 10 in 5 seconds, 600 in five minutes
  CHECK(looks.At(3, 310));  // five seconds have not shown that it has ended
  CHECK(looks.At(6, 310));
  CHECK(looks.At(8, 312));  // 2 in 5 seconds; the time before showed more
  CHECK_FALSE(looks.At(12, 312));
}

TEST_CASE("a segment that loses few rows is not dying", "[death_watch]") {
  Looks looks;
  CHECK_FALSE(looks.At(0, 0));
  std::uint64_t dead = 0;
  for (std::int64_t second = 1; second < 100; ++second) {
    if (second % 5 == 0) ++dead;  // 60 in five minutes
    CHECK_FALSE(looks.At(second, dead));
  }
}

TEST_CASE("a segment that comes again is seen for the first time", "[death_watch]") {
  DeathWatch watch;
  SegmentFacts facts;
  facts.id = 7;
  facts.rows = 100;
  watch.Look(0, std::span(&facts, 1));
  facts.dead_rows = 40;
  watch.Look(5'000, std::span(&facts, 1));
  CHECK(facts.dying);
  watch.Look(6'000, {});
  watch.Look(7'000, std::span(&facts, 1));
  CHECK_FALSE(facts.dying);
}

}  // namespace
}  // namespace vecdb::compaction
