// What may change of collections: names, aliases, properties.
#include <algorithm>

#include "base/format.h"
#include "base/timestamp_oracle.h"
#include "model_run.h"

namespace vecdb::test {
namespace {

using base::Format;

std::string Expect(StatusCode code, std::string_view what, const Status& status) {
  if (status.code() == code) return {};
  return Format("{}: {}, not code {}", what, status.ToString(), static_cast<int>(code));
}

}  // namespace

bool ModelRun::IsFree(const std::string& name) const {
  return collections_.count(name) == 0 && aliases_.count(name) == 0;
}

std::vector<std::string> ModelRun::AliasesOf(const Modelled& modelled) const {
  std::vector<std::string> aliases;
  for (const auto& [alias, number] : aliases_) {
    if (number == modelled.number) aliases.push_back(alias);
  }
  return aliases;
}

// By one of its names.
Collection ModelRun::Open() {
  const std::vector<std::string> aliases = AliasesOf(*modelled_);
  const bool by_alias = !aliases.empty() && random_.Chance(30);
  return *(*database_)->OpenCollection(by_alias ? random_.Pick(aliases) : name_);
}

std::string ModelRun::Rename() {
  const std::string to = "c" + std::to_string(random_.Below(3));
  Note(Format("rename {} to {}", name_, to));
  const Collection handle = Open();
  const StatusCode expected = IsFree(to) ? StatusCode::kOk : StatusCode::kAlreadyExists;
  const Status renamed = (*database_)->RenameCollection(name_, to);
  if (auto wrong = Expect(expected, "renaming", renamed); !wrong.empty()) return wrong;
  if (!renamed.ok()) return {};
  auto entry = collections_.extract(name_);
  entry.key() = name_ = to;
  modelled_ = &collections_.insert(std::move(entry)).position->second;
  const auto count = handle.Count();
  if (!count.ok()) return "a handle did not survive a renaming: " + count.status().ToString();
  return *count == Alive(*modelled_).size() ? "" : "a handle counts another collection";
}

std::string ModelRun::Alias() {
  const std::string alias = (random_.Chance(15) ? "c" : "a") + std::to_string(random_.Below(3));
  const auto found = aliases_.find(alias);
  const bool there = found != aliases_.end();
  if (random_.Chance(35)) {
    Note("drop alias " + alias);
    const Status dropped = (*database_)->DropAlias(alias);
    if (there) aliases_.erase(found);
    return Expect(there ? StatusCode::kOk : StatusCode::kNotFound, "dropping an alias", dropped);
  }
  Status set;
  StatusCode expected = StatusCode::kOk;
  if (random_.Chance(50)) {
    Note(Format("alias {} of {}", alias, name_));
    set = (*database_)->CreateAlias(alias, name_);
    const bool same = there && found->second == modelled_->number;
    if (!same && !IsFree(alias)) expected = StatusCode::kAlreadyExists;
  } else {
    Note(Format("let alias {} name {}", alias, name_));
    set = (*database_)->AlterAlias(alias, name_);
    if (!there) expected = StatusCode::kNotFound;
  }
  if (set.ok() && expected == StatusCode::kOk) aliases_[alias] = modelled_->number;
  return Expect(expected, "setting an alias", set);
}

std::string ModelRun::Alter() {
  CollectionProperties next = modelled_->properties;
  next.auto_compaction = random_.Chance(50);
  next.consistency = static_cast<Consistency>(1 + random_.Below(4));
  // Which rows a power cut took is seen only of those that live.
  if (!config_.power_cuts) {
    next.ttl = std::chrono::milliseconds(random_.Chance(50) ? 0 : 1 + random_.Below(20'000));
  }
  // What has expired may be gone, or come back with a longer ttl: so none of it stays.
  if (next.ttl != modelled_->properties.ttl) {
    if (auto wrong = DeleteExpired(); !wrong.empty()) return wrong;
  }
  const bool wrong_ttl = random_.Chance(5);
  if (wrong_ttl) next.ttl = std::chrono::milliseconds(-1);
  Note(Format("alter {}: ttl {} ms", name_, next.ttl.count()));
  const Status altered = (*database_)->AlterCollection(name_, next);
  if (wrong_ttl) return Expect(StatusCode::kInvalidArgument, "a negative ttl", altered);
  modelled_->properties = next;
  return Expect(StatusCode::kOk, "altering", altered);
}

std::string ModelRun::Describe() {
  Note("describe " + name_);
  return CheckDescription(name_, *modelled_);
}

std::string ModelRun::CheckDescription(const std::string& name, const Modelled& modelled) {
  const auto info = (*database_)->DescribeCollection(name);
  if (!info.ok()) return "describing: " + info.status().ToString();
  const bool same = info->name == name && info->schema == schema_ &&
                    info->options.shards == config_.shards &&
                    info->options.segment_rows == config_.segment_rows &&
                    info->properties == modelled.properties && info->aliases == AliasesOf(modelled);
  return same ? "" : name + " is described wrong";
}

std::string ModelRun::CheckAliases() {
  std::map<std::string, std::string> expected;
  for (const auto& [alias, number] : aliases_) {
    for (const auto& [name, modelled] : collections_) {
      if (modelled.number == number) expected[alias] = name;
    }
  }
  const auto listed = (*database_)->ListAliases();
  return listed.ok() && *listed == expected ? "" : "the list of aliases is another";
}

std::string ModelRun::DeleteExpired() {
  const Table alive = Alive(*modelled_);
  std::vector<Key> expired;
  for (const auto& [key, record] : modelled_->table) {
    if (alive.count(key) == 0) expired.push_back(key);
  }
  if (expired.empty()) return {};
  const auto receipt = Open().Delete(expired);
  for (const Key& key : expired) Put(modelled_, key, nullptr, "_default");
  return Acknowledge(receipt, {});
}

Table ModelRun::Alive(const Modelled& modelled) const {
  const auto ttl = static_cast<std::uint64_t>(modelled.properties.ttl.count());
  if (ttl == 0) return modelled.table;
  const std::uint64_t now = database_->clock().WallMilliseconds();
  Table alive;
  for (const auto& [key, record] : modelled.table) {
    const Timestamp written = written_.at(record.get());
    if (base::PhysicalMilliseconds(written) + ttl > now) alive.emplace(key, record);
  }
  return alive;
}

}  // namespace vecdb::test
