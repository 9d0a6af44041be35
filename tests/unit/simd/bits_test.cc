#include <array>
#include <cstdint>
#include <random>

#include "levels.h"

using vecdb::simd::BitKernels;
using vecdb::simd::KernelTable;
using vecdb_test::AllLevels;
using vecdb_test::WalledMemory;

namespace {

constexpr std::size_t kRows = 9;
constexpr std::size_t kQueries = 3;
constexpr std::uint32_t kUntouched = 987654321;

struct Counts {
  std::vector<std::uint32_t> differ, both, either;
  explicit Counts(std::size_t n)
      : differ(n + 1, kUntouched), both(n + 1, kUntouched), either(n + 1, kUntouched) {}
  bool operator==(const Counts& other) const = default;
};

std::uint32_t CountBits(unsigned byte) {
  std::uint32_t count = 0;
  for (int bit = 0; bit < 8; ++bit) count += (byte >> bit) & 1;
  return count;
}

// What n rows, the rows `ids` of `base`, have to do with each query.
Counts Reference(const std::uint8_t* queries, std::size_t query_count, const std::uint8_t* base,
                 std::size_t bytes, const std::vector<std::uint32_t>& ids) {
  Counts counts(query_count * ids.size());
  for (std::size_t q = 0; q < query_count; ++q) {
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const std::size_t at = q * ids.size() + i;
      counts.differ[at] = counts.both[at] = counts.either[at] = 0;
      for (std::size_t k = 0; k < bytes; ++k) {
        const unsigned a = queries[q * bytes + k];
        const unsigned b = base[ids[i] * bytes + k];
        counts.differ[at] += CountBits(a ^ b);
        counts.both[at] += CountBits(a & b);
        counts.either[at] += CountBits(a | b);
      }
    }
  }
  return counts;
}

std::vector<std::uint32_t> FirstIds(std::size_t n) {
  std::vector<std::uint32_t> ids(n);
  for (std::size_t i = 0; i < n; ++i) ids[i] = static_cast<std::uint32_t>(i);
  return ids;
}

Counts Many(const BitKernels& kernels, const std::uint8_t* query, const std::uint8_t* base,
            std::size_t bytes, std::size_t n) {
  Counts counts(n);
  kernels.hamming_many(query, base, bytes, n, counts.differ.data());
  kernels.jaccard_many(query, base, bytes, n, counts.both.data(), counts.either.data());
  return counts;
}

Counts Ids(const BitKernels& kernels, const std::uint8_t* query, const std::uint8_t* base,
           std::size_t bytes, const std::vector<std::uint32_t>& ids) {
  Counts counts(ids.size());
  kernels.hamming_ids(query, base, bytes, ids.data(), ids.size(), counts.differ.data());
  kernels.jaccard_ids(query, base, bytes, ids.data(), ids.size(), counts.both.data(),
                      counts.either.data());
  return counts;
}

Counts Pairs(const BitKernels& kernels, const std::uint8_t* query, const std::uint8_t* base,
             std::size_t bytes, std::size_t n) {
  Counts counts(n);
  for (std::size_t i = 0; i < n; ++i) {
    counts.differ[i] = kernels.hamming_pair(query, base + i * bytes, bytes);
    kernels.jaccard_pair(query, base + i * bytes, bytes, &counts.both[i], &counts.either[i]);
  }
  return counts;
}

Counts ManyToMany(const BitKernels& kernels, const std::uint8_t* queries, std::size_t query_count,
                  const std::uint8_t* base, std::size_t bytes, std::size_t n) {
  Counts counts(query_count * n);
  kernels.hamming_mq(queries, query_count, base, bytes, n, counts.differ.data());
  kernels.jaccard_mq(queries, query_count, base, bytes, n, counts.both.data(),
                     counts.either.data());
  return counts;
}

std::vector<std::uint8_t> RandomBytes(std::size_t n, std::uint32_t seed) {
  std::mt19937 engine(seed);
  std::vector<std::uint8_t> bytes(n);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(engine() >> 24);
  return bytes;
}

std::vector<std::size_t> Lengths() {
  std::vector<std::size_t> all;
  for (std::size_t bytes = 1; bytes <= 520; ++bytes) all.push_back(bytes);
  for (const std::size_t bytes : {768, 960, 1024, 1536, 3072, 4096, 32768}) all.push_back(bytes);
  return all;
}

}  // namespace

TEST_CASE("bits are counted exactly, for every length and every way to reach a row",
          "[simd][bits]") {
  const std::vector<std::uint8_t> queries = RandomBytes(kQueries * 32768, 1);
  const std::vector<std::uint8_t> base = RandomBytes(kRows * 32768, 2);
  WalledMemory query_memory(queries.size());
  WalledMemory row_memory(base.size());
  const std::vector<std::uint32_t> mixed = {8, 0, 3, 3, 7, 1, 8, 8, 5};
  for (const std::size_t bytes : Lengths()) {
    const std::uint8_t* query = query_memory.Put(queries.data(), kQueries * bytes);
    const std::uint8_t* last = query + (kQueries - 1) * bytes;
    const std::uint8_t* rows = row_memory.Put(base.data(), kRows * bytes);
    for (std::size_t n = 0; n <= kRows; n += bytes > 520 ? 9 : 1) {
      const std::vector<std::uint32_t> ids(mixed.begin(),
                                           mixed.begin() + static_cast<std::ptrdiff_t>(n));
      const Counts one = Reference(last, 1, rows, bytes, FirstIds(n));
      const Counts some = Reference(last, 1, rows, bytes, ids);
      const Counts all = Reference(query, kQueries, rows, bytes, FirstIds(n));
      for (const KernelTable* table : AllLevels()) {
        const BitKernels& bits = table->bits;
        if (Many(bits, last, rows, bytes, n) != one || Pairs(bits, last, rows, bytes, n) != one ||
            Ids(bits, last, rows, bytes, ids) != some ||
            ManyToMany(bits, query, kQueries, rows, bytes, n) != all) {
          FAIL_CHECK(table->name << " bytes " << bytes << " rows " << n);
        }
      }
    }
  }
}

TEST_CASE("many short rows are each counted alone", "[simd][bits][old]") {
  const std::vector<std::uint8_t> query = RandomBytes(2 * 70, 3);
  const std::vector<std::uint8_t> base = RandomBytes(1000 * 70, 4);
  WalledMemory memory(base.size());
  for (std::size_t bytes = 1; bytes <= 70; ++bytes) {
    for (const std::size_t n : {17, 64, 333, 1000}) {
      const std::uint8_t* rows = memory.Put(base.data(), n * bytes);
      const Counts one = Reference(query.data(), 1, rows, bytes, FirstIds(n));
      const Counts two = Reference(query.data(), 2, rows, bytes, FirstIds(n));
      for (const KernelTable* table : AllLevels()) {
        if (Many(table->bits, query.data(), rows, bytes, n) != one ||
            ManyToMany(table->bits, query.data(), 2, rows, bytes, n) != two) {
          FAIL_CHECK(table->name << " bytes " << bytes << " rows " << n);
        }
      }
    }
  }
}

TEST_CASE("counts of bits do not depend on alignment", "[simd][bits]") {
  const std::vector<std::uint8_t> query = RandomBytes(300 + 64, 5);
  const std::vector<std::uint8_t> base = RandomBytes(5 * 300 + 64, 6);
  for (const std::size_t bytes : {1, 8, 16, 33, 96, 300}) {
    for (std::size_t offset = 0; offset < 64; ++offset) {
      const std::uint8_t* here = query.data() + 63 - offset;
      const std::uint8_t* rows = base.data() + offset;
      const Counts wanted = Reference(here, 1, rows, bytes, FirstIds(5));
      for (const KernelTable* table : AllLevels()) {
        if (Many(table->bits, here, rows, bytes, 5) != wanted) {
          FAIL_CHECK(table->name << " bytes " << bytes << " offset " << offset);
        }
      }
    }
  }
}

TEST_CASE("bits that are all set or all clear are counted exactly", "[simd][bits]") {
  for (const std::size_t bytes : {1, 31, 64, 100, 32768}) {
    const std::vector<std::uint8_t> ones(bytes, 0xFF);
    const std::vector<std::uint8_t> zeros(bytes, 0);
    const auto all = static_cast<std::uint32_t>(8 * bytes);
    for (const KernelTable* table : AllLevels()) {
      INFO(table->name << " bytes " << bytes);
      const Counts same = Pairs(table->bits, ones.data(), ones.data(), bytes, 1);
      const Counts opposite = Pairs(table->bits, ones.data(), zeros.data(), bytes, 1);
      const Counts nothing = Pairs(table->bits, zeros.data(), zeros.data(), bytes, 1);
      CHECK((same.differ[0] == 0 && same.both[0] == all && same.either[0] == all));
      CHECK((opposite.differ[0] == all && opposite.both[0] == 0 && opposite.either[0] == all));
      CHECK((nothing.differ[0] == 0 && nothing.both[0] == 0 && nothing.either[0] == 0));
    }
  }
}
