// JSON, arrays, halves, int8, bits and sparse vectors at the edges, through every door.
#include <cmath>
#include <limits>
#include <numeric>

#include "walks/limits.h"

namespace vecdb::test::limits {
namespace {

constexpr std::size_t kMaxBytes = 262'144;  // of an array or a sparse vector

Field ArrayOf(DataType element, std::uint32_t max_capacity = 4096) {
  return {
      .name = "f", .type = DataType::kArray, .element_type = element, .max_capacity = max_capacity};
}

Field VectorOf(DataType type, std::uint32_t dimension, Metric metric = Metric::kL2) {
  return {.name = "f", .type = type, .metric = metric, .dimension = dimension};
}

void TryJson(Tally& tally) {
  const Field json{.name = "f", .type = DataType::kJson};
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  for (const std::size_t size : {65'535UL, 65'536UL}) {
    TryValue(tally, {json, "\"" + std::string(size - 2, 'x') + "\""});
    TryValue(tally, {json, "1" + std::string(size - 1, ' ')});
  }
  for (const std::size_t size : {65'537UL, 1'000'000UL}) {
    TryValue(tally, {json, "1" + std::string(size - 1, ' '), false, {"65536"}});
  }
  for (const std::size_t depth : {1UL, 63UL, 64UL}) TryValue(tally, {json, nested(depth)});
  for (const std::size_t depth : {65UL, 66UL, 32'000UL}) {
    TryValue(tally, {json, nested(depth), false, {"64 deep"}});
  }
  for (const char* good : {"0", "-0.0", "1e308", "18446744073709551616", "\"\\ud83d\\ude00\"",
                           "{\"a\":1,\"a\":2}", " null ", "\"\\u0000\""}) {
    TryValue(tally, {json, std::string(good)});
  }
  for (const char* bad :
       {"", " ", "01", "1e309", "-1e400", "NaN", "{a:1}", "[1,]", "1 2", "\"\xFF\"",
        "\"\xED\xA0\x80\"", "\"\\ud800\"", "\"\\udc00\"", "\"a", "tru"}) {
    TryValue(tally, {json, std::string(bad), false, {"JSON"}});
  }
  TryValue(tally, {json, std::string("1\0", 2), false, {"NUL"}});
  TryValue(tally, {json, std::int64_t{1}, false, {"JSON"}});
  TryValue(tally, {json, std::vector<float>{1}, false});
  TryValue(tally, {json, Value(), false, {"null"}});
  Field nullable = json;
  nullable.nullable = true;
  TryValue(tally, {nullable, Value()});
}

template <typename Int>
void TryIntegerArrays(Tally& tally, DataType element) {
  constexpr std::int64_t kLow = std::numeric_limits<Int>::min();
  constexpr std::int64_t kHigh = std::numeric_limits<Int>::max();
  TryValue(tally, {ArrayOf(element), std::vector<std::int64_t>{kLow, kLow + 1, kHigh - 1, kHigh}});
  if constexpr (sizeof(Int) < 8) {
    for (const std::int64_t outside : {kLow - 1, kHigh + 1}) {
      TryValue(tally, {ArrayOf(element),
                       std::vector<std::int64_t>{0, outside},
                       false,
                       {"element 1", std::to_string(outside)}});
    }
  }
}

void TryArrays(Tally& tally) {
  TryIntegerArrays<std::int8_t>(tally, DataType::kInt8);
  TryIntegerArrays<std::int16_t>(tally, DataType::kInt16);
  TryIntegerArrays<std::int32_t>(tally, DataType::kInt32);
  TryIntegerArrays<std::int64_t>(tally, DataType::kInt64);
  using Ints = std::vector<std::int64_t>;
  using Reals = std::vector<double>;
  using Texts = std::vector<std::string>;
  const double largest = std::numeric_limits<float>::max();
  TryValue(tally, {ArrayOf(DataType::kFloat), Reals{largest, -largest, 0.5}});
  TryValue(tally, {ArrayOf(DataType::kFloat), Ints{-(1 << 24), 1 << 24}});
  TryValue(tally, {ArrayOf(DataType::kFloat), Ints{(1 << 24) + 1}, false, {"element 0"}});
  TryValue(tally, {ArrayOf(DataType::kFloat), Reals{3.5e38}, false, {"element 0"}});
  TryValue(tally, {ArrayOf(DataType::kDouble), Reals{1e308, 5e-324, -0.0}});
  for (const double odd : {HUGE_VAL, -HUGE_VAL, std::nan("")}) {
    for (const DataType type : {DataType::kFloat, DataType::kDouble}) {
      TryValue(tally, {ArrayOf(type), Reals{0, odd}, false, {"element 1", "finite"}});
    }
  }
  for (const std::uint32_t capacity : {1U, 2U, 4'095U, 4'096U}) {
    for (const std::uint32_t size : {0U, capacity - 1, capacity}) {
      TryValue(tally, {ArrayOf(DataType::kInt16, capacity), Ints(size, 7)});
      TryValue(tally, {ArrayOf(DataType::kBool, capacity), std::vector<bool>(size, true)});
    }
    TryValue(tally, {ArrayOf(DataType::kInt16, capacity),
                     Ints(capacity + 1, 7),
                     false,
                     {std::to_string(capacity), std::to_string(capacity + 1)}});
  }
  Field ten = ArrayOf(DataType::kVarChar);
  ten.max_length = 10;
  TryValue(tally, {ten, Texts{"", std::string(9, 'x'), std::string(10, 'x')}});
  TryValue(tally, {ten, Texts{"", std::string(11, 'x')}, false, {"element 1", "10", "11"}});
  TryValue(tally, {ten, Texts{"\xFF"}, false, {"UTF-8"}});
  const std::size_t rest = kMaxBytes - 5 - 4 * 4 - 3 * 65'535;
  for (const std::size_t last : {rest - 1, rest, rest + 1, rest + 2}) {
    Texts texts(3, std::string(65'535, 'x'));
    texts.emplace_back(last, 'y');
    const bool accepted = last <= rest;
    const std::vector<std::string> words =
        accepted ? std::vector<std::string>{} : std::vector<std::string>{"262144"};
    TryValue(tally, {ArrayOf(DataType::kVarChar), texts, accepted, words});
  }
  TryValue(tally, {ArrayOf(DataType::kInt64), Reals{1}, false, {"Array of Int64"}});
  TryValue(tally, {ArrayOf(DataType::kBool), Ints{1}, false, {"Array of Bool"}});
  TryValue(tally, {ArrayOf(DataType::kVarChar), Ints{1}, false, {"Array of VarChar"}});
  TryValue(tally, {ArrayOf(DataType::kInt64), std::int64_t{1}, false});
  TryValue(tally, {ArrayOf(DataType::kInt64), Value(), false, {"null"}});
  Field nullable = ArrayOf(DataType::kInt64);
  nullable.nullable = true;
  TryValue(tally, {nullable, Value()});
}

void TryHalves(Tally& tally) {
  const float odd16 = 65'519.996F;  // the last that is not rounded to infinity
  for (const float edge : {65'504.0F, -65'504.0F, odd16, 6.0e-8F, 2.9e-8F, -0.0F, 1e-30F}) {
    TryValue(tally, {VectorOf(DataType::kFloat16Vector, 2), std::vector<float>{1, edge}});
  }
  for (const float beyond : {65'520.0F, -65'520.0F, 1e18F}) {
    TryValue(tally, {VectorOf(DataType::kFloat16Vector, 2),
                     std::vector<float>{1, beyond},
                     false,
                     {"position 1", "infinite"}});
  }
  for (const float edge : {9.1e18F, -9.1e18F, 1e-40F, -0.0F, 1.00390625F}) {
    TryValue(tally, {VectorOf(DataType::kBFloat16Vector, 2), std::vector<float>{edge, 1}});
  }
  for (const DataType type : {DataType::kFloat16Vector, DataType::kBFloat16Vector}) {
    for (const float odd : {HUGE_VALF, -HUGE_VALF, std::nanf("")}) {
      TryValue(tally, {VectorOf(type, 2), std::vector<float>{1, odd}, false, {"position 1"}});
    }
    TryValue(
        tally,
        {VectorOf(DataType::kBFloat16Vector, 2), std::vector<float>{9.3e18F, 0}, false, {"norm"}});
    for (const std::uint32_t dimension : {1U, 2U, 32'767U, 32'768U}) {
      TryValue(tally, {VectorOf(type, dimension), std::vector<float>(dimension, 0.3F)});
      TryValue(tally, {VectorOf(type, dimension), std::vector<float>(dimension + 1, 1), false});
      TryValue(tally, {VectorOf(type, dimension), std::vector<float>(dimension - 1, 1), false});
    }
    TryValue(tally, {VectorOf(type, 2), std::vector<std::int8_t>{1, 2}, false});
  }
}

void TryWholeVectors(Tally& tally) {
  using Bytes = std::vector<std::int8_t>;
  using Bits = std::vector<std::uint8_t>;
  TryValue(tally, {VectorOf(DataType::kInt8Vector, 4), Bytes{-128, -127, 126, 127}});
  for (const std::uint32_t dimension : {1U, 2U, 32'767U, 32'768U}) {
    const Field field = VectorOf(DataType::kInt8Vector, dimension);
    TryValue(tally, {field, Bytes(dimension, -128)});
    TryValue(tally, {field, Bytes(dimension + 1), false});
    TryValue(tally, {field, Bytes(dimension - 1), false});
  }
  for (const std::uint32_t dimension : {8U, 16U, 262'136U, 262'144U}) {
    for (const Metric metric : {Metric::kHamming, Metric::kJaccard}) {
      const Field field = VectorOf(DataType::kBinaryVector, dimension, metric);
      TryValue(tally, {field, Bits(dimension / 8, 0xA5)});
      TryValue(tally, {field, Bits(dimension / 8 + 1), false});
      TryValue(tally, {field, Bits(dimension / 8 - 1), false});
    }
  }
  TryValue(tally, {VectorOf(DataType::kInt8Vector, 2), Bits{1, 2}, false, {"Int8Vector"}});
  TryValue(tally, {VectorOf(DataType::kBinaryVector, 16, Metric::kHamming), Bytes{1, 2}, false});
}

void TrySparse(Tally& tally) {
  const Field field = VectorOf(DataType::kSparseFloatVector, 0, Metric::kInnerProduct);
  const auto entries = [](std::uint32_t count) {
    SparseVector vector{std::vector<std::uint32_t>(count), std::vector<float>(count, 0.5F)};
    std::iota(vector.indices.begin(), vector.indices.end(), 3U);
    return vector;
  };
  for (const std::uint32_t count : {0U, 1U, 2U, 32'767U, 32'768U}) {
    TryValue(tally, {field, entries(count)});
  }
  for (const std::uint32_t count : {32'769U, 32'770U}) {
    TryValue(tally, {field, entries(count), false, {"32768", std::to_string(count)}});
  }
  for (const std::uint32_t index : {0U, 0xFFFF'FFFDU, 0xFFFF'FFFEU}) {
    TryValue(tally, {field, SparseVector{{index}, {-0.0F}}});
  }
  TryValue(tally, {field, SparseVector{{0xFFFF'FFFF}, {1}}, false, {"4294967294"}});
  TryValue(tally, {field, SparseVector{{1, 1}, {1, 1}}, false, {"rise"}});
  TryValue(tally, {field, SparseVector{{2, 1}, {1, 1}}, false, {"rise"}});
  TryValue(tally, {field, SparseVector{{1, 2}, {1}}, false, {"2 indices and 1 values"}});
  TryValue(tally, {field, SparseVector{{}, {1}}, false, {"0 indices and 1 values"}});
  for (const float odd : {HUGE_VALF, -HUGE_VALF, std::nanf("")}) {
    TryValue(tally, {field, SparseVector{{1, 9}, {1, odd}}, false, {"finite", "index 9"}});
  }
  TryValue(tally, {field, SparseVector{{5}, {9.2e18F}}});
  TryValue(tally, {field, SparseVector{{5}, {9.3e18F}}, false, {"norm"}});
  TryValue(tally, {field, std::vector<float>{1}, false, {"SparseFloatVector"}});
}

}  // namespace

void TryOtherTypes(Tally& tally) {
  TryJson(tally);
  TryArrays(tally);
  TryHalves(tally);
  TryWholeVectors(tally);
  TrySparse(tally);
}

}  // namespace vecdb::test::limits
