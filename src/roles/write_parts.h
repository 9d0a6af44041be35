// The parts of a delete: keys of one shard, and one partition or all, in lists that fit into
// records.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>
#include <variant>

#include "base/ids.h"
#include "chunk/keys.h"
#include "roles/streaming_node.h"

namespace vecdb::roles {

// Of one message.
inline constexpr std::size_t kMaxPayload = io::kMaxRecordBytes - wal::kMessageHeaderSize;

// What a key takes in the log.
inline std::size_t LoggedBytes(chunk::KeyView key) {
  const auto* text = std::get_if<std::string_view>(&key);
  return 8 + (text != nullptr ? text->size() : 0);
}

class DeleteParts {
 public:
  // A partition that is null stands for all. `request` outlives this.
  DeleteParts(PartitionLane lane, bool is_text, WriteRequest* request)
      : lane_(std::move(lane)), request_(*request), keys_(is_text) {}

  void Add(chunk::KeyView key);
  void Finish();  // after the last key

 private:
  const PartitionLane lane_;
  WriteRequest& request_;
  chunk::KeyList keys_;
  std::size_t bytes_ = 0;
};

}  // namespace vecdb::roles
