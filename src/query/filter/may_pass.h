// Whether rows can pass a filter, by where the values of one field lie.
#pragma once

#include "catalog/key_range.h"
#include "query/filter/program.h"

namespace vecdb::query::filter {

// False only if the program is TRUE for no row whose value of range.field lies in the range, is
// null, or is no number.
bool MayPass(const Program& program, const catalog::KeyRange& range);

}  // namespace vecdb::query::filter
