// Replays the logs of one pchannel from a checkpoint.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "io/log_chain.h"
#include "wal/message.h"

namespace vecdb::wal {

struct ReplayedGroup {
  io::GroupHeader header;
  std::span<const io::LogRecord> records;   // as they stand in the log, LINK records included
  std::span<const LoggedMessage> messages;  // decoded, LINK records left out
};

// `logs` are those the catalog names, in order; a missing one is kCorruption. `proven_durable` is
// the catalog's own knowledge. Nothing is written. See io/log_chain.h for torn tail or corruption.
Result<io::ChainReport> Replay(io::FileSystem& fs, PchannelId pchannel,
                               std::span<const io::LogIdentity> logs, Lsn from, Lsn proven_durable,
                               const std::function<Status(const ReplayedGroup&)>& apply);

}  // namespace vecdb::wal
