#include <array>
#include <cfloat>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>

#include "levels.h"

using vecdb::simd::KernelTable;
using vecdb_test::AllLevels;
using vecdb_test::WalledMemory;

namespace {

constexpr std::size_t kRows = 9;
constexpr float kUntouched = -12345.0F;

// What a kernel should give for a row, in double, and the size its rounding is measured by.
struct Exact {
  double l2 = 0, ip = 0, norm2 = 0;
  double ip_size = 0;
};

Exact Reference(const float* query, const float* row, std::size_t dimension) {
  Exact exact;
  for (std::size_t i = 0; i < dimension; ++i) {
    const double a = query[i];
    const double b = row[i];
    exact.l2 += (a - b) * (a - b);
    exact.ip += a * b;
    exact.ip_size += std::fabs(a * b);
    exact.norm2 += b * b;
  }
  return exact;
}

bool Near(float value, double exact, double size, std::size_t dimension) {
  const double bound = 4 * static_cast<double>(FLT_EPSILON) * size +
                       static_cast<double>(FLT_MIN) * static_cast<double>(dimension);
  return std::fabs(static_cast<double>(value) - exact) <= bound;
}

bool SameBits(const float* a, const float* b, std::size_t n) {
  return n == 0 || std::memcmp(a, b, n * sizeof(float)) == 0;
}

// The three results of n rows, one slot more than n to notice a write too far.
struct Results {
  std::array<float, kRows + 1> l2, ip, norm2;
  Results() {
    l2.fill(kUntouched);
    ip.fill(kUntouched);
    norm2.fill(kUntouched);
  }
  bool SameAs(const Results& other, std::size_t at, std::size_t n) const {
    return SameBits(l2.data(), other.l2.data() + at, n) &&
           SameBits(ip.data(), other.ip.data() + at, n) &&
           SameBits(norm2.data(), other.norm2.data() + at, n) && l2[n] == kUntouched &&
           ip[n] == kUntouched && norm2[n] == kUntouched;
  }
};

struct Rows {
  const float* query;
  const float* base;
  std::size_t dimension;
};

// l2_* and ip_* must agree with ip_norm_*, so the inner product is computed twice.
Results Many(const KernelTable& table, const Rows& rows, std::size_t first, std::size_t n) {
  Results results;
  std::array<float, kRows + 1> again = results.ip;
  const float* base = rows.base + first * rows.dimension;
  table.f32.l2_many(rows.query, base, rows.dimension, n, results.l2.data());
  table.f32.ip_many(rows.query, base, rows.dimension, n, again.data());
  table.f32.ip_norm_many(rows.query, base, rows.dimension, n, results.ip.data(),
                         results.norm2.data());
  if (!SameBits(again.data(), results.ip.data(), kRows + 1)) FAIL_CHECK("ip differs from ip_norm");
  return results;
}

Results Ids(const KernelTable& table, const Rows& rows, const std::uint32_t* ids, std::size_t n) {
  Results results;
  std::array<float, kRows + 1> again = results.ip;
  table.f32.l2_ids(rows.query, rows.base, rows.dimension, ids, n, results.l2.data());
  table.f32.ip_ids(rows.query, rows.base, rows.dimension, ids, n, again.data());
  table.f32.ip_norm_ids(rows.query, rows.base, rows.dimension, ids, n, results.ip.data(),
                        results.norm2.data());
  if (!SameBits(again.data(), results.ip.data(), kRows + 1)) FAIL_CHECK("ip differs from ip_norm");
  return results;
}

std::vector<std::size_t> Dimensions() {
  std::vector<std::size_t> all;
  for (std::size_t d = 1; d <= 520; ++d) all.push_back(d);
  for (const std::size_t d : {768, 784, 960, 1024, 1536, 3072, 4096, 32768}) all.push_back(d);
  return all;
}

std::vector<float> Random(std::size_t n, std::uint32_t seed) {
  std::mt19937 engine(seed);
  std::vector<float> values(n);
  for (float& value : values) {
    value = static_cast<float>(static_cast<std::int32_t>(engine())) * 0x1p-31F;
  }
  return values;
}

// Calls check(table, rows) for every level and dimension; query and rows end at a wall.
template <class Check>
void ForEach(const std::vector<std::size_t>& dimensions, const Check& check) {
  std::size_t longest = 0;
  for (const std::size_t d : dimensions) longest = d > longest ? d : longest;
  const std::vector<float> values = Random((kRows + 1) * longest, 7);
  WalledMemory query_memory(longest * sizeof(float));
  WalledMemory row_memory(kRows * longest * sizeof(float));
  for (const std::size_t d : dimensions) {
    const Rows rows{query_memory.Put(values.data(), d),
                    row_memory.Put(values.data() + d, kRows * d), d};
    for (const KernelTable* table : AllLevels()) check(*table, rows);
  }
}

const std::vector<std::size_t> kSomeDimensions = {
    1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 48, 63, 64, 65, 100, 128, 784, 1030};

}  // namespace

TEST_CASE("distances are as near to the exact value as the bound says, for every dimension",
          "[simd]") {
  ForEach(Dimensions(), [](const KernelTable& table, const Rows& rows) {
    const std::size_t d = rows.dimension;
    const Results results = Many(table, rows, 0, kRows);
    for (std::size_t i = 0; i < kRows; ++i) {
      const float* row = rows.base + i * d;
      const Exact exact = Reference(rows.query, row, d);
      if (!Near(results.l2[i], exact.l2, exact.l2, d) ||
          !Near(results.ip[i], exact.ip, exact.ip_size, d) ||
          !Near(results.norm2[i], exact.norm2, exact.norm2, d)) {
        FAIL_CHECK(table.name << " dimension " << d << " row " << i);
      }
      const float norm2 = table.f32.norm2(row, d);
      if (!SameBits(&norm2, &results.norm2[i], 1)) FAIL_CHECK(table.name << " norm2 " << d);
    }
  });
}

TEST_CASE("a row's bits depend neither on the number of rows nor on its position", "[simd]") {
  ForEach(Dimensions(), [](const KernelTable& table, const Rows& rows) {
    const std::size_t step = rows.dimension > 600 ? 4 : 1;
    const Results all = Many(table, rows, 0, kRows);
    for (std::size_t first = 0; first < kRows; first += step) {
      for (std::size_t n = 0; first + n <= kRows; n += step) {
        if (!Many(table, rows, first, n).SameAs(all, first, n)) {
          FAIL_CHECK(table.name << " dimension " << rows.dimension << " rows " << first << "+"
                                << n);
        }
      }
    }
  });
}

TEST_CASE("rows reached by id have the bits of rows reached by position", "[simd]") {
  ForEach(Dimensions(), [](const KernelTable& table, const Rows& rows) {
    constexpr std::array<std::uint32_t, kRows> kIds = {8, 0, 3, 3, 7, 1, 8, 8, 5};
    const Results all = Many(table, rows, 0, kRows);
    Results expected;
    for (std::size_t i = 0; i < kRows; ++i) {
      expected.l2[i] = all.l2[kIds[i]];
      expected.ip[i] = all.ip[kIds[i]];
      expected.norm2[i] = all.norm2[kIds[i]];
    }
    for (std::size_t n = 0; n <= kRows; ++n) {
      if (!Ids(table, rows, kIds.data(), n).SameAs(expected, 0, n)) {
        FAIL_CHECK(table.name << " dimension " << rows.dimension << " ids " << n);
      }
    }
  });
}

TEST_CASE("a row's bits do not depend on alignment", "[simd]") {
  ForEach(kSomeDimensions, [](const KernelTable& table, const Rows& rows) {
    const std::size_t d = rows.dimension;
    const Results all = Many(table, rows, 0, kRows);
    std::vector<float> moved(kRows * d + 16);
    std::vector<float> query(d + 16);
    for (std::size_t offset = 0; offset < 16; ++offset) {
      std::memcpy(moved.data() + offset, rows.base, kRows * d * sizeof(float));
      std::memcpy(query.data() + 15 - offset, rows.query, d * sizeof(float));
      const Rows here{query.data() + 15 - offset, moved.data() + offset, d};
      if (!Many(table, here, 0, kRows).SameAs(all, 0, kRows)) {
        FAIL_CHECK(table.name << " dimension " << d << " offset " << offset);
      }
    }
  });
}

TEST_CASE("distances are symmetric, and zero from a row to itself", "[simd]") {
  ForEach(kSomeDimensions, [](const KernelTable& table, const Rows& rows) {
    for (std::size_t i = 0; i < kRows; ++i) {
      const float* row = rows.base + i * rows.dimension;
      std::array<float, 5> out = {};
      table.f32.l2_many(rows.query, row, rows.dimension, 1, &out[0]);
      table.f32.l2_many(row, rows.query, rows.dimension, 1, &out[1]);
      table.f32.ip_many(rows.query, row, rows.dimension, 1, &out[2]);
      table.f32.ip_many(row, rows.query, rows.dimension, 1, &out[3]);
      table.f32.l2_many(row, row, rows.dimension, 1, &out[4]);
      if (out[0] != out[1] || out[2] != out[3] || out[4] != 0) {
        FAIL_CHECK(table.name << " dimension " << rows.dimension);
      }
    }
  });
}

TEST_CASE("equal components do not let rounding errors add up", "[simd]") {
  for (const std::size_t d : {100, 520, 1536, 4096, 20000, 32768}) {
    for (const float value : {0.1F, 0.7F, 1.0F / 3.0F, 1.1F, 1.7F, 0.013F, 123.4F, 0.77F, 3.3F}) {
      const std::vector<float> query(d, value);
      const std::vector<float> row(d, -0.013F);
      const Exact exact = Reference(query.data(), row.data(), d);
      for (const KernelTable* table : AllLevels()) {
        const Results results = Many(*table, {query.data(), row.data(), d}, 0, 1);
        INFO(table->name << " dimension " << d << " value " << value);
        CHECK(Near(results.l2[0], exact.l2, exact.l2, d));
        CHECK(Near(results.ip[0], exact.ip, exact.ip_size, d));
        CHECK(Near(results.norm2[0], exact.norm2, exact.norm2, d));
      }
    }
  }
}

TEST_CASE("denormals and zeros of either sign stay within the bound", "[simd]") {
  constexpr std::array<float, 7> kTiny = {0.0F,    -0.0F,    1e-45F,   -1e-40F,
                                          FLT_MIN, 1.0e-20F, -3.0e-19F};
  for (const std::size_t d : kSomeDimensions) {
    std::vector<float> query(d);
    std::vector<float> row(d);
    for (std::size_t i = 0; i < d; ++i) {
      query[i] = kTiny[i % kTiny.size()];
      row[i] = kTiny[(3 * i + 1) % kTiny.size()];
    }
    const Exact exact = Reference(query.data(), row.data(), d);
    for (const KernelTable* table : AllLevels()) {
      const Results results = Many(*table, {query.data(), row.data(), d}, 0, 1);
      if (!Near(results.l2[0], exact.l2, exact.l2, d) ||
          !Near(results.ip[0], exact.ip, exact.ip_size, d) ||
          !Near(results.norm2[0], exact.norm2, exact.norm2, d)) {
        FAIL_CHECK(table->name << " dimension " << d);
      }
    }
  }
}

TEST_CASE("sums beyond the largest float become infinity", "[simd]") {
  for (const std::size_t d : kSomeDimensions) {
    const std::vector<float> query(d, 1e19F);
    const std::vector<float> row(d, -1e19F);
    const Exact exact = Reference(query.data(), row.data(), d);
    const std::array<double, 3> wanted = {exact.l2, exact.ip, exact.norm2};
    for (const KernelTable* table : AllLevels()) {
      INFO(table->name << " dimension " << d);
      const Results results = Many(*table, {query.data(), row.data(), d}, 0, 1);
      const std::array<float, 3> got = {results.l2[0], results.ip[0], results.norm2[0]};
      for (std::size_t k = 0; k < wanted.size(); ++k) {
        if (std::fabs(wanted[k]) > static_cast<double>(FLT_MAX)) {
          CHECK(std::isinf(got[k]));
          CHECK(std::signbit(got[k]) == std::signbit(wanted[k]));
        } else {
          CHECK(Near(got[k], wanted[k], std::fabs(wanted[k]), d));
        }
      }
    }
  }
}

TEST_CASE("a NaN or infinity is found at every position, and never imagined", "[simd]") {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  WalledMemory memory(5000 * sizeof(float));
  for (const std::size_t n : {0, 1, 3, 4, 15, 16, 17, 63, 64, 65, 300, 4500}) {
    std::vector<float> values = Random(n, 3);
    for (std::size_t i = 0; i < n; i += 5) values[i] = i % 2 == 0 ? -FLT_MAX : 1e-42F;
    float* v = memory.Put(values.data(), n);
    for (const KernelTable* table : AllLevels()) {
      INFO(table->name << " of " << n);
      CHECK(table->f32.all_finite(v, n));
      std::size_t missed = 0;
      for (std::size_t i = 0; i < n; ++i) {
        for (const float bad : {kInfinity, -kInfinity, kNan, -kNan}) {
          v[i] = bad;
          missed += table->f32.all_finite(v, n) ? 1 : 0;
        }
        v[i] = values[i];
      }
      CHECK(missed == 0);
    }
  }
}
