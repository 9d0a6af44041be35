#include "query/filter/compare.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "base/status.h"
#include "query/filter/pack.h"
#include "query/filter/value_set.h"
#include "segment/narrow_column.h"
#include "simd/kernels.h"

namespace vecdb::query::filter {
namespace {

// Calls use(T{}) with the type in which the column stores its values.
template <typename Use>
void WithStored(DataType type, const Use& use) {
  switch (type) {
    case DataType::kBool:
      return use(std::uint8_t{});
    case DataType::kInt8:
      return use(std::int8_t{});
    case DataType::kInt16:
      return use(std::int16_t{});
    case DataType::kInt32:
      return use(std::int32_t{});
    case DataType::kInt64:
      return use(std::int64_t{});
    case DataType::kFloat:
      return use(float{});
    case DataType::kDouble:
      return use(double{});
    case DataType::kVarChar:
      return use(std::string_view{});
    case DataType::kArray:
    case DataType::kJson:
    case DataType::kBinaryVector:
    case DataType::kFloatVector:
    case DataType::kFloat16Vector:
    case DataType::kBFloat16Vector:
    case DataType::kSparseFloatVector:
    case DataType::kInt8Vector:
      break;
  }
  VECDB_CHECK(false, "a filter compares what is no scalar");
}

// left(i) op right(i) for each row: one loop per operator, so that none asks in the loop.
template <typename Left, typename Right>
void CompareRows(Comparison op, std::size_t n, const Left& left, const Right& right,
                 std::uint64_t* words) {
  switch (op) {
    case Comparison::kEqual:
      return Pack(
          n, [&](std::size_t i) { return left(i) == right(i); }, words);
    case Comparison::kNotEqual:
      return Pack(
          n, [&](std::size_t i) { return left(i) != right(i); }, words);
    case Comparison::kLess:
      return Pack(
          n, [&](std::size_t i) { return left(i) < right(i); }, words);
    case Comparison::kLessEqual:
      return Pack(
          n, [&](std::size_t i) { return left(i) <= right(i); }, words);
    case Comparison::kGreater:
      return Pack(
          n, [&](std::size_t i) { return left(i) > right(i); }, words);
    case Comparison::kGreaterEqual:
      return Pack(
          n, [&](std::size_t i) { return left(i) >= right(i); }, words);
  }
}

template <typename T>
auto RowsOf(const chunk::ColumnView& view) {
  return [values = view.As<T>().data()](std::size_t i) { return values[i]; };
}

template <typename T>
T StoredAs(const Scalar& constant) {
  if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(std::get<std::int64_t>(constant));
  } else if constexpr (std::is_same_v<T, std::string_view>) {
    return std::get<std::string>(constant);
  } else {
    return std::get<T>(constant);
  }
}

bool IsInteger(DataType type) {
  return type == DataType::kInt8 || type == DataType::kInt16 || type == DataType::kInt32 ||
         type == DataType::kInt64;
}

// The values of numbers of any type as To, which holds them exactly; in `room` if they are not
// stored as To.
template <typename To>
const To* Widened(const chunk::ColumnView& view, std::unique_ptr<To[]>* room) {
  const To* widened = nullptr;
  WithStored(view.type, [&]<typename From>(From) {
    if constexpr (std::is_same_v<From, To>) {
      widened = view.As<To>().data();
    } else if constexpr (!std::is_same_v<From, std::string_view>) {
      *room = std::make_unique_for_overwrite<To[]>(view.rows);
      const From* from = view.As<From>().data();
      for (std::size_t i = 0; i < view.rows; ++i) {
        (*room)[i] = static_cast<To>(from[i]);  // NOLINT(bugprone-signed-char-misuse): a number
      }
      widened = room->get();
    }
  });
  VECDB_CHECK(widened != nullptr, "a filter compares text with numbers");
  return widened;
}

template <typename T>
void CompareWidened(Comparison op, const chunk::ColumnView& a, const chunk::ColumnView& b,
                    std::uint64_t* words) {
  std::unique_ptr<T[]> a_room;
  std::unique_ptr<T[]> b_room;
  const T* left = Widened<T>(a, &a_room);
  const T* right = Widened<T>(b, &b_room);
  CompareRows(
      op, a.rows, [left](std::size_t i) { return left[i]; },
      [right](std::size_t i) { return right[i]; }, words);
}

// An Int64 column with one of floats: neither type holds the values of the other.
void CompareMixed(Comparison op, const chunk::ColumnView& integers, const chunk::ColumnView& reals,
                  std::uint64_t* words) {
  std::unique_ptr<double[]> room;
  const std::int64_t* left = integers.As<std::int64_t>().data();
  const double* right = Widened<double>(reals, &room);
  Pack(
      integers.rows, [&](std::size_t i) { return Compare(op, left[i], right[i]); }, words);
}

template <typename A, typename B>
bool Holds(Comparison op, const A& a, const B& b) {
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

// Of the integers that are stored, or as whose bits reals are.
template <typename Int>
struct Range {
  Int first;
  Int last;
};

// As many as are needed, and those not empty.
template <typename Int>
struct Ranges {
  std::array<Range<Int>, 2> each = {};
  std::size_t count = 0;
  void Add(Int first, Int last) { each[count++] = {first, last}; }
};

// Of the numbers in [least, most] those for which `number op constant`, an interval; not of
// kNotEqual. Nothing: none.
template <typename Int>
std::optional<Range<Int>> IntervalOf(Comparison op, Int constant, Int least, Int most) {
  switch (op) {
    case Comparison::kLess:
      if (constant == least) return std::nullopt;
      return Range<Int>{least, static_cast<Int>(constant - 1)};
    case Comparison::kLessEqual:
      return Range<Int>{least, constant};
    case Comparison::kGreater:
      if (constant == most) return std::nullopt;
      return Range<Int>{static_cast<Int>(constant + 1), most};
    case Comparison::kGreaterEqual:
      return Range<Int>{constant, most};
    case Comparison::kEqual:
    case Comparison::kNotEqual:
      break;
  }
  return Range<Int>{constant, constant};
}

template <typename Int>
Ranges<Int> RangesOfIntegers(Comparison op, Int constant) {
  using Limits = std::numeric_limits<Int>;
  Ranges<Int> ranges;
  const auto interval = IntervalOf(op, constant, Limits::min(), Limits::max());
  if (interval) ranges.Add(interval->first, interval->last);
  return ranges;
}

// By what compares as reals do, the bits of a real's size with its sign: zero has one such number,
// and NaN has none. Bits of negative reals rise with their size.
template <typename Int, typename Real>
Ranges<Int> RangesOfReals(Comparison op, Real constant) {
  constexpr Int kNegative = std::numeric_limits<Int>::min();
  constexpr Int kInfinity = std::bit_cast<Int>(std::numeric_limits<Real>::infinity());
  Ranges<Int> ranges;
  if (constant != constant) return ranges;
  const Int bits = std::bit_cast<Int>(constant);
  const Int number = bits >= 0 ? bits : static_cast<Int>(kNegative - bits);
  const auto interval =
      IntervalOf(op, number, static_cast<Int>(-kInfinity), static_cast<Int>(kInfinity));
  if (!interval) return ranges;
  const auto [first, last] = *interval;
  if (last >= 0) ranges.Add(std::max<Int>(first, 0), last);
  if (first <= 0) ranges.Add(kNegative + std::max<Int>(-last, 0), kNegative - first);
  return ranges;
}

template <typename T>
auto RangesOf(Comparison op, T constant) {
  if constexpr (std::is_same_v<T, float>) {
    return RangesOfReals<std::int32_t>(op, constant);
  } else if constexpr (std::is_same_v<T, double>) {
    return RangesOfReals<std::int64_t>(op, constant);
  } else {
    return RangesOfIntegers(op, static_cast<std::make_signed_t<T>>(constant));
  }
}

template <typename Int>
auto WithinKernel() {
  const simd::RangeKernels& kernels = simd::Kernels().ranges;
  if constexpr (sizeof(Int) == 1) return kernels.i8;
  if constexpr (sizeof(Int) == 2) return kernels.i16;
  if constexpr (sizeof(Int) == 4) return kernels.i32;
  if constexpr (sizeof(Int) == 8) return kernels.i64;
}

template <typename Int>
void FindWithin(const chunk::ColumnView& view, const Ranges<Int>& ranges, std::uint64_t* words) {
  const auto within = WithinKernel<Int>();
  const std::size_t count = (view.rows + 63) / 64;
  if (ranges.count == 0) std::fill_n(words, count, 0);
  if (ranges.count > 0) {
    within(view.values, view.rows, ranges.each[0].first, ranges.each[0].last, words);
  }
  if (ranges.count < 2) return;
  std::array<std::uint64_t, kBlockWords> more;
  within(view.values, view.rows, ranges.each[1].first, ranges.each[1].last, more.data());
  simd::Kernels().words.or_into(words, more.data(), count);
}

template <typename Int>
void FindWithin(const NarrowRows& narrow, const Range<std::int64_t>& range, std::uint64_t* words) {
  const segment::NarrowColumn& column = *narrow.column;
  WithinKernel<Int>()(column.values() + narrow.first * sizeof(Int), narrow.rows,
                      static_cast<Int>(column.Narrowed(range.first)),
                      static_cast<Int>(column.Narrowed(range.last)), words);
}

void FillRows(std::size_t rows, std::uint64_t* words) {
  const std::size_t full = rows / 64;
  std::fill_n(words, full, ~std::uint64_t{0});
  if (rows % 64 != 0) words[full] = (std::uint64_t{1} << rows % 64) - 1;
}

// Bits beyond the last row stay zero.
void Complement(std::size_t rows, std::uint64_t* words) {
  for (std::size_t i = 0; i < (rows + 63) / 64; ++i) words[i] = ~words[i];
  if (rows % 64 != 0) words[rows / 64] &= (std::uint64_t{1} << rows % 64) - 1;
}

}  // namespace

Comparison Mirrored(Comparison op) {
  switch (op) {
    case Comparison::kEqual:
    case Comparison::kNotEqual:
      return op;
    case Comparison::kLess:
      return Comparison::kGreater;
    case Comparison::kLessEqual:
      return Comparison::kGreaterEqual;
    case Comparison::kGreater:
      return Comparison::kLess;
    case Comparison::kGreaterEqual:
      return Comparison::kLessEqual;
  }
  return op;
}

bool Compare(Comparison op, std::int64_t a, double b) {
  constexpr double kTwoTo63 = 9223372036854775808.0;
  if (b >= kTwoTo63) return Holds(op, 0, 1);
  if (b < -kTwoTo63) return Holds(op, 1, 0);
  if (b != b) return op == Comparison::kNotEqual;
  const auto whole = static_cast<std::int64_t>(b);
  if (a != whole) return Holds(op, a, whole);
  return Holds(op, 0.0, b - static_cast<double>(whole));
}

void CompareConstant(Comparison op, const chunk::ColumnView& view, const Scalar& constant,
                     std::uint64_t* words) {
  WithStored(view.type, [&]<typename T>(T) {
    const T stored = StoredAs<T>(constant);
    if constexpr (std::is_same_v<T, std::string_view>) {
      CompareRows(
          op, view.rows, RowsOf<T>(view), [stored](std::size_t) { return stored; }, words);
    } else {
      // What differs lies outside of what is equal: NaN too.
      const bool differs = op == Comparison::kNotEqual;
      FindWithin(view, RangesOf(differs ? Comparison::kEqual : op, stored), words);
      if (differs) Complement(view.rows, words);
    }
  });
}

void CompareFields(Comparison op, const chunk::ColumnView& a, const chunk::ColumnView& b,
                   std::uint64_t* words) {
  if (a.type == b.type) {
    WithStored(a.type,
               [&]<typename T>(T) { CompareRows(op, a.rows, RowsOf<T>(a), RowsOf<T>(b), words); });
  } else if (IsInteger(a.type) && IsInteger(b.type)) {
    CompareWidened<std::int64_t>(op, a, b, words);
  } else if (a.type == DataType::kInt64) {
    CompareMixed(op, a, b, words);
  } else if (b.type == DataType::kInt64) {
    CompareMixed(Mirrored(op), b, a, words);
  } else {
    CompareWidened<double>(op, a, b, words);
  }
}

void FindInSet(const chunk::ColumnView& view, const ValueSet& set, std::uint64_t* words) {
  WithStored(view.type, [&]<typename T>(T) {
    const T* values = view.As<T>().data();
    Pack(
        view.rows,
        [&](std::size_t i) {
          if constexpr (std::is_same_v<T, std::string_view>) {
            return (view.valid == nullptr || view.valid[i] != 0) && set.Contains(values[i]);
          } else {
            return set.Contains(ValueSet::KeyOf(values[i]));
          }
        },
        words);
  });
}

void FindNotNull(const chunk::ColumnView& view, std::uint64_t* words) {
  if (view.valid == nullptr) return FillRows(view.rows, words);
  simd::Kernels().ranges.i8(view.valid, view.rows, 0, 0, words);
  Complement(view.rows, words);
}

// The part of the range that values lie in, seen from the least of them.
void CompareConstant(Comparison op, const NarrowRows& narrow, std::int64_t constant,
                     std::uint64_t* words) {
  using Limits = std::numeric_limits<std::int64_t>;
  const segment::NarrowColumn& column = *narrow.column;
  const bool differs = op == Comparison::kNotEqual;
  const auto wanted =
      IntervalOf(differs ? Comparison::kEqual : op, constant, Limits::min(), Limits::max());
  Range<std::int64_t> range{Limits::max(), Limits::min()};
  if (wanted)
    range = {std::max(wanted->first, column.least()), std::min(wanted->last, column.most())};
  if (range.first > range.last) {
    std::fill_n(words, (narrow.rows + 63) / 64, 0);
  } else if (column.width() == 1) {
    FindWithin<std::int8_t>(narrow, range, words);
  } else if (column.width() == 2) {
    FindWithin<std::int16_t>(narrow, range, words);
  } else {
    FindWithin<std::int32_t>(narrow, range, words);
  }
  if (differs) Complement(narrow.rows, words);
}

void FindNotNull(const NarrowRows& narrow, std::uint64_t* words) {
  const base::Bitmap* const known = narrow.column->known();
  if (known == nullptr) return FillRows(narrow.rows, words);
  const auto bits = known->words();
  const unsigned shift = narrow.first % 64;
  std::size_t at = narrow.first / 64;
  for (std::size_t done = 0; done < narrow.rows; done += 64, ++at, ++words) {
    *words = bits[at] >> shift;
    if (shift != 0 && at + 1 < bits.size()) *words |= bits[at + 1] << (64 - shift);
    if (narrow.rows - done < 64) *words &= (std::uint64_t{1} << (narrow.rows - done)) - 1;
  }
}

}  // namespace vecdb::query::filter
