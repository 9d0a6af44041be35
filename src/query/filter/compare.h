// The loops that look at column values: 64 rows become one word of answers. Comparisons of numbers
// with a constant ask a kernel which of them lie in a range; the others are written so that
// compilers turn them into SIMD code without being told for which processor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

#include "base/ids.h"
#include "chunk/column_view.h"

namespace vecdb::segment {
class NarrowColumn;
}  // namespace vecdb::segment

namespace vecdb::query::filter {

class ValueSet;

enum class Comparison : std::uint8_t {
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
};

// `a op b` is the same as `b Mirrored(op) a`.
Comparison Mirrored(Comparison op);

// A constant in the type its column stores: bool and all integers as std::int64_t within the
// column's width, Float as float, Double as double, VarChar as std::string.
using Scalar = std::variant<std::int64_t, float, double, std::string>;

// Below and above mean the true values: no integer is rounded on the way. NaN is unequal to all.
bool Compare(Comparison op, std::int64_t a, double b);

inline constexpr std::size_t kBlockRows = 8192;
inline constexpr std::size_t kBlockWords = kBlockRows / 64;

// Bit i of `words` is the answer for row i of the view(s), at most kBlockRows of them. Rows that
// are null get any answer; bits beyond the last row, of the last word, are zero.
void CompareConstant(Comparison op, const chunk::ColumnView& view, const Scalar& constant,
                     std::uint64_t* words);
void CompareFields(Comparison op, const chunk::ColumnView& a, const chunk::ColumnView& b,
                   std::uint64_t* words);
void FindInSet(const chunk::ColumnView& view, const ValueSet& set, std::uint64_t* words);
void FindNotNull(const chunk::ColumnView& view, std::uint64_t* words);

// The same of a narrow copy, rows [first, first + rows): as many as one likes.
struct NarrowRows {
  const segment::NarrowColumn* column = nullptr;
  RowIndex first = 0;
  std::size_t rows = 0;
};
void CompareConstant(Comparison op, const NarrowRows& narrow, std::int64_t constant,
                     std::uint64_t* words);
void FindNotNull(const NarrowRows& narrow, std::uint64_t* words);

}  // namespace vecdb::query::filter
