#include "query/filter_cache.h"

#include "support/catch.h"

using namespace vecdb;
using query::FilterCache;

namespace {

std::shared_ptr<const base::Bitmap> Bits(std::size_t rows, std::size_t one) {
  auto bits = std::make_shared<base::Bitmap>(rows);
  bits->Set(one);
  return bits;
}

}  // namespace

TEST_CASE("what a filter left of a segment is found by segment and text alone", "[filter_cache]") {
  base::MemoryBudget budget(0, 0);
  FilterCache cache(1 << 20, budget);
  CHECK(cache.Find(1, "a > 1") == nullptr);
  cache.Put(1, "a > 1", Bits(100, 7));
  cache.Put(2, "a > 1", Bits(100, 8));
  cache.Put(1, "a > 2", Bits(100, 9));
  cache.Put(1, "a > 1", Bits(100, 10));  // the first stays
  CHECK(cache.Find(1, "a > 1")->Test(7));
  CHECK(cache.Find(2, "a > 1")->Test(8));
  CHECK(cache.Find(1, "a > 2")->Test(9));
  CHECK(cache.Find(2, "a > 2") == nullptr);
  CHECK(budget.used() >= cache.bytes());
  CHECK(cache.Clear() > 0);
  CHECK(cache.Find(1, "a > 1") == nullptr);
  CHECK(cache.bytes() == 0);
  CHECK(budget.used() == 0);
}

TEST_CASE("a filter is worth keeping when it is said again of the same segment", "[filter_cache]") {
  base::MemoryBudget budget(0, 0);
  FilterCache cache(1 << 20, budget);
  CHECK(!cache.WasAsked(1, "a > 1"));
  CHECK(!cache.WasAsked(2, "a > 1"));
  CHECK(!cache.WasAsked(1, "a > 2"));
  CHECK(cache.WasAsked(1, "a > 1"));
  CHECK(cache.WasAsked(2, "a > 1"));
  CHECK(cache.WasAsked(1, "a > 1"));
  for (int i = 0; i < 100'000; ++i) (void)cache.WasAsked(3, "b > " + std::to_string(i));
  CHECK(!cache.WasAsked(1, "a > 1"));  // long ago
  std::size_t known = 0;
  for (int round = 0; round < 2; ++round) {
    for (const char* const text : {"c > 1", "c > 2"}) {
      for (SegmentId segment = 1; segment <= 300; ++segment) known += cache.WasAsked(segment, text);
    }
  }
  CHECK(known >= 590);
}

TEST_CASE("what was used longest ago goes, and what is too large does not come", "[filter_cache]") {
  base::MemoryBudget budget(0, 0);
  FilterCache cache(10'000, budget);
  for (SegmentId id = 0; id < 100; ++id) {
    cache.Put(id, "f", Bits(8'000, 1));
    CHECK(cache.Find(0, "f") != nullptr);  // used all the time
    CHECK(cache.bytes() <= 10'000);
  }
  CHECK(cache.Find(99, "f") != nullptr);
  CHECK(cache.Find(50, "f") == nullptr);
  cache.Put(200, "f", Bits(80'000, 1));
  CHECK(cache.Find(200, "f") == nullptr);
}

TEST_CASE("a budget without room leaves the cache as it is", "[filter_cache]") {
  base::MemoryBudget budget(1'000'000, 0);
  FilterCache cache(1 << 20, budget);
  auto held = budget.Take(base::MemoryAccount::kReads, 999'900);
  cache.Put(1, "f", Bits(8'000, 1));
  CHECK(cache.Find(1, "f") == nullptr);
  held = {};
  cache.Put(1, "f", Bits(8'000, 1));
  CHECK(cache.Find(1, "f") != nullptr);
}
