#include "base/bitmap.h"

#include <set>

#include "base/bloom.h"
#include "support/catch.h"
#include "support/test_database.h"

using namespace vecdb;
using namespace vecdb::base;

TEST_CASE("a bitmap agrees with a set of numbers", "[base]") {
  const auto random = test::SeededRandom(3);
  for (const std::size_t size : {1u, 63u, 64u, 65u, 1000u}) {
    Bitmap a(size);
    Bitmap b(size);
    std::set<std::size_t> in_a;
    std::set<std::size_t> in_b;
    for (std::size_t i = 0; i < size; ++i) {
      if (random() % 3 == 0) in_a.insert(i), a.Set(i);
      if (random() % 2 == 0) in_b.insert(i), b.Set(i);
    }
    CHECK(a.Count() == in_a.size());
    Bitmap both = a;
    both.And(b);
    Bitmap either = a;
    either.Or(b);
    Bitmap only = a;
    only.AndNot(b);
    for (std::size_t i = 0; i < size; ++i) {
      const bool x = in_a.count(i) != 0;
      const bool y = in_b.count(i) != 0;
      REQUIRE(both.Test(i) == (x && y));
      REQUIRE(either.Test(i) == (x || y));
      REQUIRE(only.Test(i) == (x && !y));
    }
  }
}

TEST_CASE("a bitmap that grows or shrinks keeps its bits and counts no others", "[base]") {
  Bitmap map(10, true);
  CHECK(map.Count() == 10);
  map.Resize(70, true);
  CHECK(map.Count() == 70);
  map.Resize(64, true);
  CHECK(map.Count() == 64);
  map.Resize(130, false);
  CHECK(map.Count() == 64);
  CHECK_FALSE(map.Test(64));
}

TEST_CASE("the first bits of a bitmap are reset, and no others", "[base]") {
  for (const std::size_t size : {1, 63, 64, 65, 128, 200}) {
    for (std::size_t end = 0; end <= size; ++end) {
      Bitmap bitmap(size, true);
      bitmap.ResetBefore(end);
      REQUIRE(bitmap.Count() == size - end);
      if (end > 0) REQUIRE_FALSE(bitmap.Test(end - 1));
      if (end < size) REQUIRE(bitmap.Test(end));
    }
  }
}

TEST_CASE("a Bloom filter never denies a key it holds and rarely claims another", "[base]") {
  const auto random = test::SeededRandom(5);
  const std::size_t keys = 20'000;
  std::vector<std::uint64_t> words(BloomBlocks(keys) * 8);
  std::vector<std::uint64_t> present(keys);
  for (std::uint64_t& hash : present) BloomAdd(words, hash = random());
  std::vector<std::uint8_t> may(keys);
  BloomMayContainMany(words, present, may.data());
  CHECK(std::count(may.begin(), may.end(), 1) == static_cast<std::ptrdiff_t>(keys));

  std::vector<std::uint64_t> absent(100'000);
  for (std::uint64_t& hash : absent) hash = random();
  may.resize(absent.size());
  BloomMayContainMany(words, absent, may.data());
  const auto claimed = std::count(may.begin(), may.end(), 1);
  CHECK(claimed < 500);  // under 5 in 1,000
  for (std::size_t i = 0; i < 100; ++i) {
    CHECK(BloomMayContain(words, absent[i]) == (may[i] == 1));
  }
}
