// Random calls against maps and brute force. See model_run.h.
#include <chrono>
#include <cstdio>

#include "configurations.h"
#include "support/catch.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

constexpr std::uint64_t kSeed = 20250117;
constexpr std::uint64_t kOperationsPerRun = kSanitized ? 2'500 : 25'000;
constexpr std::uint64_t kOperationsPerSelfSearch = 1'000;

void Live(const RunConfig& config, std::uint64_t seed, RunFigures* figures) {
  ModelRun run(config, seed, figures);
  const auto require = [&run](const std::string& wrong) {
    if (!wrong.empty()) FAIL(wrong + "\n" + run.Context());
  };
  for (std::uint64_t i = 1; i <= kOperationsPerRun; ++i) {
    require(run.Step());
    if (i % kOperationsPerSelfSearch != 0) continue;
    require(run.CheckEverything());
    require(run.CheckSelfSearch());
  }
}

}  // namespace

TEST_CASE("whatever is called, the answers are those of maps and brute force", "[model]") {
  const std::uint64_t seed = SeedOr(kSeed);
  std::printf("model: SEED=%llu\n", static_cast<unsigned long long>(seed));
  RunFigures figures;
  std::size_t lives = 0;
  const auto until = std::chrono::steady_clock::now() + SoakMinutes();
  do {
    for (const RunConfig& config : Configurations()) {
      Live(config, seed + lives++, &figures);
    }
  } while (std::chrono::steady_clock::now() < until);
  std::printf(
      "FIG model.ops=%llu configs=%zu kills=%llu power_cuts=%llu cuts_within_calls=%llu "
      "reopens=%llu self_searches=%llu "
      "self_search_misses=0 mismatches=0 coverage_pairs=%d\n",
      static_cast<unsigned long long>(figures.operations), Configurations().size(),
      static_cast<unsigned long long>(figures.kills),
      static_cast<unsigned long long>(figures.power_cuts),
      static_cast<unsigned long long>(figures.cuts_within_calls),
      static_cast<unsigned long long>(figures.reopens),
      static_cast<unsigned long long>(figures.self_searches), figures.PairsSeenPercent());
  CHECK(figures.PairsSeenPercent() >= (kSanitized ? 75 : 95));
}
