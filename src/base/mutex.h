// The project's only locks. Annotated, so that clang's -Wthread-safety can see who holds what.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define VECDB_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define VECDB_THREAD_ANNOTATION(x)
#endif
#define CAPABILITY(x) VECDB_THREAD_ANNOTATION(capability(x))
#define SCOPED_CAPABILITY VECDB_THREAD_ANNOTATION(scoped_lockable)
#define GUARDED_BY(x) VECDB_THREAD_ANNOTATION(guarded_by(x))
#define REQUIRES(...) VECDB_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define ACQUIRE(...) VECDB_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define RELEASE(...) VECDB_THREAD_ANNOTATION(release_capability(__VA_ARGS__))
#define TRY_ACQUIRE(...) VECDB_THREAD_ANNOTATION(try_acquire_capability(__VA_ARGS__))
#define EXCLUDES(...) VECDB_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))
#define NO_THREAD_SAFETY_ANALYSIS VECDB_THREAD_ANNOTATION(no_thread_safety_analysis)

namespace vecdb::base {

class CAPABILITY("mutex") Mutex {
 public:
  void Lock() ACQUIRE() { mutex_.lock(); }
  bool TryLock() TRY_ACQUIRE(true) { return mutex_.try_lock(); }
  void Unlock() RELEASE() { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

class SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.Lock(); }
  ~MutexLock() RELEASE() { mutex_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// Waits release the mutex and hold it again on return; spurious wake-ups happen, so loop.
class CondVar {
 public:
  void Wait(Mutex& mutex) REQUIRES(mutex) {
    std::unique_lock<std::mutex> held(mutex.mutex_, std::adopt_lock);
    changed_.wait(held);
    held.release();
  }
  // False when the time came before a notification.
  bool WaitUntil(Mutex& mutex, std::chrono::steady_clock::time_point time) REQUIRES(mutex) {
    std::unique_lock<std::mutex> held(mutex.mutex_, std::adopt_lock);
    const bool notified = changed_.wait_until(held, time) == std::cv_status::no_timeout;
    held.release();
    return notified;
  }
  void NotifyOne() { changed_.notify_one(); }
  void NotifyAll() { changed_.notify_all(); }

 private:
  std::condition_variable changed_;
};

}  // namespace vecdb::base
