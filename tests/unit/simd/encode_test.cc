// Numbers as bytes, at every level: the nearest code, and whether it says the number.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>

#include "levels.h"

using vecdb::simd::KernelTable;
using vecdb_test::AllLevels;
using vecdb_test::WalledMemory;

namespace {

struct Case {
  float scale;
  bool offsets;
  bool whole;  // every number is an offset and so many times the scale, a power of two
};

void Check(const KernelTable& kernels, const Case& c, std::size_t n) {
  std::mt19937_64 engine(n);
  std::normal_distribution<float> any(0, 60);
  std::vector<float> numbers(n);
  std::vector<float> offsets(n);
  for (std::size_t i = 0; i < n; ++i) {
    offsets[i] = c.offsets ? static_cast<float>(static_cast<int>(engine() % 64) - 32) : 0.0F;
    const auto code = static_cast<float>(static_cast<int>(engine() % 256) - 128);
    numbers[i] = offsets[i] + (c.whole ? code : any(engine)) * c.scale;
  }
  WalledMemory number_memory(n * sizeof(float));
  WalledMemory offset_memory(n * sizeof(float));
  const float* const number = number_memory.Put(numbers.data(), n);
  const float* const offset = offset_memory.Put(offsets.data(), n);
  std::vector<std::int8_t> codes(n + 1, 77);
  const bool exact = kernels.encode(number, c.offsets ? offset : nullptr, c.scale, n, codes.data());
  CHECK(codes[n] == 77);
  bool all = true;
  for (std::size_t i = 0; i < n; ++i) {
    const double right = (double{numbers[i]} - double{offsets[i]}) / double{c.scale};
    const double within = std::clamp(right, -128.0, 127.0);
    CHECK(std::abs(codes[i] - within) <= 0.5 + 1e-4);
    all = all && double{offsets[i]} + codes[i] * double{c.scale} == double{numbers[i]};
  }
  if (c.whole) CHECK(exact);
  if (exact) CHECK(all);
}

}  // namespace

TEST_CASE("numbers become the nearest bytes at every level", "[encode]") {
  const Case c = GENERATE(Case{1, true, true}, Case{1, false, true}, Case{0.25F, true, true},
                          Case{0.37F, true, false}, Case{1, true, false}, Case{3.1F, false, false},
                          Case{-0.02F, true, false}, Case{-2, false, true});
  for (const KernelTable* kernels : AllLevels()) {
    INFO(kernels->name << ", scale " << c.scale);
    for (std::size_t n = 1; n <= 200; n += n < 70 ? 1 : 13) Check(*kernels, c, n);
  }
}

TEST_CASE("numbers that are too large become the last bytes, and are not said", "[encode]") {
  const float huge[] = {1e30F, -1e30F, 3e38F, -3e38F, 200, -200, 128, -129};
  for (const KernelTable* kernels : AllLevels()) {
    INFO(kernels->name);
    std::int8_t codes[8];
    CHECK_FALSE(kernels->encode(huge, nullptr, 1, 8, codes));
    for (int i = 0; i < 8; ++i) CHECK(codes[i] == (i % 2 == 0 ? 127 : -128));
    CHECK_FALSE(kernels->encode(huge, nullptr, 1e-30F, 2, codes));
    CHECK(codes[0] == 127);
    CHECK(codes[1] == -128);
  }
}
