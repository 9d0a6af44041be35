// An expression bound to a schema: names are columns, constants have their column's type, and what
// no row can change is decided.
#pragma once

#include <cstdint>
#include <vector>

#include "vecdb/types.h"

#include "query/filter/ast.h"
#include "query/filter/compare.h"
#include "query/filter/value_set.h"

namespace vecdb::query::filter {

enum class StepKind : std::uint8_t {
  kConstant,  // column op constant
  kFields,    // column op other
  kInSet,     // column among a set
  kAlways,    // TRUE wherever the column is not null
  kNever,     // FALSE wherever the column is not null
  kIsNull,
  kIsNotNull,
  kNot,
  kAnd,
  kOr,
};

struct Step {
  StepKind kind = StepKind::kAnd;
  Comparison op = Comparison::kEqual;
  std::uint32_t column = 0;  // index into Program::columns
  std::uint32_t other = 0;   // the right column, or an index into Program::sets
  Scalar constant = {};
  std::vector<std::uint32_t> children = {};  // smaller numbers than their parent's
  std::uint32_t depth = 1;                   // 1 + that of its deepest child
};

struct Column {
  std::uint32_t field = 0;
  DataType type = DataType::kInt64;
};

struct Program {
  std::vector<Column> columns;  // each field once
  std::vector<Step> steps;      // the last is the root
  std::vector<ValueSet> sets;
};

}  // namespace vecdb::query::filter
