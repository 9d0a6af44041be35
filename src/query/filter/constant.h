// Constants of a filter expression: how they are written, and how they are shown again.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "vecdb/status.h"

#include "query/filter/token.h"

namespace vecdb::query::filter {

using Constant = std::variant<bool, std::int64_t, double, std::string>;

// The value of a kBool, kInteger, kReal or kString token; of its negative, for numbers.
Result<Constant> DecodeConstant(const Token& token, bool negative);

// Text that decodes to the same constant.
std::string Shown(const Constant& constant);

// "Int", "Float", "Bool", "String".
const char* KindOf(const Constant& constant);

}  // namespace vecdb::query::filter
