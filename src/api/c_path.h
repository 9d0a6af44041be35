// Paths from C: bytes without a NUL, at least one.
#pragma once

#include <filesystem>
#include <string_view>

#include "vecdb/c.h"
#include "vecdb/status.h"

namespace vecdb::api {

Result<std::filesystem::path> PathOf(const vecdb_text& given, std::string_view what);

}  // namespace vecdb::api
