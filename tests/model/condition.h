// A filter as a tree, its text, and what it says of one row: an interpreter that shares nothing
// with the one under test.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "table.h"

namespace vecdb::test {

struct Condition {
  enum class Kind { kCompare, kFields, kIn, kIsNull, kNot, kAnd, kOr };
  Kind kind = Kind::kCompare;
  bool negated = false;  // not in, is not null
  std::string op;
  std::size_t field = 0;
  std::size_t other = 0;  // kFields
  std::vector<Value> constants;
  std::vector<Condition> parts;
};

Condition MakeCondition(const Schema& schema, const Shape& shape, std::size_t key_space, int depth,
                        Random* random);
std::string TextOf(const Condition& condition, const Schema& schema);

// TRUE, FALSE or nothing (unknown).
std::optional<bool> Interpret(const Condition& condition, const Schema& schema,
                              const Record& record);

}  // namespace vecdb::test
