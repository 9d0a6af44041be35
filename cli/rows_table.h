// Rows as a table or as JSON.
#pragma once

#include <vector>

#include "vecdb/result.h"

namespace vecdb::cli {

void PrintRows(const std::vector<Row>& rows);  // nothing when there are none

}  // namespace vecdb::cli
