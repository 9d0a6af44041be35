#include "roles/seal_policy.h"

#include <set>
#include <string>
#include <vector>

#include "support/catch.h"

namespace vecdb::roles {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("a segment is full at its size or at its rows, whichever comes first", "[seal]") {
  CollectionOptions options;
  options.segment_bytes = 1'000'000;
  options.segment_rows = 100;
  const std::uint64_t size = SealBytes(5, options.segment_bytes);
  struct Case {
    std::uint64_t rows;
    std::uint64_t bytes;
    SealReason expected;
  };
  for (const Case& c : {Case{0, 0, SealReason::kNone}, Case{99, size - 1, SealReason::kNone},
                        Case{1, size, SealReason::kSize}, Case{100, 10, SealReason::kRows},
                        Case{100, size, SealReason::kSize}, Case{1'000, 0, SealReason::kRows}}) {
    INFO(c.rows << " rows, " << c.bytes << " bytes");
    CHECK(WhyFull({.id = 5, .rows = c.rows, .bytes = c.bytes}, options) == c.expected);
  }
  options.segment_rows = 0;
  options.segment_bytes = ~std::size_t{0};
  CHECK(WhyFull({.id = 5, .rows = 1'000'000'000}, options) == SealReason::kNone);
  CHECK(WhyFull({.id = 5, .rows = std::uint64_t{1} << 30}, options) == SealReason::kRows);
}

TEST_CASE("sizes at which segments seal lie within the tenth below the limit, apart", "[seal]") {
  for (const std::uint64_t limit : {1024ULL, 100'000ULL, 122'880'000ULL, ~0ULL}) {
    std::set<std::uint64_t> sizes;
    for (SegmentId id = 1; id <= 1000; ++id) {
      const std::uint64_t size = SealBytes(id, limit);
      CHECK(size <= limit);
      CHECK(size >= limit - limit / 10);
      CHECK(SealBytes(id, limit) == size);
      sizes.insert(size);
    }
    if (limit > 1'000'000) {
      CHECK(sizes.size() > 300);
      CHECK(*sizes.rbegin() - *sizes.begin() > limit / 11);
    }
  }
}

TEST_CASE("a segment is due when it is idle, old, or holds a long log", "[seal]") {
  CollectionOptions options;  // idle after 600 s
  const milliseconds day = hours(24);
  struct Case {
    GrowingFacts facts;
    SealReason expected;
  };
  const std::vector<Case> cases = {
      {{.rows = 0, .quiet = hours(99), .age = hours(99), .long_log = true}, SealReason::kNone},
      {{.rows = 1, .quiet = seconds(599), .age = hours(23)}, SealReason::kNone},
      {{.rows = 1, .quiet = seconds(600), .age = hours(1)}, SealReason::kIdle},
      {{.rows = 1, .quiet = seconds(1), .age = hours(24)}, SealReason::kAge},
      {{.rows = 1, .quiet = seconds(1), .age = hours(24) - milliseconds(1)}, SealReason::kNone},
      {{.rows = 1, .quiet = seconds(0), .age = seconds(0), .long_log = true}, SealReason::kLongLog},
      {{.rows = 1, .quiet = -seconds(5), .age = -hours(5)}, SealReason::kNone},  // clocks set back
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    INFO("case " << i);
    CHECK(WhyDue(cases[i].facts, options, day) == cases[i].expected);
  }
}

}  // namespace
}  // namespace vecdb::roles
