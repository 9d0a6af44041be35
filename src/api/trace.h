// Trace() on any FileSystem: how the tests put their own disk under it.
#pragma once

#include <memory>

#include "vecdb/trace.h"

#include "io/file_system.h"

namespace vecdb::api {

// See vecdb::Trace.
Result<KeyTrace> TraceKey(const std::shared_ptr<io::FileSystem>& fs, std::string_view collection,
                          const Key& key);

}  // namespace vecdb::api
