#include "roles/partitions.h"

#include <utility>

namespace vecdb::roles {

namespace {

// Of a partition key's partitions.
std::string NumberedName(PartitionId number) {
  return std::string(kDefaultPartitionName) + "_" + std::to_string(number);
}

}  // namespace

Partitions::Partitions(const Named& created, std::uint32_t keyed, std::uint32_t shards)
    : default_(std::make_shared<Partition>(
          kDefaultPartition,
          keyed == 0 ? std::string(kDefaultPartitionName) : NumberedName(kDefaultPartition),
          shards)) {
  by_id_.emplace(default_->id, default_);
  for (PartitionId number = 1; number < keyed; ++number) {
    by_id_.emplace(number, std::make_shared<Partition>(number, NumberedName(number), shards));
  }
  for (const auto& [id, name] : created) {
    by_id_.emplace(id, std::make_shared<Partition>(id, name, shards));
  }
}

std::shared_ptr<Partition> Partitions::Find(std::string_view name) const {
  base::MutexLock lock(mutex_);
  for (const auto& [id, partition] : by_id_) {
    if (partition->name == name) return partition;
  }
  return nullptr;
}

std::shared_ptr<Partition> Partitions::At(PartitionId id) const {
  base::MutexLock lock(mutex_);
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

Partitions::List Partitions::All() const {
  base::MutexLock lock(mutex_);
  List all;
  all.reserve(by_id_.size());
  for (const auto& [id, partition] : by_id_) all.push_back(partition);
  return all;
}

Partitions::Entry Partitions::EntryFor(std::shared_ptr<Partition> partition) {
  Map one;
  const auto at = one.emplace(partition->id, std::move(partition)).first;
  return one.extract(at);
}

void Partitions::Add(Entry entry) {
  base::MutexLock lock(mutex_);
  by_id_.insert(std::move(entry));
}

void Partitions::Remove(PartitionId id) {
  base::MutexLock lock(mutex_);
  by_id_.erase(id);
}

}  // namespace vecdb::roles
