#include <algorithm>
#include <random>
#include <vector>

#include "index/beam.h"
#include "support/catch.h"

using namespace vecdb::index;

namespace {

enum class Spread { kEven, kEqual, kFewFar, kFewNear, kNearer, kFarther };

std::vector<Key> KeysOf(Spread shape, std::size_t n, std::mt19937& random) {
  std::vector<Key> keys(n);
  for (std::size_t i = 0; i < n; ++i) {
    const auto key = static_cast<Key>(random());
    const bool seldom = i % 97 == 5;
    switch (shape) {
      case Spread::kEven:
        keys[i] = key;
        break;
      case Spread::kEqual:
        keys[i] = 7;
        break;
      case Spread::kFewFar:
        keys[i] = seldom ? key | 0x80000000U : 1000 + key % 200;
        break;
      case Spread::kFewNear:
        keys[i] = seldom ? key % 200 : 0xFFFFFF00U + key % 256;
        break;
      case Spread::kNearer:
        keys[i] = static_cast<Key>((n - i) * 1000 + key % 1000);
        break;
      case Spread::kFarther:
        keys[i] = static_cast<Key>(i * 1000 + key % 1000);
        break;
    }
  }
  return keys;
}

void CheckNearest(const Nearest& nearest, std::vector<std::uint64_t> offered,
                  std::size_t capacity) {
  std::sort(offered.begin(), offered.end());
  offered.resize(std::min(capacity, offered.size()));
  REQUIRE(nearest.size() == offered.size());
  std::vector<std::uint64_t> found;
  for (std::size_t i = 0; i < nearest.size(); ++i) {
    found.push_back(Beam::EntryOf(nearest.key(i), nearest.id(i)));
  }
  CHECK(found == offered);
}

}  // namespace

TEST_CASE("the nearest of all that is offered are kept, in order", "[index][nearest]") {
  const auto shape = GENERATE(Spread::kEven, Spread::kEqual, Spread::kFewFar, Spread::kFewNear,
                              Spread::kNearer, Spread::kFarther);
  std::mt19937 random(static_cast<unsigned>(shape));
  Nearest nearest;
  for (const std::size_t capacity : {1U, 2U, 10U, 64U, 127U, 128U, 129U, 200U, 1000U}) {
    for (const std::size_t n : {0U, 1U, 63U, 64U, 200U, 255U, 256U, 257U, 2000U, 9000U}) {
      INFO(capacity << " of " << n << ", shape " << static_cast<int>(shape));
      const std::vector<Key> keys = KeysOf(shape, n, random);
      std::vector<std::uint32_t> ids(n);
      std::vector<std::uint64_t> offered;
      for (std::size_t i = 0; i < n; ++i) {
        ids[i] = static_cast<std::uint32_t>(i * 3);
        offered.push_back(Beam::EntryOf(keys[i], ids[i]));
      }
      nearest.Reset(capacity);
      for (const std::uint64_t entry : offered) nearest.Offer(entry);
      nearest.Finish();
      CheckNearest(nearest, offered, capacity);

      nearest.Reset(capacity);
      for (std::size_t at = 0; at < n;) {
        const std::size_t some = std::min<std::size_t>(1 + random() % 256, n - at);
        nearest.OfferAll(keys.data() + at, ids.data() + at, some);
        at += some;
      }
      nearest.Finish();
      CheckNearest(nearest, offered, capacity);
    }
  }
}
