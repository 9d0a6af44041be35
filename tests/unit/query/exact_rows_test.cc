#include <random>
#include <vector>

#include "query/index_search.h"
#include "unit/segment/sealed_sample.h"

using namespace vecdb;
using vecdb_test::Must;

namespace {

constexpr std::size_t kRows = 4000;
constexpr std::uint64_t kFileBytes = 20'000;

}  // namespace

TEST_CASE("rows are measured as each of them alone, in files that are open and that come and go",
          "[query]") {
  vecdb_test::SampleFolder folder;
  const auto growing = vecdb_test::SampleSegment(kRows);
  const auto record = folder.FlushSmall(*growing, kFileBytes);
  const bool cached = GENERATE(false, true);
  base::MemoryBudget budget(cached ? 150'000 : 0);
  segment::FileCache cache(folder.fs(), vecdb_test::kTestDatabase, LoadMode::kResident, budget);
  budget.SetReclaim([&](std::uint64_t bytes) { return cache.Evict(bytes); });
  const segment::Loading loading =
      cached ? segment::Loading(cache) : segment::Loading(LoadMode::kMapped);
  const auto segment =
      Must(segment::SealedSegment::Open(folder.fs(), vecdb_test::kTestDatabase, record,
                                        vecdb_test::SampleSchema(), nullptr, loading));

  const std::vector<float> query = {0.1F, 0.2F, 0.3F, 0.4F, 0.5F, 0.6F};
  query::SearchPlan plan;
  plan.field = 0;
  plan.query = std::span<const float>(query);
  plan.distances = Must(query::MakeDistances(segment->schema().fields()[0], plan.query));
  std::mt19937 random(5);
  for (const std::size_t n : {0U, 1U, 15U, 16U, 17U, 33U, 300U}) {
    std::vector<std::uint32_t> rows;
    for (std::size_t i = 0; i < n; ++i) {
      const bool near = i > 0 && i % 5 != 0;
      const auto drawn = static_cast<std::uint32_t>(random());
      const std::uint32_t base = near ? rows.back() + drawn % 3 : drawn;
      rows.push_back(static_cast<std::uint32_t>(base % kRows));
    }
    query::ExactRows exact(*segment, plan, 0);
    std::vector<float> distances(n);
    Must(exact.Compute(rows, distances));
    query::ExactRows alone(*growing, plan, 0);
    for (std::size_t i = 0; i < n; ++i) {
      float distance = 0;
      Must(alone.Compute(std::span(&rows[i], 1), std::span(&distance, 1)));
      CHECK(distances[i] == distance);
    }
  }
  if (cached) CHECK(cache.evictions() > 0);
}
