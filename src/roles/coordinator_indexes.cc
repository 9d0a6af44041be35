// Indexes of fields. A collection declares them, the data node builds them, one file for each
// sealed segment:
//
// 1 Pick                 what a segment lacks (or has and should not)     nothing
// 2 DataNode::BuildIndex graph -> segments/<id>/<field>-<file>.idx        crash: litter, swept
// 3 Verify               read back, every byte                            same
// 4 Commit               one Edit: SetIndexFile                           crash before: the segment
//                                                                         has what it had; after:
//                                                                         the new file
// 5 Publish              the segment's copy that has it, one pointer swap same
// 6 remove the file that had its place before                             crash: swept at open
//
// A compaction builds what its outputs need between its own steps 3 and 4, so that no search meets
// a large segment without an index.
#include <algorithm>
#include <utility>

#include "base/canary.h"
#include "base/status.h"
#include "roles/coordinator.h"
#include "roles/loading.h"
#include "segment/index_build.h"
#include "segment/index_choice.h"

namespace vecdb::roles {
namespace {

using SegmentPtr = std::shared_ptr<segment::Segment>;
using SealedPtr = std::shared_ptr<segment::SealedSegment>;

constexpr std::chrono::milliseconds kFirstRetry{2'000};
constexpr int kMostRounds = 16;
constexpr int kMostDoublings = 7;  // of that: a little below 5 minutes

std::int64_t Milliseconds(std::chrono::steady_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

// Whether the field has what was declared last, or what had to be in its stead.
bool Has(const segment::FieldIndex* known, IndexId wanted) {
  const bool same = known != nullptr && (known->record().index == wanted || base::Canary(43));
  return same && known->damage().ok();
}

// A job that waits in the queue for a collection; none does when it could not be put there.
class IndexAsked {
 public:
  IndexAsked(std::shared_ptr<LiveCollection> collection, JobId id)
      : collection_(std::move(collection)) {
    if (collection_ != nullptr) collection_->index_job = id;
  }
  ~IndexAsked() {
    if (collection_ == nullptr) return;
    collection_->index_job = 0;
    collection_->index_asked = false;
  }
  IndexAsked(const IndexAsked&) = delete;
  IndexAsked& operator=(const IndexAsked&) = delete;
  void Done() { collection_ = nullptr; }

 private:
  std::shared_ptr<LiveCollection> collection_;
};

}  // namespace

// How far a job is, and whether it may go on. Its builds stop when it may not.
class Coordinator::IndexMeter {
 public:
  IndexMeter(const CoordinatorParts& parts, const LiveCollection& collection, JobId id)
      : parts_(parts), collection_(collection), id_(id) {}

  void Begin(std::uint64_t rows_of_job) {
    parts_.pacer.Begin();
    rows_of_job_ = rows_of_job;
  }
  void BeginSegment(std::uint64_t rows) { rows_of_segment_ = rows; }
  void EndSegment(std::uint64_t bytes) {
    rows_ += std::exchange(rows_of_segment_, 0);
    bytes_ += bytes;
    Tell(0);
  }

  // From any thread: whether Pass() would say no.
  bool over() const {
    return parts_.pacer.stopped() || collection_.dropped.load(std::memory_order_acquire);
  }

  Status Pass(double share) {
    Tell(share);
    if (!parts_.pacer.Pass(0)) return base::Cancelled("the database is being closed");
    if (!collection_.dropped.load(std::memory_order_acquire)) return Status();
    return base::Cancelled("collection '{}' was dropped", collection_.name());
  }

 private:
  void Tell(double share) {
    if (id_ == 0 || rows_of_job_ == 0) return;
    const double rows = static_cast<double>(rows_) + share * static_cast<double>(rows_of_segment_);
    parts_.jobs.Progress(id_, rows / static_cast<double>(rows_of_job_), rows_, bytes_);
  }

  const CoordinatorParts& parts_;
  const LiveCollection& collection_;
  const JobId id_;  // 0: a part of a compaction
  std::uint64_t rows_of_job_ = 0;
  std::uint64_t rows_of_segment_ = 0;
  std::uint64_t rows_ = 0;
  std::uint64_t bytes_ = 0;
};

// ---- what is missing --------------------------------------------------------------------

std::vector<Coordinator::IndexTask> Coordinator::PickIndexes(
    const LiveCollection& collection) const {
  std::vector<IndexTask> tasks;
  const auto declared = collection.indexes();
  if (declared->empty()) return tasks;
  for (const auto view = collection.board.Pin(); const SegmentPtr& segment : view->segments()) {
    const SealedPtr sealed = segment::AsSealed(segment);
    if (sealed == nullptr || !sealed->has_columns()) continue;
    for (const auto& [field, record] : *declared) {
      const auto known = sealed->KnownIndex(field);
      if (Has(known.get(), record.id)) continue;
      auto choice = ChooseIndex(collection, field, record.spec, sealed->rows());
      if (!choice.built && known == nullptr) continue;
      tasks.push_back({sealed, field, record, std::move(choice)});
    }
  }
  return tasks;
}

segment::IndexChoice Coordinator::ChooseIndex(const LiveCollection& collection, std::uint32_t field,
                                              const IndexSpec& spec, RowIndex rows) const {
  segment::IndexLimits limits;
  limits.least_rows = parts_.least_indexed_rows;
  limits.builder = parts_.options.graph_builder;
  if (parts_.memory.limited()) limits.memory_bytes = parts_.memory.limit() / 2;
  return segment::ChooseIndex(spec, collection.record.schema.fields()[field], rows, limits);
}

// Those whose bytes were never all read.
std::vector<std::shared_ptr<const segment::FieldIndex>> Coordinator::UnverifiedIndexes(
    const LiveCollection& collection) const {
  std::vector<std::shared_ptr<const segment::FieldIndex>> unverified;
  const auto declared = collection.indexes();
  if (declared->empty()) return unverified;
  for (const auto view = collection.board.Pin(); const SegmentPtr& segment : view->segments()) {
    const SealedPtr sealed = segment::AsSealed(segment);
    if (sealed == nullptr) continue;
    for (const auto& entry : *declared) {
      auto known = sealed->KnownIndex(entry.first);
      if (known == nullptr || known->verified() || known->usable() == nullptr) continue;
      unverified.push_back(std::move(known));
    }
  }
  return unverified;
}

// After a flush, and by Housekeeping. After a failure it waits twice as long as the time before.
void Coordinator::ScheduleIndexes(const std::shared_ptr<LiveCollection>& collection) {
  if (collection->indexes()->empty() || collection->index_asked || parts_.pacer.paused()) return;
  if (!parts_.manifest.health().ok()) return;
  if (Milliseconds(parts_.clock.Now()) < collection->index_not_before_ms) return;
  if (PickIndexes(*collection).empty() && UnverifiedIndexes(*collection).empty()) return;
  if (collection->index_asked.exchange(true)) return;
  const auto post = [&] {
    PostIndexing(collection, true);
    return Status();
  };
  if (!parts_.guard(std::ref(post)).ok()) collection->index_asked = false;
}

Result<std::optional<JobId>> Coordinator::StartIndexing(
    std::shared_ptr<LiveCollection> collection) {
  VECDB_TRY(collection->CheckAlive());
  VECDB_TRY(collection->CheckLoaded());
  if (PickIndexes(*collection).empty()) return std::optional<JobId>();
  if (const JobId waiting = collection->index_job; waiting != 0) return std::optional(waiting);
  const bool first = !collection->index_asked.exchange(true);
  return std::optional<JobId>(PostIndexing(std::move(collection), first));
}

JobId Coordinator::PostIndexing(std::shared_ptr<LiveCollection> collection, bool scheduled) {
  JobRun job(parts_.jobs, JobKind::kIndex, collection->name());
  const JobId id = job.id();
  IndexAsked asked(scheduled ? collection : nullptr, id);
  parts_.compaction.Post([this, collection = std::move(collection), scheduled, id] {
    if (scheduled) collection->index_job = 0;
    if (scheduled) collection->index_asked = false;
    parts_.jobs.Start(id);
    const auto run = [&] { return RunIndexing(*collection, id); };
    Status outcome = parts_.guard(std::ref(run));
    const auto note = [&] {
      NoteIndexing(*collection, outcome);
      EmptyTrash();
      return Status();
    };
    (void)parts_.guard(std::ref(note));
    parts_.jobs.Finish(id, std::move(outcome));  // moved: nothing may be thrown here
  });
  asked.Done();
  return job.Release();
}

void Coordinator::NoteIndexing(LiveCollection& collection, const Status& outcome) {
  if (outcome.code() == StatusCode::kCancelled) return;
  collection.SetIndexOutcome(outcome);
  if (outcome.ok()) {
    collection.index_failures = 0;
    return;
  }
  const int doublings = std::min(collection.index_failures++, kMostDoublings);
  collection.index_not_before_ms =
      Milliseconds(parts_.clock.Now() + kFirstRetry * (1 << doublings));
  TellFailed(collection, 0, outcome);
  parts_.log.Write(LogLevel::kError, "indexing '{}' failed and will be tried again: {}",
                   collection.name(), outcome.message());
}

// Until nothing is missing: what came meanwhile is indexed, too. What comes without end is for the
// next job.
Status Coordinator::RunIndexing(LiveCollection& collection, JobId id) {
  return compaction_strand_.Run([&]() -> Status {
    IndexMeter meter(parts_, collection, id);
    for (int round = 0; round < kMostRounds; ++round) {
      VECDB_TRY(meter.Pass(0));
      const std::vector<IndexTask> tasks = PickIndexes(collection);
      if (tasks.empty()) break;
      std::uint64_t rows = 0;
      for (const IndexTask& task : tasks) rows += task.segment->rows();
      meter.Begin(rows);
      VECDB_TRY(IndexEach(collection, tasks, &meter));
    }
    for (const auto& index : UnverifiedIndexes(collection)) {
      VECDB_TRY(meter.Pass(1));
      VECDB_TRY(NoteUnlessSound(collection, *index));
    }
    return Status();
  });
}

// A segment whose vectors are damaged does not stand before the others.
Status Coordinator::IndexEach(LiveCollection& collection, std::span<const IndexTask> tasks,
                              IndexMeter* meter) {
  Status damaged;
  for (const IndexTask& task : tasks) {
    const Status indexed = IndexOne(collection, task, meter);
    if (indexed.code() != StatusCode::kCorruption) VECDB_TRY(indexed);
    if (damaged.ok()) damaged = indexed;
  }
  return damaged;
}

// Damage of an index is no failure of the job: searches scan, and the next job builds another file.
Status Coordinator::NoteUnlessSound(const LiveCollection& collection,
                                    const segment::FieldIndex& index) {
  const Status verified = index.Verify();
  if (verified.code() != StatusCode::kCorruption) return verified;
  parts_.log.Write(LogLevel::kError,
                   "an index of '{}' is damaged, searches do without until it is built again: {}",
                   collection.name(), verified.message());
  return Status();
}

// ---- one segment ------------------------------------------------------------------------

Status Coordinator::IndexOne(LiveCollection& collection, const IndexTask& task, IndexMeter* meter) {
  meter->BeginSegment(task.segment->rows());
  if (!task.choice.built) {
    meter->EndSegment(0);
    return IgnoreIfGone(InstallIndex(collection, task, nullptr));
  }
  VECDB_TRY_ASSIGN(auto index, IndexOnDisk(task));
  if (index == nullptr) {
    const auto built = BuildIndex(task, meter);
    if (built.status().code() == StatusCode::kNotFound) return Status();
    VECDB_TRY(built.status());
    index = *built;
  }
  const Status installed = InstallIndex(collection, task, index);
  if (!installed.ok()) DiscardIndexFile(task.segment->id(), index->record());
  meter->EndSegment(index->record().info.size_bytes);
  VECDB_TRY(IgnoreIfGone(installed));
  if (installed.ok()) TellIndexed(collection, *task.segment, *index);
  return Status();
}

// What was dropped meanwhile, or declared otherwise, is no failure.
Status Coordinator::IgnoreIfGone(const Status& status) {
  return status.code() == StatusCode::kNotFound ? Status() : status;
}

// The file that the catalog has already, when the View was published without it.
Result<std::shared_ptr<const segment::FieldIndex>> Coordinator::IndexOnDisk(
    const IndexTask& task) const {
  using Index = std::shared_ptr<const segment::FieldIndex>;
  const auto state = parts_.manifest.state();
  const auto record = state->segments.find(task.segment->id());
  if (record == state->segments.end()) return Index();
  const catalog::IndexFileRecord* const file = record->second.IndexOf(task.field);
  if (file == nullptr || file->index != task.record.id) return Index();
  if (const auto known = task.segment->KnownIndex(task.field);
      known != nullptr && known->record() == *file) {
    return Index();  // it is this one that is damaged
  }
  VECDB_TRY_ASSIGN(Index index, parts_.query.OpenIndex(*task.segment, *file));
  return index->damage().ok() ? index : Index();
}

// A file that is whole and was read back, and that no catalog names.
Result<std::shared_ptr<const segment::FieldIndex>> Coordinator::BuildIndex(const IndexTask& task,
                                                                           IndexMeter* meter) {
  VECDB_TRY_ASSIGN(auto index, BuildIndexAs(task, task.choice, meter));
  if (!std::holds_alternative<AutoIndex>(task.record.spec)) return index;
  const index::Description found = index->usable()->Describe();
  const bool told_apart = found.ef_at_10 == 0 || found.recall_at_10 >= segment::kLeastRecallOfCodes;
  if (found.codec != index::Codec::kSq8 || told_apart) return index;
  DiscardIndexFile(task.segment->id(), index->record());
  const Field& field = task.segment->schema().fields()[task.field];
  const GraphBuilder builder = parts_.options.graph_builder;
  return BuildIndexAs(task, segment::WithoutCodes(field, found.recall_at_10, builder), meter);
}

Result<std::shared_ptr<const segment::FieldIndex>> Coordinator::BuildIndexAs(
    const IndexTask& task, const segment::IndexChoice& choice, IndexMeter* meter) {
  const segment::SealedSegment& segment = *task.segment;
  const Field& field = segment.schema().fields()[task.field];
  const std::uint64_t bytes =
      index::BuildMemory(segment::ShapeOf(field, segment.rows()), choice.parameters);
  VECDB_TRY_ASSIGN(const auto memory, WaitForBuildMemory(bytes, meter));
  std::stop_source stop;
  index::BuildContext context;
  context.deadline = base::Deadline(parts_.clock, std::chrono::milliseconds(0), stop.get_token());
  context.run = [&](std::size_t tasks, const index::Task& one) {
    const auto unless_over = [&](std::size_t i) {
      return meter->over() ? base::Cancelled("nobody wants the index any more") : one(i);
    };
    return parts_.build_pool.Run(tasks, parts_.build_pool.most_threads(), unless_over);
  };
  Status ended;  // why the build was stopped
  context.progress = [&](double share) {
    if (ended.ok()) ended = meter->Pass(share);
    if (!ended.ok()) stop.request_stop();
  };
  const auto record =
      parts_.data.BuildIndex(segment, {task.field, task.record.id, choice.parameters}, context);
  VECDB_TRY(ended);
  VECDB_TRY(record.status());
  const auto open = [&]() -> Result<std::shared_ptr<const segment::FieldIndex>> {
    VECDB_TRY_ASSIGN(auto index, parts_.query.OpenIndex(segment, *record));
    VECDB_TRY(index->Verify());
    return index;
  };
  auto index = open();
  if (!index.ok()) DiscardIndexFile(segment.id(), *record);
  return index;
}

Result<base::MemoryReservation> Coordinator::WaitForBuildMemory(std::uint64_t bytes,
                                                                IndexMeter* meter) const {
  constexpr std::chrono::milliseconds kPatience{100};
  constexpr int kMostWaits = 20;
  for (int waits = 1;; ++waits) {
    auto memory = parts_.memory.ReserveWithin(base::MemoryAccount::kJobs, bytes, kPatience);
    if (memory.ok() || waits == kMostWaits) return memory;
    VECDB_TRY(meter->Pass(0));
  }
}

// Null: the field is to have none in this segment. kNotFound: the segment or the declaration is
// gone.
Status Coordinator::InstallIndex(LiveCollection& collection, const IndexTask& task,
                                 const std::shared_ptr<const segment::FieldIndex>& index) {
  return strand_.Run([&]() -> Status {
    VECDB_TRY(collection.CheckAlive());
    const auto declared = collection.indexes();
    const auto wanted = declared->find(task.field);
    if (wanted == declared->end() || wanted->second.id != task.record.id) {
      return base::NotFound("the index was dropped or replaced");
    }
    const SegmentId id = task.segment->id();
    const auto before = collection.board.Pin();
    const auto state = parts_.manifest.state();
    const auto* const shown = before->FindSegment(id);
    const auto known = state->segments.find(id);
    if (shown == nullptr || known == state->segments.end()) {
      return base::NotFound("segment {} was dropped", id);
    }
    std::optional<catalog::IndexFileRecord> old;
    if (const auto* file = known->second.IndexOf(task.field)) old = *file;
    const auto next = NextWith(*before, *shown, task.field, index);
    Retiring retiring(&trash_);
    if (next != nullptr) retiring.AddForm(*shown);
    if (!(index != nullptr && old == index->record())) {
      VECDB_TRY(CommitIndexFile(id, task.field, index.get(), old.has_value()));
    }
    if (next != nullptr) collection.board.Publish(next);
    if ((*shown)->parts() != nullptr) (*shown)->parts()->Drop(task.field);
    retiring.Done();
    base::KillPoint("index.published");
    if (old && !(index != nullptr && old == index->record())) RemoveIndexFile(id, *old);
    return Status();
  });
}

// Null when the segment as shown has no columns: Load() opens what the catalog says by then.
std::shared_ptr<const segment::View> Coordinator::NextWith(
    const segment::View& view, const SegmentPtr& shown, std::uint32_t field,
    const std::shared_ptr<const segment::FieldIndex>& index) {
  const SealedPtr sealed = segment::AsSealed(shown);
  if (sealed == nullptr || !sealed->has_columns()) return nullptr;
  return view.Replacing(sealed->id(), sealed->WithIndex(field, index));
}

Status Coordinator::CommitIndexFile(SegmentId segment, std::uint32_t field,
                                    const segment::FieldIndex* index, bool had_one) {
  catalog::Edit edit;
  if (index != nullptr) {
    edit.operations.emplace_back(catalog::SetIndexFile{segment, index->record()});
  } else if (had_one) {
    edit.operations.emplace_back(catalog::DropIndexFile{segment, field});
  } else {
    return Status();
  }
  base::KillPoint("index.commit.before");
  VECDB_TRY(parts_.manifest.Commit(edit));
  base::KillPoint("index.commit.after");
  return Status();
}

void Coordinator::TellIndexed(const LiveCollection& collection,
                              const segment::SealedSegment& segment,
                              const segment::FieldIndex& index) {
  Counters::Add(parts_.counters.index_builds);
  Event event;
  event.type = EventType::kIndexed;
  event.shard = segment.shard();
  event.segment = segment.id();
  event.rows = segment.rows();
  event.bytes = index.record().info.size_bytes;
  Tell(collection, &event);
}

// Of a record that the catalog does not name any more.
void Coordinator::RemoveIndexFile(SegmentId segment, const catalog::IndexFileRecord& file) {
  const auto remove = [&] {
    const Status removed = segment::RemoveIndexFile(parts_.fs, segment, file);
    if (!removed.ok() && removed.code() != StatusCode::kNotFound) {
      parts_.log.Write(LogLevel::kWarning, "an old index file stays until the next open: {}",
                       removed.message());
    }
    return Status();
  };
  (void)parts_.guard(std::ref(remove));
}

// What a build left that was not installed, unless the catalog may name it.
void Coordinator::DiscardIndexFile(SegmentId segment, const catalog::IndexFileRecord& file) {
  if (!parts_.manifest.health().ok()) return;
  const auto state = parts_.manifest.state();
  const auto known = state->segments.find(segment);
  if (known != state->segments.end()) {
    const auto* const named = known->second.IndexOf(file.field);
    if (named != nullptr && *named == file) return;
  }
  RemoveIndexFile(segment, file);
}

// ---- outputs of compactions -------------------------------------------------------------

// What cannot be built here is built when the output is in its place.
Status Coordinator::IndexOutput(const LiveCollection& collection, catalog::SegmentRecord* record,
                                std::shared_ptr<segment::SealedSegment>* output,
                                const std::function<Status()>& may_go_on) {
  const auto declared = collection.indexes();
  for (const auto& [field, index] : *declared) {
    auto choice = ChooseIndex(collection, field, index.spec, (*output)->rows());
    if (!choice.built) continue;
    VECDB_TRY(may_go_on());
    IndexMeter meter(parts_, collection, 0);
    const auto built = BuildIndex({*output, field, index, std::move(choice)}, &meter);
    if (built.status().code() == StatusCode::kCancelled) return built.status();
    if (!built.ok()) {
      parts_.log.Write(LogLevel::kWarning, "segment {} of '{}' is indexed later: {}", record->id,
                       collection.name(), built.status().message());
      continue;
    }
    record->indexes.push_back((*built)->record());
    *output = (*output)->WithIndex(field, *built);
  }
  return Status();
}

// On the strand, before the commit: what was dropped or replaced since is of no use.
void Coordinator::ForgetUndeclared(const LiveCollection& collection, catalog::SegmentRecord* record,
                                   std::shared_ptr<segment::SealedSegment>* output) {
  const auto declared = collection.indexes();
  std::erase_if(record->indexes, [&](const catalog::IndexFileRecord& file) {
    const auto wanted = declared->find(file.field);
    if (wanted != declared->end() && wanted->second.id == file.index) return false;
    *output = (*output)->WithIndex(file.field, nullptr);
    DiscardIndexFile(record->id, file);
    return true;
  });
}

}  // namespace vecdb::roles
