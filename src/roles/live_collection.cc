#include "roles/live_collection.h"

#include "base/status.h"

namespace vecdb::roles {

Status LiveCollection::CheckAlive() const {
  if (!dropped.load(std::memory_order_acquire)) return Status();
  return base::NotFound("collection '{}' was dropped", record.name);
}

Status LiveCollection::CheckLoaded() const {
  if (load_state.load(std::memory_order_acquire) == LoadState::kLoaded) return Status();
  return base::FailedPrecondition("collection '{}' was released; Load() makes it readable again",
                                  record.name);
}

Result<std::shared_ptr<Partition>> LiveCollection::FindPartition(std::string_view name) const {
  auto found = partitions.Find(name);
  if (found != nullptr) return found;
  return base::NotFound("collection '{}' has no partition named '{}'", record.name, name);
}

Status LiveCollection::CheckNoPartitionKey() const {
  if (!partition_key) return Status();
  return base::InvalidArgument(
      "collection '{}' has the partition key '{}', which chooses the partition of each row: no "
      "call "
      "names one",
      record.name, record.options.partition_key);
}

Result<std::shared_ptr<Partition>> LiveCollection::NamedPartition(std::string_view name) const {
  VECDB_TRY(CheckNoPartitionKey());
  return FindPartition(name);
}

std::optional<PartitionKey> LiveCollection::KeyOf(const catalog::CollectionRecord& record) {
  const Field* field = record.schema.Find(record.options.partition_key);
  if (field == nullptr) return std::nullopt;
  return PartitionKey{static_cast<std::uint32_t>(field - record.schema.fields().data()),
                      record.options.num_partitions};
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
