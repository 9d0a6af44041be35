// Which channel a collection writes to, channels that come to be, and logs that go.
//
// 1 FORMAT of version 3                                 crash: true, though nothing needs it yet
// 2 the channel's folder and first log, synced          crash: litter, swept at open
// 3 one Edit that adds the log                          crash: a channel that nobody writes to
// The collection that wanted it follows with an edit of its own.
#include <algorithm>
#include <vector>

#include "base/canary.h"
#include "io/layout.h"
#include "roles/coordinator.h"

namespace vecdb::roles {

// The one with the fewest collections, of equal ones the first. Called on the strand.
Result<std::shared_ptr<Channel>> Coordinator::ChannelForNew() {
  std::vector<std::size_t> collections(parts_.channel_count);
  for (const auto& collection : parts_.collections.All()) {
    if (collection->channel->id < collections.size()) ++collections[collection->channel->id];
  }
  const auto least = std::min_element(collections.begin(), collections.end());
  const auto id = static_cast<PchannelId>(least - collections.begin());
  if (auto channel = parts_.channels.Find(id)) return channel;
  return MakeChannel(id);
}

Result<std::shared_ptr<Channel>> Coordinator::MakeChannel(PchannelId id) {
  VECDB_TRY(RaiseFormat(kChannelsFormat));
  auto channel = std::make_shared<Channel>(id);
  parts_.make_writer(*channel, 1, 1);
  channel->watermark.Start(parts_.oracle.last());
  VECDB_TRY_ASSIGN(const io::LogIdentity log, channel->writer->CreateFirstLog());
  base::KillPoint("channel.log_created");
  catalog::Edit edit;
  edit.operations.emplace_back(catalog::AddLog{log});
  auto entry = Channels::EntryFor(channel);
  if (const Status committed = parts_.manifest.Commit(edit); !committed.ok()) {
    // No catalog knows it, but for one that failed for good: that one may.
    if (parts_.manifest.health().ok()) (void)parts_.fs.RemoveFile(io::LogPath(id, log.number));
    return committed;
  }
  base::KillPoint("channel.added");
  parts_.streaming.Adopt(channel);
  parts_.channels.Add(std::move(entry));
  return channel;
}

Lsn Coordinator::Checkpoint(const Channel& channel) const {
  const Lsn end = channel.writer->next_lsn();
  return std::min(end, OldestNeeded(channel, 0, {}));
}

// Logs that nobody needs though no segment was flushed: their rows were dropped with a collection,
// or their deletes met no rows.
Status Coordinator::TrimLog() {
  const auto trim = [&]() -> Status {
    for (const auto& channel : parts_.channels.All()) VECDB_TRY(TrimLogOf(*channel));
    return Status();
  };
  return flush_strand_.Run([&] { return strand_.Run(trim); });
}

Status Coordinator::TrimLogOf(Channel& channel) {
  // A log without a record that is needed goes as well, if it is worth another one.
  if (Checkpoint(channel) == channel.writer->next_lsn()) {
    const Status rotated = channel.writer->RotateFrom(parts_.worthless_log_bytes);
    if (rotated.code() != StatusCode::kResourceExhausted) VECDB_TRY(rotated);
  }
  if (channel.writer->LogsBelow(Checkpoint(channel)).empty()) return Status();
  catalog::Edit edit;
  std::vector<io::LogIdentity> dropped;
  VECDB_TRY(MoveCheckpoint(channel, 0, {}, &edit, &dropped));
  VECDB_TRY(parts_.manifest.Commit(edit));
  ForgetLogs(channel, dropped);
  return Status();
}

// Their drop is durable.
void Coordinator::ForgetLogs(Channel& channel, const std::vector<io::LogIdentity>& dropped) {
  const Status forgotten = channel.writer->Forget(dropped);
  if (forgotten.ok()) return;
  parts_.log.Write(LogLevel::kWarning, "logs stay until the next open: {}", forgotten.message());
}

}  // namespace vecdb::roles
