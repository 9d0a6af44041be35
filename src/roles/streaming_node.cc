#include "roles/streaming_node.h"

#include <algorithm>
#include <utility>

#include "base/canary.h"
#include "base/status.h"
#include "roles/seal_policy.h"

namespace vecdb::roles {
namespace {

// As many make a part of a growing segment at least.
constexpr RowIndex kGrownBy = 64;

bool IsFull(const segment::GrowingSegment& growing, const CollectionOptions& options) {
  const GrowingFacts facts{
      .id = growing.id(), .rows = growing.rows(), .bytes = growing.memory_bytes()};
  return WhyFull(facts, options) != SealReason::kNone;
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
// open finds: there are none, and nothing from this one on becomes visible. Thrown out of the log
// itself, the log knows whether it has the write: it has stopped then.
class StreamingNode::Unapplied {
 public:
  enum class Stage : std::uint8_t { kAppending, kLogged, kDone };

  Unapplied(Channel& channel, const Status& cause, Stage begin)
      : stage(begin), channel_(channel), cause_(cause) {}
  ~Unapplied() {  // needs no memory
    if (stage == Stage::kDone) return;
    if (stage == Stage::kAppending && channel_.writer->health().ok()) return;
    channel_.writer->Stop(cause_);
    channel_.watermark.Fail(cause_);
  }
  Unapplied(const Unapplied&) = delete;
  Unapplied& operator=(const Unapplied&) = delete;

  Stage stage;

 private:
  Channel& channel_;
  const Status& cause_;
};

// Called under the lanes. What the write is in the log: an insert over rows that have expired is an
// upsert, so that they are deleted for good. Seen again (a longer ttl, a clock set back), they
// would share their keys with the rows that are inserted now.
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
    const RowIndex rows = segment.rows();
    segment.Append(*part->rows, position.timestamp, position.first_lsn, position.last_lsn);
    if (segment.rows() / kGrownBy != rows / kGrownBy) lane.grown = true;
    growing.last_write = clock_.Now();
    buffer_.Add(segment.memory_bytes() - before);
    if (!IsFull(segment, collection.record.options)) continue;
    growing.due = true;
    lane.due = true;
  }
  collection.channel->watermark.Applied(position.timestamp,
                                        request.durability == Durability::kEveryWrite);
}

// A write that was checked under its lanes, ready for the log.
struct StreamingNode::Prepared {
  const WriteRequest* request = nullptr;
  std::vector<segment::View::Place> replaced;  // lent by the View it was checked in
  std::vector<wal::Message> messages;
};

// Small writes that have no key in common, so that each finds what it would find behind the others:
// they go to the log as one group.
class StreamingNode::Group {
 public:
  // Whether this write may join those that are in.
  bool Takes(const Schema& schema, const WriteRequest& request) {
    hashes_.clear();
    if (request.parts.size() != 1 || writes_.size() >= kMostWrites) return writes_.empty();
    const WritePart& part = *request.parts.front();
    const chunk::KeySpan keys = part.keys(schema);
    if (keys.size() > kMostKeys || part.payload.size() > kMostBytes) return writes_.empty();
    for (std::size_t i = 0; i < keys.size(); ++i) hashes_.push_back(chunk::HashKey(keys[i]));
    return !alone_ && std::none_of(hashes_.begin(), hashes_.end(), [this](std::uint64_t hash) {
      return std::find(taken_.begin(), taken_.end(), hash) != taken_.end();
    });
  }
  // The write that Takes() was asked about last.
  void Add(Prepared write) {
    writes_.push_back(std::move(write));
    alone_ = hashes_.empty();  // too large to share
    taken_.insert(taken_.end(), hashes_.begin(), hashes_.end());
  }
  void Clear() {
    writes_.clear();
    taken_.clear();
    alone_ = false;
  }
  std::span<const Prepared> writes() const { return writes_; }

 private:
  static constexpr std::size_t kMostWrites = 64;
  static constexpr std::size_t kMostKeys = 16;
  static constexpr std::size_t kMostBytes = 16 << 10;

  std::vector<Prepared> writes_;
  std::vector<std::uint64_t> taken_;   // hashes of their keys
  std::vector<std::uint64_t> hashes_;  // of the write that asked last
  bool alone_ = false;
};

// A turn at a lane's queue. Each ticket taken from it gets an end, and the turn is passed on, also
// when memory runs out on the way: for the writes at hand then, and the others try again.
class StreamingNode::Turn {
 public:
  Turn(LaneQueue& queue, Durability own, wal::Sleepers* followers)
      : queue_(queue), own_(own), followers_(*followers) {}
  ~Turn() {
    if (current_ != nullptr) End(current_, WriteTicket::State::kOutOfMemory);
    const auto joined = logging_ ? WriteTicket::State::kOutOfMemory : WriteTicket::State::kAgain;
    while (joined_ != nullptr) End(TakeJoined(), joined);
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
  // The one at hand has its end.
  void Done(Result<wal::Position> outcome) {
    Done(std::exchange(current_, nullptr), std::move(outcome));
  }
  // The one at hand is in the group.
  void Join() {
    WriteTicket* const ticket = std::exchange(current_, nullptr);
    ticket->next = nullptr;
    (joined_ == nullptr ? joined_ : last_joined_->next) = ticket;
    last_joined_ = ticket;
  }
  // From here to Logged() the log may have the group.
  void Logging() { logging_ = true; }
  bool has_joined() const { return joined_ != nullptr; }
  // The first of the group has its end.
  void DoneJoined(Result<wal::Position> outcome) { Done(TakeJoined(), std::move(outcome)); }
  void Logged() { logging_ = false; }

 private:
  // One that waits for the same sync as this thread sleeps on until that is over.
  void Done(WriteTicket* ticket, Result<wal::Position> outcome) {
    const bool follows = outcome.ok() && own_ == Durability::kEveryWrite &&
                         ticket->request.durability == Durability::kEveryWrite;
    ticket->outcome.emplace(std::move(outcome));
    ticket->state = WriteTicket::State::kDone;
    (follows ? followers_ : ended_).Add(&ticket->sleeper);
  }
  void End(WriteTicket* ticket, WriteTicket::State state) {
    ticket->state = state;
    ended_.Add(&ticket->sleeper);
  }
  WriteTicket* TakeJoined() {
    WriteTicket* const first = joined_;
    joined_ = first->next;
    return first;
  }

  LaneQueue& queue_;
  const Durability own_;
  wal::Sleepers& followers_;
  wal::Sleepers ended_;  // woken when the turn has been passed on
  WriteTicket* current_ = nullptr;
  WriteTicket* waiting_ = nullptr;
  WriteTicket* joined_ = nullptr;
  WriteTicket* last_joined_ = nullptr;
  bool logging_ = false;
};

Result<wal::Position> StreamingNode::Execute(LiveCollection& collection, WriteTicket* ticket,
                                             wal::Sleepers* followers) {
  const auto& parts = ticket->request.parts;
  if (parts.front()->shard != parts.back()->shard) {
    const LaneLocks lanes(collection, ticket->request);
    if (!lanes.complete()) return ticket->request.deadline.Check();
    return LogOne(collection, ticket->request);
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
        return OutOfMemory(*collection.channel);
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
Status StreamingNode::OutOfMemory(const Channel& channel) {
  const Status health = channel.writer->health();
  if (health.ok()) return base::ResourceExhausted("memory ran out before the write was logged");
  return base::OutcomeUnknown("a write may or may not survive: {}", health.ToString());
}

// The caller's own write comes last: what is thrown before it has changed nothing of it. No View is
// published under the lane, so one serves all.
Result<wal::Position> StreamingNode::ExecuteForAll(LiveCollection& collection, LaneQueue& queue,
                                                   const WriteTicket& own,
                                                   wal::Sleepers* followers) {
  const Schema& schema = collection.record.schema;
  Turn turn(queue, own.request.durability, followers);
  const LaneLocks lanes(collection, own.request);
  if (!lanes.complete()) return own.request.deadline.Check();
  const auto view = collection.board.Pin();
  Group group;
  turn.TakeWaiting();
  while (const WriteTicket* other = turn.NextWaiting()) {
    if (!group.Takes(schema, other->request)) {
      (void)LogGroup(collection, &group, &turn);
      (void)group.Takes(schema, other->request);
    }
    auto write = Prepare(collection, view, other->request);
    if (!write.ok()) {
      turn.Done(write.status());
      continue;
    }
    group.Add(std::move(*write));
    turn.Join();
  }
  if (!group.Takes(schema, own.request)) {
    (void)LogGroup(collection, &group, &turn);
    (void)group.Takes(schema, own.request);
  }
  auto write = Prepare(collection, view, own.request);
  if (write.ok()) group.Add(std::move(*write));
  const auto last = LogGroup(collection, &group, &turn);
  return write.ok() ? last : write.status();
}

// Where the last write of the group stands.
Result<wal::Position> StreamingNode::LogGroup(LiveCollection& collection, Group* group,
                                              Turn* turn) {
  if (group->writes().empty()) return wal::Position();
  std::vector<wal::Position> positions(group->writes().size());
  turn->Logging();
  const Status logged = LogAndApply(collection, group->writes(), positions);
  for (std::size_t i = 0; turn->has_joined(); ++i) {
    turn->DoneJoined(logged.ok() ? Result<wal::Position>(positions[i]) : logged);
  }
  turn->Logged();
  group->Clear();
  if (!logged.ok()) return logged;
  return positions.back();
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

// Called under the lanes, as is what follows.
Result<StreamingNode::Prepared> StreamingNode::Prepare(LiveCollection& collection,
                                                       const ViewPtr& view,
                                                       const WriteRequest& request) const {
  VECDB_TRY(request.deadline.Check());
  VECDB_TRY_ASSIGN(const wal::MessageType type, Check(collection, *view, request));
  Prepared write{.request = &request, .replaced = {}, .messages = {}};
  for (const auto& part : request.parts) {
    if (type != wal::MessageType::kInsert) {
      const auto asked = part->rows == nullptr && part->partition != nullptr
                             ? view->InPartitions(std::span(&part->partition->id, 1))
                             : view;
      VECDB_TRY_ASSIGN(const auto live,
                       asked->FindLive(part->shard, part->keys(view->schema()), base::kEndOfTime,
                                       collection.KeyFilter(part->shard)));
      write.replaced.insert(write.replaced.end(), live.begin(), live.end());
    }
    write.messages.push_back(MessageFor(collection, type, *part));
  }
  return write;
}

Result<wal::Position> StreamingNode::LogOne(LiveCollection& collection,
                                            const WriteRequest& request) {
  const ViewPtr view = collection.board.Pin();
  VECDB_TRY_ASSIGN(const Prepared write, Prepare(collection, view, request));
  wal::Position position;
  VECDB_TRY(LogAndApply(collection, std::span(&write, 1), std::span(&position, 1)));
  return position;
}

Status StreamingNode::LogAndApply(LiveCollection& collection, std::span<const Prepared> writes,
                                  std::span<wal::Position> positions) {
  std::vector<std::span<const wal::Message>> messages;
  messages.reserve(writes.size());
  for (const Prepared& write : writes) messages.emplace_back(write.messages);
  Channel& channel = *collection.channel;
  Unapplied unapplied(channel, unapplied_, Unapplied::Stage::kAppending);
  const Status appended = channel.writer->AppendAll(messages, positions);
  unapplied.stage = appended.ok() ? Unapplied::Stage::kLogged : Unapplied::Stage::kDone;
  VECDB_TRY(appended);
  for (std::size_t i = 0; i < writes.size(); ++i) {
    Apply(collection, *writes[i].request, writes[i].replaced, positions[i]);
  }
  unapplied.stage = Unapplied::Stage::kDone;
  return Status();
}

Status StreamingNode::MakeDurable(Channel& channel, const wal::Position& position,
                                  Durability durability, wal::Sleepers* followers) {
  if (durability == Durability::kInterval) {
    Lsn asked = channel.interval_lsn.load(std::memory_order_relaxed);
    while (asked < position.last_lsn &&
           !channel.interval_lsn.compare_exchange_weak(asked, position.last_lsn)) {
    }
  }
  if (durability != Durability::kEveryWrite) return Status();
  background_.NoteWaiter();
  const Status synced = channel.writer->Sync(position.last_lsn, followers);
  if (!synced.ok()) {
    channel.watermark.Fail(synced);
    return synced;
  }
  channel.watermark.Durable(channel.writer->durable_timestamp());
  return Status();
}

Status StreamingNode::Admit(const std::shared_ptr<LiveCollection>& collection,
                            const WriteRequest& request) {
  const Channel& channel = *collection->channel;
  const auto health = [&channel] { return channel.writer->health(); };
  // One that has its memory has waited for it.
  if (request.memory.bytes() == 0) VECDB_TRY(buffer_.WaitForRoom(0, health, request.deadline));
  if (!collection->written.exchange(true)) events_->OnFirstWrite(collection);
  return Status();
}

Result<Timestamp> StreamingNode::Write(const std::shared_ptr<LiveCollection>& collection,
                                       const WriteRequest& request) {
  VECDB_TRY(Admit(collection, request));
  VECDB_TRY(OpenPartitions(*collection, request));
  wal::Sleepers followers;  // those whose writes this thread executes; woken however it ends
  WriteTicket ticket(request);
  VECDB_TRY_ASSIGN(const wal::Position position, Execute(*collection, &ticket, &followers));
  return Acknowledge(collection, request, position, &followers);
}

Result<std::optional<Timestamp>> StreamingNode::WriteFound(
    const std::shared_ptr<LiveCollection>& collection, const WriteRequest& request,
    const FindParts& find) {
  VECDB_TRY(Admit(collection, request));
  wal::Position position;
  {
    const LaneLocks lanes(*collection, request.deadline);
    if (!lanes.complete()) return request.deadline.Check();
    VECDB_TRY(find(*collection->board.Pin()));
    if (request.parts.empty()) return std::optional<Timestamp>();
    VECDB_TRY_ASSIGN(position, LogOne(*collection, request));
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
  Channel& channel = *collection->channel;
  Unapplied unapplied(channel, unapplied_, Unapplied::Stage::kLogged);
  base::KillPoint("write.applied");
  AskToSeal(collection, request);
  VECDB_TRY(MakeDurable(channel, position, request.durability, followers));
  VECDB_TRY(channel.watermark.WaitFor(position.timestamp));
  unapplied.stage = Unapplied::Stage::kDone;
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
  bool grown = false;
  for (const auto& part : request.parts) {
    Lane& lane = *collection->lanes[part->shard];
    if (lane.due && !lane.seal_asked.exchange(true)) events_->OnDue(collection, part->shard);
    if (lane.grown && lane.grown.exchange(false)) grown = true;
  }
  if (grown) events_->OnGrown(collection);
}

void StreamingNode::Adopt(std::shared_ptr<Channel> channel) {
  base::MutexLock lock(mutex_);
  channels_.push_back(std::move(channel));
}

std::vector<std::shared_ptr<Channel>> StreamingNode::channels() const {
  base::MutexLock lock(mutex_);
  return channels_;
}

// One channel that fails does not keep the others from being synced.
Status StreamingNode::SyncInterval() {
  Status first;
  for (const auto& channel : channels()) {
    const Lsn asked = channel->interval_lsn.load();
    if (asked <= channel->writer->durable_lsn()) continue;
    const Status synced = channel->writer->Sync(asked);
    if (synced.ok()) continue;
    channel->watermark.Fail(synced);
    if (first.ok()) first = synced;
  }
  return first;
}

Status StreamingNode::SealIfIdle(std::chrono::milliseconds idle) {
  Status first;
  for (const auto& channel : channels()) {
    const Status sealed = channel->writer->SealIfIdle(clock_.Now() - idle);
    if (first.ok()) first = sealed;
  }
  return first;
}

}  // namespace vecdb::roles
