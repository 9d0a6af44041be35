#include <array>

#include "kinds.h"

using vecdb::simd::KernelTable;
using vecdb_test::AllLevels;
using vecdb_test::Bf16;
using vecdb_test::F16;
using vecdb_test::F32;
using vecdb_test::I8;
using vecdb_test::Near;
using vecdb_test::WalledMemory;

namespace {

constexpr std::size_t kRows = 9;
constexpr std::size_t kQueries = 6;
constexpr int kUntouched = -12345;

// What a kernel should give for a row, in double, and the size its rounding is measured by.
struct Exact {
  double l2 = 0, ip = 0, norm2 = 0;
  double ip_size = 0;
};

template <class Kind>
Exact Reference(const typename Kind::Query* query, const typename Kind::Stored* row,
                std::size_t dimension) {
  Exact exact;
  for (std::size_t i = 0; i < dimension; ++i) {
    const double a = Kind::Value(query[i]);
    const double b = Kind::Value(row[i]);
    exact.l2 += (a - b) * (a - b);
    exact.ip += a * b;
    exact.ip_size += std::fabs(a * b);
    exact.norm2 += b * b;
  }
  return exact;
}

template <class Number>
bool SameBits(const Number* a, const Number* b, std::size_t n) {
  return n == 0 || std::memcmp(a, b, n * sizeof(Number)) == 0;
}

// The three results of n rows, one slot more than n to notice a write too far.
template <class Kind>
struct Results {
  using Numbers = std::array<typename Kind::Number, kRows + 1>;
  Numbers l2, ip, norm2;
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
  bool Near(std::size_t i, const Exact& exact, std::size_t dimension) const {
    return vecdb_test::Near(l2[i], exact.l2, exact.l2, dimension) &&
           vecdb_test::Near(ip[i], exact.ip, exact.ip_size, dimension) &&
           vecdb_test::Near(norm2[i], exact.norm2, exact.norm2, dimension);
  }
};

// kQueries queries, and kRows rows for the last of them.
template <class Kind>
struct Rows {
  const typename Kind::Query* query;
  const typename Kind::Stored* base;
  std::size_t dimension;
};

// l2_* and ip_* must agree with ip_norm_*, so the inner product is computed twice.
template <class Kind>
Results<Kind> Many(const KernelTable& table, const Rows<Kind>& rows, std::size_t first,
                   std::size_t n) {
  const auto& kernels = Kind::Of(table);
  Results<Kind> results;
  auto again = results.ip;
  const auto* base = rows.base + first * rows.dimension;
  kernels.l2_many(rows.query, base, rows.dimension, n, results.l2.data());
  kernels.ip_many(rows.query, base, rows.dimension, n, again.data());
  kernels.ip_norm_many(rows.query, base, rows.dimension, n, results.ip.data(),
                       results.norm2.data());
  if (!SameBits(again.data(), results.ip.data(), kRows + 1)) FAIL_CHECK("ip differs from ip_norm");
  return results;
}

template <class Kind>
Results<Kind> Ids(const KernelTable& table, const Rows<Kind>& rows, const std::uint32_t* ids,
                  std::size_t n) {
  const auto& kernels = Kind::Of(table);
  Results<Kind> results;
  auto again = results.ip;
  kernels.l2_ids(rows.query, rows.base, rows.dimension, ids, n, results.l2.data());
  kernels.ip_ids(rows.query, rows.base, rows.dimension, ids, n, again.data());
  kernels.ip_norm_ids(rows.query, rows.base, rows.dimension, ids, n, results.ip.data(),
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

const std::vector<std::size_t> kSomeDimensions = {
    1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 48, 63, 64, 65, 100, 128, 784, 1030};

// Calls check(rows) for every dimension; queries and rows end at a wall.
template <class Kind, class Check>
void ForEach(const std::vector<std::size_t>& dimensions, const Check& check) {
  std::size_t longest = 0;
  for (const std::size_t d : dimensions) longest = d > longest ? d : longest;
  std::mt19937 engine(7);
  std::vector<typename Kind::Query> queries(kQueries * longest);
  std::vector<typename Kind::Stored> base(kRows * longest);
  for (auto& value : queries) value = Kind::RandomQuery(engine);
  for (auto& value : base) value = Kind::RandomStored(engine);
  WalledMemory query_memory(queries.size() * sizeof(queries[0]));
  WalledMemory row_memory(base.size() * sizeof(base[0]));
  for (const std::size_t d : dimensions) {
    const auto* query = query_memory.Put(queries.data(), kQueries * d) + (kQueries - 1) * d;
    check(Rows<Kind>{query, row_memory.Put(base.data(), kRows * d), d});
  }
}

}  // namespace

TEMPLATE_TEST_CASE("distances are as near to the exact value as the bound says, in every dimension",
                   "[simd][old]", F32, F16, Bf16, I8) {
  ForEach<TestType>(Dimensions(), [](const Rows<TestType>& rows) {
    const std::size_t d = rows.dimension;
    std::array<Exact, kRows> exact;
    for (std::size_t i = 0; i < kRows; ++i) {
      exact[i] = Reference<TestType>(rows.query, rows.base + i * d, d);
    }
    for (const KernelTable* table : AllLevels()) {
      const Results<TestType> results = Many(*table, rows, 0, kRows);
      for (std::size_t i = 0; i < kRows; ++i) {
        if (!results.Near(i, exact[i], d)) {
          FAIL_CHECK(table->name << " dimension " << d << " row " << i);
        }
      }
    }
  });
}

TEMPLATE_TEST_CASE("a row's bits depend neither on the number of rows nor on its position",
                   "[simd]", F32, F16, Bf16, I8) {
  ForEach<TestType>(Dimensions(), [](const Rows<TestType>& rows) {
    const std::size_t step = rows.dimension > 600 ? 4 : 1;
    for (const KernelTable* table : AllLevels()) {
      const Results<TestType> all = Many(*table, rows, 0, kRows);
      for (std::size_t first = 0; first < kRows; first += step) {
        for (std::size_t n = 0; first + n <= kRows; n += step) {
          if (!Many(*table, rows, first, n).SameAs(all, first, n)) {
            FAIL_CHECK(table->name << " dimension " << rows.dimension << " rows " << first << "+"
                                   << n);
          }
        }
      }
    }
  });
}

TEMPLATE_TEST_CASE("rows reached by id have the bits of rows reached by position", "[simd][old]",
                   F32, F16, Bf16, I8) {
  ForEach<TestType>(Dimensions(), [](const Rows<TestType>& rows) {
    constexpr std::array<std::uint32_t, kRows> kIds = {8, 0, 3, 3, 7, 1, 8, 8, 5};
    for (const KernelTable* table : AllLevels()) {
      const Results<TestType> all = Many(*table, rows, 0, kRows);
      Results<TestType> expected;
      for (std::size_t i = 0; i < kRows; ++i) {
        expected.l2[i] = all.l2[kIds[i]];
        expected.ip[i] = all.ip[kIds[i]];
        expected.norm2[i] = all.norm2[kIds[i]];
      }
      for (std::size_t n = 0; n <= kRows; ++n) {
        if (!Ids(*table, rows, kIds.data(), n).SameAs(expected, 0, n)) {
          FAIL_CHECK(table->name << " dimension " << rows.dimension << " ids " << n);
        }
      }
    }
  });
}

TEMPLATE_TEST_CASE("a row alone has the bits it has among others, and so has its norm", "[simd]",
                   F32, F16, Bf16, I8) {
  ForEach<TestType>(Dimensions(), [](const Rows<TestType>& rows) {
    for (const KernelTable* table : AllLevels()) {
      const auto& kernels = TestType::Of(*table);
      const Results<TestType> all = Many(*table, rows, 0, kRows);
      Results<TestType> alone;
      for (std::size_t i = 0; i < kRows; ++i) {
        const auto* row = rows.base + i * rows.dimension;
        alone.l2[i] = kernels.l2_pair(rows.query, row, rows.dimension);
        alone.ip[i] = kernels.ip_pair(rows.query, row, rows.dimension);
        alone.norm2[i] = kernels.norm2(row, rows.dimension);
      }
      if (!alone.SameAs(all, 0, kRows)) {
        FAIL_CHECK(table->name << " dimension " << rows.dimension);
      }
    }
  });
}

TEMPLATE_TEST_CASE("a row's bits do not depend on the queries beside", "[simd]", F32, F16, Bf16,
                   I8) {
  using Number = typename TestType::Number;
  ForEach<TestType>(Dimensions(), [](const Rows<TestType>& rows) {
    const std::size_t d = rows.dimension;
    for (const KernelTable* table : AllLevels()) {
      const auto& kernels = TestType::Of(*table);
      for (std::size_t queries = 0; queries <= kQueries; queries += d > 600 ? 3 : 1) {
        for (const std::size_t n : {kRows, kRows - 2, std::size_t{1}, std::size_t{0}}) {
          const auto* first = rows.query - (kQueries - 1) * d;
          std::array<Number, kQueries * kRows + 1> l2, ip, expected_l2, expected_ip;
          l2.fill(kUntouched);
          ip.fill(kUntouched);
          expected_l2 = l2;
          expected_ip = ip;
          kernels.l2_mq(first, queries, rows.base, d, n, l2.data());
          kernels.ip_mq(first, queries, rows.base, d, n, ip.data());
          for (std::size_t q = 0; q < queries; ++q) {
            kernels.l2_many(first + q * d, rows.base, d, n, expected_l2.data() + q * n);
            kernels.ip_many(first + q * d, rows.base, d, n, expected_ip.data() + q * n);
          }
          if (!SameBits(l2.data(), expected_l2.data(), l2.size()) ||
              !SameBits(ip.data(), expected_ip.data(), ip.size())) {
            FAIL_CHECK(table->name << " dimension " << d << " queries " << queries << " rows "
                                   << n);
          }
        }
      }
    }
  });
}

TEMPLATE_TEST_CASE("many rows against many queries are what each query gives alone", "[simd]", F32,
                   F16, Bf16, I8) {
  std::mt19937 engine(11);
  for (const std::size_t d : {1, 24, 100, 300}) {
    const std::size_t n = 24000 / d + 3;  // several blocks of rows
    std::vector<typename TestType::Query> queries(5 * d);
    std::vector<typename TestType::Stored> base(n * d);
    for (auto& value : queries) value = TestType::RandomQuery(engine);
    for (auto& value : base) value = TestType::RandomStored(engine);
    std::vector<typename TestType::Number> together(5 * n);
    std::vector<typename TestType::Number> alone(5 * n);
    for (const KernelTable* table : AllLevels()) {
      const auto& kernels = TestType::Of(*table);
      kernels.l2_mq(queries.data(), 5, base.data(), d, n, together.data());
      for (std::size_t q = 0; q < 5; ++q) {
        kernels.l2_many(queries.data() + q * d, base.data(), d, n, alone.data() + q * n);
      }
      INFO(table->name << " dimension " << d);
      CHECK(SameBits(together.data(), alone.data(), alone.size()));
    }
  }
}

TEMPLATE_TEST_CASE("a row's bits do not depend on alignment", "[simd]", F32, F16, Bf16, I8) {
  using Query = typename TestType::Query;
  using Stored = typename TestType::Stored;
  ForEach<TestType>(kSomeDimensions, [](const Rows<TestType>& rows) {
    const std::size_t d = rows.dimension;
    constexpr std::size_t kOffsets = 64 / sizeof(Stored);
    std::vector<Stored> moved(kRows * d + kOffsets);
    std::vector<Query> query(d + kOffsets);
    for (const KernelTable* table : AllLevels()) {
      const Results<TestType> all = Many(*table, rows, 0, kRows);
      for (std::size_t offset = 0; offset < kOffsets; ++offset) {
        const std::size_t other = kOffsets - 1 - offset;
        std::memcpy(moved.data() + offset, rows.base, kRows * d * sizeof(Stored));
        std::memcpy(query.data() + other, rows.query, d * sizeof(Query));
        const Rows<TestType> here{query.data() + other, moved.data() + offset, d};
        if (!Many(*table, here, 0, kRows).SameAs(all, 0, kRows)) {
          FAIL_CHECK(table->name << " dimension " << d << " offset " << offset);
        }
      }
    }
  });
}

TEMPLATE_TEST_CASE("distances are symmetric, and zero from a row to itself", "[simd]", F32, I8) {
  ForEach<TestType>(kSomeDimensions, [](const Rows<TestType>& rows) {
    const std::size_t d = rows.dimension;
    for (const KernelTable* table : AllLevels()) {
      const auto& kernels = TestType::Of(*table);
      for (std::size_t i = 0; i < kRows; ++i) {
        const auto* row = rows.base + i * d;
        if (kernels.l2_pair(rows.query, row, d) != kernels.l2_pair(row, rows.query, d) ||
            kernels.ip_pair(rows.query, row, d) != kernels.ip_pair(row, rows.query, d) ||
            kernels.l2_pair(row, row, d) != 0) {
          FAIL_CHECK(table->name << " dimension " << d);
        }
      }
    }
  });
}

TEST_CASE("equal components do not let rounding errors add up", "[simd]") {
  for (const std::size_t d : {100, 520, 1536, 4096, 20000, 32768}) {
    for (const float value : {0.1F, 0.7F, 1.0F / 3.0F, 1.1F, 1.7F, 0.013F, 123.4F, 0.77F, 3.3F}) {
      const std::vector<float> query(d, value);
      const std::vector<float> row(d, -0.013F);
      const std::vector<std::uint16_t> half(d, 0x2E66);   // f16 0.1, nearly
      const std::vector<std::uint16_t> brain(d, 0x3DCD);  // bf16 0.1, nearly
      const Exact exact = Reference<F32>(query.data(), row.data(), d);
      const Exact exact_half = Reference<F16>(query.data(), half.data(), d);
      const Exact exact_brain = Reference<Bf16>(query.data(), brain.data(), d);
      for (const KernelTable* table : AllLevels()) {
        INFO(table->name << " dimension " << d << " value " << value);
        CHECK(Many<F32>(*table, {query.data(), row.data(), d}, 0, 1).Near(0, exact, d));
        CHECK(Many<F16>(*table, {query.data(), half.data(), d}, 0, 1).Near(0, exact_half, d));
        CHECK(Many<Bf16>(*table, {query.data(), brain.data(), d}, 0, 1).Near(0, exact_brain, d));
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
    const Exact exact = Reference<F32>(query.data(), row.data(), d);
    for (const KernelTable* table : AllLevels()) {
      if (!Many<F32>(*table, {query.data(), row.data(), d}, 0, 1).Near(0, exact, d)) {
        FAIL_CHECK(table->name << " dimension " << d);
      }
    }
  }
}

// A query of such a size that flushing a denormal to zero would cost far more than the bound.
TEMPLATE_TEST_CASE("denormal components of halves count", "[simd]", F16, Bf16) {
  constexpr std::array<std::uint16_t, 7> kTiny = {0x0001, 0x8001, 0x007F, 0x803F,
                                                  0x0000, 0x8000, 0x0003};
  for (const std::size_t d : kSomeDimensions) {
    std::vector<float> query(d);
    std::vector<std::uint16_t> row(d);
    for (std::size_t i = 0; i < d; ++i) {
      query[i] = static_cast<float>(i + 1) * 1e25F;
      row[i] = kTiny[i % kTiny.size()];
    }
    const Exact exact = Reference<TestType>(query.data(), row.data(), d);
    for (const KernelTable* table : AllLevels()) {
      const float ip = TestType::Of(*table).ip_pair(query.data(), row.data(), d);
      INFO(table->name << " dimension " << d);
      CHECK(exact.ip != 0);
      CHECK(Near(ip, exact.ip, exact.ip_size, d));
    }
  }
}

TEST_CASE("the largest and smallest int8 components do not overflow", "[simd]") {
  for (const std::size_t d : {1, 7, 64, 100, 129, 1000, 32768}) {
    for (const int a : {-128, -127, 0, 127}) {
      for (const int b : {-128, -127, 0, 127}) {
        const std::vector<std::int8_t> query(d, static_cast<std::int8_t>(a));
        const std::vector<std::int8_t> row(d, static_cast<std::int8_t>(b));
        const Exact exact = Reference<I8>(query.data(), row.data(), d);
        for (const KernelTable* table : AllLevels()) {
          if (!Many<I8>(*table, {query.data(), row.data(), d}, 0, 1).Near(0, exact, d)) {
            FAIL_CHECK(table->name << " dimension " << d << " of " << a << " and " << b);
          }
        }
      }
    }
  }
}

TEST_CASE("sums beyond the largest float become infinity", "[simd]") {
  for (const std::size_t d : kSomeDimensions) {
    const std::vector<float> query(d, 1e19F);
    const std::vector<float> row(d, -1e19F);
    const Exact exact = Reference<F32>(query.data(), row.data(), d);
    const std::array<double, 3> wanted = {exact.l2, exact.ip, exact.norm2};
    for (const KernelTable* table : AllLevels()) {
      INFO(table->name << " dimension " << d);
      const auto results = Many<F32>(*table, {query.data(), row.data(), d}, 0, 1);
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
