// The append side. A rotation, each step with what a crash after it leaves:
//
// 1 create the next log, header only      litter: no catalog names it
//   and zeros for the first group
// 2 sync it, sync the folder's names      litter
// 3 announce it to the catalog            an empty log of the chain, which readers pass over
// 4 append the first group, LINK first    the usual: torn until a sync covers it
#include "wal/writer.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "base/canary.h"
#include "io/layout.h"
#include "io/log_chain.h"
#include "wal/commit_line.h"

namespace vecdb::wal {
namespace {

constexpr std::size_t kLinkSize = io::kRecordHeaderSize + 28;
constexpr int kNameAttempts = 1000;  // names taken by litter of earlier crashes

using Writes = std::span<const std::span<const Message>>;

// The bytes of the writes in the log; kInvalidArgument above the limits.
Result<std::size_t> CheckedSize(Writes writes) {
  constexpr std::size_t kLimit = io::kMaxGroupBytes - io::kGroupHeaderSize - kLinkSize;
  std::size_t total = 0;
  for (const auto& messages : writes) {
    if (messages.empty()) return base::InvalidArgument("a write of no messages");
    for (const Message& message : messages) {
      const std::size_t size = kMessageHeaderSize + message.payload.size();
      if (size > io::kMaxRecordBytes) {
        return base::InvalidArgument(
            "a message of {} bytes is above the limit of {} for one record", size,
            io::kMaxRecordBytes);
      }
      total += io::kRecordHeaderSize + size;
    }
  }
  if (total > kLimit) {
    return base::InvalidArgument("a write of {} bytes is above the limit of {} for one batch",
                                 total, kLimit);
  }
  return total;
}

// The records of one group: a LINK when the log needs one, then the messages of its writes.
class Batch {
 public:
  explicit Batch(Writes writes) : writes_(writes) {
    std::size_t count = 0;
    for (const auto& messages : writes) count += messages.size();
    headers_.reserve(count * kMessageHeaderSize);
    records_.reserve(count + 1);
    records_.push_back({.type = io::kLinkRecord, .body = {}});
    for (const auto& messages : writes) {
      for (const Message& message : messages) Add(message);
    }
  }

  // The timestamp is the first field of every message. Each write has its own, from `first` on.
  void Stamp(Timestamp first) {
    std::byte* at = headers_.data();
    std::uint64_t timestamp = base::Raw(first);
    for (const auto& messages : writes_) {
      for (std::size_t i = 0; i < messages.size(); ++i, at += kMessageHeaderSize) {
        std::memcpy(at, &timestamp, sizeof(timestamp));
      }
      ++timestamp;
    }
  }
  // Where each write stands when the first record, or the LINK in front of it, has this lsn.
  void Place(Lsn first_lsn, Timestamp first, std::span<Position> positions) const {
    for (std::size_t i = 0; i < writes_.size(); ++i) {
      const Lsn next = first_lsn + writes_[i].size();
      positions[i] = {first_lsn, next - 1, Timestamp{base::Raw(first) + i}};
      first_lsn = next;
    }
  }
  std::size_t writes() const { return writes_.size(); }
  std::span<const io::LogRecord> WithoutLink() const { return std::span(records_).subspan(1); }
  std::span<const io::LogRecord> WithLink(std::span<const std::byte> link) {
    records_[0].body = link;
    return records_;
  }

 private:
  void Add(const Message& message) {
    const std::size_t at = headers_.size();
    EncodeMessageHeader(message, Timestamp{0}, &headers_);  // within what was reserved
    records_.push_back({.type = static_cast<std::uint16_t>(message.type),
                        .body = message.payload,
                        .head = std::span(headers_).subspan(at, kMessageHeaderSize)});
  }

  const Writes writes_;
  base::Bytes headers_;
  std::vector<io::LogRecord> records_;
};

// Against what is thrown while the log has a write that memory has not, be it that the log itself
// throws behind the write: nobody may go on then as if it had not happened.
class StopUnlessDone {
 public:
  StopUnlessDone(CommitLine& line, const io::PageLogWriter& log, const Status& cause)
      : line_(line), log_(log), cause_(cause), page_(log.next_page()) {}
  ~StopUnlessDone() {
    if (!done && log_.next_page() != page_) line_.Fail(cause_);
  }
  StopUnlessDone(const StopUnlessDone&) = delete;
  StopUnlessDone& operator=(const StopUnlessDone&) = delete;

  bool done = false;

 private:
  CommitLine& line_;
  const io::PageLogWriter& log_;
  const Status& cause_;
  const std::uint32_t page_;  // where the write begins, if it comes to that
};

bool NoSpace(const Status& status) {
  return status.code() == StatusCode::kResourceExhausted;
}

}  // namespace

struct Writer::State {
  State(io::FileSystem& file_system, base::TimestampOracle& timestamps, const base::Clock& time,
        WriterOptions given, AnnounceLog announcer, std::function<void(Timestamp)> assigned)
      : fs(file_system),
        oracle(timestamps),
        clock(time),
        options(std::move(given)),
        announce(std::move(announcer)),
        on_assigned(std::move(assigned)),
        line(time, options.next_lsn - 1),
        next_number(options.next_log_number),
        next_lsn(options.next_lsn) {}

  Result<io::LogIdentity> CreateFirstLog() EXCLUDES(mutex);
  Status CopyGroup(std::span<const io::LogRecord> records, Lsn first_lsn, std::uint64_t group_ts)
      EXCLUDES(mutex);
  Status Append(Writes writes, std::span<Position> positions) EXCLUDES(mutex);
  Status SealIfIdle(std::chrono::steady_clock::time_point idle_since) EXCLUDES(mutex);
  Status Close() EXCLUDES(mutex);
  Status SyncAll() { return line.Sync(line.written_lsn()); }

  Status Ready() REQUIRES(mutex);
  Status Stopped() const;
  Status Rotate(std::size_t first_group_bytes) REQUIRES(mutex);
  Status RotateFrom(std::uint64_t bytes) EXCLUDES(mutex);
  Result<std::shared_ptr<io::PageLogWriter>> CreateLog(std::size_t reserve_bytes) REQUIRES(mutex);
  Status MakeDurable(io::PageLogWriter& log) REQUIRES(mutex);
  void RememberLink() REQUIRES(mutex);
  Status WriteBatch(Batch* batch, Timestamp first, std::span<Position> positions) REQUIRES(mutex);
  Status AppendGroup(std::span<const io::LogRecord> records, Lsn first_lsn, std::uint64_t timestamp)
      REQUIRES(mutex);
  Status Seal() REQUIRES(mutex);
  Status StopOn(const Status& cause);

  // Constant after construction.
  io::FileSystem& fs;
  base::TimestampOracle& oracle;
  const base::Clock& clock;
  const WriterOptions options;
  const AnnounceLog announce;
  const std::function<void(Timestamp)> on_assigned;
  const Status unapplied{StatusCode::kResourceExhausted,
                         "memory ran out for a write that the log has"};
  // Thread-safe by itself.
  CommitLine line;

  base::Mutex mutex;  // of the append end; taken before CommitLine's own
  std::shared_ptr<io::PageLogWriter> current GUARDED_BY(mutex);
  std::uint64_t next_number GUARDED_BY(mutex);
  Lsn next_lsn GUARDED_BY(mutex);
  std::uint64_t max_ts GUARDED_BY(mutex) = 0;
  io::LinkBody link GUARDED_BY(mutex);        // what the next first group of a log says
  bool needs_link GUARDED_BY(mutex) = false;  // the current log has no group, and is no first log
  bool appended GUARDED_BY(mutex) = false;    // copying is over
  bool closed GUARDED_BY(mutex) = false;
  bool sealed GUARDED_BY(mutex) = true;  // no group since the last seal
  std::chrono::steady_clock::time_point last_group GUARDED_BY(mutex);
};

Status Writer::State::Stopped() const {
  const Status cause = line.health();
  if (cause.ok()) return Status();
  return base::FailedPrecondition(
      "the log of pchannel {} takes no more writes until the database is opened again; first "
      "cause: "
      "{}",
      options.pchannel, cause.ToString());
}

// The end of all writing here. What the caller wrote may or may not survive.
Status Writer::State::StopOn(const Status& cause) {
  line.Fail(cause);
  return base::OutcomeUnknown("a write may or may not survive: {}", cause.ToString());
}

Status Writer::State::Ready() {
  VECDB_TRY(Stopped());
  if (closed) return base::FailedPrecondition("the log of pchannel {} is closed", options.pchannel);
  if (!current) {
    return base::FailedPrecondition("pchannel {} has no log yet", options.pchannel);
  }
  return Status();
}

Result<io::LogIdentity> Writer::State::CreateFirstLog() {
  base::MutexLock lock(mutex);
  VECDB_TRY(Stopped());
  if (current) return base::FailedPrecondition("the first log exists already");
  for (const std::string& folder :
       {std::string(io::kWalFolder), io::PchannelFolder(options.pchannel)}) {
    const Status made = fs.MakeDirectory(folder);
    if (!made.ok() && made.code() != StatusCode::kAlreadyExists) return made;
  }
  if (!base::Canary(35)) {
    VECDB_TRY(fs.SyncDirectory(""));  // names made by an earlier, interrupted start count too
    VECDB_TRY(fs.SyncDirectory(io::kWalFolder));
  }
  VECDB_TRY_ASSIGN(std::shared_ptr<io::PageLogWriter> log, CreateLog(0));
  VECDB_TRY(MakeDurable(*log));
  current = std::move(log);
  line.AddLog(current);
  return current->identity();
}

// A new log file: its header, and zeros if there shall be space for a group already. After a
// failure no file is left that a later attempt could meet.
Result<std::shared_ptr<io::PageLogWriter>> Writer::State::CreateLog(std::size_t reserve_bytes) {
  Status failure;
  for (int attempt = 0; attempt < kNameAttempts; ++attempt) {
    io::LogIdentity identity;
    identity.kind = io::LogKind::kWal;
    identity.database = options.database;
    identity.channel = options.pchannel;
    identity.number = next_number++;
    identity.incarnation = options.random();
    const std::string path = io::LogPath(options.pchannel, identity.number);
    auto log = io::PageLogWriter::Create(fs, path, identity, clock.WallMilliseconds());
    failure = log.status();
    if (log.ok() && reserve_bytes > 0) failure = (*log)->Reserve(reserve_bytes);
    if (failure.ok()) {
      base::KillPoint("wal.rotate.created");
      return std::shared_ptr<io::PageLogWriter>(std::move(*log));
    }
    if (failure.code() == StatusCode::kAlreadyExists) continue;
    [[maybe_unused]] const Status removed = fs.RemoveFile(path);  // litter if that fails too
    break;
  }
  return failure;
}

Status Writer::State::MakeDurable(io::PageLogWriter& log) {
  Status synced = log.Sync();
  if (synced.ok() && !base::Canary(8)) {
    synced = fs.SyncDirectory(io::PchannelFolder(options.pchannel));
    if (NoSpace(synced)) {  // nothing was synced, for want of a descriptor: no log, no harm
      (void)fs.RemoveFile(io::LogPath(options.pchannel, log.identity().number));
      return synced;
    }
  }
  if (!synced.ok()) {
    line.Fail(synced);
    return Stopped();
  }
  base::KillPoint("wal.rotate.synced");
  return Status();
}

// Where the chain stands, for the LINK of the next log: logs without a group are not part of it.
void Writer::State::RememberLink() {
  if (current->next_page() > 1 || !needs_link) {
    link.previous_number = current->identity().number;
    link.previous_incarnation = current->identity().incarnation;
    link.previous_end_page = current->next_page();
  }
  link.previous_last_lsn = next_lsn - 1;
}

// Goes on in another log. A lack of space leaves nothing behind.
Status Writer::State::Rotate(std::size_t first_group_bytes) {
  VECDB_TRY_ASSIGN(std::shared_ptr<io::PageLogWriter> log, CreateLog(first_group_bytes));
  VECDB_TRY(MakeDurable(*log));
  if (const Status announced = announce(log->identity()); !announced.ok()) {
    // Without space the catalog does not know it. Else it may, and the file has to be there.
    if (NoSpace(announced))
      (void)fs.RemoveFile(io::LogPath(options.pchannel, log->identity().number));
    return announced;
  }
  base::KillPoint("wal.rotate.announced");
  line.AddLog(log);  // may find no memory; then the log before this one goes on
  RememberLink();
  current = std::move(log);
  needs_link = true;
  return Status();
}

Status Writer::State::RotateFrom(std::uint64_t bytes) {
  base::MutexLock lock(mutex);
  VECDB_TRY(Ready());
  if (current->failed() || current->next_page() <= 1) return Status();  // it has no group
  if (current->size_bytes() < bytes) return Status();
  appended = true;
  return Rotate(0);
}

Status Writer::State::AppendGroup(std::span<const io::LogRecord> records, Lsn first_lsn,
                                  std::uint64_t timestamp) {
  const std::uint64_t newest = std::max(max_ts, timestamp);
  VECDB_TRY(current->AppendGroup(records, first_lsn, line.durable_lsn(), newest));
  next_lsn = first_lsn + records.size();
  max_ts = newest;
  needs_link = false;
  sealed = false;
  last_group = clock.Now();
  return Status();
}

Status Writer::State::CopyGroup(std::span<const io::LogRecord> records, Lsn first_lsn,
                                std::uint64_t group_ts) {
  base::MutexLock lock(mutex);
  VECDB_TRY(Ready());
  if (appended || first_lsn != next_lsn) {
    return base::FailedPrecondition("record {} cannot be copied behind record {}{}", first_lsn,
                                    next_lsn - 1, appended ? ", which is no copy" : "");
  }
  const Status copied = AppendGroup(records, first_lsn, group_ts);
  if (copied.code() == StatusCode::kIoError) return StopOn(copied);
  VECDB_TRY(copied);
  line.Written(next_lsn - 1, max_ts);
  return Status();
}

Status Writer::State::Append(Writes writes, std::span<Position> positions) {
  VECDB_TRY_ASSIGN(const std::size_t bytes, CheckedSize(writes));
  Batch batch(writes);
  base::MutexLock lock(mutex);
  VECDB_TRY(Ready());
  appended = true;
  const Timestamp first = oracle.Next(writes.size());
  batch.Stamp(first);
  Status failure;
  bool fresh = false;
  while (!fresh) {  // once in the log at hand, once in another
    if (current->failed() || current->size_bytes() >= options.log_bytes) {
      failure = Rotate(bytes + kLinkSize);
      if (!failure.ok()) break;
      fresh = true;
    }
    failure = WriteBatch(&batch, first, positions);
    if (failure.ok() || !NoSpace(failure)) return failure;
  }
  if (!NoSpace(failure)) return failure;
  return base::ResourceExhausted(
      "the log of pchannel {} has no space to go on; reads go on, and writes when there is: {}",
      options.pchannel, failure.message());
}

Status Writer::State::WriteBatch(Batch* batch, Timestamp first, std::span<Position> positions) {
  base::KillPoint("wal.append.before_write");
  const Lsn links = needs_link ? 1 : 0;
  const base::Bytes link_body = needs_link ? io::EncodeLink(link) : base::Bytes();
  const auto records = needs_link ? batch->WithLink(link_body) : batch->WithoutLink();
  const Lsn first_lsn = next_lsn;
  const std::uint64_t last_timestamp = base::Raw(first) + batch->writes() - 1;
  StopUnlessDone stop(line, *current, unapplied);
  const Status written = AppendGroup(records, first_lsn, last_timestamp);
  if (!written.ok()) {
    line.Resized();
    if (NoSpace(written) || written.code() == StatusCode::kInvalidArgument) return written;
    return StopOn(written);
  }
  base::KillPoint("wal.append.after_write");
  batch->Place(first_lsn + links, first, positions);
  for (std::size_t i = 0; on_assigned && i < batch->writes(); ++i) {
    on_assigned(Timestamp{base::Raw(first) + i});
  }
  line.Written(next_lsn - 1, last_timestamp);
  stop.done = true;
  return Status();
}

Status Writer::State::Seal() {
  if (current->failed() || needs_link) return Status();  // a log's first group carries its LINK
  base::KillPoint("wal.seal");
  const Status written = current->AppendSeal(next_lsn, line.durable_lsn(), max_ts);
  line.Resized();
  if (written.ok()) {
    sealed = true;
    return Status();
  }
  if (NoSpace(written)) return written;
  line.Fail(written);
  return Stopped();
}

Status Writer::State::SealIfIdle(std::chrono::steady_clock::time_point idle_since) {
  base::MutexLock lock(mutex);
  if (closed) return Status();
  VECDB_TRY(Ready());
  if (sealed || last_group > idle_since) return Status();
  return Seal();
}

Status Writer::State::Close() {
  base::MutexLock lock(mutex);
  if (closed || !current) return Stopped();
  VECDB_TRY(Stopped());
  VECDB_TRY(SyncAll());
  closed = true;
  const Status written = Seal();
  if (NoSpace(written)) return Status();  // everything is synced; the seal is one proof more
  VECDB_TRY(written);
  const Status synced = current->Sync();
  if (synced.ok()) return Status();
  line.Fail(synced);
  return Stopped();
}

Writer::Writer(io::FileSystem& fs, base::TimestampOracle& oracle, const base::Clock& clock,
               WriterOptions options, AnnounceLog announce,
               std::function<void(Timestamp)> on_assigned)
    : state_(std::make_unique<State>(fs, oracle, clock, std::move(options), std::move(announce),
                                     std::move(on_assigned))) {
}

Writer::~Writer() = default;

Result<io::LogIdentity> Writer::CreateFirstLog() {
  return state_->CreateFirstLog();
}

Status Writer::CopyGroup(std::span<const io::LogRecord> records, Lsn first_lsn,
                         std::uint64_t max_ts) {
  return state_->CopyGroup(records, first_lsn, max_ts);
}

Result<Position> Writer::Append(std::span<const Message> messages) {
  Position position;
  VECDB_TRY(state_->Append(std::span(&messages, 1), std::span(&position, 1)));
  return position;
}

Status Writer::AppendAll(std::span<const std::span<const Message>> writes,
                         std::span<Position> positions) {
  if (writes.empty() || positions.size() != writes.size()) {
    return base::InvalidArgument("{} writes with {} positions", writes.size(), positions.size());
  }
  return state_->Append(writes, positions);
}

Status Writer::Sync(Lsn lsn, Sleepers* followers) {
  return state_->line.Sync(lsn, followers);
}

// Not about one write of the caller: once stopped, it says why and not that an outcome is unknown.
Status Writer::SyncAll() {
  VECDB_TRY(state_->Stopped());
  return state_->SyncAll();
}

void Writer::SettleTimestamps() {
  base::MutexLock lock(state_->mutex);
}

Status Writer::SealIfIdle(std::chrono::steady_clock::time_point idle_since) {
  return state_->SealIfIdle(idle_since);
}

Status Writer::Close() {
  return state_->Close();
}

void Writer::Stop(const Status& cause) {
  state_->line.Fail(cause);
}

Lsn Writer::next_lsn() const {
  return state_->line.written_lsn() + 1;
}
Lsn Writer::durable_lsn() const {
  return state_->line.durable_lsn();
}
Timestamp Writer::durable_timestamp() const {
  return state_->line.durable_timestamp();
}
std::uint64_t Writer::live_bytes() const {
  return state_->line.live_bytes();
}
Status Writer::health() const {
  return state_->line.health();
}

Status Writer::RotateFrom(std::uint64_t bytes) {
  return state_->RotateFrom(bytes);
}

std::vector<io::LogIdentity> Writer::LogsBelow(Lsn lsn) const {
  return state_->line.LogsBelow(lsn);
}

Status Writer::Forget(std::span<const io::LogIdentity> logs) {
  Status first;
  for (const io::LogIdentity& identity : logs) {
    const std::string path = state_->line.Remove(identity);
    if (path.empty()) continue;
    const Status removed = state_->fs.RemoveFile(path);
    if (first.ok() && removed.code() != StatusCode::kNotFound) first = removed;
  }
  return first;
}

}  // namespace vecdb::wal
