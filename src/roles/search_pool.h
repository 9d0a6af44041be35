// The threads that help with large reads, its own or the host's. Its own start when a read is first
// worth their while, and end with Stop(). A read that no thread is free for is done by its caller
// alone: nobody waits for a helper that has not begun.
//
// Thread safety: all methods from any thread; Stop() when no Run() is under way.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "vecdb/status.h"

#include "base/clock.h"
#include "base/mutex.h"
#include "base/task_queue.h"
#include "roles/segment_events.h"

namespace vecdb::roles {

class SearchPool {
 public:
  // `least_bytes`: what a thread should have to read, so that waking it is cheap beside that. The
  // clock outlives the pool.
  SearchPool(std::size_t helpers, std::uint64_t least_bytes, const base::Clock& clock, Guard guard,
             base::TaskQueue::Executor executor = {}, bool low_priority = false)
      : helpers_(helpers),
        low_priority_(low_priority),
        least_bytes_(least_bytes),
        clock_(clock),
        guard_(std::move(guard)),
        executor_(std::move(executor)) {}

  std::size_t most_threads() const { return helpers_ + 1; }  // with the caller's
  // How many threads, the caller's among them, are worth so many tasks that read so many bytes.
  std::size_t ThreadsFor(std::size_t tasks, std::uint64_t bytes) const;

  // Runs task(0) to task(tasks - 1), each once, on at most so many threads, and returns when all
  // that began have ended. After the first failure, which is returned, no more begin. Memory that
  // runs out in a task is its failure.
  using Task = std::function<Status(std::size_t)>;
  Status Run(std::size_t tasks, std::size_t threads, const Task& task);

  // Runs a task on one of its own threads, later, and not at all behind Stop(); false, and nothing
  // is done, where it has none. Memory that runs out in it is the task's loss.
  bool Post(base::TaskQueue::Task task);
  bool CanPost() const { return helpers_ != 0 && !executor_; }

  void Stop();

  std::size_t threads() EXCLUDES(mutex_);  // of its own, that have been started
  // Tasks that another thread than their read's caller has run.
  std::uint64_t handed_over() const { return handed_over_.load(std::memory_order_relaxed); }

 private:
  struct Job;
  base::TaskQueue* Threads() EXCLUDES(mutex_);
  void Help(const std::shared_ptr<Job>& job);

  // constant after construction
  const std::size_t helpers_;
  const bool low_priority_;  // of its own threads
  const std::uint64_t least_bytes_;
  const base::Clock& clock_;
  const Guard guard_;
  const base::TaskQueue::Executor executor_;  // empty: threads of its own
  // thread-safe by itself
  std::atomic<std::uint64_t> handed_over_{0};
  // guarded
  base::Mutex mutex_;  // leaf, but for the start of the threads
  std::unique_ptr<base::TaskQueue> threads_ GUARDED_BY(mutex_);
};

}  // namespace vecdb::roles
