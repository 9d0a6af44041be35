#include "roles/job_table.h"

#include <algorithm>
#include <utility>

#include "base/status.h"

namespace vecdb {

std::string_view ToString(JobKind kind) {
  switch (kind) {
    case JobKind::kFlush:
      return "Flush";
    case JobKind::kCompaction:
      return "Compaction";
    case JobKind::kIndex:
      return "Index";
  }
  return "unknown";
}

std::string_view ToString(JobState state) {
  switch (state) {
    case JobState::kWaiting:
      return "Waiting";
    case JobState::kRunning:
      return "Running";
    case JobState::kDone:
      return "Done";
    case JobState::kFailed:
      return "Failed";
    case JobState::kCancelled:
      return "Cancelled";
  }
  return "unknown";
}

}  // namespace vecdb

namespace vecdb::roles {
namespace {

constexpr std::size_t kKept = 256;

bool HasEnded(JobState state) {
  switch (state) {
    case JobState::kWaiting:
    case JobState::kRunning:
      return false;
    case JobState::kDone:
    case JobState::kFailed:
    case JobState::kCancelled:
      return true;
  }
  return true;
}

JobState EndOf(const Status& outcome) {
  if (outcome.ok()) return JobState::kDone;
  return outcome.code() == StatusCode::kCancelled ? JobState::kCancelled : JobState::kFailed;
}

}  // namespace

JobId JobTable::Add(JobKind kind, std::string_view collection) {
  Entry entry;
  entry.info.kind = kind;
  entry.info.collection = collection;
  base::MutexLock lock(mutex_);
  ForgetOldest();
  entry.info.id = next_;
  entries_.push_back(std::move(entry));
  return next_++;
}

// Those that wait or run stay, however many there are.
void JobTable::ForgetOldest() {
  for (auto at = entries_.begin(); at != entries_.end() && entries_.size() >= kKept;) {
    at = HasEnded(at->info.state) ? entries_.erase(at) : std::next(at);
  }
}

void JobTable::Start(JobId id) {
  base::MutexLock lock(mutex_);
  Entry* const entry = Find(id);
  if (entry == nullptr || entry->info.state != JobState::kWaiting) return;
  entry->info.state = JobState::kRunning;
  entry->info.started_ms = clock_.WallMilliseconds();
}

void JobTable::Progress(JobId id, double share, std::uint64_t rows, std::uint64_t bytes) {
  base::MutexLock lock(mutex_);
  Entry* const entry = Find(id);
  if (entry == nullptr || HasEnded(entry->info.state)) return;
  entry->info.progress = std::clamp(share, entry->info.progress, 1.0);
  entry->info.rows = rows;
  entry->info.bytes = bytes;
}

void JobTable::Finish(JobId id, Status outcome) {
  base::MutexLock lock(mutex_);
  Entry* const entry = Find(id);
  if (entry == nullptr || HasEnded(entry->info.state)) return;
  entry->info.state = EndOf(outcome);
  entry->info.ended_ms = clock_.WallMilliseconds();
  if (outcome.ok()) entry->info.progress = 1;
  entry->outcome = std::move(outcome);
  changed_.NotifyAll();
}

std::vector<JobInfo> JobTable::All() const {
  base::MutexLock lock(mutex_);
  std::vector<JobInfo> all;
  all.reserve(entries_.size());
  for (const Entry& entry : entries_) all.push_back(InfoOf(entry));
  return all;
}

Result<JobInfo> JobTable::WaitFor(JobId id, std::chrono::steady_clock::time_point until) {
  base::MutexLock lock(mutex_);
  while (true) {
    const Entry* const entry = Find(id);
    if (entry == nullptr) return base::NotFound("there is no job {}, or it is forgotten", id);
    const bool over = HasEnded(entry->info.state) || std::chrono::steady_clock::now() >= until;
    if (over) return InfoOf(*entry);
    changed_.WaitUntil(mutex_, until);
  }
}

Status JobTable::OutcomeOf(JobId id) const {
  base::MutexLock lock(mutex_);
  const Entry* const entry = Find(id);
  return entry == nullptr ? Status() : entry->outcome;
}

JobInfo JobTable::InfoOf(const Entry& entry) {
  JobInfo info = entry.info;
  if (!entry.outcome.ok()) info.error = entry.outcome.ToString();
  return info;
}

JobTable::Entry* JobTable::Find(JobId id) {
  const auto at =
      std::lower_bound(entries_.begin(), entries_.end(), id,
                       [](const Entry& entry, JobId other) { return entry.info.id < other; });
  return at == entries_.end() || at->info.id != id ? nullptr : &*at;
}

const JobTable::Entry* JobTable::Find(JobId id) const {
  return const_cast<JobTable*>(this)->Find(id);  // NOLINT(cppcoreguidelines-pro-type-const-cast)
}

JobRun::~JobRun() {
  if (id_ != 0) table_.Finish(id_, base::ReadyMade::OutOfMemory());
}

}  // namespace vecdb::roles
