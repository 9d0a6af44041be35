#include "wal/commit_line.h"

#include <algorithm>
#include <utility>

#include "base/canary.h"
#include "base/status.h"

namespace vecdb::wal {

void CommitLine::AddLog(std::shared_ptr<io::PageLogWriter> log) {
  base::MutexLock lock(mutex_);
  Log added;
  added.identity = log->identity();
  added.path = log->path();
  added.bytes = log->size_bytes();
  added.last_lsn = written_lsn_;
  added.file = std::move(log);
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

Status CommitLine::Sync(Lsn lsn) {
  if (durable_lsn() >= lsn) return Status();
  base::MutexLock lock(mutex_);
  if (lsn > written_lsn_) {
    return base::InvalidArgument("record {} was never written; the last one is {}", lsn,
                                 written_lsn_);
  }
  while (durable_lsn() < lsn) {
    if (!failure_.ok()) {
      return base::OutcomeUnknown("record {} may or may not survive: {}", lsn,
                                  failure_.ToString());
    }
    if (!running_) {
      Lead();
      continue;
    }
    const std::size_t round = (lsn <= taken_.lsn ? round_ : round_ + 1) % done_.size();
    ++waiting_[round];
    done_[round].Wait(mutex_);
    --waiting_[round];
  }
  return Status();
}

// Runs one sync with the mutex released. Old logs go first: what is acknowledged in a log stands on
// everything in the logs before it.
void CommitLine::Lead() {
  running_ = true;
  ++round_;
  taken_ = {written_lsn_, written_timestamp_};
  std::vector<std::shared_ptr<io::PageLogWriter>> files;
  for (Log& log : logs_) {
    if (log.unsynced) files.push_back(log.file);
    log.unsynced = false;
  }
  mutex_.Unlock();
  base::KillPoint("wal.sync.before");
  const Status status = SyncFiles(files);
  base::KillPoint("wal.sync.after");
  files.clear();
  mutex_.Lock();
  running_ = false;
  if (!status.ok()) {
    if (failure_.ok()) failure_ = status;
    WakeAll();
    return;
  }
  durable_timestamp_.store(taken_.timestamp, std::memory_order_release);
  durable_lsn_.store(taken_.lsn, std::memory_order_release);
  CloseSyncedLogs();
  const std::size_t covered = round_ % done_.size();
  const std::size_t next = (round_ + 1) % done_.size();
  if (waiting_[covered] > 0) done_[covered].NotifyAll();
  if (waiting_[next] > 0) done_[next].NotifyOne();
}

Status CommitLine::SyncFiles(const std::vector<std::shared_ptr<io::PageLogWriter>>& files) {
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

void CommitLine::WakeAll() {
  for (base::CondVar& waiters : done_) waiters.NotifyAll();
}

void CommitLine::Fail(const Status& cause) {
  base::MutexLock lock(mutex_);
  if (failure_.ok()) failure_ = cause;
  WakeAll();
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
