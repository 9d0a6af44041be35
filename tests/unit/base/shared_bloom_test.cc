#include "base/shared_bloom.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "support/catch.h"
#include "support/test_database.h"

namespace vecdb::base {
namespace {

TEST_CASE("a shared Bloom filter never denies what was added and rarely claims more", "[base]") {
  const auto random = test::SeededRandom(6);
  const std::size_t keys = 20'000;
  const auto bloom = SharedBloom::Make(keys);
  REQUIRE(bloom != nullptr);
  CHECK(bloom->capacity() == keys);
  CHECK(bloom->memory_bytes() >= keys * 2);
  CHECK(bloom->memory_bytes() < keys * 2 + 200);
  std::vector<std::uint64_t> hashes(keys);
  for (std::uint64_t& hash : hashes) hash = random();
  std::vector<std::uint8_t> may(keys);
  bloom->MayContainMany(hashes, may.data());
  CHECK(std::count(may.begin(), may.end(), 0) == static_cast<std::ptrdiff_t>(keys));
  bloom->AddMany(hashes);
  bloom->MayContainMany(hashes, may.data());
  CHECK(std::count(may.begin(), may.end(), 1) == static_cast<std::ptrdiff_t>(keys));

  for (std::uint64_t& hash : hashes) hash = random();
  bloom->MayContainMany(hashes, may.data());
  CHECK(std::count(may.begin(), may.end(), 1) < 100);  // under 5 in 1,000
}

TEST_CASE("a thread that learned of an added key is not told otherwise", "[base][threads]") {
  const auto random = test::SeededRandom(7);
  std::vector<std::uint64_t> hashes(50'000);
  for (std::uint64_t& hash : hashes) hash = random();
  const auto bloom = SharedBloom::Make(hashes.size());
  std::atomic<std::size_t> added{0};
  std::atomic<std::size_t> denied{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      std::vector<std::uint8_t> may(hashes.size());
      for (std::size_t known = 0; known < hashes.size();) {
        known = added.load(std::memory_order_acquire);
        bloom->MayContainMany(std::span(hashes).first(known), may.data());
        const auto end = may.begin() + static_cast<std::ptrdiff_t>(known);
        denied += static_cast<std::size_t>(std::count(may.begin(), end, 0));
      }
    });
  }
  for (std::size_t at = 0; at < hashes.size(); at += 500) {
    bloom->AddMany(std::span(hashes).subspan(at, 500));
    added.store(at + 500, std::memory_order_release);
  }
  for (std::thread& reader : readers) reader.join();
  CHECK(denied == 0);
}

}  // namespace
}  // namespace vecdb::base
