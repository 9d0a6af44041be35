// Constants on their way to a column's type.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "vecdb/schema.h"

#include "query/filter/compare.h"
#include "query/filter/constant.h"

namespace vecdb::query::filter {

// Why a column of this type cannot be compared with the constant; nullopt when it can.
std::optional<std::string> Mismatch(const Field& field, const Constant& constant);

// `column op constant` in the column's own type, where every constant that Mismatch allows can be
// put without changing a single answer.
struct Fitted {
  enum class Outcome : std::uint8_t { kCompare, kAlways, kNever };
  Outcome outcome = Outcome::kCompare;
  Comparison op = Comparison::kEqual;
  Scalar constant = {};
};
Fitted Fit(Comparison op, DataType type, const Constant& constant);

}  // namespace vecdb::query::filter
