#include "roles/channel.h"

#include <utility>

#include "base/status.h"

namespace vecdb::roles {

std::shared_ptr<Channel> Channels::Find(PchannelId id) const {
  base::MutexLock lock(mutex_);
  const auto found = channels_.find(id);
  return found == channels_.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<Channel>> Channels::All() const {
  base::MutexLock lock(mutex_);
  std::vector<std::shared_ptr<Channel>> all;
  all.reserve(channels_.size());
  for (const auto& [id, channel] : channels_) all.push_back(channel);
  return all;
}

Status Channels::Health() const {
  base::MutexLock lock(mutex_);
  for (const auto& [id, channel] : channels_) {
    if (channel->writer != nullptr) VECDB_TRY(channel->writer->health());
  }
  return Status();
}

Channels::Map::node_type Channels::EntryFor(std::shared_ptr<Channel> channel) {
  Map one;
  const PchannelId id = channel->id;
  return one.extract(one.emplace(id, std::move(channel)).first);
}

void Channels::Add(Map::node_type entry) {
  base::MutexLock lock(mutex_);
  channels_.insert(std::move(entry));
}

}  // namespace vecdb::roles
