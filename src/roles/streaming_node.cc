#include "roles/streaming_node.h"

#include <algorithm>
#include <utility>

#include "base/canary.h"
#include "base/status.h"
#include "query/search.h"

namespace vecdb::roles {
namespace {

// Rows are counted in 32 bits; what is written while the sealing waits its turn has room above.
constexpr std::uint64_t kMostRows = std::uint64_t{1} << 30;

bool IsFull(const segment::GrowingSegment& growing, const CollectionOptions& options) {
  const std::uint64_t most_rows = options.segment_rows == 0
                                      ? kMostRows
                                      : std::min<std::uint64_t>(options.segment_rows, kMostRows);
  return growing.memory_bytes() >= options.segment_bytes || growing.rows() >= most_rows;
}

// Holds the lanes of the shards that a write touches, or all, in ascending order.
class LaneLocks {
 public:
  LaneLocks(LiveCollection& collection, const WriteRequest& request) {
    lanes_.reserve(request.parts.size());  // a lane held must not be forgotten for want of memory
    complete_ = std::all_of(request.parts.begin(), request.parts.end(), [&](const auto& part) {
      return Lock(*collection.lanes[part->shard], request.deadline);
    });
  }
  // All of them.
  LaneLocks(LiveCollection& collection, const base::Deadline& deadline) {
    lanes_.reserve(collection.lanes.size());
    complete_ = std::all_of(collection.lanes.begin(), collection.lanes.end(),
                            [&](const auto& lane) { return Lock(*lane, deadline); });
  }
  ~LaneLocks() NO_THREAD_SAFETY_ANALYSIS {
    for (Lane* lane : lanes_) lane->mutex.Unlock();
  }
  LaneLocks(const LaneLocks&) = delete;
  LaneLocks& operator=(const LaneLocks&) = delete;

  // False: the deadline came before all lanes were free.
  bool complete() const { return complete_; }

 private:
  // Nothing here needs memory: lanes may be held.
  bool Lock(Lane& lane, const base::Deadline& deadline) NO_THREAD_SAFETY_ANALYSIS {
    if (!lanes_.empty() && lanes_.back() == &lane) return true;
    if (!deadline.limited()) {
      lane.mutex.Lock();
    } else {
      while (!lane.mutex.TryLock()) {
        if (deadline.passed()) return false;
        base::Pause();
      }
    }
    lanes_.push_back(&lane);
    return true;
  }

  std::vector<Lane*> lanes_;
  bool complete_ = false;
};

}  // namespace

Status CheckDurability(std::string_view option, Durability durability) {
  switch (durability) {
    case Durability::kEveryWrite:
    case Durability::kInterval:
    case Durability::kFlushOnly:
      return Status();
  }
  return base::InvalidArgument("{} is {}, which names no Durability", option,
                               static_cast<unsigned>(durability));
}

// From the log's having a write to its being acknowledged. Left early (memory ran out, or a sync
// failed, which has stopped everything already), what later writes found would not be what the next
// open finds: there are none, and nothing from this one on becomes visible.
class StreamingNode::Unapplied {
 public:
  explicit Unapplied(StreamingNode& node) : node_(node) {}  // needs no memory
  ~Unapplied() {
    if (!logged) return;
    node_.writer_->Stop(node_.unapplied_);
    node_.watermark_.Fail(node_.unapplied_);
  }
  Unapplied(const Unapplied&) = delete;
  Unapplied& operator=(const Unapplied&) = delete;

  bool logged = false;

 private:
  StreamingNode& node_;
};

// Called under the lanes. What the write is in the log: an insert over rows that have expired is an
// upsert, so that they are deleted for good. Seen again (a longer ttl, a clock set back), they would
// share their keys with the rows that are inserted now.
Result<wal::MessageType> StreamingNode::Check(
    const LiveCollection& collection, const segment::View& view,
    const WriteRequest& request) const NO_THREAD_SAFETY_ANALYSIS {
  for (const auto& part : request.parts) {
    if (collection.lanes[part->shard]->dropped) {
      return base::NotFound("collection '{}' was dropped", collection.name());
    }
    if (part->partition != nullptr && part->partition->dropped) {
      return base::NotFound("partition '{}' of collection '{}' was dropped", part->partition->name,
                            collection.name());
    }
  }
  if (request.type != wal::MessageType::kInsert || !request.check_keys) return request.type;
  segment::Expiry expiry{collection.AliveFrom(clock_)};
  for (const auto& part : request.parts) {
    const chunk::KeySpan keys = part->keys(view.schema());
    VECDB_TRY_ASSIGN(
        const auto taken,
        view.ContainsKeys(part->shard, keys, collection.KeyFilter(part->shard), &expiry));
    if (!taken) continue;
    return base::AlreadyExists("key {} is already present; use Upsert to replace it",
                               chunk::ToString(keys[*taken]));
  }
  return expiry.met ? wal::MessageType::kUpsert : request.type;
}

// Called under the lanes, after the log has the write. Only memory can fail here: see Unapplied.
void StreamingNode::Apply(LiveCollection& collection, const WriteRequest& request,
                          const std::vector<segment::View::Place>& replaced,
                          const wal::Position& position) NO_THREAD_SAFETY_ANALYSIS {
  segment::View::Mark(replaced, position.timestamp, position.first_lsn);
  for (const auto& part : request.parts) {
    if (part->rows == nullptr) continue;
    Lane& lane = *collection.lanes[part->shard];
    Growing& growing = lane.growing.find(part->partition->id)->second;
    segment::GrowingSegment& segment = *growing.segment;
    const std::uint64_t before = segment.rows() == 0 ? 0 : segment.memory_bytes();
    segment.Append(*part->rows, position.timestamp, position.first_lsn, position.last_lsn);
    growing.last_write = clock_.Now();
    AddBuffered(segment.memory_bytes() - before);
    if (!IsFull(segment, collection.record.options)) continue;
    growing.due = true;
    lane.due = true;
  }
  watermark_.Applied(position.timestamp, request.durability == Durability::kEveryWrite);
}

// A turn at a lane's queue. Each ticket taken from it gets an end, and the turn is passed on, also
// when memory runs out on the way: for the write at hand then, and the others try again.
class StreamingNode::Turn {
 public:
  Turn(LaneQueue& queue, Durability own, wal::Sleepers* followers)
      : queue_(queue), own_(own), followers_(*followers) {}
  ~Turn() {
    if (current_ != nullptr) End(current_, WriteTicket::State::kOutOfMemory);
    while (NextWaiting() != nullptr) End(current_, WriteTicket::State::kAgain);
    queue_.Leave();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  void TakeWaiting() { waiting_ = queue_.TakeWaiting(); }
  // The next one to execute, or null.
  WriteTicket* NextWaiting() {
    current_ = waiting_;
    if (current_ != nullptr) waiting_ = current_->next;
    return current_;
  }
  // One that waits for the same sync as this thread sleeps on until it is over.
  void Done(Result<wal::Position> outcome) {
    WriteTicket* const ticket = std::exchange(current_, nullptr);
    const bool follows = outcome.ok() && own_ == Durability::kEveryWrite &&
                         ticket->request.durability == Durability::kEveryWrite;
    ticket->outcome.emplace(std::move(outcome));
    ticket->state = WriteTicket::State::kDone;
    (follows ? followers_ : ended_).Add(&ticket->sleeper);
  }

 private:
  void End(WriteTicket* ticket, WriteTicket::State state) {
    ticket->state = state;
    ended_.Add(&ticket->sleeper);
  }

  LaneQueue& queue_;
  const Durability own_;
  wal::Sleepers& followers_;
  wal::Sleepers ended_;  // woken when the turn has been passed on
  WriteTicket* current_ = nullptr;
  WriteTicket* waiting_ = nullptr;
};

Result<wal::Position> StreamingNode::Execute(LiveCollection& collection, WriteTicket* ticket,
                                             wal::Sleepers* followers) {
  const auto& parts = ticket->request.parts;
  if (parts.front()->shard != parts.back()->shard) {
    const LaneLocks lanes(collection, ticket->request);
    if (!lanes.complete()) return ticket->request.deadline.Check();
    return LogAndApply(collection, ticket->request);
  }
  LaneQueue& queue = collection.lanes[parts.front()->shard]->queue;
  while (!queue.Enter(ticket)) {
    VECDB_TRY(SleepInQueue(queue, ticket));
    switch (ticket->state) {
      case WriteTicket::State::kTurn:
        return ExecuteForAll(collection, queue, *ticket, followers);
      case WriteTicket::State::kDone:
        return std::move(*ticket->outcome);
      case WriteTicket::State::kOutOfMemory:
        return OutOfMemory();
      case WriteTicket::State::kWaiting:
      case WriteTicket::State::kAgain:
        break;
    }
  }
  return ExecuteForAll(collection, queue, *ticket, followers);
}

// Not OK: the deadline has come, and the ticket has left the queue. Until then nothing may throw:
// the queue knows where the ticket stands.
Status StreamingNode::SleepInQueue(LaneQueue& queue, WriteTicket* ticket) {
  const base::Deadline& deadline = ticket->request.deadline;
  while (deadline.limited()) {
    if (ticket->sleeper.SleepFor(base::Deadline::kLongestWait)) return Status();
    if (!deadline.passed()) continue;
    if (queue.Withdraw(ticket)) return deadline.Check();
    break;  // somebody has it in hand
  }
  ticket->sleeper.Sleep();
  return Status();
}

// For a write that another thread could not finish. If the log has it, the writer was stopped.
Status StreamingNode::OutOfMemory() const {
  const Status health = writer_->health();
  if (health.ok()) return base::ResourceExhausted("memory ran out before the write was logged");
  return base::OutcomeUnknown("a write may or may not survive: {}", health.ToString());
}

// The caller's own write comes last: what is thrown before it has changed nothing of it.
Result<wal::Position> StreamingNode::ExecuteForAll(LiveCollection& collection, LaneQueue& queue,
                                                   const WriteTicket& own,
                                                   wal::Sleepers* followers) {
  Turn turn(queue, own.request.durability, followers);
  const LaneLocks lanes(collection, own.request);
  if (!lanes.complete()) return own.request.deadline.Check();
  turn.TakeWaiting();
  while (const WriteTicket* other = turn.NextWaiting()) {
    turn.Done(LogAndApply(collection, other->request));
  }
  return LogAndApply(collection, own.request);
}

namespace {

// Called under the lanes.
wal::Message MessageFor(const LiveCollection& collection, wal::MessageType type,
                        const WritePart& part) NO_THREAD_SAFETY_ANALYSIS {
  wal::Message message{.type = type,
                       .shard = part.shard,
                       .collection = collection.record.id,
                       .schema_version = collection.record.schema_version,
                       .payload = part.payload};
  if (part.rows != nullptr) {
    message.partition = part.partition->id;
    message.segment =
        collection.lanes[part.shard]->growing.find(message.partition)->second.segment->id();
  } else if (part.partition != nullptr) {
    message.partition = wal::DeletedIn(part.partition->id);
  }
  return message;
}

}  // namespace

// Called under the lanes.
Result<wal::Position> StreamingNode::LogAndApply(
    LiveCollection& collection, const WriteRequest& request) NO_THREAD_SAFETY_ANALYSIS {
  VECDB_TRY(request.deadline.Check());
  const std::shared_ptr<const segment::View> view = collection.board.Pin();
  VECDB_TRY_ASSIGN(const wal::MessageType type, Check(collection, *view, request));

  std::vector<segment::View::Place> replaced;
  std::vector<wal::Message> messages;
  for (const auto& part : request.parts) {
    if (type != wal::MessageType::kInsert) {
      const auto asked = part->rows == nullptr && part->partition != nullptr
                             ? view->InPartitions(std::span(&part->partition->id, 1))
                             : view;
      VECDB_TRY_ASSIGN(const auto live,
                       asked->FindLive(part->shard, part->keys(view->schema()), base::kEndOfTime,
                                       collection.KeyFilter(part->shard)));
      replaced.insert(replaced.end(), live.begin(), live.end());
    }
    messages.push_back(MessageFor(collection, type, *part));
  }
  VECDB_TRY_ASSIGN(const wal::Position position, writer_->Append(messages));
  Unapplied unapplied(*this);
  unapplied.logged = true;
  Apply(collection, request, replaced, position);
  unapplied.logged = false;
  return position;
}

Status StreamingNode::MakeDurable(const wal::Position& position, Durability durability,
                                  wal::Sleepers* followers) {
  if (durability == Durability::kInterval) {
    Lsn asked = interval_lsn_.load(std::memory_order_relaxed);
    while (asked < position.last_lsn &&
           !interval_lsn_.compare_exchange_weak(asked, position.last_lsn)) {
    }
  }
  if (durability != Durability::kEveryWrite) return Status();
  const Status synced = writer_->Sync(position.last_lsn, followers);
  if (!synced.ok()) {
    watermark_.Fail(synced);
    return synced;
  }
  watermark_.Durable(writer_->durable_timestamp());
  return Status();
}

Status StreamingNode::Admit(const std::shared_ptr<LiveCollection>& collection,
                            const base::Deadline& deadline) {
  VECDB_TRY(WaitForRoom(deadline));
  if (!collection->written.exchange(true)) events_->OnFirstWrite(collection);
  return Status();
}

Result<Timestamp> StreamingNode::Write(const std::shared_ptr<LiveCollection>& collection,
                                       const WriteRequest& request) {
  VECDB_TRY(Admit(collection, request.deadline));
  VECDB_TRY(OpenPartitions(*collection, request));
  wal::Sleepers followers;  // those whose writes this thread executes; woken however it ends
  WriteTicket ticket(request);
  VECDB_TRY_ASSIGN(const wal::Position position, Execute(*collection, &ticket, &followers));
  return Acknowledge(collection, request, position, &followers);
}

Result<std::optional<Timestamp>> StreamingNode::WriteFound(
    const std::shared_ptr<LiveCollection>& collection, const WriteRequest& request,
    const FindParts& find) {
  VECDB_TRY(Admit(collection, request.deadline));
  wal::Position position;
  {
    const LaneLocks lanes(*collection, request.deadline);
    if (!lanes.complete()) return request.deadline.Check();
    VECDB_TRY(find(*collection->board.Pin()));
    if (request.parts.empty()) return std::optional<Timestamp>();
    VECDB_TRY_ASSIGN(position, LogAndApply(*collection, request));
  }
  wal::Sleepers nobody;
  VECDB_TRY_ASSIGN(const Timestamp timestamp, Acknowledge(collection, request, position, &nobody));
  return std::optional(timestamp);
}

// Behind the log and the segments: when it is durable as asked, and visible.
Result<Timestamp> StreamingNode::Acknowledge(const std::shared_ptr<LiveCollection>& collection,
                                             const WriteRequest& request,
                                             const wal::Position& position,
                                             wal::Sleepers* followers) {
  Unapplied unapplied(*this);
  unapplied.logged = true;
  base::KillPoint("write.applied");
  AskToSeal(collection, request);
  VECDB_TRY(MakeDurable(position, request.durability, followers));
  VECDB_TRY(watermark_.WaitFor(position.timestamp));
  unapplied.logged = false;
  return position.timestamp;
}

Status StreamingNode::OpenPartitions(LiveCollection& collection, const WriteRequest& request) {
  std::vector<PartitionLane> lanes;
  for (const auto& part : request.parts) {
    if (part->rows == nullptr || part->partition->open[part->shard]) continue;
    const bool again = !lanes.empty() && lanes.back().shard == part->shard &&
                       lanes.back().partition == part->partition;
    if (!again) lanes.push_back({part->partition, part->shard});
  }
  return lanes.empty() ? Status() : events_->OnFirstRows(collection, lanes);
}

void StreamingNode::AskToSeal(const std::shared_ptr<LiveCollection>& collection,
                              const WriteRequest& request) {
  for (const auto& part : request.parts) {
    Lane& lane = *collection->lanes[part->shard];
    if (lane.due && !lane.seal_asked.exchange(true)) events_->OnDue(collection, part->shard);
  }
}

// With a deadline it lends no hand where others do the work: a flush takes as long as it takes.
Status StreamingNode::WaitForRoom(const base::Deadline& deadline) {
  if (buffered_bytes_.load() <= write_buffer_bytes_) return Status();
  const std::uint64_t known = events_->LastFailure().count;
  const bool helps = !deadline.limited() || background_.threads() == 0;
  while (buffered_bytes_.load() > write_buffer_bytes_) {
    VECDB_TRY(deadline.Check());
    VECDB_TRY(writer_->health());
    if (const BackgroundFailure failure = events_->LastFailure(); failure.count != known) {
      return base::ResourceExhausted(
          "the write buffer is full ({} of {} bytes) and making room failed: {}",
          buffered_bytes_.load(), write_buffer_bytes_, failure.status.ToString());
    }
    events_->OnPressure();
    if (helps && background_.RunOne()) continue;  // without threads it is the only one
    base::MutexLock lock(room_mutex_);
    if (buffered_bytes_.load() <= write_buffer_bytes_) break;
    const std::chrono::milliseconds nap =
        deadline.limited() ? base::Deadline::kLongestWait : std::chrono::milliseconds(20);
    room_changed_.WaitUntil(room_mutex_, std::chrono::steady_clock::now() + nap);
  }
  return Status();
}

void StreamingNode::SubtractBuffered(std::uint64_t bytes) {
  {
    base::MutexLock lock(room_mutex_);
    buffered_bytes_ -= bytes;
  }
  room_changed_.NotifyAll();
}

Status StreamingNode::Search(const segment::View& view, const segment::ReadTime& t,
                             const query::SearchPlan& plan, query::TopK* top) const {
  for (const auto& segment : view.segments()) {
    if (!segment->sealed()) VECDB_TRY(query::SearchSegment(*segment, t, plan, top));
  }
  return Status();
}

Status StreamingNode::SyncInterval() {
  const Lsn asked = interval_lsn_.load();
  if (asked <= writer_->durable_lsn()) return Status();
  const Status synced = writer_->Sync(asked);
  if (!synced.ok()) watermark_.Fail(synced);
  return synced;
}

Status StreamingNode::WaitDurable(Timestamp timestamp) {
  if (writer_->durable_timestamp() >= timestamp) return Status();
  const Status synced = writer_->SyncAll();
  if (!synced.ok()) {
    watermark_.Fail(synced);
    return synced;
  }
  watermark_.Durable(writer_->durable_timestamp());
  return Status();
}

}  // namespace vecdb::roles
