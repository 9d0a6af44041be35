// Which segments lose rows so fast that it pays to wait before they are written again. Remembers
// how many rows were dead some seconds ago.
//
// Thread safety: all methods from any thread.
#pragma once

#include <cstdint>
#include <map>
#include <span>

#include "base/ids.h"
#include "base/mutex.h"
#include "compaction/policy.h"

namespace vecdb::compaction {

class DeathWatch {
 public:
  // Fills `dying` of each: all the sealed segments that a collection has, `now_ms` by a clock that
  // never goes back. A segment is dying while half of its rows would be dead within five minutes if
  // it went on as in the last five seconds or more; none is when it is seen for the first time.
  void Look(std::int64_t now_ms, std::span<SegmentFacts> segments) EXCLUDES(mutex_);

 private:
  struct Seen {
    std::int64_t since_ms = 0;
    std::uint64_t dead_rows = 0;  // then
    bool dying = false;           // by the time before
  };
  static bool Dies(const SegmentFacts& segment, const Seen& seen, std::int64_t now_ms);

  base::Mutex mutex_;  // leaf
  std::map<SegmentId, Seen> seen_ GUARDED_BY(mutex_);
};

}  // namespace vecdb::compaction
