#include "roles/live_collection.h"

#include <algorithm>

#include "base/status.h"
#include "base/timestamp_oracle.h"

namespace vecdb::roles {
namespace {

std::optional<std::uint32_t> FieldNumber(const Schema& schema, std::string_view name) {
  const Field* field = schema.Find(name);
  if (field == nullptr) return std::nullopt;
  return static_cast<std::uint32_t>(field - schema.fields().data());
}

}  // namespace

Status LiveCollection::CheckAlive() const {
  if (!dropped.load(std::memory_order_acquire)) return Status();
  return base::NotFound("collection '{}' was dropped", name());
}

Timestamp LiveCollection::AliveFrom(const base::Clock& clock) const {
  const auto ttl = static_cast<std::uint64_t>(properties()->ttl.count());
  if (ttl == 0) return Timestamp{0};
  const std::uint64_t now = std::min(clock.WallMilliseconds(), base::kLatestMilliseconds);
  if (now < ttl) return Timestamp{0};
  return Timestamp{(now - ttl + 1) << base::kTimestampCounterBits};
}

Result<std::shared_ptr<Partition>> LiveCollection::FindPartition(std::string_view wanted) const {
  auto found = partitions.Find(wanted);
  if (found != nullptr) return found;
  return NoPartitionNamed(wanted);
}

Status LiveCollection::NoPartitionNamed(std::string_view wanted) const {
  return base::NotFound("collection '{}' has no partition named '{}'", name(), wanted);
}

Status LiveCollection::CheckNoPartitionKey() const {
  if (!partition_key) return Status();
  return base::InvalidArgument(
      "collection '{}' has the partition key '{}', which chooses the partition of each row: no "
      "call names one",
      name(), record.options.partition_key);
}

Result<std::shared_ptr<Partition>> LiveCollection::NamedPartition(std::string_view name) const {
  VECDB_TRY(CheckNoPartitionKey());
  return FindPartition(name);
}

std::optional<PartitionKey> LiveCollection::KeyOf(const catalog::CollectionRecord& record) {
  const auto field = FieldNumber(record.schema, record.options.partition_key);
  if (!field) return std::nullopt;
  return PartitionKey{*field, record.options.num_partitions};
}

std::optional<std::uint32_t> LiveCollection::ClusteringKeyOf(
    const catalog::CollectionRecord& record) {
  return FieldNumber(record.schema, record.options.clustering_key);
}

namespace {

Status Released(const LiveCollection& collection) {
  return base::FailedPrecondition("collection '{}' was released; Load() makes it readable again",
                                  collection.name());
}

}  // namespace

Status LiveCollection::CheckLoaded() const {
  const bool loaded = load_state.load(std::memory_order_acquire) == LoadState::kLoaded;
  return loaded ? Status() : Released(*this);
}

Status LiveCollection::CheckLoaded(const segment::View& view) const {
  return view.has_columns() ? Status() : Released(*this);
}

std::uint64_t LiveCollection::KeyFilterBytes() const {
  std::uint64_t bytes = 0;
  for (const auto& filter : key_filters) bytes += filter->memory_bytes();
  return bytes;
}

std::shared_ptr<LiveCollection> Collections::Find(std::string_view name) const {
  base::MutexLock lock(mutex_);
  if (const auto found = by_name_.find(name); found != by_name_.end()) return found->second;
  const auto found = by_alias_.find(name);
  return found == by_alias_.end() ? nullptr : found->second;
}

std::shared_ptr<LiveCollection> Collections::FindAliased(std::string_view alias) const {
  base::MutexLock lock(mutex_);
  const auto found = by_alias_.find(alias);
  return found == by_alias_.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<LiveCollection>> Collections::All() const {
  base::MutexLock lock(mutex_);
  std::vector<std::shared_ptr<LiveCollection>> all;
  all.reserve(by_name_.size());
  for (const auto& [name, collection] : by_name_) all.push_back(collection);
  return all;
}

std::vector<std::string> Collections::Names() const {
  base::MutexLock lock(mutex_);
  std::vector<std::string> names;
  names.reserve(by_name_.size());
  for (const auto& [name, collection] : by_name_) names.push_back(name);
  return names;
}

std::vector<std::string> Collections::AliasesOf(const LiveCollection& collection) const {
  base::MutexLock lock(mutex_);
  std::vector<std::string> aliases;
  for (const auto& [alias, named] : by_alias_) {
    if (named.get() == &collection) aliases.push_back(alias);
  }
  return aliases;
}

Collections::Map Collections::Aliases() const {
  base::MutexLock lock(mutex_);
  return by_alias_;
}

Collections::Entry Collections::EntryFor(std::string name,
                                         std::shared_ptr<LiveCollection> collection) {
  Map one;
  const auto at = one.emplace(std::move(name), std::move(collection)).first;
  return one.extract(at);
}

void Collections::Add(Entry entry) {
  base::MutexLock lock(mutex_);
  by_name_.insert(std::move(entry));
}

void Collections::Remove(const LiveCollection& collection) {
  base::MutexLock lock(mutex_);
  const auto found = std::find_if(by_name_.begin(), by_name_.end(), [&](const auto& entry) {
    return entry.second.get() == &collection;
  });
  if (found != by_name_.end()) by_name_.erase(found);
}

void Collections::Rename(std::string_view from, std::string to) {
  base::MutexLock lock(mutex_);
  Entry entry = by_name_.extract(by_name_.find(from));
  entry.key() = std::move(to);
  by_name_.insert(std::move(entry));
}

void Collections::SetAlias(Entry entry) {
  base::MutexLock lock(mutex_);
  const auto found = by_alias_.find(entry.key());
  if (found != by_alias_.end()) by_alias_.erase(found);
  by_alias_.insert(std::move(entry));
}

void Collections::DropAlias(std::string_view alias) {
  base::MutexLock lock(mutex_);
  const auto found = by_alias_.find(alias);
  if (found != by_alias_.end()) by_alias_.erase(found);
}

}  // namespace vecdb::roles
