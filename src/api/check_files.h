// Check() on any FileSystem: how the tests put their own disk under it.
#pragma once

#include <memory>

#include "vecdb/check.h"

#include "io/file_system.h"

namespace vecdb::api {

// See vecdb::Check.
Result<CheckReport> CheckFiles(std::shared_ptr<io::FileSystem> fs, bool full);

}  // namespace vecdb::api
