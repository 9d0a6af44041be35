// What changes rows and collections.
#include <algorithm>
#include <cmath>

#include "base/format.h"
#include "model_run.h"

namespace vecdb::test {
namespace {

using base::Format;

std::string Unexpected(std::string_view what, const Status& status) {
  return Format("{}: {}", what, status.ToString());
}

Key KeyOf(const Record& record) {
  if (const auto* text = std::get_if<std::string>(&record[0])) return *text;
  return std::get<std::int64_t>(record[0]);
}

}  // namespace

WriteOptions ModelRun::PickWriteOptions() {
  WriteOptions options{.partition = PickHome()};
  if (!config_.mixed_durability || random_.Chance(30)) return options;
  static const std::vector<Durability> all = {Durability::kEveryWrite, Durability::kInterval,
                                              Durability::kFlushOnly};
  options.durability = random_.Pick(all);
  return options;
}

std::string ModelRun::Acknowledge(const Result<WriteReceipt>& receipt, Undo undo) {
  if (!receipt.ok()) return Unexpected("a write failed", receipt.status());
  if (receipt->timestamp <= last_) return "a timestamp went back";
  last_ = receipt->timestamp;
  if (!config_.power_cuts) return {};
  undo.timestamp = receipt->timestamp;
  undo.collection = modelled_->number;
  undo_.push_back(std::move(undo));
  return {};
}

// The keys that the engine chose: never one twice, never smaller than one before.
std::string ModelRun::AddAutoKeys(const std::vector<Key>& keys, Rows* rows) {
  if (keys.size() != rows->size()) return "there are not as many keys as rows";
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto* number = std::get_if<std::int64_t>(&keys[i]);
    if (number == nullptr || *number <= last_auto_key_) return "an auto id was given twice";
    last_auto_key_ = *number;
    auto record = std::make_shared<Record>(*(*rows)[i]);
    (*record)[0] = *number;
    (*rows)[i] = std::move(record);
    modelled_->retired.push_back(keys[i]);
  }
  return {};
}

std::string ModelRun::Insert() {
  Rows rows = MakeRows(random_.Chance(65));
  if (rows.empty()) return {};
  const bool automatic = config_.shape.keys == KeyKind::kAuto;
  const Table alive = Alive(*modelled_);
  const bool taken = !automatic && std::any_of(rows.begin(), rows.end(), [&](const auto& row) {
    return alive.count(KeyOf(*row)) != 0;
  });
  const WriteOptions options = PickWriteOptions();
  const std::string home = options.partition.empty() ? "_default" : options.partition;
  Note(Format("insert {} rows into {} {}{}", rows.size(), name_, options.partition,
              taken ? ", one is taken" : ""));
  Collection collection = Open();
  const auto receipt = collection.Insert(MakeBatch(schema_, rows, &random_), options);
  if (taken) {
    return receipt.status().code() == StatusCode::kAlreadyExists
               ? ""
               : Unexpected("a taken key was inserted", receipt.status());
  }
  if (!receipt.ok()) return Unexpected("an insert failed", receipt.status());
  if (automatic) {
    if (auto wrong = AddAutoKeys(receipt->keys, &rows); !wrong.empty()) return wrong;
  }
  Undo undo;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (receipt->keys[i] != KeyOf(*rows[i])) return "the receipt names another key";
    undo.before.push_back(BeforeOf(KeyOf(*rows[i])));
    Put(modelled_, KeyOf(*rows[i]), rows[i], home);
    written_[rows[i].get()] = receipt->timestamp;
  }
  const Durability asked = options.durability.value_or(config_.durability);
  auto wrong = Acknowledge(receipt, std::move(undo));
  if (asked == Durability::kEveryWrite) Settle(undo_.end());
  return wrong;
}

std::string ModelRun::Upsert() {
  if (config_.shape.keys == KeyKind::kAuto) return Insert();  // every row is new there
  const Rows rows = MakeRows(false);
  if (rows.empty()) return {};
  const WriteOptions options = PickWriteOptions();
  const std::string home = options.partition.empty() ? "_default" : options.partition;
  Note(Format("upsert {} rows into {} {}", rows.size(), name_, options.partition));
  Collection collection = Open();
  const auto receipt = collection.Upsert(MakeBatch(schema_, rows, &random_), options);
  Undo undo;
  for (const auto& row : rows) {
    undo.before.push_back(BeforeOf(KeyOf(*row)));
    Put(modelled_, KeyOf(*row), row, home);
    if (receipt.ok()) written_[row.get()] = receipt->timestamp;
  }
  auto wrong = Acknowledge(receipt, std::move(undo));
  const Durability asked = options.durability.value_or(config_.durability);
  if (asked == Durability::kEveryWrite) Settle(undo_.end());
  return wrong;
}

std::string ModelRun::Delete() {
  const std::vector<Key> keys = PickKeys(random_.Chance(15) ? 40 : 6);
  const WriteOptions options = PickWriteOptions();
  const std::string& only = options.partition;
  Note(Format("delete {} keys from {} {}, {} first", keys.size(), name_, only, Shown(keys[0])));
  Collection collection = Open();
  const auto receipt = collection.Delete(keys, options);
  if (receipt.ok() && receipt->keys != keys) return "the receipt names other keys";
  Undo undo;
  for (const Key& key : keys) {
    Before before = BeforeOf(key);
    if (before.record == nullptr || (!only.empty() && before.home != only)) continue;
    Put(modelled_, key, nullptr, before.home);
    undo.before.push_back(std::move(before));
  }
  auto wrong = Acknowledge(receipt, std::move(undo));
  const Durability asked = options.durability.value_or(config_.durability);
  if (asked == Durability::kEveryWrite) Settle(undo_.end());
  return wrong;
}

std::string ModelRun::Create() {
  name_ = "c" + std::to_string(random_.Below(3));
  Note("create " + name_);
  CollectionOptions options;
  options.shards = config_.shards;
  options.segment_rows = config_.segment_rows;
  options.seal_after_idle = std::chrono::milliseconds(3'000);
  options.clustering_key = config_.clustering_key;
  if (config_.partition_key) {
    options.partition_key = "big";
    options.num_partitions = kKeyedPartitions;
  }
  if (collections_.count(name_) != 0 && random_.Chance(30)) {
    Shape other = config_.shape;
    ++other.dimension;
    const auto refused = (*database_)->CreateCollection(name_, MakeSchema(other), options);
    return refused.status().code() == StatusCode::kAlreadyExists
               ? ""
               : Unexpected("another schema was accepted", refused.status());
  }
  const auto created = (*database_)->CreateCollection(name_, schema_, options);
  if (aliases_.count(name_) != 0) {
    return created.status().code() == StatusCode::kAlreadyExists
               ? ""
               : Unexpected("an alias became a collection", created.status());
  }
  if (!created.ok()) return Unexpected("creating failed", created.status());
  if (collections_.count(name_) != 0) return {};
  collections_[name_].number = next_number_++;
  const auto count = created->Count();
  return count.ok() && *count == 0 ? "" : "a new collection is not empty";
}

std::string ModelRun::Drop() {
  if (name_.empty() || random_.Chance(50)) name_ = "c" + std::to_string(random_.Below(3));
  Note("drop " + name_);
  const auto found = collections_.find(name_);
  if (found == collections_.end()) {
    const Status refused = (*database_)->DropCollection(name_);
    return refused.code() == StatusCode::kNotFound
               ? ""
               : Unexpected("what is not there was dropped", refused);
  }
  modelled_ = &found->second;
  if (const auto aliases = AliasesOf(*modelled_); !aliases.empty()) {
    const Status refused = (*database_)->DropCollection(name_);
    if (refused.code() != StatusCode::kFailedPrecondition) {
      return Unexpected("a collection with an alias was dropped", refused);
    }
    for (const std::string& alias : aliases) {
      if (const Status dropped = (*database_)->DropAlias(alias); !dropped.ok()) {
        return Unexpected("dropping an alias failed", dropped);
      }
      aliases_.erase(alias);
    }
  }
  const Collection handle = Open();
  if (const Status dropped = (*database_)->DropCollection(name_); !dropped.ok()) {
    return Unexpected("dropping failed", dropped);
  }
  collections_.erase(found);
  modelled_ = nullptr;
  const Status gone = handle.Count().status();
  return gone.code() == StatusCode::kNotFound
             ? ""
             : Unexpected("a handle outlived its collection", gone);
}

// A refused request changes nothing: the reads that follow compare.
std::string ModelRun::Refused() {
  Collection collection = Open();
  const auto expect = [this](std::string_view what, const Status& status) {
    Note(Format("refused: {}", what));
    return status.code() == StatusCode::kInvalidArgument ? std::string() : Unexpected(what, status);
  };
  const std::vector<float> vector(config_.shape.dimension + 1, 0.5F);
  switch (random_.Below(8)) {
    case 0: {
      if (config_.shape.keys == KeyKind::kAuto) return {};
      Rows rows = MakeRows(true);
      if (rows.empty()) return {};
      rows.push_back(rows[random_.Below(rows.size())]);
      return expect("one key twice in a batch",
                    collection.Insert(MakeBatch(schema_, rows, &random_)).status());
    }
    case 1: {
      if (config_.shape.keys == KeyKind::kAuto) return {};
      Rows rows = MakeRows(false);
      rows.push_back(rows[random_.Below(rows.size())]);
      return expect("one key twice in an upsert",
                    collection.Upsert(MakeBatch(schema_, rows, &random_)).status());
    }
    case 2:
      return expect("a query of another dimension",
                    collection.Search({.field = "v", .query = vector}).status());
    case 3:
      return expect("a filter that ends early", collection.Count("year >").status());
    case 4:
      return expect("no key to delete", collection.Delete({}).status());
    case 5:
      return expect("a limit of 0", collection.Query({.limit = 0}).status());
    case 6:
      return expect("an unknown field", collection.Query({.output_fields = {"nothing"}}).status());
    default: {
      const std::vector<float> infinite(config_.shape.dimension, HUGE_VALF);
      return expect("an infinite query",
                    collection.Search({.field = "v", .query = infinite}).status());
    }
  }
}

}  // namespace vecdb::test
