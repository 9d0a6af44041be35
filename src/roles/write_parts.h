// The parts of a delete: keys of one shard in lists that fit into records.
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
  // `request` outlives this.
  DeleteParts(ShardId shard, bool is_text, WriteRequest* request)
      : shard_(shard), request_(*request), keys_(is_text) {}

  void Add(chunk::KeyView key);
  void Finish();  // after the last key

 private:
  const ShardId shard_;
  WriteRequest& request_;
  chunk::KeyList keys_;
  std::size_t bytes_ = 0;
};

}  // namespace vecdb::roles
