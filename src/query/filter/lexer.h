// Cuts an expression into tokens, and refuses what is too long, too many or too deep before any
// tree exists.
#pragma once

#include <string_view>
#include <vector>

#include "vecdb/status.h"

#include "query/filter/token.h"

namespace vecdb::query::filter {

// The tokens, the last of them kEnd; they lend from `text`. Numbers and strings are delimited but
// not yet decoded.
Result<std::vector<Token>> Lex(std::string_view text);

}  // namespace vecdb::query::filter
