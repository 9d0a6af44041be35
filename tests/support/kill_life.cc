#include "support/kill_life.h"

#include <algorithm>
#include <set>

#include "support/seed.h"

namespace vecdb::test {
namespace {

constexpr std::size_t kKeys = 600;
constexpr std::size_t kCollections = 2;  // of each writer

std::vector<std::int64_t> SomeKeys(Random& random, std::size_t most) {
  std::set<std::int64_t> keys;
  for (std::size_t i = 1 + random.Below(most); i > 0; --i) {
    keys.insert(static_cast<std::int64_t>(random.Below(kKeys)));
  }
  return {keys.begin(), keys.end()};
}

Step Create(const std::string& name, std::size_t shape, bool small) {
  Step step{.kind = StepKind::kCreate, .collection = name, .shape = shape};
  step.options.shards = small ? 2 : 1;
  step.options.segment_rows = small ? 60 : 0;
  step.options.seal_after_idle = std::chrono::milliseconds(80);
  if (small) step.options.clustering_key = ClusteringKeyOf(shape);
  return step;
}

Step Draw(Random& random, const std::string& name, std::size_t shape, std::int64_t version) {
  Step step;
  step.collection = name;
  step.durability = static_cast<Durability>(1 + random.Below(3));
  const std::size_t drawn = random.Below(100);
  if (drawn < 2) {
    step.kind = random.Chance(50) ? StepKind::kDrop : StepKind::kDropPartition;
  } else if (drawn < 6) {
    return Create(name, shape, random.Chance(50));
  } else if (drawn < 16) {
    step.kind = StepKind::kFlush;
  } else if (drawn < 18) {
    step.kind = StepKind::kWaitDurable;
  } else if (drawn < 20) {
    step.kind = StepKind::kChangeNames;
  } else if (drawn < 24) {
    step.kind = StepKind::kCompact;
  } else if (drawn < 28) {
    step.kind = StepKind::kIndex;
  } else if (drawn < 40) {
    step.kind = StepKind::kDelete;
    step.deleted = SomeKeys(random, 12);
    if (random.Chance(25)) step.deleted.push_back(kFirstParted + step.deleted.front());
  } else {
    // An insert of more keys would mostly meet one that is taken.
    step.kind = drawn < 60 ? StepKind::kInsert : StepKind::kUpsert;
    const std::size_t most = step.kind == StepKind::kInsert ? 2 : random.Chance(10) ? 200 : 16;
    const std::int64_t first = random.Chance(25) ? kFirstParted : 0;
    for (const std::int64_t key : SomeKeys(random, most)) {
      step.books.push_back({first + key, version});
    }
  }
  return step;
}

}  // namespace

std::vector<Workload> StepsOfLife(std::uint64_t seed, std::uint64_t life, std::size_t steps) {
  std::vector<Workload> all(kWriters);
  for (std::size_t writer = 0; writer < kWriters; ++writer) {
    Random random(seed * 1'000'003 + life * 97 + writer);
    const auto name = [&](std::size_t i) {
      return "w" + std::to_string(writer) + "_" + std::to_string(i);
    };
    const auto shape = [&](std::size_t i) {  // the same in every life
      return static_cast<std::size_t>(seed) + writer * kCollections + i;
    };
    for (std::size_t i = 0; i < kCollections; ++i) {
      all[writer].push_back(Create(name(i), shape(i), i % 2 == 1));
    }
    while (all[writer].size() < steps) {
      const std::size_t number = all[writer].size();
      const auto version = static_cast<std::int64_t>(life * 100'000 + number);
      const std::size_t which = random.Below(kCollections);
      all[writer].push_back(Draw(random, name(which), shape(which), version));
    }
  }
  return all;
}

}  // namespace vecdb::test
