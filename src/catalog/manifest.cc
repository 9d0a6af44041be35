// Turning to another manifest (Begin, and RollOver when one is full or lost):
//
// 1 MANIFEST-<n>: header, snapshot   crash: litter, swept by a later turn; the old one counts
// 2 sync it (B4), sync the root (B5) same
// 3 write tmp/CURRENT, sync it (B6)  same, and tmp/CURRENT is litter too
// 4 rename it over CURRENT           crash: the old one or this one counts; both are whole
// 5 sync the root (B7)               crash: this one counts; the old one is litter
// 6 remove every other manifest      same, perhaps with fewer of them
//
// A lack of space in 1 to 3 changes nothing and may be tried again; any other failure there, and
// every failure in 4 and 5, is fail-stop.
//
// One edit (Commit):
//
// 1 append its group                 crash: torn, dropped with a report: it was never promised
// 2 sync (B3)                        crash: the edit counts
// 3 append a SEAL, not synced        crash: same; with the SEAL, damage to the edit shows
#include "catalog/manifest.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/canary.h"
#include "catalog/current.h"
#include "catalog/limits.h"
#include "catalog/manifest_log.h"
#include "io/layout.h"

namespace vecdb::catalog {
namespace {

// Litter that stays is swept by the next turn, so a failure here is none.
void RemoveLitter(io::FileSystem& fs, const std::string& path) {
  [[maybe_unused]] const Status removed = fs.RemoveFile(path);
}

void RemoveOtherManifests(io::FileSystem& fs, std::uint64_t kept) {
  const auto entries = fs.List("");
  if (!entries.ok()) return;
  for (const io::DirectoryEntry& entry : *entries) {
    const auto number = io::ParseManifestName(entry.name);
    if (number && *number != kept && entry.is_regular) RemoveLitter(fs, entry.name);
  }
}

class ManifestFiles final : public Manifest {
 public:
  ManifestFiles(io::FileSystem& fs, std::uint64_t next_number,
                std::function<std::uint64_t()> random, std::uint64_t created_ms)
      : fs_(fs), random_(std::move(random)), created_ms_(created_ms), next_number_(next_number) {}

  Status Start(State state) EXCLUDES(commit_mutex_);

  Status Commit(const Edit& edit) override EXCLUDES(commit_mutex_) {
    base::MutexLock lock(commit_mutex_);
    return CommitLocked(edit);
  }
  std::shared_ptr<const State> state() const override EXCLUDES(state_mutex_) {
    base::MutexLock lock(state_mutex_);
    return state_;
  }
  Result<std::uint64_t> NewIds(std::uint64_t count) override EXCLUDES(commit_mutex_);
  Status Close() override EXCLUDES(commit_mutex_);
  Status health() const override EXCLUDES(state_mutex_) {
    base::MutexLock lock(state_mutex_);
    return health_;
  }
  std::uint64_t number() const override EXCLUDES(state_mutex_) {
    base::MutexLock lock(state_mutex_);
    return number_;
  }

 private:
  enum class Reached { kOldCounts, kEitherCounts, kNewCounts };
  // Against what is thrown (memory ran out) while disk and memory may differ: fail-stop.
  struct StopUnlessDone {
    ManifestFiles& manifest;
    bool done = false;
    ~StopUnlessDone() {
      if (!done) manifest.Stop(manifest.out_of_memory_);
    }
  };

  Status CommitLocked(const Edit& edit) REQUIRES(commit_mutex_);
  Status Append(const Edit& edit, State next) REQUIRES(commit_mutex_);
  void Seal() REQUIRES(commit_mutex_);
  Status TurnTo(State next) REQUIRES(commit_mutex_);
  Status WriteNext(const State& next, FreshManifest* fresh, Reached* reached)
      REQUIRES(commit_mutex_);
  Result<FreshManifest> CreateNext(const State& next) REQUIRES(commit_mutex_);
  Status LeaseMore(std::uint64_t count) REQUIRES(commit_mutex_);
  Status CheckUsable() const REQUIRES(commit_mutex_);
  bool Full() const REQUIRES(commit_mutex_);
  void Publish(std::shared_ptr<const State> next);
  void Stop(const Status& cause);

  // Constant after construction.
  io::FileSystem& fs_;
  const std::function<std::uint64_t()> random_;
  const std::uint64_t created_ms_;
  const Status out_of_memory_{StatusCode::kResourceExhausted,
                              "memory ran out while an edit of the catalog was written"};

  // Held across disk, so that edits follow one another; outside of state_mutex_.
  mutable base::Mutex commit_mutex_;
  std::unique_ptr<io::PageLogWriter> log_ GUARDED_BY(commit_mutex_);
  std::uint64_t next_number_ GUARDED_BY(commit_mutex_);
  Lsn durable_lsn_ GUARDED_BY(commit_mutex_) = 0;  // the last edit: none is appended on top of an
                                                   // unsynced one
  std::uint64_t edits_ GUARDED_BY(commit_mutex_) = 0;       // behind the snapshot
  std::uint64_t edit_bytes_ GUARDED_BY(commit_mutex_) = 0;  // of these
  bool sealed_ GUARDED_BY(commit_mutex_) = false;           // the log ends in a SEAL
  bool closed_ GUARDED_BY(commit_mutex_) = false;
  std::uint64_t next_id_ GUARDED_BY(commit_mutex_) = 1;
  std::uint64_t lease_end_ GUARDED_BY(commit_mutex_) = 1;

  mutable base::Mutex state_mutex_;  // leaf
  std::shared_ptr<const State> state_ GUARDED_BY(state_mutex_);
  Status health_ GUARDED_BY(state_mutex_);
  std::uint64_t number_ GUARDED_BY(state_mutex_) = 0;
};

Status ManifestFiles::Start(State state) {
  base::MutexLock lock(commit_mutex_);
  for (const char* folder : {io::kTmpFolder, io::kSegmentsFolder}) {  // lost by copies of files
    const Status made = fs_.MakeDirectory(folder);
    if (!made.ok() && made.code() != StatusCode::kAlreadyExists) return made;
  }
  next_id_ = lease_end_ = state.next_id;
  if (base::Canary(19)) next_id_ = state.next_id - std::min(state.next_id - 1, kIdLease);
  const Status turned = TurnTo(std::move(state));
  const Status cause = health();  // the plain reason: here no edit's outcome is at stake
  return turned.ok() || cause.ok() ? turned : cause;
}

Status ManifestFiles::CommitLocked(const Edit& edit) {
  VECDB_TRY(CheckUsable());
  if (edit.operations.size() > kMaxOperations) {
    return base::InvalidArgument("an edit of {} operations; at most {} are possible",
                                 edit.operations.size(), kMaxOperations);
  }
  VECDB_TRY_ASSIGN(State next, Apply(*state(), edit));
  if (log_->failed()) return TurnTo(std::move(next));
  if (Full()) {
    const Status turned = TurnTo(next);
    // Without room for another manifest this one goes on.
    if (turned.code() != StatusCode::kResourceExhausted) return turned;
  }
  return Append(edit, std::move(next));
}

Status ManifestFiles::Append(const Edit& edit, State next) {
  const base::Bytes bytes = EncodeEdit(edit);
  const auto shared = std::make_shared<const State>(std::move(next));
  const Lsn lsn = durable_lsn_ + 1;
  io::LogRecord record;
  record.type = kEditRecord;
  record.body = bytes;
  sealed_ = false;
  const Status appended = log_->AppendGroup(std::span(&record, 1), lsn, durable_lsn_,
                                            static_cast<std::uint64_t>(shared->max_timestamp));
  if (!appended.ok()) {
    if (!log_->failed()) return appended;
    // The group can never become valid: the edit may go into a manifest of its own.
    if (appended.code() == StatusCode::kResourceExhausted) return TurnTo(*shared);
    Stop(appended);
    return base::OutcomeUnknown("edit {} of {} may or may not survive: {}", lsn, log_->path(),
                                appended.message());
  }
  StopUnlessDone stop{*this};
  base::KillPoint("manifest.append");
  const Status synced = base::Canary(3) ? Status() : log_->Sync();
  if (!synced.ok()) {
    stop.done = true;
    Stop(synced);
    return base::OutcomeUnknown("edit {} of {} may or may not survive: {}", lsn, log_->path(),
                                synced.message());
  }
  base::KillPoint("manifest.synced");
  durable_lsn_ = lsn;
  ++edits_;
  edit_bytes_ += bytes.size();
  Publish(shared);
  Seal();
  stop.done = true;
  return Status();
}

// The edit is durable already, so that a failure concerns only the next one.
void ManifestFiles::Seal() {
  const auto max_ts = static_cast<std::uint64_t>(state()->max_timestamp);
  const Status appended = log_->AppendSeal(durable_lsn_ + 1, durable_lsn_, max_ts);
  sealed_ = appended.ok();
  if (!appended.ok() && appended.code() != StatusCode::kResourceExhausted) Stop(appended);
}

Result<FreshManifest> ManifestFiles::CreateNext(const State& next) {
  const ManifestSource source{next.database, random_(), created_ms_};
  while (true) {  // a name that is taken is litter of a turn cut short
    const std::uint64_t number = next_number_++;
    Result<FreshManifest> fresh = CreateManifestLog(fs_, number, source, next);
    if (fresh.ok()) return fresh;
    if (fresh.status().code() == StatusCode::kAlreadyExists) continue;
    if (fresh.status().code() == StatusCode::kResourceExhausted) {
      RemoveLitter(fs_, io::ManifestName(number));
    }
    return fresh;
  }
}

Status ManifestFiles::WriteNext(const State& next, FreshManifest* fresh, Reached* reached) {
  *reached = Reached::kOldCounts;
  VECDB_TRY_ASSIGN(*fresh, CreateNext(next));
  const std::uint64_t number = fresh->log->identity().number;
  if (Status prepared = PrepareCurrent(fs_, number); !prepared.ok()) {
    if (prepared.code() == StatusCode::kResourceExhausted) {
      RemoveLitter(fs_, io::ManifestName(number));
    }
    return prepared;
  }
  base::KillPoint("manifest.rollover.current_written");
  *reached = Reached::kEitherCounts;
  VECDB_TRY(SwitchCurrent(fs_));
  *reached = Reached::kNewCounts;
  RemoveOtherManifests(fs_, number);
  base::KillPoint("manifest.rollover.old_removed");
  return Status();
}

// Makes `next` durable as the snapshot of another manifest.
Status ManifestFiles::TurnTo(State next) {
  const auto shared = std::make_shared<const State>(std::move(next));
  FreshManifest fresh;
  Reached reached = Reached::kOldCounts;
  StopUnlessDone stop{*this};
  const Status written = WriteNext(*shared, &fresh, &reached);
  stop.done = true;
  switch (reached) {
    case Reached::kOldCounts:
      if (written.code() != StatusCode::kResourceExhausted) Stop(written);
      return written;
    case Reached::kEitherCounts:
      Stop(written);
      return base::OutcomeUnknown("an edit may or may not survive: {}", written.message());
    case Reached::kNewCounts:
      break;
  }
  log_ = std::move(fresh.log);
  durable_lsn_ = fresh.last_lsn;
  edits_ = 0;
  edit_bytes_ = 0;
  sealed_ = false;
  {
    base::MutexLock lock(state_mutex_);
    number_ = log_->identity().number;
  }
  Publish(shared);
  return Status();
}

Result<std::uint64_t> ManifestFiles::NewIds(std::uint64_t count) {
  base::MutexLock lock(commit_mutex_);
  VECDB_TRY(CheckUsable());
  if (lease_end_ - next_id_ < count) VECDB_TRY(LeaseMore(count));
  const std::uint64_t first = next_id_;
  next_id_ += count;
  return first;
}

// Ids that were leased by an edit from outside are not ours to give.
Status ManifestFiles::LeaseMore(std::uint64_t count) {
  const std::uint64_t leased = state()->next_id;
  const std::uint64_t first = leased == lease_end_ ? next_id_ : leased;
  if (count > std::numeric_limits<std::uint64_t>::max() - kIdLease - first) {
    return base::InvalidArgument("{} ids are more than there are", count);
  }
  const std::uint64_t end = first + std::max(count, kIdLease);
  Edit edit;
  edit.operations.emplace_back(LeaseIds{end});
  VECDB_TRY(CommitLocked(edit));
  next_id_ = first;
  lease_end_ = end;
  return Status();
}

Status ManifestFiles::Close() {
  base::MutexLock lock(commit_mutex_);
  if (closed_) return Status();
  closed_ = true;
  VECDB_TRY(health());
  if (!sealed_ && !log_->failed()) Seal();
  VECDB_TRY(health());
  if (!sealed_) return Status();  // no room for the SEAL; every edit is synced without it
  const Status synced = log_->Sync();
  if (!synced.ok()) Stop(synced);
  return synced;
}

Status ManifestFiles::CheckUsable() const {
  if (closed_) return base::FailedPrecondition("the catalog is closed");
  const Status cause = health();
  if (cause.ok()) return Status();
  return base::FailedPrecondition("the catalog takes no more edits until it is reopened: {}",
                                  cause.message());
}

// Counted behind the snapshot: a large one must not make every edit a turn.
bool ManifestFiles::Full() const {
  return edits_ >= kRolloverEdits || edit_bytes_ > kRolloverBytes;
}

void ManifestFiles::Publish(std::shared_ptr<const State> next) {
  base::MutexLock lock(state_mutex_);
  state_.swap(next);
}

void ManifestFiles::Stop(const Status& cause) {
  base::MutexLock lock(state_mutex_);
  if (health_.ok()) health_ = cause;
}

}  // namespace

Result<std::unique_ptr<Manifest>> Manifest::Begin(io::FileSystem& fs, State state,
                                                  std::uint64_t number,
                                                  std::function<std::uint64_t()> random,
                                                  std::uint64_t created_ms) {
  auto manifest = std::make_unique<ManifestFiles>(fs, number, std::move(random), created_ms);
  VECDB_TRY(manifest->Start(std::move(state)));
  return std::unique_ptr<Manifest>(std::move(manifest));
}

}  // namespace vecdb::catalog
