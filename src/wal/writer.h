// The write end of one pchannel: gives every write its place and its timestamp, puts it into the
// current log, and makes it durable together with whoever else waits.
//
// Append() writes the group into the file before it returns, so a full disk refuses a write before
// anything else has happened; Sync() makes it durable: there is no committer thread, the first
// waiting writer leads and syncs for all who wait. Log order is time order (rule 1).
//
// After a failed sync, or a write error that is not a lack of space, the writer is failed for good
// (fail-stop): unsynced writes get kOutcomeUnknown, later ones kFailedPrecondition naming the first
// cause. A write refused for lack of space (kResourceExhausted) leaves the log abandoned; the next
// Append tries again in a new log with the same lsn.
//
// Thread safety: all methods from any thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/mutex.h"
#include "base/timestamp_oracle.h"
#include "io/page_log.h"
#include "wal/message.h"
#include "wal/sleepers.h"

namespace vecdb::wal {

// Where a write stands.
struct Position {
  Lsn first_lsn = 0;
  Lsn last_lsn = 0;
  Timestamp timestamp{0};
};

// Names a log before anything in it may count: called with the new log's identity when its file and
// name are durable; returns when the catalog knows it (durably). A failure refuses the write.
using AnnounceLog = std::function<Status(const io::LogIdentity& identity)>;

struct WriterOptions {
  io::DatabaseUuid database{};
  PchannelId pchannel = 0;
  std::uint64_t next_log_number = 1;  // log files from here on are new
  Lsn next_lsn = 1;
  std::uint64_t log_bytes = std::uint64_t{64} << 20;  // rotate above
  std::function<std::uint64_t()> random;              // incarnations
};

class Writer {
 public:
  // `fs`, `oracle` and `clock` outlive the writer. `on_assigned` is called under the writer's lock,
  // in timestamp order, before anyone can learn the timestamp (roles::Watermark::Begin).
  Writer(io::FileSystem& fs, base::TimestampOracle& oracle, const base::Clock& clock,
         WriterOptions options, AnnounceLog announce, std::function<void(Timestamp)> on_assigned);
  ~Writer();

  // Makes the first log: file written and synced, name synced. Call once, before any Append; its
  // identity is for the caller to put into the catalog (AnnounceLog is not called for it).
  Result<io::LogIdentity> CreateFirstLog();

  // Copies a recovered group into the current log with the lsns and timestamps it had. Only before
  // the first Append, in order.
  Status CopyGroup(std::span<const io::LogRecord> records, Lsn first_lsn, std::uint64_t max_ts);

  // One write: a group of these messages, all with one new timestamp. Not visible, not durable yet.
  // A failure changes nothing: no lsn, no timestamp, no byte that counts; but kOutcomeUnknown, from
  // a write error other than no space, says that the write may be there after the next open.
  Result<Position> Append(std::span<const Message> messages);

  // Several writes as one group, which is there as a whole or not at all: each has a timestamp of
  // its own, in this order, and its place in `positions` (as many as `writes`). Fails as above, for
  // all of them.
  Status AppendAll(std::span<const std::span<const Message>> writes, std::span<Position> positions);

  // Returns when everything up to `lsn` is synced. kOutcomeUnknown when the sync failed, whoever
  // led it and however late one asks; SyncAll, once stopped, is kFailedPrecondition. `followers`
  // wait for records up to `lsn` too; they are woken when they should ask themselves.
  Status Sync(Lsn lsn, Sleepers* followers = nullptr);
  Status SyncAll();

  // Returns when every write that has a timestamp already has told `on_assigned`, or never will.
  void SettleTimestamps();

  // The idle seal: appends a SEAL page carrying what is durable, if there was a group since the
  // last seal. Without a sync of its own.
  Status SealIfIdle(std::chrono::steady_clock::time_point idle_since);

  // Goes on in another log if the one at hand has so many bytes: so that what nobody needs any more
  // can be dropped before the next write comes. kResourceExhausted changes nothing.
  Status RotateFrom(std::uint64_t bytes);

  // Fail-stop for a cause outside of the log: a write that it has cannot be applied.
  void Stop(const Status& cause);

  // Syncs, seals, syncs. No Append afterwards.
  Status Close();

  Lsn next_lsn() const;     // of the next record
  Lsn durable_lsn() const;  // everything up to here is synced
  Timestamp durable_timestamp() const;
  std::uint64_t live_bytes() const;  // of all logs not dropped
  Status health() const;             // OK, or the first cause of the fail-stop

  // Logs whose every record is below `lsn`, the current one excepted: the caller drops them from
  // the catalog, then calls Forget, which removes the files: what cannot be removed is not asked
  // for again, and the first failure is returned.
  std::vector<io::LogIdentity> LogsBelow(Lsn lsn) const;
  Status Forget(std::span<const io::LogIdentity> logs);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace vecdb::wal
