// What readers may see: everything up to a timestamp, in the order of the log. A write becomes
// visible when it and every write before it has been applied to its segments and has the durability
// it asked for. Acknowledged means visible, so a read never waits.
//
// Thread safety: all methods from any thread; Begin in timestamp order (under the log writer's
// lock).
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>

#include "vecdb/status.h"
#include "vecdb/types.h"

#include "base/deadline.h"
#include "base/mutex.h"
#include "base/timestamp_oracle.h"

namespace vecdb::roles {

class Watermark {
 public:
  // Everything up to here is visible from the start (recovered).
  void Start(Timestamp recovered);

  void Begin(Timestamp timestamp) EXCLUDES(mutex_);
  // Its rows and tombstones are in place. With `needs_sync` it waits for Durable() too.
  void Applied(Timestamp timestamp, bool needs_sync) EXCLUDES(mutex_);
  // Every write up to here is synced.
  void Durable(Timestamp timestamp) EXCLUDES(mutex_);
  // Nothing more becomes visible; waiters get this status.
  void Fail(const Status& cause) EXCLUDES(mutex_);

  // Returns when everything up to `timestamp` is visible.
  Status WaitFor(Timestamp timestamp, const base::Deadline& deadline = {}) EXCLUDES(mutex_);
  // Returns when no write that began at or before `timestamp` is still invisible. Unlike WaitFor it
  // needs no write that comes later: after a quiet time it returns at once.
  Status WaitForBegun(Timestamp timestamp, const base::Deadline& deadline) EXCLUDES(mutex_);

  // The time a read that begins now reads at: never waits.
  Timestamp ReadTime() const { return Timestamp{visible_.load(std::memory_order_acquire)}; }

 private:
  struct Entry {
    std::uint64_t timestamp;
    bool applied;
    bool needs_sync;
  };
  void Advance() REQUIRES(mutex_);

  std::atomic<std::uint64_t> visible_{0};
  base::Mutex mutex_;
  base::CondVar changed_;
  std::deque<Entry> entries_ GUARDED_BY(mutex_);  // begun and not visible, in timestamp order
  std::uint64_t durable_ GUARDED_BY(mutex_) = 0;
  Status failure_ GUARDED_BY(mutex_);
};

}  // namespace vecdb::roles
