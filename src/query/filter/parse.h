// From text to tree, by operator precedence (docs/FILTER.md has the ladder).
#pragma once

#include <memory>
#include <string_view>

#include "vecdb/status.h"

#include "query/filter/ast.h"

namespace vecdb::query::filter {

// kInvalidArgument names the position, the word there and what was expected.
Result<std::unique_ptr<const Ast>> Parse(std::string_view text);

}  // namespace vecdb::query::filter
