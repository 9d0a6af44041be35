#include "roles/engine.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/canary.h"
#include "base/status.h"
#include "index/index.h"
#include "roles/recover.h"

namespace vecdb::roles {
namespace {

constexpr std::chrono::milliseconds kIdleSeal{100};
constexpr std::chrono::milliseconds kHousekeeping{1000};
constexpr std::chrono::hours kLongestInterval{24};  // far from where adding to a time overflows
constexpr std::uint32_t kMostThreads = 256;

Status CheckThreads(const Options& options) {
  const std::pair<std::string_view, std::uint32_t> threads[] = {
      {"background_threads", options.background_threads},
      {"search_threads", options.search_threads},
      {"index_threads", options.index_threads}};
  for (const auto& [name, count] : threads) {
    if (count <= kMostThreads) continue;
    return base::InvalidArgument("Options::{} is {}, above {}", name, count, kMostThreads);
  }
  return Status();
}

Status CheckOptions(const Options& options) {
  VECDB_TRY(CheckDurability("Options::durability", options.durability));
  if (options.load != LoadMode::kMapped && options.load != LoadMode::kResident) {
    return base::InvalidArgument("Options::load is {}, which names no LoadMode",
                                 static_cast<unsigned>(options.load));
  }
  if (options.sync_interval.count() < 1) {
    return base::InvalidArgument("Options::sync_interval is {} ms, below 1",
                                 options.sync_interval.count());
  }
  if (options.sync_interval > kLongestInterval) {
    return base::InvalidArgument(
        "Options::sync_interval is {} ms, above 24 hours; Durability::kFlushOnly never syncs by "
        "itself",
        options.sync_interval.count());
  }
  if (options.seal_after.count() < 1) {
    return base::InvalidArgument("Options::seal_after is {} ms, below 1",
                                 options.seal_after.count());
  }
  if (options.bounded_staleness.count() < 0 || options.bounded_staleness > kLongestInterval) {
    return base::InvalidArgument("Options::bounded_staleness is {} ms, not between 0 and 24 hours",
                                 options.bounded_staleness.count());
  }
  if (options.write_buffer_bytes < (std::size_t{1} << 20)) {
    return base::InvalidArgument("Options::write_buffer_bytes is {}, below 1 MiB",
                                 options.write_buffer_bytes);
  }
  if (options.memory_budget_bytes != 0 && options.memory_budget_bytes < kLeastMemoryBudget) {
    return base::InvalidArgument("Options::memory_budget_bytes is {}, below {} (64 MiB); 0 is none",
                                 options.memory_budget_bytes, kLeastMemoryBudget);
  }
  if (options.merged_segment_bytes < 1024) {
    return base::InvalidArgument("Options::merged_segment_bytes is {}, below 1024",
                                 options.merged_segment_bytes);
  }
  if (!(options.background_share > 0 && options.background_share <= 1)) {
    return base::InvalidArgument("Options::background_share is {}, not above 0 and at most 1",
                                 options.background_share);
  }
  VECDB_TRY(CheckThreads(options));
  VECDB_TRY(index::CheckBuilder(options.graph_builder));
  if (options.channels < 1 || options.channels > kMostChannels) {
    return base::InvalidArgument("Options::channels is {}, not between 1 and {}", options.channels,
                                 kMostChannels);
  }
  if (options.streaming_nodes < 1 || options.streaming_nodes > kMostChannels) {
    return base::InvalidArgument("Options::streaming_nodes is {}, not between 1 and {}",
                                 options.streaming_nodes, kMostChannels);
  }
  if (options.query_nodes > kMostQueryNodes) {
    return base::InvalidArgument("Options::query_nodes is {}, above {}", options.query_nodes,
                                 kMostQueryNodes);
  }
  return Status();
}

// While a database opens nobody waits for the outcome of a write: what made its log or its catalog
// stop is told as it is.
Status CauseOfStop(const EngineParts& parts, const Status& failure) {
  VECDB_TRY(parts.channels.Health());
  if (parts.manifest != nullptr && !parts.manifest->health().ok()) return parts.manifest->health();
  return failure;
}

std::uint64_t DropCrossings(const segment::View& view) {
  std::uint64_t bytes = 0;
  for (const auto& segment : view.segments()) {
    for (std::uint32_t field = 0; field < view.schema().fields().size(); ++field) {
      const segment::FieldIndex* const index = segment->IndexOn(field);
      if (index != nullptr) bytes += index->crossing().Drop();
    }
  }
  return bytes;
}

}  // namespace

std::uint64_t EngineParts::GiveUp(std::uint64_t bytes) {
  std::uint64_t given_up = query == nullptr ? 0 : query->ForgetFilters();
  if (segment::kNarrowCopies && narrow != nullptr && given_up < bytes)
    given_up += narrow->Evict(bytes - given_up);
  for (const auto& collection : collections.All()) {
    if (!index::kCrossings || given_up >= bytes) break;
    given_up += DropCrossings(*collection->board.Pin());
  }
  if (columns != nullptr && given_up < bytes) given_up += columns->Evict(bytes - given_up);
  if (coordinator != nullptr && given_up < bytes) given_up += coordinator->DropParts();
  if (given_up >= bytes) return given_up;
  for (const auto& collection : collections.All()) {
    for (const auto& filter : collection->key_filters) given_up += filter->Drop();
  }
  return given_up;
}

// In a task of its own: who waits may hold lanes.
void EngineParts::AskForFlush() {
  if (coordinator == nullptr) return;
  if (memory.used(base::MemoryAccount::kGrowing) < memory.limit() / 16) return;
  if (flush_asked.exchange(true)) return;
  const auto post = [this] {
    background->Post([this] {
      flush_asked = false;
      const auto press = [this] {
        coordinator->OnPressure();
        return Status();
      };
      (void)env.guard(press);
    });
    return Status();
  };
  if (!env.guard(post).ok()) flush_asked = false;
}

void EngineParts::AskForProbes() {
  if (pacer.paused()) return;
  for (const auto& collection : collections.All()) {
    RecallProbes& probes = collection->probes;
    if (!probes.any() || probes.asked.exchange(true)) continue;
    const auto post = [&] {
      compaction->Post([this, collection] { Probe(*collection); });
      return Status();
    };
    if (!env.guard(std::ref(post)).ok()) probes.asked = false;
  }
}

void EngineParts::Probe(LiveCollection& collection) {
  collection.probes.asked = false;
  const auto probe = [&] {
    return proxy->Probe(collection, [this] { return !pacer.paused() && pacer.Pass(0); });
  };
  const Status probed = env.guard(std::ref(probe));
  if (probed.ok()) return;
  log.Write(LogLevel::kDebug, "a search was not made again: {}", probed.message());
}

Result<std::unique_ptr<Engine>> Engine::Open(Environment env, Options options) {
  VECDB_TRY(CheckOptions(options));
  auto parts = std::make_unique<EngineParts>(std::move(env), std::move(options));
  if (const Status recovered = Recover(*parts); !recovered.ok()) {
    return CauseOfStop(*parts, recovered);
  }
  std::unique_ptr<Engine> engine(new Engine(std::move(parts)));
  engine->StartTimers();
  return engine;
}

// A child made by fork() has none of the threads that its copies of locks and queues wait for:
// there the parts are left alone, never taken down. Their memory goes with the child.
Engine::~Engine() {
  if (parts_->env.fs->OwnedByThisProcess()) {
    const auto close = [this] { return Close(); };
    (void)parts_->env.guard(std::ref(close));
  } else {
    (void)parts_.release();
  }
}

void Engine::StartTimers() {
  EngineParts& p = *parts_;
  if (p.manifest == nullptr) return;
  const auto every = [&p](std::chrono::milliseconds interval, std::function<Status()> task) {
    p.timers->Every(interval, [&p, task = std::move(task)] { (void)p.env.guard(task); });
  };
  for (const auto& node : p.streaming->nodes()) {
    every(p.options.sync_interval, [streaming = node.get()] { return streaming->SyncInterval(); });
    every(kIdleSeal, [&p, streaming = node.get()] {
      const Status sealed = streaming->SealIfIdle(kIdleSeal);
      if (!sealed.ok()) p.log.Write(LogLevel::kDebug, "idle seal: {}", sealed.message());
      return sealed;
    });
  }
  every(kHousekeeping, [&p] {
    p.coordinator->Housekeeping();
    p.AskForProbes();
    return Status();
  });
}

Status Engine::CheckProcess() const {
  if (parts_->env.fs->OwnedByThisProcess()) return Status();
  return base::FailedPrecondition(
      "this database was opened by the parent of a fork; open it again in the child");
}

// A refusal needs memory for its words: nothing may be thrown while the call is counted.
Status Engine::Enter(bool write) {
  VECDB_TRY(CheckProcess());  // first: the parent's locks may be held for ever
  if (write && !closing_.load(std::memory_order_seq_cst)) VECDB_TRY(CheckWritable());
  calls_.fetch_add(1, std::memory_order_seq_cst);
  if (!closing_.load(std::memory_order_seq_cst)) return Status();
  Leave();
  return base::FailedPrecondition("the database is closed");
}

Status Engine::CheckWritable() const {
  if (parts_->manifest == nullptr)
    return base::FailedPrecondition("the database was opened read-only");
  const Status health = FirstFailure();
  if (health.ok()) return health;
  return base::FailedPrecondition("writes are refused until the database is opened again: {}",
                                  health.ToString());
}

void Engine::Leave() {
  if (calls_.fetch_sub(1, std::memory_order_seq_cst) != 1) return;
  if (!closing_.load(std::memory_order_seq_cst)) return;
  base::MutexLock lock(close_mutex_);
  close_changed_.NotifyAll();
}

Status Engine::WaitDurable(Timestamp timestamp) {
  if (parts_->manifest == nullptr) return Status();
  return parts_->streaming->WaitDurable(timestamp);
}

Status Engine::RunBackground(std::chrono::milliseconds budget) {
  VECDB_TRY(base::CheckTimeout("the budget of RunBackground()", budget));
  budget = std::min<std::chrono::milliseconds>(budget, kLongestInterval);
  const auto end = std::chrono::steady_clock::now() + budget;
  parts_->timers->RunFor(budget);
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
  parts_->background->RunFor(std::max(left, std::chrono::milliseconds(0)));
  while (!parts_->pacer.paused() && std::chrono::steady_clock::now() < end &&
         parts_->compaction->RunOne()) {
  }
  return Health();
}

// Does what is due until the job has ended. While it is in other hands or halted, it is looked for
// now and then: nobody wakes who waits for what he may have to do himself.
Status Engine::HelpWithJob(JobId id, std::chrono::steady_clock::time_point until) {
  constexpr std::chrono::milliseconds kLook{20};
  EngineParts& p = *parts_;
  while (true) {
    const auto now = std::chrono::steady_clock::now();
    VECDB_TRY_ASSIGN(const JobInfo info, p.jobs.WaitFor(id, now));
    if (info.ended_ms != 0 || now >= until) return Status();
    const bool halted = p.pacer.paused() && !closing_;
    if (halted || !p.compaction->RunOne()) {
      VECDB_TRY(p.jobs.WaitFor(id, std::min(until, now + kLook)).status());
    }
  }
}

Result<JobInfo> Engine::WaitForJob(JobId id, std::chrono::milliseconds timeout) {
  VECDB_TRY(base::CheckTimeout("the timeout of WaitForJob()", timeout));
  EngineParts& p = *parts_;
  const auto until = std::chrono::steady_clock::now() +
                     std::min<std::chrono::milliseconds>(timeout, kLongestInterval);
  if (p.compaction->threads() == 0) VECDB_TRY(HelpWithJob(id, until));
  VECDB_TRY_ASSIGN(JobInfo info, p.jobs.WaitFor(id, until));
  if (info.ended_ms != 0) return info;
  return base::DeadlineExceeded("job {} ({} of '{}') is {} after {} ms", id, ToString(info.kind),
                                info.collection, ToString(info.state), timeout.count());
}

Status Engine::FinishJob(JobId id) {
  while (true) {
    const Status waited = WaitForJob(id, kLongestInterval).status();
    if (waited.code() == StatusCode::kDeadlineExceeded) continue;
    VECDB_TRY(waited);
    return parts_->jobs.OutcomeOf(id);
  }
}

Status Engine::FinishJob(JobId id, const base::Deadline& deadline) {
  if (!deadline.limited()) return FinishJob(id);
  while (true) {
    const Status waited = WaitForJob(id, base::Deadline::kLongestWait).status();
    if (waited.ok()) return parts_->jobs.OutcomeOf(id);
    if (waited.code() != StatusCode::kDeadlineExceeded) return waited;
    VECDB_TRY(deadline.Check());
  }
}

Status Engine::Health() const {
  VECDB_TRY(CheckProcess());
  return FirstFailure();
}

Status Engine::FirstFailure() const {
  if (parts_->manifest == nullptr) return Status();
  VECDB_TRY(parts_->channels.Health());
  return parts_->manifest->health();
}

Status Engine::Close() {
  // The parent's database: its threads are not here, its files not ours, its locks perhaps held.
  if (!parts_->env.fs->OwnedByThisProcess()) return Status();
  closing_.store(true, std::memory_order_seq_cst);
  if (parts_->coordinator != nullptr) parts_->coordinator->EndEarly();
  parts_->memory.EndWaits();
  base::MutexLock lock(close_mutex_);
  if (closed_) return Status();
  while (calls_.load(std::memory_order_seq_cst) != 0) close_changed_.Wait(close_mutex_);
  const Status shut = Shut();  // thrown out of, it can be repeated
  closed_ = true;
  return shut;
}

// Lets the catalog know how far each log goes, so that not even one that is cut short, as if the
// rest had never been written, passes for whole; and from where it is needed. Without space for
// that the seal has to do.
static Status RecordEnd(EngineParts& p) {
  const auto state = p.manifest->state();
  catalog::Edit edit;
  for (const auto& channel : p.channels.All()) {
    const catalog::PchannelState& known = state->pchannels.at(channel->id);
    const Lsn durable = channel->writer->durable_lsn();
    const Lsn checkpoint = std::max(known.checkpoint, p.coordinator->Checkpoint(*channel));
    if (durable <= known.durable && checkpoint <= known.checkpoint) continue;
    edit.operations.emplace_back(catalog::SetCheckpoint{channel->id, checkpoint, durable});
  }
  if (edit.operations.empty()) return Status();
  edit.operations.emplace_back(catalog::SetMaxTimestamp{p.oracle.last()});
  const Status recorded = p.manifest->Commit(edit);
  return recorded.code() == StatusCode::kResourceExhausted ? Status() : recorded;
}

// Each is closed, whatever became of the one before.
static Status CloseLogs(EngineParts& p) {
  Status first;
  for (const auto& channel : p.channels.All()) {
    const Status closed = channel->writer->Close();
    if (first.ok()) first = closed;
  }
  return first;
}

// Timers first, so that nothing new is posted; compaction, which gives up; then what would be slow
// to replay is flushed; then the log and the manifest are sealed, and the lock goes last.
Status Engine::Shut() {
  EngineParts& p = *parts_;
  p.timers->Stop();
  p.query->EndBackground();
  p.search_pool->Stop();
  p.compaction->Stop();
  p.build_pool->Stop();
  Status first;
  const auto keep = [&first](const Status& status) {
    if (first.ok()) first = status;
  };
  if (p.manifest != nullptr) keep(p.coordinator->FlushBeforeClose());
  p.background->Stop();
  base::KillPoint("close.before_seal");
  if (p.manifest != nullptr) {
    const Status sealed = CloseLogs(p);
    base::KillPoint("close.log_sealed");
    keep(sealed);
    if (sealed.ok() && p.manifest->health().ok()) keep(RecordEnd(p));
    keep(p.manifest->Close());
  }
  p.lock.reset();
  return first;
}

}  // namespace vecdb::roles
