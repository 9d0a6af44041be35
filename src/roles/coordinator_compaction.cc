// From many segments to fewer, without what was deleted; by a clustering key to as many as it
// takes, each with a band of its values (steps 2 and 3 for each band).
//
// 1 Pick              which segments, by compaction/policy.h        nothing
// 2 DataNode::Compact their rows that stay at T to segments/<id>/   crash: litter or orphan, swept
// 3 Verify            read back and compared with the inputs        same
// 4 SaveCarried       what was deleted after T, to the output's own same
//                     deletes file; the log is synced
// 5 Commit            one Edit: inputs dropped, outputs added       crash before: the inputs count;
//                                                                   after: the output, and the log
//                                                                   has what was deleted since 4
// 6 Publish           outputs in their place, one pointer swap      same
// 7 EmptyTrash        folders of inputs that no reader has pinned   orphans, swept at open
//
// Row numbers change in 6, so from the last look at the deletes (after 4) to there the shard's lane
// is held: no writer finds a row in an input and marks it too late. That is one sync of the
// catalog.
//
// Reads that began before 6 keep their View. T was visible by then, and who reads the new View
// reads at T or later (View::readable_from), so nobody misses what was deleted by T.
#include <algorithm>
#include <deque>
#include <utility>

#include "base/canary.h"
#include "base/status.h"
#include "compaction/clustering_policy.h"
#include "compaction/job.h"
#include "io/layout.h"
#include "roles/coordinator.h"
#include "roles/loading.h"

namespace vecdb::roles {
namespace {

constexpr int kMostRounds = 4;  // of one thorough job; each merges up to 30 segments into one
constexpr std::chrono::milliseconds kFirstRetry{2'000};
constexpr std::chrono::milliseconds kPatience{100};  // for memory, between two looks at a stop
constexpr int kMostWaits = 20;
constexpr int kMostDoublings = 7;  // of that: a little below 5 minutes

std::int64_t Milliseconds(std::chrono::steady_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

std::uint64_t RowsOf(const std::vector<compaction::Plan>& plans) {
  std::uint64_t rows = 0;
  for (const compaction::Plan& plan : plans) rows += plan.rows;
  return rows;
}

}  // namespace

// How far a job is over all plans of a round, and whether it may go on.
class Coordinator::CompactionMeter {
 public:
  CompactionMeter(const CoordinatorParts& parts, const LiveCollection& collection, JobId id)
      : parts_(parts), collection_(collection), id_(id) {}

  void BeginRound(std::uint64_t rows) {
    parts_.pacer.Begin();
    rows_of_round_ = rows;
    rows_before_ = 0;
  }
  void BeginPlan(const compaction::Job* job, std::uint64_t rows) {
    job_ = job;
    rows_of_plan_ = rows;
  }
  void Count(std::uint64_t rows, std::uint64_t bytes) {
    rows_ += rows;
    bytes_ += bytes;
  }
  void EndPlan() {
    job_ = nullptr;
    rows_before_ += std::exchange(rows_of_plan_, 0);
    Tell(0);
  }

  Status Pass(std::uint64_t bytes) {
    Tell(job_ == nullptr ? 0 : job_->done_share());
    if (!parts_.pacer.Pass(bytes)) return base::Cancelled("the database is being closed");
    if (!collection_.dropped.load(std::memory_order_acquire)) return Status();
    return base::Cancelled("collection '{}' was dropped", collection_.name());
  }

 private:
  void Tell(double share) {
    if (rows_of_round_ == 0) return;
    const double rows =
        static_cast<double>(rows_before_) + share * static_cast<double>(rows_of_plan_);
    parts_.jobs.Progress(id_, rows / static_cast<double>(rows_of_round_), rows_, bytes_);
  }

  const CoordinatorParts& parts_;
  const LiveCollection& collection_;
  const JobId id_;
  const compaction::Job* job_ = nullptr;
  std::uint64_t rows_of_round_ = 0;
  std::uint64_t rows_before_ = 0;  // of the round's plans that have ended
  std::uint64_t rows_of_plan_ = 0;
  std::uint64_t rows_ = 0;
  std::uint64_t bytes_ = 0;
};

// What stands between the files and the View.
struct Coordinator::Compacted {
  const std::vector<SegmentId> inputs;
  const ShardId shard;
  const segment::ReadTime at;  // what had gone by then is not in the outputs

  struct Output {
    const compaction::Job& job;
    catalog::SegmentRecord record;
    std::shared_ptr<segment::SealedSegment> segment;
    std::size_t saved = 0;  // marks in its deletes file
  };
  std::vector<Output> outputs = {};  // none: no row stayed

  std::vector<SegmentId> output_ids() const {
    std::vector<SegmentId> ids;
    for (const Output& output : outputs) ids.push_back(output.record.id);
    return ids;
  }
  // Under the lane, so that the outputs have whole writes only.
  void CarryDeletes() const {
    for (const Output& output : outputs) output.job.CarryDeletes(&output.segment->tombstones());
  }
};

namespace {

// What cannot be read now goes with another job.
std::uint64_t DeadRows(const segment::Segment& segment, Timestamp alive_from) {
  const auto expired = segment::ExpiredRows(segment, alive_from);
  const std::uint64_t dead = segment.tombstones().count() + (expired.ok() ? *expired : 0);
  return std::min<std::uint64_t>(dead, segment.rows());
}

}  // namespace

std::vector<compaction::SegmentFacts> Coordinator::FactsOf(const LiveCollection& collection) const {
  std::vector<compaction::SegmentFacts> facts;
  const auto state = parts_.manifest.state();
  const Timestamp alive_from = collection.AliveFrom(parts_.clock);
  for (const auto view = collection.board.Pin(); const auto& segment : view->segments()) {
    const auto record = state->segments.find(segment->id());
    if (!segment->sealed() || record == state->segments.end()) continue;
    facts.push_back({.id = segment->id(),
                     .shard = segment->shard(),
                     .partition = segment->partition(),
                     .bytes = record->second.size_bytes(),
                     .rows = segment->rows(),
                     .dead_rows = DeadRows(*segment, alive_from),
                     .clustered = record->second.clustered});
  }
  collection.deaths.Look(Milliseconds(parts_.clock.Now()), facts);
  return facts;
}

std::vector<compaction::Plan> Coordinator::PickPlans(const LiveCollection& collection,
                                                     bool thorough) const {
  compaction::PickOptions options;
  options.max_bytes = parts_.options.merged_segment_bytes;
  options.dead_share = collection.properties()->compact_when_deleted;
  options.thorough = thorough;
  auto plans = compaction::PickBesideClustered(FactsOf(collection), options);
  KeepWithinMemory(&plans);
  return plans;
}

std::vector<compaction::Plan> Coordinator::PickClusterings(const LiveCollection& collection,
                                                           bool thorough) const {
  if (!collection.clustering_key) return {};
  compaction::PickOptions options;
  options.max_bytes = parts_.options.merged_segment_bytes;
  options.thorough = thorough;
  auto plans = compaction::PickClusterings(FactsOf(collection), options);
  KeepWithinMemory(&plans);
  return plans;
}

// Called by Housekeeping. After a failure it waits twice as long as the time before.
void Coordinator::ScheduleCompaction(const std::shared_ptr<LiveCollection>& collection) {
  if (!parts_.options.auto_compaction || !collection->properties()->auto_compaction) return;
  if (parts_.pacer.paused()) return;
  if (!collection->channel->writer->health().ok() || !parts_.manifest.health().ok()) return;
  if (Milliseconds(parts_.clock.Now()) < collection->compact_not_before_ms) return;
  if (collection->compact_asked) return;
  if (PickPlans(*collection, false).empty() && PickClusterings(*collection, false).empty()) return;
  if (collection->compact_asked.exchange(true)) return;
  const auto post = [&] {
    PostCompaction(collection, Compaction::kDue);
    return Status();
  };
  if (!parts_.guard(std::ref(post)).ok()) collection->compact_asked = false;
}

Result<JobId> Coordinator::StartCompaction(std::shared_ptr<LiveCollection> collection,
                                           const CompactOptions& options) {
  VECDB_TRY(collection->CheckAlive());
  if (options.clustering && !collection->clustering_key) {
    return base::InvalidArgument("collection '{}' has no clustering key to compact by",
                                 collection->name());
  }
  const Compaction kind = options.clustering ? Compaction::kClustering : Compaction::kThorough;
  return PostCompaction(std::move(collection), kind);
}

JobId Coordinator::PostCompaction(std::shared_ptr<LiveCollection> collection, Compaction kind) {
  JobRun job(parts_.jobs, JobKind::kCompaction, collection->name());
  const JobId id = job.id();
  parts_.compaction.Post([this, collection = std::move(collection), kind, id] {
    if (kind == Compaction::kDue) collection->compact_asked = false;
    parts_.jobs.Start(id);
    const auto run = [&] { return RunCompaction(*collection, kind, id); };
    Status outcome = parts_.guard(std::ref(run));
    const auto note = [&] {
      NoteCompaction(*collection, outcome);
      EmptyTrash();
      return Status();
    };
    (void)parts_.guard(std::ref(note));
    parts_.jobs.Finish(id, std::move(outcome));  // moved: nothing may be thrown here
  });
  return job.Release();
}

void Coordinator::NoteCompaction(LiveCollection& collection, const Status& outcome) {
  if (outcome.ok()) {
    collection.compact_failures = 0;
    return;
  }
  if (outcome.code() == StatusCode::kCancelled) return;
  const int doublings = std::min(collection.compact_failures++, kMostDoublings);
  const auto wait = kFirstRetry * (1 << doublings);
  collection.compact_not_before_ms = Milliseconds(parts_.clock.Now() + wait);
  TellFailed(collection, 0, outcome);
  parts_.log.Write(LogLevel::kError, "compacting '{}' failed and will be tried again: {}",
                   collection.name(), outcome.message());
}

// Clustering first: what it takes need not be merged before.
Status Coordinator::RunCompaction(LiveCollection& collection, Compaction kind, JobId id) {
  return compaction_strand_.Run([&]() -> Status {
    CompactionMeter meter(parts_, collection, id);
    VECDB_TRY(meter.Pass(0));
    if (kind != Compaction::kDue) {
      VECDB_TRY(Flush(collection));
      Channel& channel = *collection.channel;
      VECDB_TRY(parts_.streaming.WaitDurable(channel, channel.watermark.ReadTime()));
    }
    if (kind != Compaction::kThorough) {
      const auto plans = PickClusterings(collection, kind == Compaction::kClustering);
      VECDB_TRY(CompactRound(collection, plans, &meter));
    }
    if (kind != Compaction::kClustering) {
      VECDB_TRY(MergeRounds(collection, kind == Compaction::kThorough, &meter));
    }
    return meter.Pass(0);
  });
}

// A thorough job goes on while what it merged can be merged further. What is deleted meanwhile is
// for the next one, or it might never end.
Status Coordinator::MergeRounds(LiveCollection& collection, bool thorough, CompactionMeter* meter) {
  for (int round = 0; round < (thorough ? kMostRounds : 1); ++round) {
    auto plans = PickPlans(collection, thorough);
    if (round > 0) std::erase_if(plans, [](const auto& plan) { return plan.inputs.size() == 1; });
    if (plans.empty()) break;
    VECDB_TRY(CompactRound(collection, plans, meter));
  }
  return Status();
}

Status Coordinator::CompactRound(LiveCollection& collection,
                                 const std::vector<compaction::Plan>& plans,
                                 CompactionMeter* meter) {
  if (plans.empty()) return Status();
  meter->BeginRound(RowsOf(plans));
  for (const compaction::Plan& plan : plans) {
    const std::size_t count = std::max<std::size_t>(1, plan.bands);
    VECDB_TRY_ASSIGN(const SegmentId first, parts_.manifest.NewIds(count));
    const auto compact = [&] { return Compact(collection, plan, first, meter); };
    const Status compacted = parts_.guard(std::ref(compact));
    meter->EndPlan();
    for (std::size_t i = 0; i < count && !compacted.ok(); ++i) DiscardOutput(first + i);
    if (compacted.code() == StatusCode::kNotFound) continue;  // dropped with its partition
    VECDB_TRY(compacted);
    EmptyTrash();
  }
  return TrimLog();
}

// What the jobs of a plan share.
Result<compaction::JobSetup> Coordinator::SetupFor(const LiveCollection& collection,
                                                   const compaction::Plan& plan,
                                                   CompactionMeter* meter) const {
  compaction::JobSetup setup;
  setup.collection = collection.record.id;
  setup.schema_version = collection.record.schema_version;
  setup.at = collection.channel->watermark.ReadTime();
  setup.keep_from = collection.AliveFrom(parts_.clock);
  setup.clustering_key = collection.clustering_key;
  setup.pace = [meter](std::uint64_t bytes) { return meter->Pass(bytes); };
  const auto view = collection.board.Pin();
  for (const SegmentId id : plan.inputs) {
    const auto* input = view->FindSegment(id);
    if (input == nullptr) return base::NotFound("segment {} was dropped", id);
    VECDB_TRY_ASSIGN(auto whole, WithColumns(collection, *input));
    setup.inputs.push_back(std::move(whole));
  }
  setup.clustered =
      plan.bands != 0 || (setup.inputs.size() == 1 && segment::IsClustered(*setup.inputs[0]));
  return setup;
}

Status Coordinator::Compact(LiveCollection& collection, const compaction::Plan& plan,
                            SegmentId first_output, CompactionMeter* meter) {
  VECDB_TRY_ASSIGN(compaction::JobSetup setup, SetupFor(collection, plan, meter));
  VECDB_TRY_ASSIGN(const auto memory,
                   WaitForMemory(CompactionMemory(*parts_.manifest.state(), plan), meter));
  setup.output = first_output;
  Compacted compacted{plan.inputs, plan.shard, segment::ReadTime(setup.at, setup.keep_from)};
  std::deque<compaction::Job> jobs;  // the outputs lend them
  if (plan.bands == 0) {
    const compaction::Job& job = jobs.emplace_back(std::move(setup));
    VECDB_TRY(CompactInto(&compacted, collection, plan.rows, &jobs.back(), meter));
    if (!job.changes()) return Status();
  } else {
    VECDB_TRY(CompactBands(&compacted, collection, plan, &setup, &jobs, meter));
  }
  VECDB_TRY(CommitCompaction(collection, &compacted));
  for (const Compacted::Output& output : compacted.outputs) {
    meter->Count(output.segment->rows(), output.segment->disk_bytes());
  }
  return Status();
}

Result<base::MemoryReservation> Coordinator::WaitForMemory(std::uint64_t bytes,
                                                           CompactionMeter* meter) const {
  for (int waits = 1;; ++waits) {
    auto memory = parts_.memory.ReserveWithin(base::MemoryAccount::kJobs, bytes, kPatience);
    if (memory.ok() || waits == kMostWaits) return memory;
    VECDB_TRY(meter->Pass(0));
  }
}

// The files of one job, verified.
Status Coordinator::CompactInto(Compacted* compacted, const LiveCollection& collection,
                                std::uint64_t rows, compaction::Job* job, CompactionMeter* meter) {
  meter->BeginPlan(job, rows);
  VECDB_TRY_ASSIGN(const auto record, parts_.data.Compact(*job));
  if (!record) return Status();
  VECDB_TRY_ASSIGN(auto output, parts_.query.Open(*record, collection.record.schema, nullptr));
  VECDB_TRY(job->Verify(*output));
  VECDB_TRY(output->WarmUp());
  catalog::SegmentRecord indexed = *record;
  VECDB_TRY(IndexOutput(collection, &indexed, &output, [meter] { return meter->Pass(0); }));
  compacted->outputs.push_back({*job, std::move(indexed), std::move(output)});
  return Status();
}

// One job a band, one after the other: each has the memory for its rows while it runs, and its
// places of rows until the commit.
Status Coordinator::CompactBands(Compacted* compacted, const LiveCollection& collection,
                                 const compaction::Plan& plan, compaction::JobSetup* setup,
                                 std::deque<compaction::Job>* jobs, CompactionMeter* meter) {
  const compaction::SplitSetup split{*setup->clustering_key, plan.bands, setup->at,
                                     setup->keep_from};
  VECDB_TRY_ASSIGN(const auto bands, compaction::SplitIntoBands(setup->inputs, split, setup->pace));
  base::KillPoint("compaction.split");
  for (const compaction::Band& band : bands) {
    setup->band = band;
    compaction::Job& job = jobs->emplace_back(*setup);
    ++setup->output;
    VECDB_TRY(CompactInto(compacted, collection, plan.rows / bands.size(), &job, meter));
    meter->EndPlan();
    base::KillPoint("compaction.band");
  }
  return CheckNoneIsLost(*compacted, jobs->front());
}

// Each band has what its job found; together that must be every row.
Status Coordinator::CheckNoneIsLost(const Compacted& compacted, const compaction::Job& job) {
  VECDB_TRY_ASSIGN(const std::uint64_t kept, job.CountKept());
  std::uint64_t rows = 0;
  for (const Compacted::Output& output : compacted.outputs) rows += output.segment->rows();
  if (rows == kept) return Status();
  return base::Corruption("{} rows were written by their clustering key in the place of {}", rows,
                          kept);
}

// Of a collection that is released: opened for the job alone.
Result<std::shared_ptr<segment::Segment>> Coordinator::WithColumns(
    const LiveCollection& collection, const std::shared_ptr<segment::Segment>& segment) const {
  if (AsReleased(segment) == nullptr) return segment;
  VECDB_TRY_ASSIGN(auto opened, OpenAgain(collection, *segment));
  if (opened == nullptr) return base::NotFound("segment {} was dropped", segment->id());
  return std::shared_ptr<segment::Segment>(std::move(opened));
}

// The first step of the commit. Under the lane, so that the files hold whole writes, and everything
// that they lack is younger than what they have; without the lane, the files and the sync.
Status Coordinator::SaveCarried(Lane& lane, Compacted* compacted) {
  {
    base::MutexLock lock(lane.mutex);
    compacted->CarryDeletes();
  }
  for (Compacted::Output& output : compacted->outputs) {
    VECDB_TRY_ASSIGN(const DataNode::SavedTombstones file,
                     parts_.data.SaveTombstones(*output.segment));
    output.record.deletes = file.file;
    output.saved = file.count;
  }
  return Status();
}

// On the flush strand, so that no other commit moves the checkpoint past a delete that was carried
// and not saved, or saves the deletes of a segment that is about to go.
Status Coordinator::CommitCompaction(LiveCollection& collection, Compacted* compacted) {
  const auto commit = [&]() -> Status {
    const auto before = collection.board.Pin();  // lives until the lane is free again
    Retiring retiring(&trash_);
    for (const SegmentId id : compacted->inputs) {
      const auto* input = before->FindSegment(id);
      if (input == nullptr) return base::NotFound("segment {} was dropped", id);
      retiring.Add(*input);
    }
    VECDB_TRY(SwapSegments(collection, compacted));
    retiring.Done();
    base::KillPoint("compaction.published");
    return Status();
  };
  VECDB_TRY(flush_strand_.Run([&] { return strand_.Run(commit); }));
  TellCompacted(collection, *compacted);
  PostFilters(collection.shared_from_this());
  return Status();
}

// Behind the commit.
void Coordinator::TellCompacted(const LiveCollection& collection, const Compacted& compacted) {
  Counters::Add(parts_.counters.compactions, std::max<std::size_t>(1, compacted.outputs.size()));
  Event event;
  event.type = EventType::kCompacted;
  event.shard = compacted.shard;
  event.inputs = compacted.inputs;
  if (compacted.outputs.empty()) Tell(collection, &event);
  for (const Compacted::Output& output : compacted.outputs) {
    event.segment = output.segment->id();
    event.rows = output.segment->rows();
    event.bytes = output.segment->disk_bytes();
    Tell(collection, &event);
  }
}

// The log is synced first: what the files lack for good must not be ahead of what the log keeps.
Status Coordinator::SwapSegments(LiveCollection& collection, Compacted* compacted) {
  Lane& lane = *collection.lanes[compacted->shard];
  VECDB_TRY(SaveCarried(lane, compacted));
  VECDB_TRY(parts_.streaming.WaitDurable(*collection.channel, base::kEndOfTime));
  for (Compacted::Output& output : compacted->outputs) {
    ForgetUndeclared(collection, &output.record, &output.segment);
  }
  const catalog::Edit edit = SwapOf(*compacted);
  segment::ShardKeyFilter* const filter = collection.KeyFilter(compacted->shard);
  if (filter != nullptr) filter->Replace(compacted->inputs, compacted->output_ids());
  std::vector<std::shared_ptr<segment::Segment>> published;
  for (const Compacted::Output& output : compacted->outputs) {
    published.push_back(AsLoaded(collection, output.segment));
  }
  auto next =
      collection.board.Pin()->Compacted(compacted->inputs, std::move(published), compacted->at.at);
  base::MutexLock lock(lane.mutex);
  compacted->CarryDeletes();
  // What the output lacks must be in no answer any more: not after a longer ttl, or another clock.
  if (collection.AliveFrom(parts_.clock) < compacted->at.alive_from) {
    return base::Cancelled("rows of '{}' that had expired are seen again", collection.name());
  }
  base::KillPoint("compaction.commit.before");
  VECDB_TRY(parts_.manifest.Commit(edit));
  base::KillPoint("compaction.commit.after");
  for (const Compacted::Output& output : compacted->outputs) {
    output.segment->tombstones().MarkSaved(output.saved);
  }
  collection.board.Publish(std::move(next));
  return Status();
}

catalog::Edit Coordinator::SwapOf(const Compacted& compacted) const {
  catalog::Edit edit;
  for (const SegmentId id : compacted.inputs) {
    edit.operations.emplace_back(catalog::DropSegment{id});
  }
  for (const Compacted::Output& output : compacted.outputs) catalog::AddTo(&edit, output.record);
  edit.operations.emplace_back(catalog::SetMaxTimestamp{parts_.oracle.last()});
  return edit;
}

// What a failed compaction left, unless the catalog may name it.
void Coordinator::DiscardOutput(SegmentId output) {
  const auto discard = [&]() -> Status {
    if (!parts_.manifest.health().ok()) return Status();
    if (parts_.manifest.state()->segments.count(output) != 0) return Status();
    VECDB_TRY(io::RemoveTree(parts_.fs, io::TmpSegmentFolder(output)));
    return io::RemoveTree(parts_.fs, io::SegmentFolder(output));
  };
  const Status discarded = parts_.guard(std::ref(discard));
  if (discarded.ok()) return;
  const auto note = [&] {
    parts_.log.Write(LogLevel::kWarning, "files of segment {} stay until the next open: {}", output,
                     discarded.message());
    return Status();
  };
  (void)parts_.guard(std::ref(note));
}

// Again, as long as it gives any: a folder follows the last form of its segment.
void Coordinator::EmptyTrash() {
  for (auto taken = trash_.Take(); !taken.empty(); taken = trash_.Take()) {
    for (Retired& gone : taken) {
      gone.segment.reset();
      if (gone.folder) RemoveFolder(*gone.folder);
    }
  }
}

void Coordinator::RemoveFolder(SegmentId segment) {
  const Status removed = io::RemoveTree(parts_.fs, io::SegmentFolder(segment));
  if (!removed.ok()) {
    parts_.log.Write(LogLevel::kWarning, "segment {} stays until the next open: {}", segment,
                     removed.message());
  }
  base::KillPoint("compaction.removed");
}

void Coordinator::PostTrash() {
  if (!trash_.ready() || trash_asked_.exchange(true)) return;
  Post(trash_asked_, [this] {
    trash_asked_ = false;
    EmptyTrash();
  });
}

}  // namespace vecdb::roles
