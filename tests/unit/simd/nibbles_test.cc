// Rows of four bits a component: every level gives what double precision gives.
#include <random>

#include "levels.h"

using vecdb::simd::KernelTable;
using vecdb_test::AllLevels;
using vecdb_test::Sizes;
using vecdb_test::WalledMemory;

namespace {

constexpr std::size_t kRows = 11;
constexpr std::int32_t kUntouched = -12345;

// The rows of numbers from 0 to 15 as they are packed, one number after the other.
std::vector<std::uint8_t> Packed(const std::vector<std::uint8_t>& numbers) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t line = 0; line < numbers.size(); line += 128) {
    for (std::size_t b = 0; b < 64; ++b) {
      bytes.push_back(static_cast<std::uint8_t>(numbers[line + b] | numbers[line + 64 + b] << 4));
    }
  }
  return bytes;
}

struct Numbers {
  std::size_t dimension;
  std::vector<std::int8_t> query;
  std::vector<std::uint8_t> rows;

  // The squared distance between 16 (c - 8) and -query, less what is the same for all rows.
  double L2(std::size_t row) const {
    double distance = 0;
    double of_query = 0;
    for (std::size_t i = 0; i < dimension; ++i) {
      const double wanted = -static_cast<double>(query[i]);
      const double code = 16 * (static_cast<double>(rows[row * dimension + i]) - 8);
      distance += (wanted - code) * (wanted - code);
      of_query += (wanted + 128) * (wanted + 128);
    }
    return (distance - of_query) / 32;
  }
  double Ip(std::size_t row) const {
    double sum = 0;
    for (std::size_t i = 0; i < dimension; ++i) {
      sum += static_cast<double>(query[i]) * static_cast<double>(rows[row * dimension + i]);
    }
    return sum;
  }
};

Numbers RandomNumbers(std::size_t dimension, std::mt19937& random) {
  Numbers numbers{dimension, {}, {}};
  for (std::size_t i = 0; i < dimension; ++i) {
    numbers.query.push_back(static_cast<std::int8_t>(random() >> 24));
  }
  for (std::size_t i = 0; i < kRows * dimension; ++i) {
    numbers.rows.push_back(static_cast<std::uint8_t>(random() >> 28));
  }
  return numbers;
}

Numbers ExtremeNumbers(std::size_t dimension, int which) {
  const auto query = static_cast<std::int8_t>((which & 1) != 0 ? 127 : -128);
  const auto code = static_cast<std::uint8_t>((which & 2) != 0 ? 15 : 0);
  return {dimension, std::vector<std::int8_t>(dimension, query),
          std::vector<std::uint8_t>(kRows * dimension, code)};
}

// Rows and query end at a wall.
void CheckAll(const Numbers& numbers) {
  static WalledMemory query_memory(32768);
  static WalledMemory row_memory(kRows * 32768);
  const std::vector<std::uint8_t> packed = Packed(numbers.rows);
  const std::int8_t* const query = query_memory.Put(numbers.query.data(), numbers.query.size());
  const auto* const base =
      reinterpret_cast<const std::int8_t*>(row_memory.Put(packed.data(), packed.size()));
  const std::size_t bytes = numbers.dimension / 2;
  const std::uint32_t ids[kRows] = {10, 0, 7, 7, 3, 1, 9, 2, 8, 10, 4};
  for (const KernelTable* table : AllLevels()) {
    INFO(table->name << ", dimension " << numbers.dimension);
    for (const std::size_t n : Sizes{0, 1, 3, 4, 5, 8, kRows}) {
      std::vector<std::int32_t> out[4];
      for (auto& numbers_out : out) numbers_out.assign(n + 1, kUntouched);
      table->i4.l2_many(query, base, bytes, n, out[0].data());
      table->i4.ip_many(query, base, bytes, n, out[1].data());
      table->i4.l2_ids(query, base, bytes, ids, n, out[2].data());
      table->i4.ip_ids(query, base, bytes, ids, n, out[3].data());
      bool same = true;
      for (std::size_t i = 0; i < n; ++i) {
        same = same && out[0][i] == numbers.L2(i) && out[1][i] == numbers.Ip(i) &&
               out[2][i] == numbers.L2(ids[i]) && out[3][i] == numbers.Ip(ids[i]);
      }
      for (const auto& numbers_out : out) same = same && numbers_out[n] == kUntouched;
      CHECK(same);
    }
  }
}

}  // namespace

TEST_CASE("rows of four bits are compared exactly at every level", "[simd][nibbles]") {
  std::mt19937 random(17);
  for (const std::size_t dimension : Sizes{128, 256, 384, 512, 640, 896, 1536, 32768}) {
    CheckAll(RandomNumbers(dimension, random));
  }
}

TEST_CASE("the largest codes of the longest rows of four bits do not overflow", "[simd][nibbles]") {
  for (const std::size_t dimension : Sizes{128, 32768}) {
    for (int which = 0; which < 4; ++which) CheckAll(ExtremeNumbers(dimension, which));
  }
}
