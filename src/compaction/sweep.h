// Removes what no record names: litter of crashed flushes and recoveries, logs and manifests that
// were replaced. Only after a recovery that found every named file whole.
#pragma once

#include <cstdint>

#include "catalog/state.h"
#include "io/file_system.h"

namespace vecdb::compaction {

// Returns how many files and folders went. Stops at the first error; what is left waits for the
// next open.
Result<std::uint64_t> SweepOrphans(io::FileSystem& fs, const catalog::State& state,
                                   std::uint64_t manifest_number);

}  // namespace vecdb::compaction
