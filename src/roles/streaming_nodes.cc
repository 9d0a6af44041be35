#include "roles/streaming_nodes.h"

#include <utility>

#include "roles/memory_shares.h"

namespace vecdb::roles {

StreamingNodes::StreamingNodes(std::uint32_t count, std::uint64_t write_buffer_bytes,
                               const Lent& lent)
    : channels_(lent.channels), buffer_(lent.background, write_buffer_bytes, lent.memory) {
  for (std::uint32_t i = 0; i < count; ++i) {
    nodes_.push_back(std::make_unique<StreamingNode>(buffer_, lent.clock, lent.pacer));
  }
}

void StreamingNodes::SetEvents(SegmentEvents* events) {
  buffer_.SetEvents(events);
  for (const auto& node : nodes_) node->SetEvents(events);
}

void StreamingNodes::Adopt(std::shared_ptr<Channel> channel) {
  StreamingNode& node = Of(*channel);
  node.Adopt(std::move(channel));
}

Result<base::MemoryReservation> StreamingNodes::Reserve(const LiveCollection& collection,
                                                        std::uint64_t bytes,
                                                        const base::Deadline& deadline) {
  if (bytes < kSmallMemory) return base::MemoryReservation();
  const Channel& channel = *collection.channel;
  return buffer_.Reserve(
      bytes, [&channel] { return channel.writer->health(); }, deadline);
}

Status StreamingNodes::WaitDurable(Timestamp timestamp) {
  for (const auto& channel : channels_.All()) VECDB_TRY(WaitDurable(*channel, timestamp));
  return Status();
}

Status StreamingNodes::WaitDurable(Channel& channel, Timestamp timestamp) {
  wal::Writer& writer = *channel.writer;
  if (writer.durable_timestamp() >= timestamp) return Status();
  const Status synced = writer.SyncAll();
  if (!synced.ok()) {
    channel.watermark.Fail(synced);
    return synced;
  }
  channel.watermark.Durable(writer.durable_timestamp());
  return Status();
}

}  // namespace vecdb::roles
