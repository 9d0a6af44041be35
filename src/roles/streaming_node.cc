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

// Holds the lanes of the shards that a write touches, in ascending order.
class LaneLocks {
 public:
  LaneLocks(LiveCollection& collection, const WriteRequest& request) NO_THREAD_SAFETY_ANALYSIS {
    lanes_.reserve(request.parts.size());  // a lane held must not be forgotten for want of memory
    for (const auto& part : request.parts) {
      if (!lanes_.empty() && lanes_.back() == collection.lanes[part->shard].get()) continue;
      lanes_.push_back(collection.lanes[part->shard].get());
      lanes_.back()->mutex.Lock();
    }
  }
  ~LaneLocks() NO_THREAD_SAFETY_ANALYSIS {
    for (Lane* lane : lanes_) lane->mutex.Unlock();
  }
  LaneLocks(const LaneLocks&) = delete;
  LaneLocks& operator=(const LaneLocks&) = delete;

 private:
  std::vector<Lane*> lanes_;
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
    const std::uint64_t before = lane.growing->rows() == 0 ? 0 : lane.growing->memory_bytes();
    lane.growing->Append(*part->rows, position.timestamp, position.first_lsn, position.last_lsn);
    lane.last_write = clock_.Now();
    AddBuffered(lane.growing->memory_bytes() - before);
    lane.full = IsFull(*lane.growing, collection.record.options);
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
    return LogAndApply(collection, ticket->request);
  }
  LaneQueue& queue = collection.lanes[parts.front()->shard]->queue;
  while (!queue.Enter(ticket)) {
    ticket->sleeper.Sleep();
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
  turn.TakeWaiting();
  while (const WriteTicket* other = turn.NextWaiting()) {
    turn.Done(LogAndApply(collection, other->request));
  }
  return LogAndApply(collection, own.request);
}

// Called under the lanes.
Result<wal::Position> StreamingNode::LogAndApply(
    LiveCollection& collection, const WriteRequest& request) NO_THREAD_SAFETY_ANALYSIS {
  const std::shared_ptr<const segment::View> view = collection.board.Pin();
  VECDB_TRY_ASSIGN(const wal::MessageType type, Check(collection, *view, request));

  std::vector<segment::View::Place> replaced;
  std::vector<wal::Message> messages;
  for (const auto& part : request.parts) {
    Lane& lane = *collection.lanes[part->shard];
    if (type != wal::MessageType::kInsert) {
      const auto keys = part->keys(view->schema());
      VECDB_TRY_ASSIGN(const auto live, view->FindLive(part->shard, keys, base::kEndOfTime,
                                                       collection.KeyFilter(part->shard)));
      replaced.insert(replaced.end(), live.begin(), live.end());
    }
    messages.push_back(wal::Message{.type = type,
                                    .shard = part->shard,
                                    .collection = collection.record.id,
                                    .schema_version = collection.record.schema_version,
                                    .segment = part->rows != nullptr ? lane.growing->id() : 0,
                                    .partition = kDefaultPartition,
                                    .payload = part->payload});
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

Result<Timestamp> StreamingNode::Write(const std::shared_ptr<LiveCollection>& collection,
                                       const WriteRequest& request) {
  VECDB_TRY(WaitForRoom());
  if (!collection->written.exchange(true)) events_->OnFirstWrite(collection);
  wal::Sleepers followers;  // those whose writes this thread executes; woken however it ends
  WriteTicket ticket(request);
  VECDB_TRY_ASSIGN(const wal::Position position, Execute(*collection, &ticket, &followers));
  Unapplied unapplied(*this);
  unapplied.logged = true;
  base::KillPoint("write.applied");
  AskToSeal(collection, request);
  VECDB_TRY(MakeDurable(position, request.durability, &followers));
  VECDB_TRY(watermark_.WaitFor(position.timestamp));
  unapplied.logged = false;
  return position.timestamp;
}

void StreamingNode::AskToSeal(const std::shared_ptr<LiveCollection>& collection,
                              const WriteRequest& request) {
  for (const auto& part : request.parts) {
    Lane& lane = *collection->lanes[part->shard];
    if (lane.full && !lane.seal_asked.exchange(true)) events_->OnFull(collection, part->shard);
  }
}

Status StreamingNode::WaitForRoom() {
  if (buffered_bytes_.load() <= write_buffer_bytes_) return Status();
  const std::uint64_t known = events_->LastFailure().count;
  while (buffered_bytes_.load() > write_buffer_bytes_) {
    VECDB_TRY(writer_->health());
    if (const BackgroundFailure failure = events_->LastFailure(); failure.count != known) {
      return base::ResourceExhausted(
          "the write buffer is full ({} of {} bytes) and making room failed: {}",
          buffered_bytes_.load(), write_buffer_bytes_, failure.status.ToString());
    }
    events_->OnPressure();
    if (background_.RunOne()) continue;  // lends a hand; without threads it is the only one
    base::MutexLock lock(room_mutex_);
    if (buffered_bytes_.load() <= write_buffer_bytes_) break;
    room_changed_.WaitUntil(room_mutex_,
                            std::chrono::steady_clock::now() + std::chrono::milliseconds(20));
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
