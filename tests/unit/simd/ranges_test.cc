#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>

#include "levels.h"

using vecdb::simd::KernelTable;
using vecdb::simd::RangeKernels;
using vecdb_test::AllLevels;
using vecdb_test::WalledMemory;

namespace {

// Some near the ends of the type, some near zero, some anywhere.
template <class Int>
Int Random(std::mt19937_64& engine) {
  using Limits = std::numeric_limits<Int>;
  const Int near = static_cast<Int>(engine() % 4);
  switch (engine() % 4) {
    case 0:
      return static_cast<Int>(Limits::min() + near);
    case 1:
      return static_cast<Int>(Limits::max() - near);
    case 2:
      return static_cast<Int>(near - 2);
    default:
      return static_cast<Int>(engine());
  }
}

template <class Int>
void Check(RangeKernels::Within<Int> RangeKernels::*within) {
  constexpr std::uint64_t kUntouched = 0xA5A5A5A5A5A5A5A5U;
  std::mt19937_64 engine(sizeof(Int));
  WalledMemory memory(330 * sizeof(Int));
  for (std::size_t n = 0; n <= 330; n += n < 140 ? 1 : 19) {
    std::vector<Int> values(n);
    for (Int& value : values) value = Random<Int>(engine);
    const Int* const at = memory.Put(values.data(), n);
    for (int round = 0; round < 12; ++round) {
      Int first = Random<Int>(engine);
      Int last = round % 4 == 0 ? first : Random<Int>(engine);
      if (last < first) std::swap(first, last);
      std::vector<std::uint64_t> right((n + 63) / 64);
      for (std::size_t i = 0; i < n; ++i) {
        const bool inside = first <= values[i] && values[i] <= last;
        right[i / 64] |= std::uint64_t{inside ? 1U : 0U} << (i % 64);
      }
      right.push_back(kUntouched);
      for (const KernelTable* table : AllLevels()) {
        INFO(table->name << " numbers " << n << " from " << +first << " to " << +last);
        std::vector<std::uint64_t> words(right.size(), kUntouched);
        (table->ranges.*within)(at, n, first, last, words.data());
        CHECK(words == right);
      }
    }
  }
}

}  // namespace

TEST_CASE("the numbers within a range are found, whatever their width and count", "[simd][old]") {
  Check<std::int8_t>(&RangeKernels::i8);
  Check<std::int16_t>(&RangeKernels::i16);
  Check<std::int32_t>(&RangeKernels::i32);
  Check<std::int64_t>(&RangeKernels::i64);
}
