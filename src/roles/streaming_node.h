// Owns whole pchannels: their logs and, with them, the growing segments of the collections that are
// bound to them. Writes go through here, shard by shard.
//
// Thread safety: all methods from any thread. Lock order: lanes (ascending shard), then the log
// writer, then a growing segment's own locks.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "vecdb/options.h"

#include "base/clock.h"
#include "base/deadline.h"
#include "base/memory_budget.h"
#include "base/mutex.h"
#include "base/pacer.h"
#include "chunk/chunk.h"
#include "roles/channel.h"
#include "roles/live_collection.h"
#include "roles/segment_events.h"
#include "roles/write_buffer.h"
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
  base::MemoryReservation memory = {};            // of a large one
  std::vector<std::unique_ptr<WritePart>> parts;  // ascending shard
};

class StreamingNode {
 public:
  // Everything lent outlives the node.
  StreamingNode(WriteBuffer& buffer, const base::Clock& clock, base::Pacer& background)
      : buffer_(buffer), clock_(clock), background_(background) {}

  void SetEvents(SegmentEvents* events) { events_ = events; }  // before the first write
  // From now on it is this node's; it has a writer.
  void Adopt(std::shared_ptr<Channel> channel) EXCLUDES(mutex_);

  // Logs, applies and makes visible, in the collection's channel; returns the write's timestamp.
  // See Collection::Insert for what a failure leaves.
  Result<Timestamp> Write(const std::shared_ptr<LiveCollection>& collection,
                          const WriteRequest& request);

  // The same for a write whose `parts` are known only when no other write of the collection is
  // under way: `find` fills them then, under all lanes. It may fail, or find nothing: then nothing
  // is logged, and the result is empty.
  using FindParts = std::function<Status(const segment::View& view)>;
  Result<std::optional<Timestamp>> WriteFound(const std::shared_ptr<LiveCollection>& collection,
                                              const WriteRequest& request, const FindParts& find);

  // Timed. Interval durability: syncs what asked for it since the last call.
  Status SyncInterval();
  // Timed: a SEAL for logs without a write for so long.
  Status SealIfIdle(std::chrono::milliseconds idle);

 private:
  class Unapplied;
  class Turn;
  Result<wal::Position> Execute(LiveCollection& collection, WriteTicket* ticket,
                                wal::Sleepers* followers);
  Result<wal::Position> ExecuteForAll(LiveCollection& collection, LaneQueue& queue,
                                      const WriteTicket& own, wal::Sleepers* followers);
  Status Admit(const std::shared_ptr<LiveCollection>& collection, const WriteRequest& request);
  Result<Timestamp> Acknowledge(const std::shared_ptr<LiveCollection>& collection,
                                const WriteRequest& request, const wal::Position& position,
                                wal::Sleepers* followers);
  Status SleepInQueue(LaneQueue& queue, WriteTicket* ticket);
  static Status OutOfMemory(const Channel& channel);
  struct Prepared;
  class Group;
  using ViewPtr = std::shared_ptr<const segment::View>;
  Result<Prepared> Prepare(LiveCollection& collection, const ViewPtr& view,
                           const WriteRequest& request) const;
  Status LogAndApply(LiveCollection& collection, std::span<const Prepared> writes,
                     std::span<wal::Position> positions);
  Result<wal::Position> LogOne(LiveCollection& collection, const WriteRequest& request);
  Result<wal::Position> LogGroup(LiveCollection& collection, Group* group, Turn* turn);
  Result<wal::MessageType> Check(const LiveCollection& collection, const segment::View& view,
                                 const WriteRequest& request) const;
  void Apply(LiveCollection& collection, const WriteRequest& request,
             const std::vector<segment::View::Place>& replaced, const wal::Position& position);
  Status OpenPartitions(LiveCollection& collection, const WriteRequest& request);
  Status MakeDurable(Channel& channel, const wal::Position& position, Durability durability,
                     wal::Sleepers* followers);
  void AskToSeal(const std::shared_ptr<LiveCollection>& collection, const WriteRequest& request);
  std::vector<std::shared_ptr<Channel>> channels() const EXCLUDES(mutex_);

  // constant after construction
  WriteBuffer& buffer_;
  const base::Clock& clock_;
  base::Pacer& background_;  // rests while writes wait for the disk
  SegmentEvents* events_ = nullptr;
  const Status unapplied_{StatusCode::kOutcomeUnknown,
                          "memory ran out for a write that the log has; it may or may not survive"};
  // guarded
  mutable base::Mutex mutex_;  // leaf
  std::vector<std::shared_ptr<Channel>> channels_ GUARDED_BY(mutex_);
};

}  // namespace vecdb::roles
