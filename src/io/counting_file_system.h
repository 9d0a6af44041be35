// Another FileSystem, and what has been asked of it: for statistics.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "io/file_system.h"

namespace vecdb::io {

// Only what went well; read at any time, from any thread.
struct DiskCounters {
  std::atomic<std::uint64_t> written_bytes{0};
  std::atomic<std::uint64_t> syncs{0};  // of files and folders
};

// Does what `counted` does, one operation for one operation.
std::shared_ptr<FileSystem> CountOperations(std::shared_ptr<FileSystem> counted,
                                            std::shared_ptr<DiskCounters> counters);

}  // namespace vecdb::io
