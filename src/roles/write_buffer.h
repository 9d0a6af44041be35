// The memory that rows take which are in no file yet, over all collections and channels: counted,
// and waited for by writers when it is full.
//
// Thread safety: all methods from any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "vecdb/status.h"

#include "base/deadline.h"
#include "base/memory_budget.h"
#include "base/mutex.h"
#include "base/task_queue.h"
#include "roles/segment_events.h"

namespace vecdb::roles {

class WriteBuffer {
 public:
  // What is lent outlives the buffer.
  WriteBuffer(base::TaskQueue& background, std::uint64_t limit_bytes, base::MemoryBudget& memory)
      : background_(background), limit_bytes_(limit_bytes), memory_(memory) {}

  void SetEvents(SegmentEvents* events) { events_ = events; }  // before the first write

  // Counted in when a growing segment is made and as it grows, out when it is replaced.
  void Add(std::uint64_t bytes) { bytes_ += bytes; }
  void Subtract(std::uint64_t bytes) EXCLUDES(mutex_);

  // Returns when there is room in the buffer, and in the memory budget for so many more bytes: asks
  // for it, and lends the background a hand; with a deadline only where nobody else does the work:
  // a flush takes as long as it takes. kResourceExhausted when making room failed meanwhile, when
  // the budget is full of what nobody is about to give back, or when it is still full at the
  // deadline; what `health` says when that is not OK.
  Status WaitForRoom(std::uint64_t bytes, const std::function<Status()>& health,
                     const base::Deadline& deadline) EXCLUDES(mutex_);
  // Waits for so much room and takes it, for a large write.
  Result<base::MemoryReservation> Reserve(std::uint64_t bytes,
                                          const std::function<Status()>& health,
                                          const base::Deadline& deadline) EXCLUDES(mutex_);

 private:
  bool HasRoom(std::uint64_t bytes) const {
    return bytes_.load() <= limit_bytes_ && memory_.Fits(bytes);
  }
  bool WillFit() const;
  void Nap(std::uint64_t bytes, const base::Deadline& deadline) EXCLUDES(mutex_);

  // constant after construction
  base::TaskQueue& background_;
  const std::uint64_t limit_bytes_;
  base::MemoryBudget& memory_;
  SegmentEvents* events_ = nullptr;
  // thread-safe by itself
  std::atomic<std::uint64_t> bytes_{0};
  // guarded
  base::Mutex mutex_;
  base::CondVar changed_;
};

}  // namespace vecdb::roles
