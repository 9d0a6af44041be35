#include "support/workload.h"

#include <algorithm>
#include <random>
#include <set>

#include "base/format.h"
#include "base/status.h"

namespace vecdb::test {
namespace {

constexpr std::chrono::milliseconds kPause{1'100};  // every timer is due
constexpr std::chrono::milliseconds kAmple{60'000};

// Steps one behind the other; the place in the list is the version of the rows written there.
class Script {
 public:
  explicit Script(Durability durability) : durability_(durability) {}

  Script& Create(const std::string& name, std::size_t shape, std::uint32_t shards,
                 std::size_t segment_rows) {
    Step step = Make(StepKind::kCreate, name);
    step.options.shards = shards;
    step.options.segment_rows = segment_rows;
    step.options.seal_after_idle = std::chrono::milliseconds(5'000);
    step.shape = shape;
    return Add(std::move(step));
  }
  Script& Write(StepKind kind, const std::string& name, std::int64_t first, std::int64_t count) {
    Step step = Make(kind, name);
    const auto version = static_cast<std::int64_t>(steps_.size());
    for (std::int64_t i = 0; i < count; ++i) step.books.push_back({first + i, version});
    return Add(std::move(step));
  }
  Script& Delete(const std::string& name, std::vector<std::int64_t> ids) {
    Step step = Make(StepKind::kDelete, name);
    step.deleted = std::move(ids);
    return Add(std::move(step));
  }
  Script& Do(StepKind kind, const std::string& name = {}) { return Add(Make(kind, name)); }
  Workload Take() { return std::move(steps_); }

 private:
  Step Make(StepKind kind, const std::string& name) const {
    Step step;
    step.kind = kind;
    step.collection = name;
    step.durability = durability_;
    return step;
  }
  Script& Add(Step step) {
    steps_.push_back(std::move(step));
    return *this;
  }

  const Durability durability_;
  Workload steps_;
};

// A write of some of forty keys.
Step RandomWrite(std::mt19937_64& random, std::int64_t version, Durability durability) {
  Step step;
  step.durability = durability;
  const std::uint64_t drawn = random() % 8;
  std::set<std::int64_t> ids;
  for (std::uint64_t i = 1 + random() % 8; i > 0; --i) {
    ids.insert(static_cast<std::int64_t>(random() % 40));
  }
  if (random() % 4 == 0) {
    std::set<std::int64_t> parted;
    for (const std::int64_t id : ids) parted.insert(kFirstParted + id);
    ids.swap(parted);
  }
  if (drawn < 2) {
    step.kind = StepKind::kDelete;
    step.deleted.assign(ids.begin(), ids.end());
    return step;
  }
  step.kind = drawn < 5 ? StepKind::kUpsert : StepKind::kInsert;
  for (const std::int64_t id : ids) {
    // Inserts mostly take keys that are new.
    const bool fresh = step.kind == StepKind::kInsert && random() % 8 != 0;
    const std::int64_t first = id >= kFirstParted ? kFirstParted : 0;
    step.books.push_back({fresh ? first + 100 + version * 10 + id % 10 : id, version});
  }
  const auto same = [](const Book& a, const Book& b) { return a.id == b.id; };
  std::sort(step.books.begin(), step.books.end(),
            [](const Book& a, const Book& b) { return a.id < b.id; });
  step.books.erase(std::unique(step.books.begin(), step.books.end(), same), step.books.end());
  return step;
}

constexpr const char* kPartition = "parted";

Status PerformWrite(Collection& collection, const Step& step) {
  WriteOptions options{.durability = step.durability};
  if (!step.books.empty() && step.books.front().id >= kFirstParted) {
    options.partition = kPartition;
    const Status created = collection.CreatePartition(kPartition);
    if (!created.ok()) return created;
  }
  if (step.kind == StepKind::kDelete) {
    const std::vector<Key> keys(step.deleted.begin(), step.deleted.end());
    return collection.Delete(keys, options).status();
  }
  const Batch batch = RowsOf(collection.schema(), step.books);
  if (step.kind == StepKind::kInsert) return collection.Insert(batch, options).status();
  return collection.Upsert(batch, options).status();
}

constexpr std::string_view kMoved = "_moved";

Status ChangeNames(Database& database, const std::string& name) {
  const std::string alias = name + "_alias";
  const std::string moved = name + std::string(kMoved);
  CollectionProperties properties;
  properties.ttl = std::chrono::hours(24 * 365 * 50);
  VECDB_TRY(database.CreateAlias(alias, name));
  VECDB_TRY(database.AlterCollection(alias, properties));
  VECDB_TRY(database.RenameCollection(name, moved));
  VECDB_TRY(database.DropAlias(alias));
  VECDB_TRY(database.RenameCollection(moved, name));
  return database.AlterCollection(name, {});
}

// Each time another one, by what there is.
Status Index(Collection& collection) {
  for (const Field& field : collection.schema().fields()) {
    const bool dense =
        field.type == DataType::kFloatVector || field.type == DataType::kFloat16Vector ||
        field.type == DataType::kBFloat16Vector || field.type == DataType::kInt8Vector;
    if (!dense) continue;
    const auto known = collection.DescribeIndex(field.name);
    const bool codes = known.ok() && std::holds_alternative<HnswIndex>(known->spec);
    const IndexSpec spec = codes ? IndexSpec(HnswSqIndex{.m = 6, .ef_construction = 30})
                                 : IndexSpec(HnswIndex{.m = 4, .ef_construction = 20});
    VECDB_TRY(collection.ReplaceIndex(field.name, spec));
  }
  return collection.WaitForIndexes();
}

Status DropPartition(Collection& collection) {
  const auto there = collection.HasPartition(kPartition);
  if (!there.ok() || !*there) return there.status();
  return collection.DropPartition(kPartition);
}

}  // namespace

Status RestoreNames(Database& database) {
  VECDB_TRY_ASSIGN(const auto aliases, database.ListAliases());
  for (const auto& [alias, collection] : aliases) VECDB_TRY(database.DropAlias(alias));
  VECDB_TRY_ASSIGN(const auto names, database.ListCollections());
  for (const std::string& name : names) {
    if (!name.ends_with(kMoved)) continue;
    VECDB_TRY(database.RenameCollection(name, name.substr(0, name.size() - kMoved.size())));
  }
  return Status();
}

const char* NameOf(StepKind kind) {
  switch (kind) {
    case StepKind::kCreate:
      return "create";
    case StepKind::kDrop:
      return "drop";
    case StepKind::kInsert:
      return "insert";
    case StepKind::kUpsert:
      return "upsert";
    case StepKind::kDelete:
      return "delete";
    case StepKind::kChangeNames:
      return "change names";
    case StepKind::kFlush:
      return "flush";
    case StepKind::kCompact:
      return "compact";
    case StepKind::kIndex:
      return "index";
    case StepKind::kFlushAll:
      return "flush all";
    case StepKind::kWaitDurable:
      return "wait until durable";
    case StepKind::kBackground:
      return "background";
    case StepKind::kRead:
      return "read";
    case StepKind::kReopen:
      return "reopen";
    case StepKind::kKill:
      return "kill";
    case StepKind::kDropPartition:
      return "drop the partition of";
  }
  return "";
}

std::string Describe(const Step& step) {
  std::string text = NameOf(step.kind);
  if (!step.collection.empty()) text += " '" + step.collection + "'";
  for (const Book& book : step.books) text += base::Format(" {}v{}", book.id, book.version);
  for (const std::int64_t id : step.deleted) text += base::Format(" {}", id);
  return text;
}

Workload FixedWorkload(Durability durability, std::size_t first_shape) {
  using K = StepKind;
  Script s(durability);
  s.Create("plain", first_shape, 1, 0).Create("split", first_shape + 1, 2, 24);
  s.Write(K::kInsert, "plain", 1, 10).Write(K::kInsert, "split", 1, 12);
  s.Write(K::kInsert, "plain", 11, 5).Write(K::kUpsert, "plain", 4, 3);
  s.Delete("plain", {2, 9, 777}).Do(K::kRead);
  s.Do(K::kFlush, "plain");
  s.Write(K::kInsert, "plain", 20, 6).Delete("plain", {1, 21}).Write(K::kUpsert, "plain", 10, 4);
  s.Write(K::kUpsert, "split", 8, 8).Delete("split", {3, 12}).Do(K::kFlush, "split");
  s.Do(K::kRead).Delete("split", {5, 14}).Do(K::kFlush, "split");  // of deletes only
  s.Do(K::kFlush, "plain").Do(K::kIndex, "plain").Do(K::kRead);
  s.Do(K::kCompact, "plain").Delete("plain", {11}).Do(K::kIndex, "plain").Do(K::kRead);
  s.Create("brief", first_shape + 2, 1, 0).Write(K::kInsert, "brief", 1, 4).Do(K::kFlush, "brief");
  s.Write(K::kInsert, "brief", 50, 2).Delete("brief", {3});
  s.Do(K::kKill).Do(K::kRead);
  s.Write(K::kInsert, "plain", 30, 4).Do(K::kDrop, "brief").Write(K::kUpsert, "plain", 1, 2);
  s.Write(K::kInsert, "split", 40, 30).Do(K::kBackground);  // a shard is full
  s.Delete("plain", {30}).Do(K::kReopen).Do(K::kRead);
  s.Write(K::kUpsert, "split", 40, 3).Write(K::kInsert, "plain", 60, 3);
  for (int i = 0; i < 5; ++i) s.Do(K::kBackground);  // the shards are idle
  s.Create("brief", first_shape + 2, 1, 0).Write(K::kInsert, "brief", 1, 2).Do(K::kWaitDurable);
  constexpr std::int64_t kParted = kFirstParted;
  s.Write(K::kInsert, "split", kParted, 6).Write(K::kUpsert, "split", kParted + 3, 4);
  s.Do(K::kFlush, "split")
      .Delete("split", {kParted, 41})
      .Write(K::kInsert, "split", kParted + 9, 2);
  s.Do(K::kRead).Do(K::kKill).Do(K::kDropPartition, "split").Do(K::kRead);
  s.Write(K::kInsert, "split", kParted + 1, 3).Write(K::kInsert, "split", 90, 2).Do(K::kReopen);
  s.Delete("plain", {60, 4}).Do(K::kFlushAll).Write(K::kInsert, "plain", 70, 2).Do(K::kRead);
  return s.Take();
}

Workload RandomWorkload(std::uint64_t seed, std::size_t steps,
                        std::optional<Durability> durability) {
  std::mt19937_64 random(seed);
  const std::vector<std::string> names = {"one", "two", "three"};
  Workload workload;
  while (workload.size() < steps) {
    const auto version = static_cast<std::int64_t>(workload.size());
    const auto drawn_durability = durability.value_or(static_cast<Durability>(1 + random() % 3));
    const std::uint64_t drawn = random() % 32;
    Step step;
    std::size_t which = random() % names.size();
    if (workload.size() < names.size() || drawn == 0) {
      step.kind = StepKind::kCreate;
      which = workload.size() < names.size() ? workload.size() : which;
      step.shape = static_cast<std::size_t>(seed) + which;
      step.options.shards = 1 + static_cast<std::uint32_t>(random() % 3);
      step.options.segment_rows = random() % 2 == 0 ? 0 : 16;
      if (which == 1) step.options.clustering_key = ClusteringKeyOf(step.shape);
      step.options.seal_after_idle = std::chrono::milliseconds(2'000);
    } else if (drawn == 1) {
      step.kind = random() % 3 == 0 ? StepKind::kDrop : StepKind::kDropPartition;
    } else if (drawn < 8) {
      constexpr StepKind kOthers[] = {
          StepKind::kFlush,   StepKind::kFlush,      StepKind::kFlushAll, StepKind::kWaitDurable,
          StepKind::kCompact, StepKind::kBackground, StepKind::kRead,     StepKind::kReopen,
          StepKind::kKill,    StepKind::kIndex};
      step.kind = kOthers[random() % std::size(kOthers)];
    } else {
      step = RandomWrite(random, version, drawn_durability);
    }
    const bool of_one = step.kind == StepKind::kFlush || step.kind == StepKind::kCompact ||
                        step.kind == StepKind::kIndex;
    if (of_one || step.changes()) step.collection = names[which];
    workload.push_back(std::move(step));
  }
  return workload;
}

namespace {

// By the clustering key where there is one.
Status Compact(Database& database, Collection& collection) {
  const auto info = database.DescribeCollection(collection.name());
  if (!info.ok()) return info.status();
  return collection.Compact({.clustering = !info->options.clustering_key.empty()});
}

}  // namespace

Status Perform(Database& database, const Step& step, base::ManualClock& clock) {
  switch (step.kind) {
    case StepKind::kCreate:
      return database.CreateCollection(step.collection, SchemaOf(step.shape), step.options)
          .status();
    case StepKind::kDrop:
      return database.DropCollection(step.collection);
    case StepKind::kInsert:
    case StepKind::kUpsert:
    case StepKind::kDelete:
    case StepKind::kDropPartition:
    case StepKind::kFlush:
    case StepKind::kIndex:
    case StepKind::kCompact: {
      Result<Collection> collection = database.OpenCollection(step.collection);
      if (!collection.ok()) return collection.status();
      if (step.kind == StepKind::kCompact) return Compact(database, *collection);
      if (step.kind == StepKind::kIndex) return Index(*collection);
      if (step.kind == StepKind::kDropPartition) return DropPartition(*collection);
      return step.kind == StepKind::kFlush ? collection->Flush() : PerformWrite(*collection, step);
    }
    case StepKind::kChangeNames:
      return ChangeNames(database, step.collection);
    case StepKind::kFlushAll:
      return database.Flush();
    case StepKind::kWaitDurable:
      return database.WaitDurable(Timestamp{~std::uint64_t{0}});
    case StepKind::kBackground:
      clock.Advance(kPause);
      return database.RunBackground(kAmple);
    case StepKind::kRead:
    case StepKind::kReopen:
    case StepKind::kKill:
      break;
  }
  return Status(StatusCode::kInvalidArgument, "no step for a database");
}

}  // namespace vecdb::test
