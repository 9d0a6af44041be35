// How Options::memory_budget_bytes is shared: pure functions. See docs/adr/0043.
#pragma once

#include <algorithm>
#include <cstdint>

#include "vecdb/options.h"

namespace vecdb::roles {

// So that a quarter holds the largest column file, whatever else there is.
inline constexpr std::uint64_t kLeastMemoryBudget = std::uint64_t{64} << 20;
// What this has of memory is not looked at: reads and writes below it touch no shared counter.
inline constexpr std::uint64_t kSmallMemory = std::uint64_t{64} << 10;

// Rows that are in no file, of all collections.
inline std::uint64_t WriteBufferBytes(const Options& options) {
  const std::uint64_t limit = options.memory_budget_bytes;
  const std::uint64_t wanted = options.write_buffer_bytes;
  return limit == 0 ? wanted : std::min(wanted, limit / 3);
}

// What only flushes may use, and what cannot be refused any more: enough to write everything that
// the write buffer holds as one segment, and to open it.
inline std::uint64_t FlushReserveBytes(const Options& options) {
  const std::uint64_t limit = options.memory_budget_bytes;
  return limit == 0 ? 0 : std::min(limit / 4, WriteBufferBytes(options) / 4 * 3);
}

}  // namespace vecdb::roles
