// Partitions: where rows are, and what happens when one goes.
#include <algorithm>

#include "base/format.h"
#include "model_run.h"

namespace vecdb::test {

using base::Format;

namespace {

const std::string kDefault = "_default";

bool IsIn(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

const std::string& ModelRun::HomeOf(const Modelled& modelled, const Key& key) {
  const auto found = modelled.home.find(key);
  return found == modelled.home.end() ? kDefault : found->second;
}

// A null record: there is none.
void ModelRun::Put(Modelled* modelled, const Key& key, std::shared_ptr<const Record> record,
                   const std::string& home) {
  modelled->home.erase(key);
  if (record == nullptr) {
    modelled->table.erase(key);
    return;
  }
  modelled->table[key] = std::move(record);
  if (home != kDefault) modelled->home[key] = home;
}

ModelRun::Before ModelRun::BeforeOf(const Key& key) const {
  const auto found = modelled_->table.find(key);
  if (found == modelled_->table.end()) return {key, nullptr, kDefault};
  return {key, found->second, HomeOf(*modelled_, key)};
}

// Where a write puts rows: the default partition, mostly.
std::string ModelRun::PickHome() {
  if (config_.partition_key || random_.Chance(40)) return "";
  return random_.Pick(modelled_->partitions);
}

// What a read names: nothing, mostly.
std::vector<std::string> ModelRun::PickPartitions() {
  std::vector<std::string> names;
  if (config_.partition_key || random_.Chance(60)) return names;
  for (const std::string& name : modelled_->partitions) {
    if (random_.Chance(50)) names.push_back(name);
  }
  return names;
}

// The living rows that a read of these partitions, or of all, may see.
Table ModelRun::TableIn(const std::vector<std::string>& partitions) const {
  Table alive = Alive(*modelled_);
  if (partitions.empty()) return alive;
  Table table;
  for (const auto& [key, record] : alive) {
    if (IsIn(partitions, HomeOf(*modelled_, key))) table.emplace(key, record);
  }
  return table;
}

std::string ModelRun::CreatePartition() {
  const std::string name = Format("p{}", random_.Below(4));
  Note(Format("create partition {} of {}", name, name_));
  const Status created = Open().CreatePartition(name);
  if (config_.partition_key) {
    return created.code() == StatusCode::kInvalidArgument ? "" : "a partition beside its key's";
  }
  if (!created.ok()) return created.ToString();
  if (!IsIn(modelled_->partitions, name)) modelled_->partitions.push_back(name);
  return CheckPartitions(Open(), *modelled_);
}

std::string ModelRun::DropPartition() {
  const std::string name = Format("p{}", random_.Below(4));
  Note(Format("drop partition {} of {}", name, name_));
  const Status dropped = Open().DropPartition(name);
  if (config_.partition_key) {
    return dropped.code() == StatusCode::kInvalidArgument ? "" : "a partition of a key went";
  }
  if (!IsIn(modelled_->partitions, name)) {
    return dropped.code() == StatusCode::kNotFound ? "" : "a partition went that was not there";
  }
  if (!dropped.ok()) return dropped.ToString();
  std::erase(modelled_->partitions, name);
  const std::map<Key, std::string> homes = modelled_->home;
  for (const auto& [key, home] : homes) {
    if (home == name) Put(modelled_, key, nullptr, kDefault);
  }
  Settle(undo_.end());  // what came before is safe
  return CheckPartitions(Open(), *modelled_);
}

std::string ModelRun::CheckPartitions(const Collection& collection, const Modelled& modelled) {
  const auto listed = collection.ListPartitions();
  if (!listed.ok()) return listed.status().ToString();
  if (config_.partition_key) return listed->size() == kKeyedPartitions ? "" : "partitions are lost";
  std::vector<std::string> sorted = *listed;
  std::vector<std::string> expected = modelled.partitions;
  std::sort(sorted.begin(), sorted.end());
  std::sort(expected.begin(), expected.end());
  if (sorted != expected) return "the list of partitions is another";
  const Table alive = Alive(modelled);
  for (const std::string& name : expected) {
    const auto rows = std::count_if(alive.begin(), alive.end(), [&](const auto& entry) {
      return HomeOf(modelled, entry.first) == name;
    });
    const auto stats = collection.Stats(name);
    if (!stats.ok()) return stats.status().ToString();
    if (stats->rows == static_cast<std::uint64_t>(rows)) continue;
    return Format("{} rows in partition {} instead of {}", stats->rows, name, rows);
  }
  return {};
}

}  // namespace vecdb::test
