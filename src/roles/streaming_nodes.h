// The streaming nodes of the open database: each owns the pchannels whose number, divided by the
// number of nodes, leaves its own. What all of them share stands here too.
//
// Thread safety: all methods from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "roles/channel.h"
#include "roles/streaming_node.h"
#include "roles/write_buffer.h"

namespace vecdb::roles {

class StreamingNodes {
 public:
  // Outlives the nodes.
  struct Lent {
    Channels& channels;
    base::TaskQueue& background;
    const base::Clock& clock;
    base::MemoryBudget& memory;
    base::Pacer& pacer;
  };
  StreamingNodes(std::uint32_t count, std::uint64_t write_buffer_bytes, const Lent& lent);

  void SetEvents(SegmentEvents* events);  // before the first write
  // A channel that has a writer and that nobody writes to yet.
  void Adopt(std::shared_ptr<Channel> channel);

  const std::vector<std::unique_ptr<StreamingNode>>& nodes() const { return nodes_; }
  StreamingNode& Of(const Channel& channel) const { return *nodes_[channel.id % nodes_.size()]; }

  Result<Timestamp> Write(const std::shared_ptr<LiveCollection>& collection,
                          const WriteRequest& request) {
    return Of(*collection->channel).Write(collection, request);
  }
  // The same for what is found under the lanes: see StreamingNode.
  Result<std::optional<Timestamp>> WriteFound(const std::shared_ptr<LiveCollection>& collection,
                                              const WriteRequest& request,
                                              const StreamingNode::FindParts& find) {
    return Of(*collection->channel).WriteFound(collection, request, find);
  }
  // The memory of a large write, before any of it is used; waits for it as Write() does.
  Result<base::MemoryReservation> Reserve(const LiveCollection& collection, std::uint64_t bytes,
                                          const base::Deadline& deadline);
  // Afterwards every write whose timestamp was given before is known to the channel's watermark.
  static void SettleTimestamps(Channel& channel) {
    if (channel.writer != nullptr) channel.writer->SettleTimestamps();
  }
  // Returns when everything up to `timestamp` is synced, in every channel, or in one.
  Status WaitDurable(Timestamp timestamp);
  static Status WaitDurable(Channel& channel, Timestamp timestamp);

  void AddBuffered(std::uint64_t bytes) { buffer_.Add(bytes); }
  void SubtractBuffered(std::uint64_t bytes) { buffer_.Subtract(bytes); }

 private:
  Channels& channels_;
  WriteBuffer buffer_;
  std::vector<std::unique_ptr<StreamingNode>> nodes_;
};

}  // namespace vecdb::roles
