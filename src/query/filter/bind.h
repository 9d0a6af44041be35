// From tree to program: the one place that knows which comparisons make sense.
#pragma once

#include "vecdb/schema.h"
#include "vecdb/status.h"

#include "query/filter/ast.h"
#include "query/filter/program.h"

namespace vecdb::query::filter {

// kInvalidArgument names the position, the word there and what would be right.
Result<Program> Bind(const Ast& ast, const Schema& schema);

}  // namespace vecdb::query::filter
