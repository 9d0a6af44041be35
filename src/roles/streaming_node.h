// Owns the log and the growing segments: writes go through here, shard by shard, and so does the
// search of rows that are not yet in files.
//
// Thread safety: all methods from any thread. Lock order: lanes (ascending shard), then the log
// writer, then a growing segment's own locks.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "vecdb/options.h"

#include "base/clock.h"
#include "base/deadline.h"
#include "base/mutex.h"
#include "base/task_queue.h"
#include "chunk/chunk.h"
#include "query/plan.h"
#include "query/reduce.h"
#include "roles/live_collection.h"
#include "roles/segment_events.h"
#include "roles/watermark.h"
#include "wal/writer.h"

namespace vecdb::roles {

// kInvalidArgument for a number that names no durability; `option` is where it was given.
Status CheckDurability(std::string_view option, Durability durability);

// The rows or keys of one write that belong to one shard, as one record of the log.
struct WritePart {
  ShardId shard = 0;
  // Of the rows; of a delete the only one in which keys are looked for, or null: all of them.
  std::shared_ptr<Partition> partition;
  chunk::Chunk owned;                  // when the rows had to be picked out of the batch
  const chunk::Chunk* rows = nullptr;  // inserts and upserts; the batch itself, or `owned`
  chunk::KeyList deleted{false};       // deletes
  base::Bytes payload;

  chunk::KeySpan keys(const Schema& schema) const {
    return rows != nullptr ? chunk::KeysOf(schema, *rows) : deleted.View();
  }
};

struct WriteRequest {
  wal::MessageType type = wal::MessageType::kInsert;
  bool check_keys = true;  // inserts
  Durability durability = Durability::kEveryWrite;
  base::Deadline deadline;                        // until the log has it
  std::vector<std::unique_ptr<WritePart>> parts;  // ascending shard
};

class StreamingNode {
 public:
  // Everything lent outlives the node. `writer` is null in a read-only database.
  StreamingNode(wal::Writer* writer, Watermark& watermark, base::TaskQueue& background,
                const base::Clock& clock, std::size_t write_buffer_bytes)
      : writer_(writer),
        watermark_(watermark),
        background_(background),
        clock_(clock),
        write_buffer_bytes_(write_buffer_bytes) {}

  void SetEvents(SegmentEvents* events) { events_ = events; }  // before the first write

  // Logs, applies and makes visible; returns the write's timestamp. See Collection::Insert for what
  // a failure leaves.
  Result<Timestamp> Write(const std::shared_ptr<LiveCollection>& collection,
                          const WriteRequest& request);

  // The same for a write whose `parts` are known only when no other write of the collection is
  // under way: `find` fills them then, under all lanes. It may fail, or find nothing: then nothing
  // is logged, and the result is empty.
  using FindParts = std::function<Status(const segment::View& view)>;
  Result<std::optional<Timestamp>> WriteFound(const std::shared_ptr<LiveCollection>& collection,
                                              const WriteRequest& request, const FindParts& find);

  // Offers the rows of the view's growing segments.
  Status Search(const segment::View& view, const segment::ReadTime& t,
                const query::SearchPlan& plan, query::TopK* top) const;

  // Afterwards every write whose timestamp was given before is known to the watermark.
  void SettleTimestamps() {
    if (writer_ != nullptr) writer_->SettleTimestamps();
  }

  // Interval durability: syncs what asked for it since the last call.
  Status SyncInterval();
  Status WaitDurable(Timestamp timestamp);

  // Memory of growing segments: counted in when one is made and as it grows, out when it is
  // replaced.
  void AddBuffered(std::uint64_t bytes) { buffered_bytes_ += bytes; }
  void SubtractBuffered(std::uint64_t bytes) EXCLUDES(room_mutex_);

 private:
  class Unapplied;
  class Turn;
  Result<wal::Position> Execute(LiveCollection& collection, WriteTicket* ticket,
                                wal::Sleepers* followers);
  Result<wal::Position> ExecuteForAll(LiveCollection& collection, LaneQueue& queue,
                                      const WriteTicket& own, wal::Sleepers* followers);
  Status Admit(const std::shared_ptr<LiveCollection>& collection, const base::Deadline& deadline);
  Result<Timestamp> Acknowledge(const std::shared_ptr<LiveCollection>& collection,
                                const WriteRequest& request, const wal::Position& position,
                                wal::Sleepers* followers);
  Status SleepInQueue(LaneQueue& queue, WriteTicket* ticket);
  Status OutOfMemory() const;
  Result<wal::Position> LogAndApply(LiveCollection& collection, const WriteRequest& request);
  Result<wal::MessageType> Check(const LiveCollection& collection, const segment::View& view,
                                 const WriteRequest& request) const;
  void Apply(LiveCollection& collection, const WriteRequest& request,
             const std::vector<segment::View::Place>& replaced, const wal::Position& position);
  Status OpenPartitions(LiveCollection& collection, const WriteRequest& request);
  Status MakeDurable(const wal::Position& position, Durability durability,
                     wal::Sleepers* followers);
  Status WaitForRoom(const base::Deadline& deadline) EXCLUDES(room_mutex_);
  void AskToSeal(const std::shared_ptr<LiveCollection>& collection, const WriteRequest& request);

  // constant after construction
  wal::Writer* const writer_;
  Watermark& watermark_;
  base::TaskQueue& background_;
  const base::Clock& clock_;
  const std::size_t write_buffer_bytes_;
  SegmentEvents* events_ = nullptr;
  const Status unapplied_{StatusCode::kOutcomeUnknown,
                          "memory ran out for a write that the log has; it may or may not survive"};
  // thread-safe by themselves
  std::atomic<std::uint64_t> buffered_bytes_{0};
  std::atomic<Lsn> interval_lsn_{0};  // the last record that asked for interval durability
  // guarded
  base::Mutex room_mutex_;
  base::CondVar room_changed_;
};

}  // namespace vecdb::roles
