// When crossings are made, and when they are given up.
#include "query/crossings.h"

#include <deque>
#include <functional>
#include <new>

#include "base/clock.h"
#include "unit/index/graph_testing.h"

using namespace vecdb;
using namespace vecdb::index;
using segment::FieldIndex;

namespace {

constexpr std::uint32_t kDimension = 8;

// An index, open as that of a segment's field.
struct Opened {
  explicit Opened(std::size_t count, unsigned seed = 1)
      : rows(DataType::kFloatVector, Metric::kL2, kDimension, Clouds(count, kDimension, seed, 20)) {
    graph.Build(rows, {.m = 4, .ef_construction = 20, .calibration_queries = 0}).OrDie();
    field =
        std::make_shared<const FieldIndex>(catalog::IndexFileRecord{}, graph.Open(rows.shape()));
  }

  TestRows rows;
  TestGraph graph;
  std::shared_ptr<const FieldIndex> field;
};

// Threads that do what they are given when they are told to.
struct Later {
  std::deque<std::function<void()>> tasks;
  bool refuses = false;

  query::Crossings::Post post() {
    return [this](std::function<void()> task) {
      if (!refuses) tasks.push_back(std::move(task));
      return !refuses;
    };
  }
  std::size_t RunAll() {
    std::size_t ran = 0;
    for (; !tasks.empty(); ++ran) {
      const auto task = std::move(tasks.front());
      tasks.pop_front();
      task();
    }
    return ran;
  }
};

// Asks until it is said that a crossing is wanted; how often that was.
std::size_t AsksUntilWanted(const FieldIndex& from, const FieldIndex& to) {
  for (std::size_t asks = 1; asks < 100; ++asks) {
    bool wanted = false;
    CHECK(to.crossing().Find(from, &wanted) == nullptr);
    if (wanted) return asks;
  }
  return 0;
}

std::shared_ptr<const Crossing> Found(const FieldIndex& from, const FieldIndex& to) {
  bool wanted = false;
  return to.crossing().Find(from, &wanted);
}

}  // namespace

TEST_CASE("a crossing is made when it has been asked for often enough", "[crossings]") {
  const Opened from(5000, 1);
  const Opened to(4500, 2);
  base::MemoryBudget budget;
  Later later;
  query::Crossings crossings(budget, base::SystemClock(), later.post());
  CHECK(AsksUntilWanted(*from.field, *to.field) > 1);
  CHECK(AsksUntilWanted(*from.field, *to.field) == 0);  // once is enough
  crossings.Want(from.field, to.field);
  crossings.Want(to.field, from.field);
  CHECK(later.tasks.size() == 1);  // one at a time
  CHECK(later.RunAll() > 4);       // in pieces
  CHECK(Found(*from.field, *to.field) != nullptr);
  CHECK(Found(*from.field, *to.field)->rows() == 5000);
  CHECK(budget.used(base::MemoryAccount::kSegments) == (5000 + 4500) * 4);
  SECTION("it goes when room is wanted") {
    CHECK(to.field->crossing().Drop() == 5000 * 4);
    CHECK(to.field->crossing().Drop() == 0);
    CHECK(Found(*from.field, *to.field) == nullptr);
  }
  SECTION("two are kept, that used longest ago makes room for a third") {
    const Opened second(4100, 3);
    const Opened third(4200, 4);
    crossings.Want(second.field, to.field);
    later.RunAll();
    CHECK(Found(*from.field, *to.field) != nullptr);
    CHECK(Found(*second.field, *to.field) != nullptr);
    CHECK(Found(*from.field, *to.field) != nullptr);
    crossings.Want(third.field, to.field);
    later.RunAll();
    CHECK(Found(*second.field, *to.field) == nullptr);
    CHECK(Found(*third.field, *to.field) != nullptr);
    CHECK(Found(*from.field, *to.field) != nullptr);
    CHECK(to.field->crossing().Drop() == (5000 + 4200) * 4);
  }
  SECTION("it is made once") {
    crossings.Want(from.field, to.field);
    CHECK(later.RunAll() == 1);
    CHECK(to.field->crossing().Drop() == 5000 * 4);
  }
  CHECK(to.field->crossing().Drop() == 0);
  CHECK(from.field->crossing().Drop() == 4500 * 4);
  CHECK(budget.used() == 0);
}

TEST_CASE("what cannot be made is left", "[crossings]") {
  const Opened from(5000, 1);
  const Opened to(4500, 2);
  CHECK(AsksUntilWanted(*from.field, *to.field) > 1);
  Later later;
  SECTION("no room") {
    base::MemoryBudget budget(20'000);
    query::Crossings crossings(budget, base::SystemClock(), later.post());
    crossings.Want(from.field, to.field);
    CHECK(later.RunAll() > 0);
    CHECK(Found(*from.field, *to.field) == nullptr);
    CHECK(budget.used() == 0);
  }
  SECTION("no thread") {
    base::MemoryBudget budget;
    query::Crossings crossings(budget, base::SystemClock(), later.post());
    later.refuses = true;
    crossings.Want(from.field, to.field);
    CHECK(Found(*from.field, *to.field) == nullptr);
    later.refuses = false;
    crossings.Want(from.field, to.field);
    CHECK(later.RunAll() > 0);
    CHECK(Found(*from.field, *to.field) != nullptr);
    CHECK(to.field->crossing().Drop() == 5000 * 4);  // the budget ends before the index
  }
  SECTION("no thread any more") {
    base::MemoryBudget budget;
    query::Crossings crossings(budget, base::SystemClock(), later.post());
    crossings.Want(from.field, to.field);
    const auto begun = std::move(later.tasks.front());
    later.tasks.clear();
    later.refuses = true;
    begun();
    CHECK(budget.used() == 0);
    CHECK(Found(*from.field, *to.field) == nullptr);
  }
  SECTION("the end") {
    base::MemoryBudget budget;
    auto crossings = std::make_unique<query::Crossings>(budget, base::SystemClock(), later.post());
    crossings->Want(from.field, to.field);
    crossings.reset();
    CHECK(later.RunAll() == 1);
    CHECK(budget.used() == 0);
    CHECK(Found(*from.field, *to.field) == nullptr);
  }
  SECTION("damage") {
    base::MemoryBudget budget;
    query::Crossings crossings(budget, base::SystemClock(), later.post());
    to.field->NoteDamage(Status(StatusCode::kCorruption, "a test"));
    crossings.Want(from.field, to.field);
    CHECK(later.RunAll() == 1);
    CHECK(budget.used() == 0);
  }
  SECTION("one of them is gone") {
    base::MemoryBudget budget;
    query::Crossings crossings(budget, base::SystemClock(), later.post());
    crossings.Want(Opened(4100, 5).field, to.field);
    CHECK(later.RunAll() == 1);
    CHECK(budget.used() == 0);
  }
  SECTION("one without a graph") {
    base::MemoryBudget budget;
    query::Crossings crossings(budget, base::SystemClock(), later.post());
    TestGraph graph;
    graph.Build(to.rows, {.kind = Kind::kFlat}).OrDie();
    const auto flat =
        std::make_shared<const FieldIndex>(catalog::IndexFileRecord{}, graph.Open(to.rows.shape()));
    crossings.Want(from.field, flat);
    crossings.Want(flat, from.field);
    CHECK(later.RunAll() == 1);
    CHECK(budget.used() == 0);
  }
  SECTION("a thread that fails") {
    base::MemoryBudget budget;
    bool fails = true;
    query::Crossings crossings(budget, base::SystemClock(), [&](std::function<void()> task) {
      if (fails) throw std::bad_alloc();
      later.tasks.push_back(std::move(task));
      return true;
    });
    CHECK_THROWS_AS(crossings.Want(from.field, to.field), std::bad_alloc);
    fails = false;
    crossings.Want(from.field, to.field);
    fails = true;
    const auto begun = std::move(later.tasks.front());
    later.tasks.clear();
    CHECK_THROWS_AS(begun(), std::bad_alloc);
    CHECK(budget.used() == 0);
    fails = false;
    crossings.Want(from.field, to.field);
    CHECK(later.RunAll() > 1);
    CHECK(Found(*from.field, *to.field) != nullptr);
    CHECK(to.field->crossing().Drop() == 5000 * 4);  // the budget ends before the index
  }
  SECTION("nobody holds one of them") {
    base::MemoryBudget budget;
    query::Crossings crossings(budget, base::SystemClock(), later.post());
    crossings.Want(nullptr, to.field);
    CHECK(later.tasks.empty());
  }
}

TEST_CASE("what a crossing costs more than it saves is known", "[crossings]") {
  CHECK(query::WorthCrossing(5000, 5000));
  CHECK(query::WorthCrossing(1'000'000, 200'000));
  CHECK_FALSE(query::WorthCrossing(1'000'000, 100'000));
  CHECK_FALSE(query::WorthCrossing(5000, 1000));
  CHECK_FALSE(query::WorthCrossing(1000, 1000));
}
