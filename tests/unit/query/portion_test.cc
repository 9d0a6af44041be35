#include "query/portion.h"

#include <cmath>

#include "support/catch.h"

using namespace vecdb;
using namespace vecdb::query;

namespace {

// Of n things of which each falls to a segment with this probability: how likely it has more than
// `most`.
double ChanceOfMore(std::size_t n, double part, std::size_t most) {
  double chance = 0;
  for (std::size_t i = 0; i <= most; ++i) {
    const auto trials = static_cast<double>(n);
    const auto hits = static_cast<double>(i);
    chance +=
        std::exp(std::lgamma(trials + 1) - std::lgamma(hits + 1) - std::lgamma(trials - hits + 1) +
                 hits * std::log(part) + (trials - hits) * std::log(1 - part));
  }
  return 1 - chance;
}

}  // namespace

TEST_CASE(
    "a segment rarely has more of the nearest than its share, which is not much more than it "
    "has",
    "[portion]") {
  for (const std::size_t n : {1U, 2U, 10U, 100U, 1000U, 16'384U}) {
    for (const double part : {0.001, 0.02, 0.05, 0.125, 0.3, 0.5, 0.9}) {
      INFO(n << " things, " << part << " of the rows");
      const std::size_t share = ShareOf(n, part);
      REQUIRE(share >= 1);
      REQUIRE(share <= n);
      const double mean = static_cast<double>(n) * part;
      CHECK(static_cast<double>(share) <= mean + 2.5 * std::sqrt(mean) + 1);
      if (share < n) CHECK(ChanceOfMore(n, part, share) < 0.02);
    }
  }
}

TEST_CASE("who has all the rows has a share of everything, and who has none one of one",
          "[portion]") {
  CHECK(ShareOf(10, 1) == 10);
  CHECK(ShareOf(10, 0) == 1);
  CHECK(ShareOf(1, 0.5) == 1);
}
