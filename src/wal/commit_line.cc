#include "wal/commit_line.h"

#include <algorithm>
#include <utility>

#include "base/canary.h"
#include "base/status.h"

namespace vecdb::wal {
namespace {

constexpr std::chrono::milliseconds kLongestGathering{1};

}  // namespace

void CommitLine::AddLog(std::shared_ptr<io::PageLogWriter> log) {
  base::MutexLock lock(mutex_);
  Log added;
  added.identity = log->identity();
  added.path = log->path();
  added.bytes = log->size_bytes();
  added.last_lsn = written_lsn_;
  added.file = std::move(log);
  logs_.reserve(logs_.size() + 1);
  syncing_.reserve(logs_.size() + 1);
  logs_.push_back(std::move(added));
  CloseSyncedLogs();
}

void CommitLine::Written(Lsn last_lsn, std::uint64_t timestamp) {
  base::MutexLock lock(mutex_);
  written_lsn_ = last_lsn;
  written_timestamp_ = std::max(written_timestamp_, timestamp);
  Log& log = logs_.back();
  log.last_lsn = last_lsn;
  log.bytes = log.file->size_bytes();
  log.unsynced = true;
}

void CommitLine::Resized() {
  base::MutexLock lock(mutex_);
  logs_.back().bytes = logs_.back().file->size_bytes();
}

Status CommitLine::Sync(Lsn lsn, Sleepers* followers) {
  Sleepers none;
  while (durable_lsn() < lsn) {
    Sleeper sleeper;
    bool queued = false;
    {
      Sleepers done;
      VECDB_TRY_ASSIGN(queued,
                       LeadOrQueue(lsn, &sleeper, followers == nullptr ? &none : followers, &done));
    }
    if (queued) sleeper.Sleep();
  }
  if (followers != nullptr) none.TakeAll(followers);
  return Status();
}

Result<bool> CommitLine::LeadOrQueue(Lsn lsn, Sleeper* sleeper, Sleepers* followers,
                                     Sleepers* done) {
  base::MutexLock lock(mutex_);
  if (lsn > written_lsn_) {
    return base::InvalidArgument("record {} was never written; the last one is {}", lsn,
                                 written_lsn_);
  }
  if (durable_lsn() >= lsn) return false;
  if (!failure_.ok()) {
    return base::OutcomeUnknown("record {} may or may not survive: {}", lsn, failure_.ToString());
  }
  if (!running_) {
    Lead(followers, done);
    return false;
  }
  Sleepers& queue = lsn <= taken_.lsn ? covered_ : next_;
  queue.Add(sleeper);
  queue.TakeAll(followers);
  if (gathering_ && next_.count() + 1 >= expected_) gathered_.NotifyOne();
  return true;
}

// Runs one sync with the mutex released. Old logs go first: what is acknowledged in a log stands on
// everything in the logs before it.
void CommitLine::Lead(Sleepers* followers, Sleepers* done) NO_THREAD_SAFETY_ANALYSIS {
  syncing_.reserve(logs_.size());  // before anyone counts on this leader
  running_ = true;
  next_.TakeAll(followers);
  Gather();
  if (!failure_.ok()) {
    running_ = false;
    return;  // Fail() woke everyone
  }
  taken_ = {written_lsn_, written_timestamp_};
  covered_.TakeAll(&next_);
  Files files = std::move(syncing_);
  for (Log& log : logs_) {
    if (log.unsynced) files.push_back(log.file);
    log.unsynced = false;
  }
  // However the sync ends, by throwing too, the mutex is held again and nobody waits for it.
  struct Ending {
    CommitLine& line;
    Files& files;
    Sleepers* done;
    const std::chrono::steady_clock::time_point began;
    Status status;
    ~Ending() NO_THREAD_SAFETY_ANALYSIS {
      const auto took = line.clock_.Now() - began;
      files.clear();
      line.mutex_.Lock();
      if (files.capacity() > line.syncing_.capacity()) line.syncing_.swap(files);
      line.EndSync(status, took, done);
    }
  } ending{*this, files, done, clock_.Now(), unexplained_};
  mutex_.Unlock();
  base::KillPoint("wal.sync.before");
  ending.status = SyncFiles(files);
  base::KillPoint("wal.sync.after");
}

void CommitLine::EndSync(const Status& status, std::chrono::steady_clock::duration took,
                         Sleepers* done) {
  running_ = false;
  if (!status.ok()) {
    if (failure_.ok()) failure_ = status;
    done->TakeAll(&covered_);
    done->TakeAll(&next_);
    return;
  }
  durable_timestamp_.store(taken_.timestamp, std::memory_order_release);
  durable_lsn_.store(taken_.lsn, std::memory_order_release);
  CloseSyncedLogs();
  expected_ = 1 + (covered_.count() + next_.count()) / 2;
  sync_time_ = took;
  done->TakeOne(&next_);  // leads the next one
  done->TakeAll(&covered_);
}

void CommitLine::Gather() {
  const auto limit = clock_.Now() + std::min<std::chrono::steady_clock::duration>(
                                        sync_time_ / 2, kLongestGathering);
  gathering_ = true;
  while (failure_.ok() && next_.count() + 1 < expected_) {
    if (!gathered_.WaitUntil(mutex_, limit)) break;
  }
  gathering_ = false;
}

Status CommitLine::SyncFiles(const Files& files) {
  if (base::Canary(9)) return Status();
  for (const auto& file : files) {
    Status status = file->Sync();
    if (!status.ok() && base::Canary(11)) status = file->Sync();
    if (!status.ok() && !base::Canary(10)) return status;
  }
  return Status();
}

// A log that is complete and synced needs no open file.
void CommitLine::CloseSyncedLogs() {
  for (std::size_t i = 0; i + 1 < logs_.size(); ++i) {
    if (!logs_[i].unsynced && !running_) logs_[i].file.reset();
  }
}

void CommitLine::Fail(const Status& cause) {
  Sleepers done;  // woken behind the lock
  base::MutexLock lock(mutex_);
  if (failure_.ok()) failure_ = cause;
  done.TakeAll(&covered_);
  done.TakeAll(&next_);
  gathered_.NotifyAll();
}

Status CommitLine::health() const {
  base::MutexLock lock(mutex_);
  return failure_;
}

Lsn CommitLine::written_lsn() const {
  base::MutexLock lock(mutex_);
  return written_lsn_;
}

std::uint64_t CommitLine::live_bytes() const {
  base::MutexLock lock(mutex_);
  std::uint64_t bytes = 0;
  for (const Log& log : logs_) bytes += log.bytes;
  return bytes;
}

std::vector<io::LogIdentity> CommitLine::LogsBelow(Lsn lsn) const {
  base::MutexLock lock(mutex_);
  std::vector<io::LogIdentity> below;
  for (std::size_t i = 0; i + 1 < logs_.size() && logs_[i].last_lsn < lsn; ++i) {
    below.push_back(logs_[i].identity);
  }
  return below;
}

std::string CommitLine::Remove(const io::LogIdentity& identity) {
  base::MutexLock lock(mutex_);
  for (std::size_t i = 0; i + 1 < logs_.size(); ++i) {
    if (logs_[i].identity != identity) continue;
    std::string path = std::move(logs_[i].path);
    logs_.erase(logs_.begin() + static_cast<std::ptrdiff_t>(i));
    return path;
  }
  return {};
}

}  // namespace vecdb::wal
