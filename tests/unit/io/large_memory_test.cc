#include "io/large_memory.h"

#include <cstring>
#include <numeric>

#include "support/catch.h"

using namespace vecdb;

namespace {

constexpr std::uint64_t kHugePage = std::uint64_t{2} << 20;

bool IsAligned(const void* at, std::uint64_t to) {
  return reinterpret_cast<std::uintptr_t>(at) % to == 0;
}

}  // namespace

TEST_CASE("large memory is whole huge pages, small memory is not") {
  CHECK(io::LargeSize(0) == 64);
  CHECK(io::LargeSize(65) == 128);
  CHECK(io::LargeSize(kHugePage - 1) == kHugePage);
  CHECK(io::LargeSize(kHugePage + 1) == 2 * kHugePage);
  for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{1}, kHugePage - 1, kHugePage,
                                   kHugePage + 1, 5 * kHugePage}) {
    std::byte* const thrown = io::NewLarge(size);
    std::byte* const quiet = io::AllocateLarge(size);
    REQUIRE(quiet != nullptr);
    for (std::byte* const bytes : {thrown, quiet}) {
      CHECK(IsAligned(bytes, size >= kHugePage ? kHugePage : 64));
      std::memset(bytes, 7, io::LargeSize(size));
      io::FreeLarge(bytes, size);
    }
  }
}

TEST_CASE("a vector of large memory grows as any other") {
  io::LargeVector<std::uint32_t> values;
  for (std::uint32_t i = 0; i < 2'000'000; ++i) values.push_back(i);
  CHECK(IsAligned(values.data(), kHugePage));
  const io::LargeVector<std::uint32_t> moved = std::move(values);
  CHECK(std::accumulate(moved.begin(), moved.end(), std::uint64_t{0}) ==
        std::uint64_t{1'999'999} * 1'000'000);
}
