// What a filter says about the value of one field.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "vecdb/types.h"

#include "query/filter/program.h"

namespace vecdb::query::filter {

// In every row for which the program is TRUE, this field, an Int64 or VarChar, has one of these
// values (some of them may come twice, and no row need have them). Nothing: it says too little.
std::optional<std::vector<Key>> ValuesOf(const Program& program, std::uint32_t field);

}  // namespace vecdb::query::filter
