#include "roles/live_collection.h"

#include "base/status.h"

namespace vecdb::roles {

Status LiveCollection::CheckAlive() const {
  if (!dropped.load(std::memory_order_acquire)) return Status();
  return base::NotFound("collection '{}' was dropped", record.name);
}

// The empty View of a dropped collection is published after `dropped` is set.
Result<std::shared_ptr<const segment::View>> LiveCollection::PinAlive() const {
  auto view = board.Pin();
  VECDB_TRY(CheckAlive());
  return view;
}

std::uint64_t LiveCollection::KeyFilterBytes() const {
  std::uint64_t bytes = 0;
  for (const auto& filter : key_filters) bytes += filter->memory_bytes();
  return bytes;
}

std::shared_ptr<LiveCollection> Collections::Find(std::string_view name) const {
  base::MutexLock lock(mutex_);
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<LiveCollection>> Collections::All() const {
  base::MutexLock lock(mutex_);
  std::vector<std::shared_ptr<LiveCollection>> all;
  all.reserve(by_name_.size());
  for (const auto& [name, collection] : by_name_) all.push_back(collection);
  return all;
}

Collections::Entry Collections::EntryFor(std::shared_ptr<LiveCollection> collection) {
  Map one;
  const auto at = one.emplace(collection->record.name, std::move(collection)).first;
  return one.extract(at);
}

void Collections::Add(Entry entry) {
  base::MutexLock lock(mutex_);
  by_name_.insert(std::move(entry));
}

void Collections::Remove(std::string_view name) {
  base::MutexLock lock(mutex_);
  const auto found = by_name_.find(name);
  if (found != by_name_.end()) by_name_.erase(found);
}

}  // namespace vecdb::roles
