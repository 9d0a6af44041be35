// From growing rows to files, and on to a shorter log.
//
// 1 Seal           a new growing segment takes the lane's place     crash: the log replays both
// 2 DataNode::Flush  files to tmp/<id>/, then segments/<id>/        crash: litter or orphan, swept
// 3 Commit           one Edit: segment, its id committed, deletes,  crash before: the log replays;
//                    checkpoint, logs no longer needed              after: replay skips its rows
// 4 Publish          sealed replaces growing, one pointer swap      crash: open sees the segment
// 5 Forget           log files removed                              crash: orphans, swept at open
#include <algorithm>
#include <utility>

#include "base/canary.h"
#include "base/status.h"
#include "io/layout.h"
#include "roles/coordinator.h"
#include "roles/loading.h"
#include "roles/memory_shares.h"
#include "roles/seal_policy.h"

namespace vecdb::roles {
namespace {

constexpr std::uint64_t kSlowReplayBytes = std::uint64_t{16} << 20;

// By its first row's timestamp, so that it counts on from before the database was opened.
std::chrono::milliseconds AgeOf(const segment::GrowingSegment& growing, const base::Clock& clock) {
  if (growing.rows() == 0) return std::chrono::milliseconds(0);
  const auto born = static_cast<std::int64_t>(base::PhysicalMilliseconds(*growing.TimestampOf(0)));
  return std::chrono::milliseconds(static_cast<std::int64_t>(clock.WallMilliseconds()) - born);
}

}  // namespace

Status Coordinator::AddGrowing(LiveCollection& collection) {
  if (collection.partition_key) return Status();  // the first rows show which are needed
  std::vector<PartitionLane> lanes;
  for (ShardId shard = 0; shard < collection.lanes.size(); ++shard) {
    lanes.push_back({collection.partitions.standard(), shard});
  }
  return OpenLanes(collection, lanes);
}

// Called on the strand, or before anyone else knows the collection.
Status Coordinator::OpenLanes(LiveCollection& collection, std::span<const PartitionLane> lanes) {
  VECDB_TRY_ASSIGN(SegmentId id, parts_.manifest.NewIds(lanes.size()));
  std::vector<std::map<PartitionId, Growing>> made(lanes.size());
  auto view = collection.board.Pin();
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    const auto& [partition, shard] = lanes[i];
    if (partition->open[shard]) continue;  // another writer was here first
    auto growing = MakeGrowing(collection, id++, shard, partition->id);
    view = view->With(growing);
    made[i].emplace(partition->id, Growing{std::move(growing), parts_.clock.Now()});
  }
  collection.board.Publish(std::move(view));  // from here on nothing needs memory
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    Lane& lane = *collection.lanes[lanes[i].shard];
    base::MutexLock lock(lane.mutex);
    lane.growing.merge(made[i]);
    lanes[i].partition->open[lanes[i].shard] = true;
  }
  return Status();
}

Status Coordinator::OnFirstRows(LiveCollection& collection, std::span<const PartitionLane> lanes) {
  return strand_.Run([&]() -> Status {
    VECDB_TRY(collection.CheckAlive());
    for (const PartitionLane& lane : lanes) {
      if (!lane.partition->dropped) continue;
      return base::NotFound("partition '{}' of collection '{}' was dropped", lane.partition->name,
                            collection.name());
    }
    return OpenLanes(collection, lanes);
  });
}

// Called on the strand.
Status Coordinator::Seal(LiveCollection& collection, ShardId shard, PartitionId partition) {
  Lane& lane = *collection.lanes[shard];
  VECDB_TRY_ASSIGN(const SegmentId id, parts_.manifest.NewIds(1));
  auto next = MakeGrowing(collection, id, shard, partition);
  std::shared_ptr<segment::GrowingSegment> sealed;
  {
    base::MutexLock lock(lane.mutex);
    const auto found = lane.growing.find(partition);
    if (lane.dropped || found == lane.growing.end()) return Status();
    Growing& growing = found->second;
    growing.due = false;
    if (growing.segment->rows() == 0) return Status();
    auto view = collection.board.Pin()->With(next);
    {
      base::MutexLock pending(collection.pending_mutex);
      collection.pending.push_back(growing.segment);
    }
    collection.board.Publish(std::move(view));  // from the push on, nothing here needs memory
    sealed = std::exchange(growing.segment, std::move(next));
  }
  TellSealed(collection, *sealed);
  return Status();
}

// Called on the strand.
Status Coordinator::SealDue(LiveCollection& collection, ShardId shard) {
  std::vector<PartitionId> due;
  Lane& lane = *collection.lanes[shard];
  {
    base::MutexLock lock(lane.mutex);
    lane.seal_asked = false;
    lane.due = false;
    for (const auto& [partition, growing] : lane.growing) {
      if (growing.due) due.push_back(partition);
    }
  }
  for (const PartitionId partition : due) VECDB_TRY(Seal(collection, shard, partition));
  return Status();
}

// Never fails: without memory for it nobody is told.
void Coordinator::Tell(const LiveCollection& collection, Event* event) {
  if (!parts_.events.listening()) return;
  const auto tell = [&] {
    const std::string name = collection.name();
    event->collection = name;
    parts_.events.Emit(*event);
    return Status();
  };
  (void)parts_.guard(std::ref(tell));
}

// Called on the strand: a segment is told to be sealed before it is told to be flushed.
void Coordinator::TellSealed(const LiveCollection& collection,
                             const segment::GrowingSegment& segment) {
  Event event;
  event.type = EventType::kSealed;
  event.shard = segment.shard();
  event.segment = segment.id();
  event.rows = segment.rows();
  event.bytes = segment.memory_bytes();
  Tell(collection, &event);
}

// Called on the flush strand, behind the commit.
void Coordinator::TellFlushed(const LiveCollection& collection,
                              const segment::SealedSegment& segment) {
  Counters::Add(parts_.counters.flushes);
  Event event;
  event.type = EventType::kFlushed;
  event.shard = segment.shard();
  event.segment = segment.id();
  event.rows = segment.rows();
  event.bytes = segment.disk_bytes();
  Tell(collection, &event);
}

namespace {

bool HasPending(LiveCollection& collection) {
  base::MutexLock lock(collection.pending_mutex);
  return !collection.pending.empty();
}

std::vector<PartitionId> WrittenPartitions(Lane& lane) {
  std::vector<PartitionId> written;
  base::MutexLock lock(lane.mutex);
  for (const auto& [partition, growing] : lane.growing) {
    if (growing.segment->rows() != 0) written.push_back(partition);
  }
  return written;
}

}  // namespace

// Called on the strand.
Status Coordinator::SealWritten(LiveCollection& collection, ShardId shard) {
  for (const PartitionId partition : WrittenPartitions(*collection.lanes[shard])) {
    VECDB_TRY(Seal(collection, shard, partition));
  }
  return Status();
}

Status Coordinator::SealAll(LiveCollection& collection) {
  return strand_.Run([&]() -> Status {
    for (ShardId shard = 0; shard < collection.lanes.size(); ++shard) {
      VECDB_TRY(SealWritten(collection, shard));
    }
    return Status();
  });
}

Status Coordinator::Flush(LiveCollection& collection) {
  VECDB_TRY(SealAll(collection));
  VECDB_TRY(FlushPending(collection));
  VECDB_TRY(SaveDeletes(collection));
  return TrimLog();
}

Status Coordinator::FlushWithin(LiveCollection& collection, const base::Deadline& deadline) {
  VECDB_TRY(deadline.Check());
  if (!deadline.limited() || parts_.background.threads() == 0) return Flush(collection);
  struct Outcome {
    base::Mutex mutex;
    base::CondVar changed;
    std::optional<Status> status GUARDED_BY(mutex);
  };
  const auto outcome = std::make_shared<Outcome>();
  parts_.background.Post([this, outcome, live = collection.shared_from_this()] {
    const auto flush = [&] { return Flush(*live); };
    Status flushed = parts_.guard(std::ref(flush));
    base::MutexLock lock(outcome->mutex);
    outcome->status = std::move(flushed);  // nothing may be thrown here
    outcome->changed.NotifyAll();
  });
  base::MutexLock lock(outcome->mutex);
  while (!outcome->status) {
    VECDB_TRY(deadline.Check());
    deadline.Wait(outcome->changed, outcome->mutex);
  }
  return *outcome->status;
}

Status Coordinator::FlushAll() {
  for (const auto& collection : parts_.collections.All()) VECDB_TRY(Flush(*collection));
  VECDB_TRY(TrimLog());  // there may be no collection
  return parts_.streaming.WaitDurable(parts_.oracle.last());
}

Status Coordinator::FlushPending(LiveCollection& collection) {
  return flush_strand_.Run([&]() -> Status {
    while (true) {
      std::shared_ptr<segment::GrowingSegment> next;
      {
        base::MutexLock lock(collection.pending_mutex);
        if (collection.pending.empty()) return Status();
        next = collection.pending.front();
      }
      JobRun job(parts_.jobs, JobKind::kFlush, collection.name());
      job.Start();
      Retiring retiring(&trash_);
      retiring.Add(next);
      const Status flushed = FlushOne(collection, next, job.id());
      job.Finish(flushed);
      VECDB_TRY(flushed);
      PostFilters(collection.shared_from_this());
      ScheduleIndexes(collection.shared_from_this());
      {
        base::MutexLock lock(collection.pending_mutex);
        collection.pending.pop_front();
      }
      next.reset();
      retiring.Done();
      EmptyTrash();
    }
  });
}

// The new files are opened and checked before anything names them, so a flush that cannot be read
// back is a failed flush, not a damaged database. One that found no memory behind its View is over.
Status Coordinator::FlushOne(LiveCollection& collection,
                             const std::shared_ptr<segment::GrowingSegment>& segment, JobId job) {
  const auto view = collection.board.Pin();
  const auto* const shown = view->FindSegment(segment->id());  // it, what it became, or nothing
  if (shown == nullptr || (*shown)->sealed()) return Status();
  const auto state = parts_.manifest.state();
  const auto known = state->segments.find(segment->id());
  if (known != state->segments.end()) return FinishFlush(collection, *segment, known->second);
  const auto memory = TakeForFlush(*segment);
  VECDB_TRY_ASSIGN(const DataNode::Flushed flushed,
                   parts_.data.Flush(*segment, collection.record.id, collection.clustering_key));
  VECDB_TRY_ASSIGN(auto sealed, parts_.query.Open(flushed.record, collection.record.schema,
                                                  segment->shared_tombstones()));
  VECDB_TRY(sealed->WarmUp());
  AddToFilter(collection, sealed);
  parts_.jobs.Progress(job, 0.9, sealed->rows(), sealed->disk_bytes());
  Saved saved{{segment->id(), flushed.saved_tombstones}};
  VECDB_TRY(CommitFlush(collection, segment.get(), &flushed.record, std::move(saved), sealed));
  TellFlushed(collection, *sealed);
  return Status();
}

// On the strand: until its own indexes are there, it is searched through those that its rows had in
// memory; the growing one keeps them, too, for who reads it still. Not with a budget, since a flush
// is to give memory back there, nor more of them than rows may take that are in no file.
std::shared_ptr<segment::SealedSegment> Coordinator::WithParts(
    const LiveCollection& collection, const segment::GrowingSegment& flushed,
    const std::shared_ptr<segment::SealedSegment>& sealed) const {
  if (parts_.memory.limited() || PartBytes() > WriteBufferBytes(parts_.options)) return sealed;
  auto board = std::make_shared<segment::PartBoard>();
  for (const auto declared = collection.indexes(); const auto& [field, index] : *declared) {
    const auto parts = flushed.parts()->Pin(field);
    if (parts == nullptr) continue;
    if (!ChooseIndex(collection, field, index.spec, sealed->rows()).built) continue;
    for (const auto& part : *parts) (void)board->Publish(field, part);
  }
  return board->bytes() == 0 ? sealed : sealed->WithParts(std::move(board));
}

// For a flush that was committed and not published, because memory ran out: its files count, and
// are never written again.
Status Coordinator::FinishFlush(LiveCollection& collection, const segment::GrowingSegment& flushed,
                                const catalog::SegmentRecord& record) {
  VECDB_TRY_ASSIGN(auto sealed, parts_.query.Open(record, collection.record.schema,
                                                  flushed.shared_tombstones()));
  VECDB_TRY(sealed->WarmUp());
  strand_.Run([&] {
    collection.board.Publish(collection.board.Pin()->Replacing(
        flushed.id(), AsLoaded(collection, WithParts(collection, flushed, sealed))));
    parts_.streaming.SubtractBuffered(flushed.memory_bytes());
  });
  TellFlushed(collection, *sealed);
  return Status();
}

// Deletes of sealed rows that no file holds, when there was no segment to flush with them.
Status Coordinator::SaveDeletes(LiveCollection& collection) {
  return flush_strand_.Run([&]() -> Status {
    if (collection.dropped.load(std::memory_order_acquire)) return Status();  // with its files
    const auto view = collection.board.Pin();
    const bool unsaved =
        std::any_of(view->segments().begin(), view->segments().end(), [](const auto& segment) {
          return segment->sealed() && segment->tombstones().first_unsaved_lsn() != kNoLsn;
        });
    if (!unsaved) return Status();
    return CommitFlush(collection, nullptr, nullptr, {}, nullptr);
  });
}

Status Coordinator::SaveOlderDeletes(const LiveCollection& collection, catalog::Edit* edit,
                                     Saved* saved) {
  for (const auto view = collection.board.Pin(); const auto& segment : view->segments()) {
    if (!segment->sealed() || segment->tombstones().first_unsaved_lsn() == kNoLsn) continue;
    VECDB_TRY_ASSIGN(const DataNode::SavedTombstones file, parts_.data.SaveTombstones(*segment));
    if (!file.file) continue;
    edit->operations.emplace_back(catalog::SetDeletes{segment->id(), *file.file});
    saved->emplace(segment->id(), file.count);
  }
  return Status();
}

// The oldest record of the channel that a growing segment or an unsaved tombstone needs, when
// `leaving` and what `saved` names are counted as files already. Every record below the writer's
// next lsn (read before this is called) has been applied to its segment once its lane was held
// here.
Lsn Coordinator::OldestNeeded(const Channel& channel, SegmentId leaving, const Saved& saved) const {
  Lsn oldest = kNoLsn;
  for (const auto& collection : parts_.collections.All()) {
    if (collection->channel.get() != &channel) continue;
    for (const auto& lane : collection->lanes) {
      base::MutexLock lock(lane->mutex);
      for (const auto& [partition, growing] : lane->growing) {
        oldest = std::min(oldest, growing.segment->first_lsn());
      }
    }
    {
      base::MutexLock lock(collection->pending_mutex);
      for (const auto& segment : collection->pending) {
        if (segment->id() != leaving) oldest = std::min(oldest, segment->first_lsn());
      }
    }
    for (const auto view = collection->board.Pin(); const auto& segment : view->segments()) {
      const auto known = saved.find(segment->id());
      const segment::Tombstones& tombstones = segment->tombstones();
      oldest = std::min(oldest, known == saved.end() ? tombstones.first_unsaved_lsn()
                                                     : tombstones.first_lsn_after(known->second));
    }
  }
  return oldest;
}

// The channel's whole log is synced first: what a segment's files make permanent must not be ahead
// of what the log keeps, or a power cut could leave half of a batch, or a later write without an
// earlier one.
Status Coordinator::MoveCheckpoint(Channel& channel, SegmentId leaving, const Saved& saved,
                                   catalog::Edit* edit, std::vector<io::LogIdentity>* dropped) {
  const wal::Writer& writer = *channel.writer;
  const Lsn end = writer.next_lsn();
  const Lsn checkpoint = std::min(end, OldestNeeded(channel, leaving, saved));
  VECDB_TRY(StreamingNodes::WaitDurable(channel, base::kEndOfTime));
  edit->operations.emplace_back(
      catalog::SetCheckpoint{channel.id, checkpoint, writer.durable_lsn()});
  edit->operations.emplace_back(catalog::SetMaxTimestamp{parts_.oracle.last()});
  *dropped = writer.LogsBelow(checkpoint);
  const auto state = parts_.manifest.state();
  const auto& known = state->pchannels.at(channel.id).logs;
  for (const io::LogIdentity& log : *dropped) {
    if (!known.contains(log.number)) continue;  // dropped by an edit after which memory ran out
    edit->operations.emplace_back(catalog::DropLog{log.channel, log.number});
  }
  return Status();
}

// `flushed`, `record` and `sealed` are null when only deletes are saved. Called on the flush
// strand.
Status Coordinator::CommitFlush(LiveCollection& collection, const segment::GrowingSegment* flushed,
                                const catalog::SegmentRecord* record, Saved saved,
                                std::shared_ptr<segment::SealedSegment> sealed) {
  return strand_.Run([&]() -> Status {
    Channel& channel = *collection.channel;
    const auto before = parts_.manifest.state();
    const SegmentId leaving = flushed != nullptr ? flushed->id() : 0;
    catalog::Edit edit;
    std::vector<io::LogIdentity> dropped;
    if (flushed != nullptr) {
      catalog::AddTo(&edit, *record);
      edit.operations.emplace_back(
          catalog::CommitSegment{record->id, flushed->last_lsn(), channel.id});
    }
    VECDB_TRY(SaveOlderDeletes(collection, &edit, &saved));
    VECDB_TRY(MoveCheckpoint(channel, leaving, saved, &edit, &dropped));
    base::KillPoint("flush.commit.before");
    if (base::Canary(21)) VECDB_TRY(channel.writer->Forget(dropped));
    VECDB_TRY(parts_.manifest.Commit(edit));
    base::KillPoint("flush.commit.after");

    for (const auto view = collection.board.Pin(); const auto& segment : view->segments()) {
      const auto known = saved.find(segment->id());
      if (known != saved.end()) segment->tombstones().MarkSaved(known->second);
    }
    if (sealed != nullptr) {
      collection.board.Publish(collection.board.Pin()->Replacing(
          leaving, AsLoaded(collection, WithParts(collection, *flushed, sealed))));
      parts_.streaming.SubtractBuffered(flushed->memory_bytes());
    }
    base::KillPoint("flush.published");
    ForgetLogs(channel, dropped);
    base::KillPoint("flush.forgotten");
    for (const auto& [id, count] : saved) {
      const auto old = before->segments.find(id);
      if (old == before->segments.end() || !old->second.deletes) continue;
      const Status removed = parts_.fs.RemoveFile(
          io::Join(io::SegmentFolder(id), io::DeletesName(old->second.deletes->number)));
      if (!removed.ok()) {
        parts_.log.Write(LogLevel::kWarning, "an old deletes file stays until the next open: {}",
                         removed.message());
      }
    }
    return Status();
  });
}

// At most one waits in the queue for each collection.
void Coordinator::PostFlush(std::shared_ptr<LiveCollection> collection) {
  if (collection->flush_asked.exchange(true)) return;
  std::atomic<bool>& asked = collection->flush_asked;
  Post(asked, [this, collection = std::move(collection)] {
    collection->flush_asked = false;
    const auto flush = [&] { return FlushPending(*collection); };
    const Status flushed = parts_.guard(std::ref(flush));
    if (flushed.ok()) return;
    NoteFailure(*collection, 0, flushed);
    parts_.log.Write(LogLevel::kError, "flushing '{}' failed and will be tried again: {}",
                     collection->name(), flushed.message());
  });
}

// The same for the deletes that no file holds yet.
void Coordinator::PostDeletes(std::shared_ptr<LiveCollection> collection) {
  if (collection->deletes_asked.exchange(true)) return;
  std::atomic<bool>& asked = collection->deletes_asked;
  Post(asked, [this, collection = std::move(collection)] {
    collection->deletes_asked = false;
    if (SaveDeletes(*collection).ok()) (void)TrimLog();
  });
}

void Coordinator::OnDue(std::shared_ptr<LiveCollection> collection, ShardId shard) {
  std::atomic<bool>& asked = collection->lanes[shard]->seal_asked;
  Post(asked, [this, collection = std::move(collection), shard] {
    const auto seal = [&] { return strand_.Run([&] { return SealDue(*collection, shard); }); };
    const Status sealed = parts_.guard(std::ref(seal));
    if (sealed.ok()) return PostFlush(collection);
    collection->lanes[shard]->seal_asked = false;
    NoteFailure(*collection, shard, sealed);
    parts_.log.Write(LogLevel::kError, "sealing '{}' failed: {}", collection->name(),
                     sealed.message());
  });
}

void Coordinator::NoteFailure(const LiveCollection& collection, ShardId shard,
                              const Status& status) {
  {
    base::MutexLock lock(failure_mutex_);
    ++failure_.count;
    failure_.status = status;
  }
  TellFailed(collection, shard, status);
}

void Coordinator::TellFailed(const LiveCollection& collection, ShardId shard,
                             const Status& status) {
  Event event;
  event.type = EventType::kFailed;
  event.shard = shard;
  event.status = status;
  Tell(collection, &event);
}

BackgroundFailure Coordinator::LastFailure() const {
  base::MutexLock lock(failure_mutex_);
  return failure_;
}

void Coordinator::OnPressure() {
  std::shared_ptr<LiveCollection> largest;
  ShardId shard = 0;
  PartitionId partition = kDefaultPartition;
  std::uint64_t most = 0;
  for (const auto& collection : parts_.collections.All()) {
    for (ShardId i = 0; i < collection->lanes.size(); ++i) {
      Lane& lane = *collection->lanes[i];
      base::MutexLock lock(lane.mutex);
      for (const auto& [id, growing] : lane.growing) {
        const segment::GrowingSegment& segment = *growing.segment;
        if (segment.rows() == 0 || segment.memory_bytes() <= most) continue;
        most = segment.memory_bytes();
        largest = collection;
        shard = i;
        partition = id;
      }
    }
  }
  if (largest != nullptr) {
    Lane& lane = *largest->lanes[shard];
    {
      base::MutexLock lock(lane.mutex);
      const auto found = lane.growing.find(partition);
      if (found != lane.growing.end()) found->second.due = true;
    }
    if (!lane.seal_asked.exchange(true)) OnDue(std::move(largest), shard);
    return;
  }
  // Only what is being flushed is left, or what could not be: that is tried again.
  for (const auto& collection : parts_.collections.All()) {
    bool waiting = false;
    {
      base::MutexLock lock(collection->pending_mutex);
      waiting = !collection->pending.empty();
    }
    if (waiting) PostFlush(collection);
  }
}

// Whether one of the lane's segments is to be sealed.
bool Coordinator::MarkDue(const CollectionOptions& options, bool long_log, Lane& lane) const {
  const auto now = parts_.clock.Now();
  bool due = false;
  base::MutexLock lock(lane.mutex);
  for (auto& [partition, growing] : lane.growing) {
    // In milliseconds: a limit of "never" has no nanoseconds.
    const auto quiet =
        std::chrono::duration_cast<std::chrono::milliseconds>(now - growing.last_write);
    const GrowingFacts facts{.rows = growing.segment->rows(),
                             .quiet = quiet,
                             .age = AgeOf(*growing.segment, parts_.clock),
                             .long_log = long_log};
    if (WhyDue(facts, options, parts_.options.seal_after) == SealReason::kNone) continue;
    growing.due = true;
    due = true;
  }
  return due;
}

void Coordinator::Housekeeping() {
  for (const auto& collection : parts_.collections.All()) {
    const bool long_log = collection->channel->writer->live_bytes() > parts_.long_log_bytes;
    for (ShardId shard = 0; shard < collection->lanes.size(); ++shard) {
      Lane& lane = *collection->lanes[shard];
      if (!MarkDue(collection->record.options, long_log, lane)) continue;
      if (!lane.seal_asked.exchange(true)) OnDue(collection, shard);
    }
    if (HasPending(*collection)) PostFlush(collection);
    if (long_log) PostDeletes(collection);
    ScheduleCompaction(collection);
    ScheduleIndexes(collection);
    ScheduleParts(collection);
  }
  PostTrash();
}

Status Coordinator::FlushBeforeClose() {
  if (!parts_.manifest.health().ok()) return Status();
  for (const auto& collection : parts_.collections.All()) {
    if (!collection->channel->writer->health().ok()) continue;
    std::uint64_t bytes = 0;
    for (const auto view = collection->board.Pin(); const auto& segment : view->segments()) {
      if (!segment->sealed()) bytes += segment->memory_bytes();
    }
    if (bytes > kSlowReplayBytes) VECDB_TRY(Flush(*collection));
  }
  return Status();
}

}  // namespace vecdb::roles
