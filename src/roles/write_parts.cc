#include "roles/write_parts.h"

#include "chunk/codec.h"

namespace vecdb::roles {

void DeleteParts::Add(chunk::KeyView key) {
  if (bytes_ > kMaxPayload / 2) Finish();
  keys_.Add(key);
  bytes_ += LoggedBytes(key);
}

void DeleteParts::Finish() {
  if (keys_.size() == 0) return;
  auto part = std::make_unique<WritePart>();
  part->shard = lane_.shard;
  part->partition = lane_.partition;
  part->deleted = std::exchange(keys_, chunk::KeyList(keys_.is_text()));
  chunk::EncodeKeys(part->deleted.View(), &part->payload);
  request_.parts.push_back(std::move(part));
  bytes_ = 0;
}

}  // namespace vecdb::roles
