// What happens to segments behind the calls: for progress, logs and monitoring. See
// Options::listener.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "vecdb/export.h"
#include "vecdb/status.h"

namespace vecdb {

// What happened.
enum class EventType : std::uint8_t {
  kSealed = 1,     // a segment takes no more rows; the next ones go to another
  kFlushed = 2,    // its rows are in files, for good
  kFailed = 3,     // work in the background failed, and will be tried again
  kCompacted = 4,  // a segment took the place of others, without their deleted rows
  kIndexed = 5,    // a field's index in a segment is in use; `bytes` is its file's
};

// "Sealed", "Flushed", "Failed", "Compacted", "Indexed".
VECDB_API std::string_view ToString(EventType type);

// One thing that happened, and to which segment.
struct Event {
  EventType type = EventType::kSealed;
  std::string_view collection = {};  // its name, lent for the call
  std::uint32_t shard = 0;
  std::uint64_t segment = 0;  // 0: of none alone; kCompacted: no row was left
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;  // kSealed: in memory; kFlushed, kCompacted: of its files
  Status status = {};       // kFailed: why
  std::span<const std::uint64_t> inputs = {};  // kCompacted: the segments that went, lent
};

}  // namespace vecdb
