// Exactly one per open database. Decides everything about names and segments: creates and drops
// collections, seals, commits flushes, moves checkpoints, drops logs. Its decisions run one at a
// time on its strand, and each is one Edit of the catalog (rule 7); only it publishes Views (rule
// 4).
//
// Thread safety: all methods from any thread, none from inside the strand.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/deadline.h"
#include "base/log.h"
#include "base/memory_budget.h"
#include "base/pacer.h"
#include "base/strand.h"
#include "base/task_queue.h"
#include "catalog/manifest.h"
#include "compaction/policy.h"
#include "roles/counters.h"
#include "roles/data_node.h"
#include "roles/events.h"
#include "roles/job_table.h"
#include "roles/live_collection.h"
#include "roles/query_nodes.h"
#include "roles/segment_events.h"
#include "roles/streaming_nodes.h"
#include "roles/trash.h"
#include "segment/index_choice.h"

namespace vecdb::roles {

inline constexpr std::uint32_t kChannelsFormat = 3;  // of databases with more than one channel

// The parts of the open database that the coordinator directs; all outlive it.
struct CoordinatorParts {
  io::FileSystem& fs;
  catalog::Manifest& manifest;
  Channels& channels;
  base::TimestampOracle& oracle;
  const base::Clock& clock;
  base::TaskQueue& background;
  base::Log& log;
  Collections& collections;
  StreamingNodes& streaming;
  QueryNodes& query;
  DataNode& data;
  const Guard& guard;
  catalog::Format& format;  // the strand's
  Events& events;
  Counters& counters;
  const Options& options;
  base::TaskQueue& compaction;
  base::Pacer& pacer;
  JobTable& jobs;
  // A writer for a channel that has none, from this log number on.
  const std::function<void(Channel&, std::uint64_t log_number, Lsn next_lsn)>& make_writer;
  std::uint32_t channel_count;        // that new collections are spread over
  std::uint64_t long_log_bytes;       // of a channel: above it what is growing there is sealed
  std::uint64_t worthless_log_bytes;  // of a log: from here on it is dropped when nobody needs it
  base::MemoryBudget& memory;
  SearchPool& build_pool;  // of data nodes, for building indexes
  RowIndex least_indexed_rows;
  RowIndex part_rows;  // of the smallest part of a growing segment; 0: as suits the field
};

class Coordinator final : public SegmentEvents {
 public:
  explicit Coordinator(const CoordinatorParts& parts) : parts_(parts) {}

  // ---- names (coordinator_ddl.cc) -----------------------------------------------------
  Result<std::shared_ptr<LiveCollection>> CreateCollection(std::string_view name,
                                                           const Schema& schema,
                                                           const CollectionOptions& options,
                                                           const CollectionProperties& chosen);
  Status DropCollection(std::string_view name);

  // ---- what may change of them (coordinator_names.cc) ---------------------------------
  Status RenameCollection(std::string_view from, std::string_view to);
  Status CreateAlias(std::string_view alias, std::string_view collection);
  Status AlterAlias(std::string_view alias, std::string_view collection);
  Status DropAlias(std::string_view alias);
  Status AlterCollection(std::string_view name, const CollectionProperties& properties);
  // ---- partitions (coordinator_partitions.cc) -----------------------------------------
  Status CreatePartition(LiveCollection& collection, std::string_view name);
  Status DropPartition(LiveCollection& collection, std::string_view name);

  // ---- segments (coordinator_segments.cc) ---------------------------------------------
  // Gives every lane a growing segment of the default partition, where it has none, and publishes
  // the View that shows it. With a partition key none is needed before there are rows.
  Status AddGrowing(LiveCollection& collection);
  // Seals every shard that has rows and returns when they are files, and with them the deletes of
  // older rows.
  Status Flush(LiveCollection& collection);
  Status FlushAll();
  // Drops logs that nobody needs any more. Where replay would have to begin now: nothing below it
  // is needed.
  Status TrimLog();
  Lsn Checkpoint(const Channel& channel) const;
  // Timed: seals idle shards, retries flushes that failed, flushes when the log has grown long.
  void Housekeeping();
  // Lets long work that can be done again end early: the database is about to be closed.
  void EndEarly() {
    closing_ = true;
    parts_.pacer.Stop();
  }
  // At Close: flushes what would make the next open slow to replay.
  Status FlushBeforeClose();

  // The same, but returns at the deadline; then it goes on in the background. Where there are no
  // threads, it is done here, however long it takes.
  Status FlushWithin(LiveCollection& collection, const base::Deadline& deadline);

  // ---- what is open for reading (coordinator_load.cc) ---------------------------------
  Status Release(LiveCollection& collection);
  Status Load(LiveCollection& collection, const base::Deadline& deadline);

  // ---- compaction (coordinator_compaction.cc) -----------------------------------------
  // Asks for a job that flushes and then compacts all that can be compacted.
  Result<JobId> StartCompaction(std::shared_ptr<LiveCollection> collection,
                                const CompactOptions& options);

  // ---- growing segments (coordinator_growing.cc) --------------------------------------
  // Looks for rows in no file that are worth an index, and asks for a task if there are any.
  void ScheduleParts(const std::shared_ptr<LiveCollection>& collection);
  // Gives the parts of all growing segments up: how many bytes they had.
  std::uint64_t DropParts();

  // ---- indexes (coordinator_declare.cc, coordinator_indexes.cc) -----------------------
  Status CreateIndex(LiveCollection& collection, std::string_view field, const IndexSpec& spec,
                     bool replace);
  Status DropIndex(LiveCollection& collection, std::string_view field);
  // Asks for a job that builds what sealed segments lack; nothing where they lack nothing.
  Result<std::optional<JobId>> StartIndexing(std::shared_ptr<LiveCollection> collection);
  // Looks for what is missing, and asks for a job if anything is.
  void ScheduleIndexes(const std::shared_ptr<LiveCollection>& collection);

  void OnDue(std::shared_ptr<LiveCollection> collection, ShardId shard) override;
  void OnGrown(const std::shared_ptr<LiveCollection>& collection) override {
    ScheduleParts(collection);
  }
  Status OnFirstRows(LiveCollection& collection, std::span<const PartitionLane> lanes) override;
  void OnFirstWrite(std::shared_ptr<LiveCollection> collection) override;
  void OnPressure() override;
  BackgroundFailure LastFailure() const override;

 private:
  // On the strand, before the first edit that only vecdb's of this format version can read.
  Status RaiseFormat(std::uint32_t version);
  // ---- channels (coordinator_channels.cc) ---------------------------------------------
  Result<std::shared_ptr<Channel>> ChannelForNew();
  Result<std::shared_ptr<Channel>> MakeChannel(PchannelId id);
  Result<std::shared_ptr<LiveCollection>> Named(std::string_view name) const;
  Status CheckFree(std::string_view name) const;
  Status SetAlias(std::string_view alias, std::shared_ptr<LiveCollection> live);
  Status CommitChange(const catalog::Edit& edit);
  Status OpenLanes(LiveCollection& collection, std::span<const PartitionLane> lanes);
  Status Seal(LiveCollection& collection, ShardId shard, PartitionId partition);
  Status SealDue(LiveCollection& collection, ShardId shard);
  using Opened = std::map<SegmentId, std::shared_ptr<segment::SealedSegment>>;
  Result<std::shared_ptr<segment::SealedSegment>> OpenAgain(const LiveCollection& collection,
                                                            const segment::Segment& segment) const;
  Status OpenMissing(const LiveCollection& collection, const base::Deadline& deadline,
                     Opened* opened) const;
  Result<bool> PublishLoaded(LiveCollection& collection, const Opened& opened);
  Status SealWritten(LiveCollection& collection, ShardId shard);
  Status SealAll(LiveCollection& collection);
  Status TrimLogOf(Channel& channel);
  bool MarkDue(const CollectionOptions& options, bool long_log, Lane& lane) const;
  Status FlushPending(LiveCollection& collection);
  Status FlushOne(LiveCollection& collection,
                  const std::shared_ptr<segment::GrowingSegment>& segment, JobId job);
  std::shared_ptr<segment::SealedSegment> WithParts(
      const LiveCollection& collection, const segment::GrowingSegment& flushed,
      const std::shared_ptr<segment::SealedSegment>& sealed) const;
  Status FinishFlush(LiveCollection& collection, const segment::GrowingSegment& flushed,
                     const catalog::SegmentRecord& record);
  void Tell(const LiveCollection& collection, Event* event);
  void TellSealed(const LiveCollection& collection, const segment::GrowingSegment& segment);
  void TellFailed(const LiveCollection& collection, ShardId shard, const Status& status);
  void TellFlushed(const LiveCollection& collection, const segment::SealedSegment& segment);
  Status SaveDeletes(LiveCollection& collection);
  // What one commit saves of tombstones: segment -> marks in its deletes file.
  using Saved = std::map<SegmentId, std::size_t>;
  Status SaveOlderDeletes(const LiveCollection& collection, catalog::Edit* edit, Saved* saved);
  Status CommitFlush(LiveCollection& collection, const segment::GrowingSegment* flushed,
                     const catalog::SegmentRecord* record, Saved saved,
                     std::shared_ptr<segment::SealedSegment> sealed);
  Status MoveCheckpoint(Channel& channel, SegmentId leaving, const Saved& saved,
                        catalog::Edit* edit, std::vector<io::LogIdentity>* dropped);
  void ForgetLogs(Channel& channel, const std::vector<io::LogIdentity>& dropped);
  Lsn OldestNeeded(const Channel& channel, SegmentId leaving, const Saved& saved) const;
  void NoteFailure(const LiveCollection& collection, ShardId shard, const Status& status);
  // Runs `task`, for which `asked` was set, in the background. Without the memory to remember it,
  // `asked` is cleared, so that the next who needs it asks again.
  template <typename F>
  void Post(std::atomic<bool>& asked, F task);
  void PostFlush(std::shared_ptr<LiveCollection> collection);
  void PostDeletes(std::shared_ptr<LiveCollection> collection);
  Status Drop(std::string_view name);
  void Forget(LiveCollection& collection);
  Status Drop(LiveCollection& collection, std::string_view partition);
  void Forget(LiveCollection& collection, Partition& partition);
  // ---- filters of checked keys (coordinator_filters.cc) -------------------------------
  void AddToFilter(const LiveCollection& collection,
                   std::shared_ptr<const segment::SealedSegment> sealed);
  void ExtendFilters(const LiveCollection& collection);
  void PostFilters(std::shared_ptr<LiveCollection> collection);
  void NoteFilter(const LiveCollection& collection, const Status& status);

  // ---- compaction (coordinator_compaction.cc) -----------------------------------------
  class CompactionMeter;
  struct Compacted;
  // What is due by itself, all that can be merged, or all by the clustering key.
  enum class Compaction { kDue, kThorough, kClustering };
  std::vector<compaction::SegmentFacts> FactsOf(const LiveCollection& collection) const;
  std::vector<compaction::Plan> PickPlans(const LiveCollection& collection, bool thorough) const;
  std::vector<compaction::Plan> PickClusterings(const LiveCollection& collection,
                                                bool thorough) const;
  void ScheduleCompaction(const std::shared_ptr<LiveCollection>& collection);
  JobId PostCompaction(std::shared_ptr<LiveCollection> collection, Compaction kind);
  Status RunCompaction(LiveCollection& collection, Compaction kind, JobId id);
  Status MergeRounds(LiveCollection& collection, bool thorough, CompactionMeter* meter);
  Status CompactRound(LiveCollection& collection, const std::vector<compaction::Plan>& plans,
                      CompactionMeter* meter);
  Result<compaction::JobSetup> SetupFor(const LiveCollection& collection,
                                        const compaction::Plan& plan, CompactionMeter* meter) const;
  Status Compact(LiveCollection& collection, const compaction::Plan& plan, SegmentId first_output,
                 CompactionMeter* meter);
  Status CompactInto(Compacted* compacted, const LiveCollection& collection, std::uint64_t rows,
                     compaction::Job* job, CompactionMeter* meter);
  Status CompactBands(Compacted* compacted, const LiveCollection& collection,
                      const compaction::Plan& plan, compaction::JobSetup* setup,
                      std::deque<compaction::Job>* jobs, CompactionMeter* meter);
  static Status CheckNoneIsLost(const Compacted& compacted, const compaction::Job& job);
  Result<std::shared_ptr<segment::Segment>> WithColumns(
      const LiveCollection& collection, const std::shared_ptr<segment::Segment>& segment) const;
  Status CommitCompaction(LiveCollection& collection, Compacted* compacted);
  void TellCompacted(const LiveCollection& collection, const Compacted& compacted);
  Status SaveCarried(Lane& lane, Compacted* compacted);
  Status SwapSegments(LiveCollection& collection, Compacted* compacted);
  catalog::Edit SwapOf(const Compacted& compacted) const;
  void DiscardOutput(SegmentId output);
  void NoteCompaction(LiveCollection& collection, const Status& outcome);
  // ---- indexes (coordinator_indexes.cc) -----------------------------------------------
  class IndexMeter;
  // What a field of a segment lacks.
  struct IndexTask {
    std::shared_ptr<segment::SealedSegment> segment;
    std::uint32_t field = 0;
    catalog::IndexRecord record;
    segment::IndexChoice choice;
  };
  Status DeclareIndexes(LiveCollection& collection, const catalog::Edit& edit,
                        std::shared_ptr<const Indexes> next, std::optional<std::uint32_t> emptied);
  std::vector<IndexTask> PickIndexes(const LiveCollection& collection) const;
  segment::IndexChoice ChooseIndex(const LiveCollection& collection, std::uint32_t field,
                                   const IndexSpec& spec, RowIndex rows) const;
  std::vector<std::shared_ptr<const segment::FieldIndex>> UnverifiedIndexes(
      const LiveCollection& collection) const;
  JobId PostIndexing(std::shared_ptr<LiveCollection> collection, bool scheduled);
  void NoteIndexing(LiveCollection& collection, const Status& outcome);
  Status RunIndexing(LiveCollection& collection, JobId id);
  Status NoteUnlessSound(const LiveCollection& collection, const segment::FieldIndex& index);
  Status IndexEach(LiveCollection& collection, std::span<const IndexTask> tasks, IndexMeter* meter);
  Status IndexOne(LiveCollection& collection, const IndexTask& task, IndexMeter* meter);
  static Status IgnoreIfGone(const Status& status);
  Result<std::shared_ptr<const segment::FieldIndex>> IndexOnDisk(const IndexTask& task) const;
  Result<std::shared_ptr<const segment::FieldIndex>> BuildIndex(const IndexTask& task,
                                                                IndexMeter* meter);
  Result<std::shared_ptr<const segment::FieldIndex>> BuildIndexAs(
      const IndexTask& task, const segment::IndexChoice& choice, IndexMeter* meter);
  Result<base::MemoryReservation> WaitForBuildMemory(std::uint64_t bytes, IndexMeter* meter) const;
  Status InstallIndex(LiveCollection& collection, const IndexTask& task,
                      const std::shared_ptr<const segment::FieldIndex>& index);
  static std::shared_ptr<const segment::View> NextWith(
      const segment::View& view, const std::shared_ptr<segment::Segment>& shown,
      std::uint32_t field, const std::shared_ptr<const segment::FieldIndex>& index);
  Status CommitIndexFile(SegmentId segment, std::uint32_t field, const segment::FieldIndex* index,
                         bool had_one);
  void TellIndexed(const LiveCollection& collection, const segment::SealedSegment& segment,
                   const segment::FieldIndex& index);
  void RemoveIndexFile(SegmentId segment, const catalog::IndexFileRecord& file);
  void DiscardIndexFile(SegmentId segment, const catalog::IndexFileRecord& file);
  Status IndexOutput(const LiveCollection& collection, catalog::SegmentRecord* record,
                     std::shared_ptr<segment::SealedSegment>* output,
                     const std::function<Status()>& may_go_on);
  void ForgetUndeclared(const LiveCollection& collection, catalog::SegmentRecord* record,
                        std::shared_ptr<segment::SealedSegment>* output);
  // ---- growing segments (coordinator_growing.cc) --------------------------------------
  // Rows of a field that are to get an index in memory.
  struct PartTask {
    std::shared_ptr<segment::Segment> segment;
    std::uint32_t field = 0;
    IndexId index = 0;
    segment::PartRange range;
    index::GraphParameters parameters;
    bool measured = false;
  };
  void KeepWithinShare(const Field& field, segment::PartPlan* plan) const;
  std::optional<PartTask> PickPart(const LiveCollection& collection) const;
  void PostPart(std::shared_ptr<LiveCollection> collection);
  Status BuildNextPart(LiveCollection& collection);
  Result<std::shared_ptr<segment::IndexPart>> BuildPart(const LiveCollection& collection,
                                                        const PartTask& task) const;
  Result<base::MemoryReservation> MemoryForPart(const PartTask& task) const;
  Status PublishPart(LiveCollection& collection, const PartTask& task,
                     std::shared_ptr<const segment::IndexPart> part);
  static Result<bool> TellsApart(const PartTask& task, const segment::IndexPart& part);
  static bool IsWanted(const LiveCollection& collection, const PartTask& task);
  static void DropUndeclaredParts(const LiveCollection& collection, const Indexes& before);
  std::uint64_t PartBytes() const;
  // ---- memory (coordinator_memory.cc) -------------------------------------------------
  std::shared_ptr<segment::GrowingSegment> MakeGrowing(const LiveCollection& collection,
                                                       SegmentId id, ShardId shard,
                                                       PartitionId partition) const;
  base::MemoryReservation TakeForFlush(const segment::GrowingSegment& segment) const;
  std::uint64_t CompactionMemory(const catalog::State& state, const compaction::Plan& plan) const;
  void KeepWithinMemory(std::vector<compaction::Plan>* plans) const;
  Result<base::MemoryReservation> WaitForMemory(std::uint64_t bytes, CompactionMeter* meter) const;
  // Takes down segments that nobody reads any more, and removes the folders of those that were
  // dropped.
  void EmptyTrash();
  void RemoveFolder(SegmentId segment);
  void PostTrash();

  const CoordinatorParts parts_;
  Trash trash_;
  std::atomic<bool> trash_asked_{false};  // a task that empties the trash waits in the queue
  base::Strand strand_;                   // decisions
  base::Strand flush_strand_;             // one flush at a time; taken before strand_
  base::Strand filter_strand_;            // filters of checked keys; nothing else is taken under it
  // One compaction, or one collection's indexes, at a time; taken before flush_strand_.
  base::Strand compaction_strand_;
  std::atomic<bool> closing_{false};
  std::atomic<std::chrono::steady_clock::duration> parts_rest_until_{};  // since the clock's epoch
  mutable base::Mutex failure_mutex_;                                    // leaf
  BackgroundFailure failure_ GUARDED_BY(failure_mutex_);
};

template <typename F>
void Coordinator::Post(std::atomic<bool>& asked, F task) {
  // Through std::ref, so that the guards themselves need no memory. The task is copied: what it
  // holds keeps `asked` alive until the end of this.
  const auto post = [&] {
    parts_.background.Post([this, task] {
      const auto run = [&] {
        task();
        return Status();
      };
      (void)parts_.guard(std::ref(run));
    });
    return Status();
  };
  if (!parts_.guard(std::ref(post)).ok()) asked = false;
}

}  // namespace vecdb::roles
