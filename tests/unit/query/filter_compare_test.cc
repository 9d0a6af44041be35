// Columns against constants: every comparison, type and width, against the operators of C++.
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "query/filter/compare.h"
#include "support/catch.h"

using namespace vecdb;
using namespace vecdb::query::filter;

namespace {

constexpr Comparison kAll[] = {Comparison::kEqual,   Comparison::kNotEqual,
                               Comparison::kLess,    Comparison::kLessEqual,
                               Comparison::kGreater, Comparison::kGreaterEqual};

template <typename T>
bool Holds(Comparison op, T a, T b) {
  switch (op) {
    case Comparison::kEqual:
      return a == b;
    case Comparison::kNotEqual:
      return a != b;
    case Comparison::kLess:
      return a < b;
    case Comparison::kLessEqual:
      return a <= b;
    case Comparison::kGreater:
      return a > b;
    case Comparison::kGreaterEqual:
      return a >= b;
  }
  return false;
}

// The values over and over, `rows` of them, against each of the values.
template <typename T>
void CheckAll(DataType type, const std::vector<T>& values, std::size_t rows) {
  std::vector<T> stored(rows);
  for (std::size_t i = 0; i < rows; ++i) stored[i] = values[i * 7 % values.size()];
  chunk::ColumnView view;
  view.type = type;
  view.rows = rows;
  view.values = stored.data();
  for (const Comparison op : kAll) {
    for (const T constant : values) {
      std::vector<std::uint64_t> right((rows + 63) / 64);
      for (std::size_t i = 0; i < rows; ++i) {
        right[i / 64] |= std::uint64_t{Holds(op, stored[i], constant) ? 1U : 0U} << (i % 64);
      }
      Scalar scalar;
      if constexpr (std::is_integral_v<T>) {
        scalar = std::int64_t{constant};
      } else {
        scalar = constant;
      }
      std::vector<std::uint64_t> words(right.size(), ~std::uint64_t{0});
      CompareConstant(op, view, scalar, words.data());
      INFO(ToString(type) << ", comparison " << static_cast<int>(op) << " with "
                          << static_cast<double>(constant) << ", " << rows << " rows");
      CHECK(words == right);
    }
  }
}

template <typename T>
std::vector<T> Integers() {
  using Limits = std::numeric_limits<T>;
  return {Limits::min(),
          static_cast<T>(Limits::min() + 1),
          -2,
          -1,
          0,
          1,
          2,
          5,
          static_cast<T>(Limits::max() - 1),
          Limits::max()};
}

template <typename T>
std::vector<T> Reals() {
  using Limits = std::numeric_limits<T>;
  std::vector<T> reals = {Limits::quiet_NaN()};
  for (const T size : {T{0}, Limits::denorm_min(), Limits::min(), T(0.1), T{1},
                       std::nextafter(T{1}, T{2}), T{300}, Limits::max(), Limits::infinity()}) {
    reals.push_back(size);
    reals.push_back(-size);
  }
  reals.push_back(-Limits::quiet_NaN());
  return reals;
}

}  // namespace

TEST_CASE("a column is compared with a constant as C++ compares numbers", "[query][filter]") {
  for (const std::size_t rows : {1U, 63U, 64U, 65U, 700U, 8192U}) {
    CheckAll<std::uint8_t>(DataType::kBool, {0, 1}, rows);
    CheckAll(DataType::kInt8, Integers<std::int8_t>(), rows);
    CheckAll(DataType::kInt16, Integers<std::int16_t>(), rows);
    CheckAll(DataType::kInt32, Integers<std::int32_t>(), rows);
    CheckAll(DataType::kInt64, Integers<std::int64_t>(), rows);
    CheckAll(DataType::kFloat, Reals<float>(), rows);
    CheckAll(DataType::kDouble, Reals<double>(), rows);
  }
}

TEST_CASE("rows that are null are told from rows that are not", "[query][filter]") {
  std::vector<std::uint8_t> valid;
  std::vector<std::uint64_t> right((200 + 63) / 64);
  for (std::size_t i = 0; i < 200; ++i) {
    valid.push_back(i % 3 == 0 ? 0 : 1);
    right[i / 64] |= std::uint64_t{valid.back()} << (i % 64);
  }
  chunk::ColumnView view;
  view.rows = valid.size();
  view.valid = valid.data();
  std::vector<std::uint64_t> words(right.size(), ~std::uint64_t{0});
  FindNotNull(view, words.data());
  CHECK(words == right);
}
