#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>

#include "levels.h"

using vecdb::simd::KernelTable;
using vecdb::simd::Level;
using vecdb::simd::ProductKernels;
using vecdb_test::AllLevels;
using vecdb_test::Sizes;
using vecdb_test::WalledMemory;

namespace {

constexpr std::uint32_t kUntouched = 0xA5A5A5A5U;

// Whole numbers, so that every sum is exact at every level.
struct Products {
  Products(std::size_t d, std::size_t n, std::size_t panels, std::size_t lanes)
      : dimension(d),
        rows(n),
        panel_count(panels),
        width(lanes),
        values(panels * lanes * d),
        base(n * d),
        factors(panels * lanes),
        terms(panels * lanes),
        row_factors(n) {
    std::mt19937 engine(static_cast<unsigned>(d * 131 + n));
    const auto fill = [&](std::vector<float>* numbers, int most) {
      for (float& x : *numbers) {
        x = static_cast<float>(std::uniform_int_distribution(-most, most)(engine));
      }
    };
    fill(&values, 3);
    fill(&base, 3);
    fill(&factors, 2);
    fill(&row_factors, 2);
    fill(&terms, 6);
  }

  // What the kernel is to say, and one word that it must not touch.
  std::vector<std::uint32_t> Right() const {
    std::vector<std::uint32_t> words;
    for (std::size_t p = 0; p < panel_count; ++p) {
      for (std::size_t i = 0; i < rows; ++i) {
        words.push_back(0);
        for (std::size_t q = 0; q < width; ++q) {
          float product = 0;
          for (std::size_t c = 0; c < dimension; ++c) {
            product += values[(p * dimension + c) * width + q] * base[i * dimension + c];
          }
          const std::size_t query = p * width + q;
          const float limit = std::fma(row_factors[i], factors[query], terms[query]);
          if (!(product < limit)) words.back() |= std::uint32_t{1} << q;
        }
      }
    }
    words.push_back(kUntouched);
    return words;
  }

  std::size_t dimension, rows, panel_count, width;
  std::vector<float> values, base, factors, terms, row_factors;
};

std::vector<std::uint32_t> Reached(const ProductKernels& kernels, const Products& of) {
  static WalledMemory values(std::size_t{4} << 20), base(std::size_t{1} << 20), factors(4096);
  static WalledMemory terms(4096), row_factors(4096);
  std::vector<std::uint32_t> words(of.panel_count * of.rows + 1, kUntouched);
  kernels.reach({values.Put(of.values.data(), of.values.size()), of.panel_count,
                 factors.Put(of.factors.data(), of.factors.size()),
                 terms.Put(of.terms.data(), of.terms.size())},
                {base.Put(of.base.data(), of.base.size()), of.dimension, of.rows,
                 row_factors.Put(of.row_factors.data(), of.rows), of.base.data(),
                 of.base.size() * sizeof(float)},
                words.data());
  return words;
}

}  // namespace

TEST_CASE("every level but the scalar one compares products, or none does", "[simd][products]") {
  const bool any = AllLevels().back()->products.width > 0;
  for (const KernelTable* table : AllLevels()) {
    INFO(table->name);
    CHECK((table->products.width > 0) == (any && table->level != Level::kScalar));
    CHECK((table->products.reach == nullptr) == (table->products.width == 0));
    CHECK(table->products.width <= 32);
  }
}

TEST_CASE("products are compared with the limits of rows and queries", "[simd][products]") {
  for (const KernelTable* table : AllLevels()) {
    const std::size_t width = table->products.width;
    if (width == 0) continue;
    for (const std::size_t d : Sizes{1, 2, 3, 4, 7, 8, 15, 16, 17, 33, 64, 100, 130, 1000}) {
      for (std::size_t n = 1; n <= 40; n += n < 26 ? 1 : 7) {
        for (const std::size_t panels : Sizes{1, 3}) {
          const Products products(d, n, panels, width);
          if (Reached(table->products, products) != products.Right()) {
            FAIL_CHECK(table->name << " dimension " << d << " rows " << n << " panels " << panels);
          }
        }
      }
    }
  }
}

TEST_CASE("what is no number is not below a limit", "[simd][products]") {
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
  for (const KernelTable* table : AllLevels()) {
    const std::size_t width = table->products.width;
    if (width == 0) continue;
    INFO(table->name);
    Products products(20, 15, 2, width);
    std::fill(products.terms.begin(), products.terms.end(), 1e9F);  // all are below
    products.base[3 * 20 + 7] = kNaN;
    products.row_factors[5] = kNaN;
    products.factors[width + 1] = kNaN;
    products.terms[2] = kNaN;
    products.terms[0] = -std::numeric_limits<float>::infinity();
    const std::vector<std::uint32_t> words = Reached(table->products, products);
    CHECK(words == products.Right());
    const auto all = static_cast<std::uint32_t>((std::uint64_t{1} << width) - 1);
    for (std::size_t p = 0; p < 2; ++p) {
      for (std::size_t i = 0; i < 15; ++i) {
        const bool any = i == 3 || i == 5;
        CHECK(words[p * 15 + i] == (any ? all : p == 0 ? 5U : 2U));
      }
    }
  }
}
