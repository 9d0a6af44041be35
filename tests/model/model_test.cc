// Random calls against maps and brute force. See model_run.h.
#include <chrono>
#include <cstdio>

#include "model_run.h"
#include "support/catch.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

constexpr std::uint64_t kSeed = 20250117;
constexpr std::uint64_t kOperationsPerRun = 7'000;
constexpr std::uint64_t kOperationsPerSelfSearch = 1'000;

std::vector<RunConfig> Configurations() {
  const auto shape = [](KeyKind keys, Metric metric, Metric second, std::uint32_t dimension,
                        bool whole) { return Shape{keys, metric, second, dimension, whole}; };
  constexpr auto kL2 = Metric::kL2;
  constexpr auto kIp = Metric::kInnerProduct;
  constexpr auto kCosine = Metric::kCosine;
  return {
      {.name = "one shard, Int64, every write",
       .shape = shape(KeyKind::kInt64, kL2, kCosine, 8, true),
       .segment_rows = 16},
      {.name = "two shards, VarChar, resident, interval",
       .shape = shape(KeyKind::kVarChar, kIp, kL2, 5, true),
       .shards = 2,
       .segment_rows = 7,
       .key_space = 300,
       .load = LoadMode::kResident,
       .durability = Durability::kInterval},
      {.name = "five shards, auto id, mixed durability",
       .shape = shape(KeyKind::kAuto, kCosine, kIp, 17, false),
       .shards = 5,
       .segment_rows = 64,
       .key_space = 500,
       .mixed_durability = true},
      {.name = "sixteen shards, Int64, flush only",
       .shape = shape(KeyKind::kInt64, kL2, kIp, 33, false),
       .shards = 16,
       .segment_rows = 12,
       .key_space = 1'000,
       .durability = Durability::kFlushOnly},
      {.name = "segments of one row",
       .shape = shape(KeyKind::kInt64, kCosine, kL2, 3, true),
       .segment_rows = 1,
       .key_space = 50},
      {.name = "power cuts, two shards, VarChar, mixed durability",
       .shape = shape(KeyKind::kVarChar, kL2, kIp, 4, true),
       .shards = 2,
       .segment_rows = 24,
       .key_space = 120,
       .load = LoadMode::kResident,
       .mixed_durability = true,
       .power_cuts = true},
      {.name = "power cuts, five shards, auto id, interval",
       .shape = shape(KeyKind::kAuto, kIp, kCosine, 6, false),
       .shards = 5,
       .segment_rows = 10,
       .key_space = 200,
       .durability = Durability::kInterval,
       .power_cuts = true},
      {.name = "a full write buffer, wide vectors",
       .shape = shape(KeyKind::kInt64, kIp, kCosine, 512, false),
       .shards = 2,
       .key_space = 400,
       .durability = Durability::kFlushOnly,
       .write_buffer_bytes = 1u << 20},
  };
}

// One life; false when something was wrong, which has been reported.
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
      "FIG model.ops=%llu configs=%zu kills=%llu power_cuts=%llu reopens=%llu self_searches=%llu "
      "self_search_misses=0 mismatches=0 coverage_pairs=%d\n",
      static_cast<unsigned long long>(figures.operations), Configurations().size(),
      static_cast<unsigned long long>(figures.kills),
      static_cast<unsigned long long>(figures.power_cuts),
      static_cast<unsigned long long>(figures.reopens),
      static_cast<unsigned long long>(figures.self_searches), figures.PairsSeenPercent());
  CHECK(figures.PairsSeenPercent() >= 95);
}
