#include <cstdint>
#include <random>

#include "levels.h"

using vecdb::simd::KernelTable;
using vecdb_test::AllLevels;
using vecdb_test::WalledMemory;

namespace {

std::vector<std::uint64_t> Random(std::size_t n, std::uint32_t seed) {
  std::mt19937_64 engine(seed);
  std::vector<std::uint64_t> words(n);
  for (std::uint64_t& word : words) word = engine() & engine();
  return words;
}

std::uint64_t CountBits(const std::vector<std::uint64_t>& words) {
  std::uint64_t count = 0;
  for (const std::uint64_t word : words) {
    for (int bit = 0; bit < 64; ++bit) count += (word >> bit) & 1;
  }
  return count;
}

}  // namespace

TEST_CASE("bitmap operations touch exactly their words, for every length", "[simd][words][old]") {
  WalledMemory a_memory(200 * sizeof(std::uint64_t));
  WalledMemory b_memory(200 * sizeof(std::uint64_t));
  for (std::size_t n = 0; n <= 200; ++n) {
    const std::vector<std::uint64_t> a = Random(n, 1);
    const std::vector<std::uint64_t> b = Random(n, 2);
    const std::uint64_t* right = b_memory.Put(b.data(), n);
    std::vector<std::uint64_t> both(n);
    std::vector<std::uint64_t> either(n);
    std::vector<std::uint64_t> left_only(n);
    for (std::size_t i = 0; i < n; ++i) {
      both[i] = a[i] & b[i];
      either[i] = a[i] | b[i];
      left_only[i] = a[i] & ~b[i];
    }
    for (const KernelTable* table : AllLevels()) {
      INFO(table->name << " words " << n);
      const auto result = [&](auto operation) {
        std::uint64_t* left = a_memory.Put(a.data(), n);
        operation(left, right, n);
        return std::vector<std::uint64_t>(left, left + n);
      };
      CHECK(result(table->words.and_into) == both);
      CHECK(result(table->words.or_into) == either);
      CHECK(result(table->words.andnot_into) == left_only);
      CHECK(std::vector<std::uint64_t>(right, right + n) == b);
    }
  }
}

TEST_CASE("the number of set bits is exact, for every length", "[simd][words][old]") {
  WalledMemory memory(200 * sizeof(std::uint64_t));
  for (std::size_t n = 0; n <= 200; ++n) {
    std::vector<std::uint64_t> words = Random(n, 5);
    if (n > 2) words[1] = ~std::uint64_t{0};
    const std::uint64_t* data = memory.Put(words.data(), n);
    for (const KernelTable* table : AllLevels()) {
      INFO(table->name << " words " << n);
      CHECK(table->words.popcount(data, n) == CountBits(words));
    }
  }
}
