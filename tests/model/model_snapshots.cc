// Moments that are held, rows in pieces, deletes by filter, and collections that are released.
#include <algorithm>

#include "base/format.h"
#include "model_run.h"
#include "support/vector_oracle.h"

namespace vecdb::test {
namespace {

using base::Format;

constexpr std::size_t kMostHeld = 4;

std::string Named(std::string_view call, std::string wrong) {
  return wrong.empty() ? wrong : Format("{}: {}", call, wrong);
}

}  // namespace

// Every level sees what was acknowledged; a session asks for the last write there was.
ReadOptions ModelRun::PickReadOptions() {
  ReadOptions options;
  options.partitions = PickPartitions();
  if (random_.Chance(50)) return options;
  options.consistency = static_cast<Consistency>(1 + random_.Below(4));
  if (!config_.power_cuts) options.session = last_;  // else it may be one of a lost write
  if (random_.Chance(30)) options.timeout = std::chrono::hours(1);
  return options;
}

std::string ModelRun::DeleteWhere() {
  const Where where = PickWhere();
  const WriteOptions options = PickWriteOptions();
  const std::string& only = options.partition;
  Note(Format("delete from {} {} where {}", name_, only, where.text));
  Collection collection = Open();
  const auto receipt = collection.DeleteWhere(where.text, options);
  if (where.text.empty()) {
    return receipt.status().code() == StatusCode::kInvalidArgument
               ? ""
               : "an empty filter was accepted by a delete";
  }
  if (!receipt.ok()) return Named("a delete by filter failed", receipt.status().ToString());
  std::vector<std::string> partitions;
  if (!only.empty()) partitions.push_back(only);
  const Table table = TableIn(partitions);
  const std::vector<Key> expected = BruteForce(schema_, table).Matching(where);
  if (receipt->keys != expected) {
    return Format("{} keys deleted instead of {}", receipt->keys.size(), expected.size());
  }
  if (expected.empty()) return {};  // nothing was written
  Undo undo;
  for (const Key& key : expected) {
    Before before = BeforeOf(key);
    Put(modelled_, key, nullptr, before.home);
    undo.before.push_back(std::move(before));
  }
  auto wrong = Acknowledge(receipt, std::move(undo));
  const Durability asked = options.durability.value_or(config_.durability);
  if (asked == Durability::kEveryWrite) Settle(undo_.end());
  return wrong;
}

std::string ModelRun::TakeOrReadSnapshot() {
  if (held_.empty() || random_.Chance(25)) {
    Note(Format("snapshot of {}", name_));
    const ReadOptions read = PickReadOptions();
    auto snapshot = Open().Snapshot(read);
    if (!snapshot.ok()) return Named("snapshot", snapshot.status().ToString());
    if (held_.size() == kMostHeld) held_.pop_front();
    held_.push_back(Held{std::move(*snapshot), TableIn(read.partitions)});
  }
  const Held& held = held_[random_.Below(held_.size())];
  const BruteForce then(schema_, held.table);
  const Where where = PickWhere();
  Note(Format("read a snapshot of {} rows where {}", held.table.size(), where.text));
  const auto count = held.snapshot.Count(where.text);
  if (!count.ok()) return Named("count at a snapshot", count.status().ToString());
  if (*count != then.Matching(where).size()) return "a snapshot counts otherwise than it did";
  const QueryRequest query{.filter = where.text, .output_fields = {"*"}, .limit = 50};
  const auto rows = held.snapshot.Query(query);
  if (!rows.ok()) return Named("query at a snapshot", rows.status().ToString());
  if (auto wrong = then.CheckQuery(query, where, *rows); !wrong.empty()) {
    return Named("query at a snapshot", wrong);
  }
  const std::vector<Key> keys = PickKeys(8);
  const auto got = held.snapshot.Get(keys, {});
  if (!got.ok()) return Named("get at a snapshot", got.status().ToString());
  if (auto wrong = then.CheckGet(keys, {}, *got); !wrong.empty()) {
    return Named("get at a snapshot", wrong);
  }
  const Field& field = schema_.fields()[kFirstVector];
  const Value vector = MakeVector(field, config_.shape, &random_);
  const SearchRequest search{.field = field.name,
                             .query = QueryOf(vector),
                             .limit = 1 + random_.Below(20),
                             .filter = where.text,
                             .effort = PickEffort()};
  const auto hits = held.snapshot.Search(search);
  if (!hits.ok()) return Named("search at a snapshot", hits.status().ToString());
  return Named("search at a snapshot", then.CheckSearch(search, vector, where, *hits));
}

std::string ModelRun::Iterate() {
  const Where where = PickWhere();
  IterateRequest request;
  request.filter = where.text;
  request.output_fields = {"*"};
  request.batch_size = 1 + random_.Below(random_.Chance(50) ? 10 : 500);
  request.read = PickReadOptions();
  const Table table = TableIn(request.read.partitions);
  std::vector<Key> expected = BruteForce(schema_, table).Matching(where);
  if (!expected.empty() && random_.Chance(40)) {
    request.after = expected[random_.Below(expected.size())];
    expected.erase(expected.begin(),
                   std::upper_bound(expected.begin(), expected.end(), *request.after));
  }
  if (random_.Chance(30)) {
    request.limit = 1 + random_.Below(100);
    expected.resize(std::min<std::size_t>(expected.size(), request.limit));
  }
  Note(Format("iterate over {} by {} where {}", name_, request.batch_size, where.text));
  auto iterator = Open().Iterate(request);
  if (!iterator.ok()) return Named("iterate", iterator.status().ToString());
  std::vector<Key> seen;
  while (true) {
    const auto rows = iterator->Next();
    if (!rows.ok()) return Named("iterate", rows.status().ToString());
    if (rows->empty()) break;
    for (const Row& row : *rows) {
      const auto* text = std::get_if<std::string>(&row.values[0]);
      seen.push_back(text != nullptr ? Key(*text) : Key(std::get<std::int64_t>(row.values[0])));
    }
  }
  return seen == expected ? "" : Format("{} rows instead of {}", seen.size(), expected.size());
}

std::string ModelRun::ReleaseAndLoad() {
  Note(Format("release {}", name_));
  Collection collection = Open();
  if (const Status released = collection.Release(); !released.ok()) return released.ToString();
  if (collection.Count().status().code() != StatusCode::kFailedPrecondition) {
    return "a released collection was read";
  }
  std::string wrong;
  for (std::size_t writes = random_.Below(3); wrong.empty() && writes > 0; --writes) {
    wrong = random_.Chance(50) ? Upsert() : Delete();
  }
  if (wrong.empty() && random_.Chance(30)) wrong = Flush();
  Note(Format("load {}", name_));
  const Status loaded = collection.Load();
  return wrong.empty() && !loaded.ok() ? loaded.ToString() : wrong;
}

}  // namespace vecdb::test
