#include "base/task_queue.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace vecdb::base {

std::size_t HardwareThreads() {
  return std::max<std::size_t>(1, std::thread::hardware_concurrency());
}

// Counts a task as running until it has ended, also by throwing: Stop() waits for it no longer.
class TaskQueue::Running {
 public:
  explicit Running(TaskQueue& queue) : queue_(queue) {}
  ~Running() {
    MutexLock lock(queue_.mutex_);
    --queue_.running_;
    queue_.changed_.NotifyAll();
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  TaskQueue& queue_;
};

// What the executor holds of the queue, which may be gone when it comes to it.
class TaskQueue::Gate {
 public:
  explicit Gate(TaskQueue* queue) : queue_(queue) {}

  void Ask(const Executor& executor, std::shared_ptr<Gate> self) {
    const Asking inside;
    executor([gate = std::move(self)] { gate->RunOne(); });
  }
  void Close() {
    MutexLock lock(mutex_);
    queue_ = nullptr;
  }

 private:
  // Marks this thread as one that is inside of the executor's call.
  class Asking {
   public:
    Asking() { ++asking; }
    ~Asking() { --asking; }
    Asking(const Asking&) = delete;
    Asking& operator=(const Asking&) = delete;
  };

  void RunOne() {
    if (asking != 0) return;
    std::optional<Running> running;  // from here on Stop() waits
    TaskQueue* queue = nullptr;
    {
      MutexLock lock(mutex_);
      if (queue_ == nullptr) return;
      queue = queue_;
      queue->Borrow();
      running.emplace(*queue);
    }
    queue->RunOne();
  }

  static thread_local int asking;
  Mutex mutex_;  // taken before the queue's
  TaskQueue* queue_ GUARDED_BY(mutex_);
};

thread_local int TaskQueue::Gate::asking = 0;

void TaskQueue::Borrow() {
  MutexLock lock(mutex_);
  ++running_;
}

TaskQueue::TaskQueue(Executor executor, const Clock& clock) : TaskQueue(clock) {
  executor_ = std::move(executor);
  gate_ = std::make_shared<Gate>(this);
}

// By way of the other constructor, so that the destructor runs when a thread cannot be started.
TaskQueue::TaskQueue(std::size_t threads, const Clock& clock) : TaskQueue(clock) {
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
}

TaskQueue::~TaskQueue() {
  Stop();
}

void TaskQueue::Post(Task task, const void* purpose) {
  {
    MutexLock lock(mutex_);
    if (stopping_) return;
    ready_.push_back({std::move(task), purpose});
  }
  if (gate_ != nullptr) return gate_->Ask(executor_, gate_);
  changed_.NotifyOne();
}

void TaskQueue::Withdraw(const void* purpose) {
  MutexLock lock(mutex_);
  std::erase_if(ready_, [purpose](const Ready& ready) { return ready.purpose == purpose; });
}

void TaskQueue::Every(std::chrono::milliseconds interval, Task task) {
  {
    MutexLock lock(mutex_);
    if (stopping_) return;
    timed_.push_back(Timed{clock_.Now() + interval, interval, std::move(task)});
  }
  changed_.NotifyOne();
}

// A task that is due now, or an empty function.
TaskQueue::Task TaskQueue::TakeDue() {
  if (stopping_) return {};
  const auto now = clock_.Now();
  for (Timed& timed : timed_) {
    if (timed.running || timed.due > now) continue;
    Task task = [this, &timed] {
      struct Ended {
        TaskQueue& queue;
        Timed& timed;
        ~Ended() NO_THREAD_SAFETY_ANALYSIS {
          MutexLock lock(queue.mutex_);
          timed.running = false;
          timed.due = queue.clock_.Now() + timed.interval;
        }
      } ended{*this, timed};
      timed.task();
    };
    timed.running = true;
    return task;
  }
  if (ready_.empty()) return {};
  Task task = std::move(ready_.front().task);
  ready_.pop_front();
  return task;
}

std::chrono::steady_clock::time_point TaskQueue::NextDue() const {
  auto next = std::chrono::steady_clock::time_point::max();
  for (const Timed& timed : timed_) {
    if (!timed.running) next = std::min(next, timed.due);
  }
  return next;
}

bool TaskQueue::RunOne() {
  Task task;
  {
    MutexLock lock(mutex_);
    task = TakeDue();
    if (!task) return false;
    ++running_;
  }
  const Running running(*this);
  task();
  task = {};
  return true;
}

void TaskQueue::Work() {
  while (true) {
    if (RunOne()) continue;
    MutexLock lock(mutex_);
    if (stopping_) return;
    if (!ready_.empty()) continue;
    const auto next = NextDue();
    const auto now = clock_.Now();
    if (next <= now) continue;
    // An injected clock may be turned at any moment, so never sleep longer than this.
    const auto wait =
        std::min<std::chrono::steady_clock::duration>(next - now, std::chrono::milliseconds(250));
    changed_.WaitUntil(mutex_, std::chrono::steady_clock::now() + wait);
  }
}

void TaskQueue::RunFor(std::chrono::milliseconds budget) {
  const auto end = std::chrono::steady_clock::now() + budget;
  while (RunOne() && std::chrono::steady_clock::now() < end) {
  }
}

void TaskQueue::Stop() {
  if (gate_ != nullptr) gate_->Close();
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    ready_.clear();
    changed_.NotifyAll();
    while (running_ > 0) changed_.Wait(mutex_);
  }
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

}  // namespace vecdb::base
