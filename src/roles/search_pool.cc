#include "roles/search_pool.h"

#include <algorithm>
#include <utility>

#include "io/thread_priority.h"

namespace vecdb::roles {

// What a read shares with its helpers. One that comes when every task is taken finds nothing to do
// and never looks at `task`, which is gone by then.
struct SearchPool::Job {
  Job(const Task& t, const Guard& g, std::size_t n) : task(t), guard(g), tasks(n) {}

  // How many it ran itself.
  std::size_t RunWhatIsLeft() EXCLUDES(mutex) {
    for (std::size_t ran = 0;; ++ran) {
      const std::size_t number = next.fetch_add(1, std::memory_order_relaxed);
      if (number >= tasks) return ran;
      const auto run = [&] {
        return failed.load(std::memory_order_relaxed) ? Status() : task(number);
      };
      Status status = guard(std::ref(run));
      base::MutexLock lock(mutex);
      if (!status.ok() && first.ok()) {
        first = std::move(status);  // without memory: the others must be waited for
        failed = true;
      }
      if (++ended == tasks) changed.NotifyAll();
    }
  }
  Status Wait() EXCLUDES(mutex) {
    base::MutexLock lock(mutex);
    while (ended < tasks) changed.Wait(mutex);
    return first;
  }

  const Task& task;
  const Guard& guard;
  const std::size_t tasks;
  std::atomic<std::size_t> next{0};
  std::atomic<bool> failed{false};
  base::Mutex mutex;
  base::CondVar changed;
  std::size_t ended GUARDED_BY(mutex) = 0;
  Status first GUARDED_BY(mutex);
};

std::size_t SearchPool::ThreadsFor(std::size_t tasks, std::uint64_t bytes) const {
  const std::uint64_t worth = bytes / least_bytes_;
  return std::max<std::size_t>(1, std::min({tasks, helpers_ + 1, static_cast<std::size_t>(worth)}));
}

Status SearchPool::Run(std::size_t tasks, std::size_t threads, const Task& task) {
  const auto job = std::make_shared<Job>(task, guard_, tasks);
  base::TaskQueue* queue = nullptr;
  const auto call_helpers = [&] {
    queue = Threads();
    for (std::size_t i = 1; i < threads; ++i) {
      queue->Post([this, job] { Help(job); }, job.get());
    }
    return Status();
  };
  (void)guard_(std::ref(call_helpers));  // fewer threads, or none: the work is done all the same
  job->RunWhatIsLeft();
  if (queue != nullptr) queue->Withdraw(job.get());  // nothing is left for who comes now
  return job->Wait();
}

void SearchPool::Help(const std::shared_ptr<Job>& job) {
  if (low_priority_ && !executor_) io::LowerThreadPriority();
  handed_over_.fetch_add(job->RunWhatIsLeft(), std::memory_order_relaxed);
}

bool SearchPool::Post(base::TaskQueue::Task task) {
  if (!CanPost()) return false;
  const auto post = [&] {
    Threads()->Post([this, task = std::move(task)] {
      if (low_priority_) io::LowerThreadPriority();
      const auto run = [&] {
        task();
        return Status();
      };
      (void)guard_(std::ref(run));
    });
    return Status();
  };
  return guard_(std::ref(post)).ok();  // without a thread, or memory, nothing was posted
}

base::TaskQueue* SearchPool::Threads() {
  base::MutexLock lock(mutex_);
  if (threads_ == nullptr) {
    threads_ = executor_ ? std::make_unique<base::TaskQueue>(executor_, clock_)
                         : std::make_unique<base::TaskQueue>(helpers_, clock_);
  }
  return threads_.get();
}

std::size_t SearchPool::threads() {
  base::MutexLock lock(mutex_);
  return threads_ == nullptr ? 0 : threads_->threads();
}

// A task that is waited for may want help itself, and gets none: no lock is held meanwhile.
void SearchPool::Stop() {
  base::TaskQueue* queue = nullptr;
  {
    base::MutexLock lock(mutex_);
    queue = threads_.get();
  }
  if (queue != nullptr) queue->Stop();
}

}  // namespace vecdb::roles
