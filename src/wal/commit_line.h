// Who waits for which sync. Every log of a writer stands here with what of it is not synced yet;
// the first thread that needs a sync leads it for all who wait.
//
// A sync covers what was appended before it began. Those it covers sleep apart from those that
// need the next one, so its end wakes the first ones all, and of the others only the next leader.
// Who was acknowledged just now is likely to be back soon with another write: a leader waits for
// half as many as the last sync had or left waiting, but no longer than half of what that one took.
// So one half of many writers writes while the sync of the other half runs.
//
// Thread safety: all methods from any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "vecdb/status.h"
#include "vecdb/types.h"

#include "base/clock.h"
#include "base/ids.h"
#include "base/mutex.h"
#include "io/page_log.h"
#include "wal/sleepers.h"

namespace vecdb::wal {

class CommitLine {
 public:
  // Everything up to `durable_lsn` is safe elsewhere.
  CommitLine(const base::Clock& clock, Lsn durable_lsn)
      : clock_(clock),
        durable_lsn_(durable_lsn),
        written_lsn_(durable_lsn),
        taken_{durable_lsn, 0} {}

  // From now on groups go to this log.
  // Without memory it throws and changes nothing.
  void AddLog(std::shared_ptr<io::PageLogWriter> log) EXCLUDES(mutex_);
  // A group ending with this record and timestamp stands in the log added last.
  void Written(Lsn last_lsn, std::uint64_t timestamp) EXCLUDES(mutex_);
  // The log added last has a new size for another reason: a seal, a failed group.
  void Resized() EXCLUDES(mutex_);

  // Returns when everything up to `lsn` is synced. kOutcomeUnknown when it was written and its sync
  // failed; kInvalidArgument when it was never written. `followers` (may be null) sleep for records
  // up to `lsn` and have not asked themselves: they are woken when they should look again.
  Status Sync(Lsn lsn, Sleepers* followers = nullptr) EXCLUDES(mutex_);

  // Fail-stop: the first cause stays. Wakes everyone who waits.
  void Fail(const Status& cause) EXCLUDES(mutex_);
  Status health() const EXCLUDES(mutex_);

  Lsn durable_lsn() const { return durable_lsn_.load(std::memory_order_acquire); }
  Timestamp durable_timestamp() const {
    return Timestamp{durable_timestamp_.load(std::memory_order_acquire)};
  }
  Lsn written_lsn() const EXCLUDES(mutex_);
  std::uint64_t live_bytes() const EXCLUDES(mutex_);

  // Logs, but the one added last, that hold no record from `lsn` on.
  std::vector<io::LogIdentity> LogsBelow(Lsn lsn) const EXCLUDES(mutex_);
  // Takes this log out; its path, or nothing when it is unknown or the one added last.
  std::string Remove(const io::LogIdentity& identity) EXCLUDES(mutex_);

 private:
  struct Log {
    io::LogIdentity identity;
    std::string path;
    std::shared_ptr<io::PageLogWriter> file;  // null once it is complete and synced
    std::uint64_t bytes = 0;
    Lsn last_lsn = 0;  // of this log or the ones before it
    bool unsynced = false;
  };
  // How far a sync reaches.
  struct Reach {
    Lsn lsn = 0;
    std::uint64_t timestamp = 0;
  };

  // False: the durable lsn has come nearer, and `done` has whom that concerns. True: `sleeper` is
  // in a queue and will be woken then.
  Result<bool> LeadOrQueue(Lsn lsn, Sleeper* sleeper, Sleepers* followers, Sleepers* done)
      EXCLUDES(mutex_);
  void Lead(Sleepers* followers, Sleepers* done) REQUIRES(mutex_);
  void Gather() REQUIRES(mutex_);
  void EndSync(const Status& status, std::chrono::steady_clock::duration took, Sleepers* done)
      REQUIRES(mutex_);
  using Files = std::vector<std::shared_ptr<io::PageLogWriter>>;
  static Status SyncFiles(const Files& files);
  void CloseSyncedLogs() REQUIRES(mutex_);

  const base::Clock& clock_;  // outlives this
  // The failure of a sync that could not even say why.
  const Status unexplained_{StatusCode::kIoError, "memory ran out while the log was synced"};

  // Thread-safe by themselves; they change only under the mutex.
  std::atomic<Lsn> durable_lsn_;
  std::atomic<std::uint64_t> durable_timestamp_{0};

  mutable base::Mutex mutex_;  // leaf: nothing is called while it is held
  std::vector<Log> logs_ GUARDED_BY(mutex_);
  // The leader's list, empty between syncs, with room for all logs: leading needs no memory that
  // could run out halfway.
  Files syncing_ GUARDED_BY(mutex_);
  Lsn written_lsn_ GUARDED_BY(mutex_);
  std::uint64_t written_timestamp_ GUARDED_BY(mutex_) = 0;
  Status failure_ GUARDED_BY(mutex_);
  bool running_ GUARDED_BY(mutex_) = false;
  Reach taken_ GUARDED_BY(mutex_);       // by the sync that runs or ran last
  Sleepers covered_ GUARDED_BY(mutex_);  // by the sync that runs
  Sleepers next_ GUARDED_BY(mutex_);     // need the one after it
  base::CondVar gathered_;
  int expected_ GUARDED_BY(mutex_) = 1;  // writers that a sync waits for, its leader included
  bool gathering_ GUARDED_BY(mutex_) = false;
  std::chrono::steady_clock::duration sync_time_ GUARDED_BY(mutex_){};  // of the last one
};

}  // namespace vecdb::wal
