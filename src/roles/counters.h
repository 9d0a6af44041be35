// What a database has done since it was opened. Only for statistics: nothing waits for a counter,
// and their values at one moment need not fit together.
#pragma once

#include <atomic>
#include <cstdint>

namespace vecdb::roles {

struct Counters {
  std::atomic<std::uint64_t> writes{0};
  std::atomic<std::uint64_t> written_rows{0};
  std::atomic<std::uint64_t> deleted_keys{0};
  std::atomic<std::uint64_t> searches{0};
  std::atomic<std::uint64_t> reads{0};
  std::atomic<std::uint64_t> flushes{0};
  std::atomic<std::uint64_t> compactions{0};
  std::atomic<std::uint64_t> index_builds{0};
  std::atomic<std::uint64_t> recall_probes{0};

  static void Add(std::atomic<std::uint64_t>& counter, std::uint64_t count = 1) {
    counter.fetch_add(count, std::memory_order_relaxed);
  }
};

}  // namespace vecdb::roles
