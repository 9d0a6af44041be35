// Work to do later: done by the queue's own threads, by an executor of the host's, or, in a queue
// with neither, by whoever calls RunFor(). Tasks may post tasks. Nothing starts by itself: the
// owner posts.
//
// Thread safety: all methods from any thread; Stop() and the destructor from one, not from a task.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"

namespace vecdb::base {

// Threads this machine can run at once, at least 1.
std::size_t HardwareThreads();

class TaskQueue {
 public:
  using Task = std::function<void()>;
  // Runs what it is given, once, later, on any thread. What it runs within this very call does
  // nothing (the caller may hold what the task needs), and neither does what it runs when the queue
  // is gone; either way the task itself stays for RunFor().
  using Executor = std::function<void(Task)>;

  // The clock outlives the queue. A thread that cannot be started throws std::system_error, after
  // those started before it have ended.
  TaskQueue(std::size_t threads, const Clock& clock);
  // No threads: the executor is asked once for each task posted. Timed tasks are left to RunFor().
  TaskQueue(Executor executor, const Clock& clock);
  ~TaskQueue();

  void Post(Task task, const void* purpose = nullptr) EXCLUDES(mutex_);
  // Drops the tasks of this purpose that nobody has begun. In a queue of an executor's they would
  // stand before others for ever: it was asked once for each.
  void Withdraw(const void* purpose) EXCLUDES(mutex_);
  // Runs `task` about every `interval`, first one interval from now; never twice at once.
  void Every(std::chrono::milliseconds interval, Task task) EXCLUDES(mutex_);

  // Runs due tasks on this thread until none is due or the budget is spent (the task that is
  // running when that happens is finished).
  void RunFor(std::chrono::milliseconds budget) EXCLUDES(mutex_);
  // Runs one due task on this thread; false when none was due.
  bool RunOne() EXCLUDES(mutex_);

  // Of its own.
  std::size_t threads() const { return threads_.size(); }

  // Waits for running tasks, drops the waiting ones, joins the threads. Later posts do nothing.
  void Stop() EXCLUDES(mutex_);

 private:
  struct Timed {
    std::chrono::steady_clock::time_point due;
    std::chrono::milliseconds interval;
    Task task;
    bool running = false;
  };
  struct Ready {
    Task task;
    const void* purpose;  // only compared
  };
  class Running;
  class Gate;
  explicit TaskQueue(const Clock& clock) : clock_(clock) {}
  void Work();
  void Borrow() EXCLUDES(mutex_);
  Task TakeDue() REQUIRES(mutex_);
  std::chrono::steady_clock::time_point NextDue() const REQUIRES(mutex_);

  // constant after construction
  const Clock& clock_;
  Executor executor_;
  std::shared_ptr<Gate> gate_;  // with an executor
  std::vector<std::thread> threads_;
  // guarded
  Mutex mutex_;
  CondVar changed_;
  std::deque<Ready> ready_ GUARDED_BY(mutex_);
  std::deque<Timed> timed_ GUARDED_BY(mutex_);  // a deque: elements stay where they are
  std::size_t running_ GUARDED_BY(mutex_) = 0;
  bool stopping_ GUARDED_BY(mutex_) = false;
};

}  // namespace vecdb::base
