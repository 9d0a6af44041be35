// Conversions between floats and halves, and the search for what is not finite.
#include <algorithm>
#include <array>

#include "kinds.h"

using vecdb::simd::HalfKernels;
using vecdb::simd::KernelTable;
using vecdb_test::AllLevels;
using vecdb_test::Bf16;
using vecdb_test::F16;
using vecdb_test::F32;
using vecdb_test::WalledMemory;

namespace {

std::vector<std::uint16_t> AllHalves() {
  std::vector<std::uint16_t> all(65536);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint16_t>(i);
  return all;
}

std::uint16_t Narrowed(const HalfKernels& kernels, float value) {
  std::uint16_t half = 0;
  kernels.from_f32(&value, 1, &half);
  return half;
}

// n components, some of them the largest and the smallest there are.
template <class Kind>
std::vector<typename Kind::Stored> FiniteValues(std::size_t n, typename Kind::Stored largest,
                                                typename Kind::Stored smallest) {
  std::mt19937 engine(3);
  std::vector<typename Kind::Stored> values(n);
  for (std::size_t i = 0; i < n; ++i) {
    values[i] = i % 10 == 0 ? largest : i % 5 == 0 ? smallest : Kind::RandomStored(engine);
  }
  return values;
}

template <class Kind>
void ExpectFound(const std::vector<typename Kind::Stored>& finite,
                 const std::vector<typename Kind::Stored>& not_finite) {
  WalledMemory memory(finite.size() * sizeof(finite[0]) + 1);
  for (const std::size_t n : {0, 1, 3, 4, 15, 16, 17, 63, 64, 65, 300, 4500}) {
    auto* v = memory.Put(finite.data(), n);
    for (const KernelTable* table : AllLevels()) {
      INFO(table->name << " of " << n);
      CHECK(Kind::Of(*table).all_finite(v, n));
      std::size_t missed = 0;
      for (std::size_t i = 0; i < n; ++i) {
        for (const auto bad : not_finite) {
          v[i] = bad;
          missed += Kind::Of(*table).all_finite(v, n) ? 1 : 0;
        }
        v[i] = finite[i];
      }
      CHECK(missed == 0);
    }
  }
}

}  // namespace

TEMPLATE_TEST_CASE("every half becomes the float of its value", "[simd][halves]", F16, Bf16) {
  const std::vector<std::uint16_t> halves = AllHalves();
  std::vector<float> floats(halves.size());
  for (const KernelTable* table : AllLevels()) {
    TestType::Of(*table).to_f32(halves.data(), halves.size(), floats.data());
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < halves.size(); ++i) {
      const double wanted = TestType::Value(halves[i]);
      const bool same = std::isnan(wanted) ? std::isnan(floats[i])
                                           : static_cast<double>(floats[i]) == wanted &&
                                                 std::signbit(floats[i]) == std::signbit(wanted);
      wrong += same ? 0 : 1;
    }
    INFO(table->name);
    CHECK(wrong == 0);
  }
}

TEMPLATE_TEST_CASE("a half that was widened is narrowed to the same bits", "[simd][halves][old]",
                   F16, Bf16) {
  const std::vector<std::uint16_t> halves = AllHalves();
  std::vector<float> floats(halves.size());
  std::vector<std::uint16_t> again(halves.size());
  for (const KernelTable* table : AllLevels()) {
    TestType::Of(*table).to_f32(halves.data(), halves.size(), floats.data());
    TestType::Of(*table).from_f32(floats.data(), floats.size(), again.data());
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < halves.size(); ++i) {
      const bool is_nan = std::isnan(TestType::Value(halves[i]));
      wrong += is_nan ? (std::isnan(TestType::Value(again[i])) ? 0 : 1)
                      : (again[i] == halves[i] ? 0 : 1);
    }
    INFO(table->name);
    CHECK(wrong == 0);
  }
}

TEMPLATE_TEST_CASE("a float becomes the nearest half, and the even one of two", "[simd][halves]",
                   F16, Bf16) {
  for (const KernelTable* table : AllLevels()) {
    const HalfKernels& kernels = TestType::Of(*table);
    std::size_t wrong = 0;
    for (std::uint32_t bits = 0; bits < 0x8000; ++bits) {
      const auto below = static_cast<std::uint16_t>(bits);
      const auto above = static_cast<std::uint16_t>(bits + 1);
      const double low = TestType::Value(below);
      const double high = TestType::Value(above);
      if (!std::isfinite(low) || !std::isfinite(high)) continue;
      const auto middle = static_cast<float>((low + high) / 2);
      const std::uint16_t even = bits % 2 == 0 ? below : above;
      wrong += Narrowed(kernels, middle) == even ? 0 : 1;
      wrong += Narrowed(kernels, -middle) == (even | 0x8000) ? 0 : 1;
      wrong += Narrowed(kernels, std::nextafter(middle, 0.0F)) == below ? 0 : 1;
      wrong += Narrowed(kernels, std::nextafter(middle, FLT_MAX)) == above ? 0 : 1;
    }
    INFO(table->name);
    CHECK(wrong == 0);
  }
}

TEST_CASE("a float too large for a half becomes infinity", "[simd][halves]") {
  for (const KernelTable* table : AllLevels()) {
    INFO(table->name);
    CHECK(Narrowed(table->f16, 65504.0F) == 0x7BFF);
    CHECK(Narrowed(table->f16, std::nextafter(65520.0F, 0.0F)) == 0x7BFF);
    CHECK(Narrowed(table->f16, 65520.0F) == 0x7C00);
    CHECK(Narrowed(table->f16, -1e30F) == 0xFC00);
    CHECK(Narrowed(table->bf16, 0x1.FEp127F) == 0x7F7F);
    CHECK(Narrowed(table->bf16, 0x1.FEFFFEp127F) == 0x7F7F);
    CHECK(Narrowed(table->bf16, 0x1.FFp127F) == 0x7F80);
    CHECK(Narrowed(table->bf16, -FLT_MAX) == 0xFF80);
  }
}

TEMPLATE_TEST_CASE("all levels narrow any bits alike, and write no more than asked",
                   "[simd][halves]", F16, Bf16) {
  std::mt19937 engine(5);
  std::vector<float> floats(20000);
  for (float& value : floats) {
    auto bits = static_cast<std::uint32_t>(engine());
    const std::uint32_t exponent = 100 + bits % 61;  // around those of an f16
    if (bits % 4 == 0) bits = (bits & 0x807FFFFF) | exponent << 23;
    if (bits % 64 == 1) bits |= 0x7F800000;
    std::memcpy(&value, &bits, sizeof bits);
  }
  WalledMemory from(floats.size() * sizeof(float));
  WalledMemory to(floats.size() * sizeof(std::uint16_t));
  const auto narrowed = [&](const KernelTable& table, std::size_t n) {
    const float* source = from.Put(floats.data(), n);
    std::uint16_t* target = to.Put(std::vector<std::uint16_t>(n, 0xABCD).data(), n);
    TestType::Of(table).from_f32(source, n, target);
    return std::vector<std::uint16_t>(target, target + n);
  };
  for (const KernelTable* table : AllLevels()) {
    INFO(table->name);
    CHECK(narrowed(*table, floats.size()) == narrowed(*AllLevels()[0], floats.size()));
    for (std::size_t n = 0; n <= 70; ++n) {
      CHECK(narrowed(*table, n) == narrowed(*AllLevels()[0], n));
    }
  }
}

TEMPLATE_TEST_CASE("widening reads and writes no more than asked", "[simd][halves]", F16, Bf16) {
  WalledMemory from(70 * sizeof(std::uint16_t));
  WalledMemory to(70 * sizeof(float));
  const std::vector<std::uint16_t> all = AllHalves();
  for (const KernelTable* table : AllLevels()) {
    for (std::size_t n = 0; n <= 70; ++n) {
      const std::uint16_t* source = from.Put(all.data() + 0x3C00, n);
      float* target = to.Put(std::vector<float>(n, -1.0F).data(), n);
      TestType::Of(*table).to_f32(source, n, target);
      const bool same = std::equal(source, source + n, target, [](std::uint16_t half, float value) {
        return TestType::Value(half) == static_cast<double>(value);
      });
      if (!same) FAIL_CHECK(table->name << " of " << n);
    }
  }
}

TEST_CASE("a NaN or infinity is found at every position, and never imagined", "[simd][halves]") {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  ExpectFound<F32>(FiniteValues<F32>(4500, -FLT_MAX, 1e-42F), {kInfinity, -kInfinity, kNan, -kNan});
  ExpectFound<F16>(FiniteValues<F16>(4500, 0xFBFF, 0x0001), {0x7C00, 0xFC00, 0x7C01, 0xFFFF});
  ExpectFound<Bf16>(FiniteValues<Bf16>(4500, 0xFF7F, 0x0001), {0x7F80, 0xFF80, 0x7F81, 0xFFFF});
}
