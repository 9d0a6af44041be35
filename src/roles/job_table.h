// What goes on in the background and what came of it: kept in memory, the last ones that ended.
//
// Thread safety: all methods from any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vecdb/result.h"
#include "vecdb/status.h"

#include "base/clock.h"
#include "base/mutex.h"

namespace vecdb::roles {

class JobTable {
 public:
  explicit JobTable(const base::Clock& clock) : clock_(clock) {}  // outlives the table

  JobId Add(JobKind kind, std::string_view collection) EXCLUDES(mutex_);
  // These need no memory, and do nothing for a job that has ended.
  void Start(JobId id) EXCLUDES(mutex_);
  void Progress(JobId id, double share, std::uint64_t rows, std::uint64_t bytes) EXCLUDES(mutex_);
  void Finish(JobId id, Status outcome) EXCLUDES(mutex_);

  std::vector<JobInfo> All() const EXCLUDES(mutex_);  // by id
  // How it ended, or how far it is at `until`. kNotFound: none, or one that is forgotten.
  Result<JobInfo> WaitFor(JobId id, std::chrono::steady_clock::time_point until) EXCLUDES(mutex_);
  // The status it ended with; OK while it has not.
  Status OutcomeOf(JobId id) const EXCLUDES(mutex_);

 private:
  struct Entry {
    JobInfo info;
    Status outcome;
  };
  Entry* Find(JobId id) REQUIRES(mutex_);
  const Entry* Find(JobId id) const REQUIRES(mutex_);
  static JobInfo InfoOf(const Entry& entry);
  void ForgetOldest() REQUIRES(mutex_);

  const base::Clock& clock_;
  mutable base::Mutex mutex_;  // leaf
  base::CondVar changed_;
  JobId next_ GUARDED_BY(mutex_) = 1;
  std::deque<Entry> entries_ GUARDED_BY(mutex_);  // by id
};

// A job from its beginning to its end, however that comes.
class JobRun {
 public:
  JobRun(JobTable& table, JobKind kind, std::string_view collection)
      : table_(table), id_(table.Add(kind, collection)) {}
  ~JobRun();
  JobRun(const JobRun&) = delete;
  JobRun& operator=(const JobRun&) = delete;

  JobId id() const { return id_; }
  void Start() { table_.Start(id_); }
  void Finish(const Status& outcome) { table_.Finish(id_, outcome); }
  // Somebody else will end it.
  JobId Release() { return std::exchange(id_, 0); }

 private:
  JobTable& table_;
  JobId id_;
};

}  // namespace vecdb::roles
