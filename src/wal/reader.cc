#include "wal/reader.h"

#include <memory>
#include <utility>

#include "io/layout.h"

namespace vecdb::wal {
namespace {

Result<std::unique_ptr<io::PageLogReader>> OpenLog(io::FileSystem& fs, PchannelId pchannel,
                                                   const io::LogIdentity& identity) {
  const std::string path = io::LogPath(pchannel, identity.number);
  auto log = io::PageLogReader::Open(fs, path, identity);
  if (!log.ok() && log.status().code() == StatusCode::kNotFound) {
    return base::Corruption("the catalog names the log '{}', which is missing", fs.Describe(path));
  }
  return log;
}

Status Decode(const io::GroupHeader& header, std::span<const io::LogRecord> records,
              std::vector<LoggedMessage>* messages) {
  messages->clear();
  for (const io::LogRecord& record : records) {
    if (record.type == io::kLinkRecord) continue;
    VECDB_TRY_ASSIGN(const LoggedMessage message,
                     DecodeMessage(record.type, record.lsn, record.body));
    if (static_cast<std::uint64_t>(message.timestamp) > header.max_ts) {
      return base::Corruption("record {} of the log is newer than its group says", record.lsn);
    }
    messages->push_back(message);
  }
  return Status();
}

}  // namespace

Result<io::ChainReport> Replay(io::FileSystem& fs, PchannelId pchannel,
                               std::span<const io::LogIdentity> logs, Lsn from, Lsn proven_durable,
                               const std::function<Status(const ReplayedGroup&)>& apply) {
  std::vector<std::unique_ptr<io::PageLogReader>> readers;
  readers.reserve(logs.size());
  for (const io::LogIdentity& identity : logs) {
    VECDB_TRY_ASSIGN(auto reader, OpenLog(fs, pchannel, identity));
    readers.push_back(std::move(reader));
  }
  std::vector<LoggedMessage> messages;
  return io::ReadChain(
      readers, from, proven_durable,
      [&](const io::GroupHeader& header, std::span<const io::LogRecord> records) -> Status {
        VECDB_TRY(Decode(header, records, &messages));
        return apply(ReplayedGroup{header, records, messages});
      });
}

}  // namespace vecdb::wal
