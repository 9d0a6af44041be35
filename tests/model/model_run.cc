#include "model_run.h"

#include <algorithm>

#include "base/format.h"
#include "support/dump_tree.h"
#include "support/vector_oracle.h"

namespace vecdb::test {
namespace {

using base::Format;

constexpr std::size_t kNotesKept = 25;
constexpr std::uint64_t kManySegments = 120;  // of many partitions: the collection is dropped

struct Weight {
  Operation operation;
  std::size_t per_thousand;
};
constexpr Weight kWeights[] = {
    {Operation::kInsert, 150},
    {Operation::kUpsert, 135},
    {Operation::kDelete, 105},
    {Operation::kGet, 105},
    {Operation::kQuery, 95},
    {Operation::kSearch, 155},
    {Operation::kCount, 50},
    {Operation::kCreate, 35},
    {Operation::kDrop, 10},
    {Operation::kFlush, 20},
    {Operation::kFlushAll, 15},
    {Operation::kWaitDurable, 20},
    {Operation::kBackground, 60},
    {Operation::kReopen, 10},
    {Operation::kKill, 10},
    {Operation::kRefused, 25},
    {Operation::kCreatePartition, 25},
    {Operation::kDropPartition, 12},
    {Operation::kDeleteWhere, 20},
    {Operation::kSnapshot, 40},
    {Operation::kIterate, 25},
    {Operation::kRelease, 15},
    {Operation::kCompact, 15},
    {Operation::kIndex, 20},
    {Operation::kRename, 15},
    {Operation::kAlias, 25},
    {Operation::kAlter, 15},
    {Operation::kDescribe, 15},
};

Options OptionsOf(const RunConfig& config) {
  Options options = QuietOptions();
  options.load = config.load;
  options.durability = config.durability;
  options.write_buffer_bytes = config.write_buffer_bytes;
  if (!config.clustering_key.empty()) options.merged_segment_bytes = 20'000;  // many bands
  options.channels = config.channels;
  options.memory_budget_bytes = config.memory_budget_bytes;
  return options;
}

}  // namespace

int RunFigures::PairsSeenPercent() const {
  std::size_t seen = 0;
  for (const auto& row : pairs)
    seen += static_cast<std::size_t>(std::count(row.begin(), row.end(), true));
  return static_cast<int>(seen * 100 / (kOperations * kOperations));
}

ModelRun::ModelRun(const RunConfig& config, std::uint64_t seed, RunFigures* figures)
    : config_(config),
      seed_(seed),
      figures_(figures),
      random_(seed),
      schema_(MakeSchema(config.shape)) {
  if (config.power_cuts) {
    crash_disk_ = std::make_shared<CrashFileSystem>(seed);
    WatchDisk();
  }
  std::shared_ptr<io::FileSystem> disk = crash_disk_;
  if (disk == nullptr) disk = io::MakeMemoryFileSystem();
  database_ = std::make_unique<TestDatabase>(std::move(disk), OptionsOf(config));
}

std::string ModelRun::Step() {
  const Operation operation = PickOperation();
  figures_->pairs[static_cast<std::size_t>(previous_)][static_cast<std::size_t>(operation)] = true;
  previous_ = operation;
  ++figures_->operations;
  ++steps_;
  if (random_.Chance(5)) {
    database_->clock().Advance(std::chrono::milliseconds(random_.Below(400)));
  }
  auto& columns = database_->parts().columns;
  if (columns != nullptr && steps_ % 7 == 0) (void)columns->Evict(~std::uint64_t{0});
  return Perform(operation);
}

Operation ModelRun::PickOperation() {
  if (steps_ % 64 == 63 && PickCollection(nullptr)) {
    const auto stats = Open().Stats();
    if (stats.ok() && stats->sealed_segments > kManySegments) return Operation::kDrop;
  }
  if (config_.power_cuts && random_.Chance(3)) return Operation::kKill;
  std::size_t total = 0;
  for (const Weight& weight : kWeights) total += weight.per_thousand;
  std::size_t roll = random_.Below(total);
  for (const Weight& weight : kWeights) {
    if (roll < weight.per_thousand) return weight.operation;
    roll -= weight.per_thousand;
  }
  return Operation::kInsert;
}

std::string ModelRun::Perform(Operation operation) {
  const auto with_collection = [this](std::string (ModelRun::*call)()) {
    std::string wrong;
    return PickCollection(&wrong) ? (this->*call)() : wrong;
  };
  switch (operation) {
    case Operation::kInsert:
      return with_collection(&ModelRun::Insert);
    case Operation::kUpsert:
      return with_collection(&ModelRun::Upsert);
    case Operation::kDelete:
      return with_collection(&ModelRun::Delete);
    case Operation::kGet:
      return with_collection(&ModelRun::Get);
    case Operation::kQuery:
      return with_collection(&ModelRun::Query);
    case Operation::kSearch:
      return with_collection(&ModelRun::Search);
    case Operation::kCount:
      return with_collection(&ModelRun::Count);
    case Operation::kFlush:
      return with_collection(&ModelRun::Flush);
    case Operation::kRefused:
      return with_collection(&ModelRun::Refused);
    case Operation::kRename:
      return with_collection(&ModelRun::Rename);
    case Operation::kAlias:
      return with_collection(&ModelRun::Alias);
    case Operation::kAlter:
      return with_collection(&ModelRun::Alter);
    case Operation::kDescribe:
      return with_collection(&ModelRun::Describe);
    case Operation::kCreatePartition:
      return with_collection(&ModelRun::CreatePartition);
    case Operation::kDropPartition:
      return with_collection(&ModelRun::DropPartition);
    case Operation::kDeleteWhere:
      return with_collection(&ModelRun::DeleteWhere);
    case Operation::kSnapshot:
      return with_collection(&ModelRun::TakeOrReadSnapshot);
    case Operation::kIterate:
      return with_collection(&ModelRun::Iterate);
    case Operation::kRelease:
      return with_collection(&ModelRun::ReleaseAndLoad);
    case Operation::kCompact:
      return with_collection(&ModelRun::Compact);
    case Operation::kIndex:
      return with_collection(&ModelRun::Index);
    case Operation::kCreate:
      return Create();
    case Operation::kDrop:
      return Drop();
    case Operation::kFlushAll:
      return FlushAll();
    case Operation::kWaitDurable:
      return WaitDurable();
    case Operation::kBackground:
      return Background();
    case Operation::kReopen:
      return Reopen();
    case Operation::kKill:
      return Kill();
  }
  return {};
}

std::string ModelRun::Context() const {
  std::string text =
      Format("SEED={} config '{}', call {}; the last calls:\n", seed_, config_.name, steps_);
  for (const std::string& note : notes_) text += "  " + note + "\n";
  return text;
}

std::string ModelRun::Note(std::string text) {
  notes_.push_back(Format("{}: {}", steps_, std::move(text)));
  if (notes_.size() > kNotesKept) notes_.pop_front();
  return {};
}

// ---- choices --------------------------------------------------------------------------

bool ModelRun::PickCollection(std::string* wrong) {
  name_ = "c" + std::to_string(random_.Below(3));
  const auto found = collections_.find(name_);
  modelled_ = found == collections_.end() ? nullptr : &found->second;
  if (modelled_ != nullptr) return true;
  if (wrong == nullptr) return false;
  Note("open the missing " + name_);
  const Status refused = (*database_)->OpenCollection(name_).status();
  const bool is_alias = aliases_.count(name_) != 0;
  if (refused.code() != (is_alias ? StatusCode::kOk : StatusCode::kNotFound)) {
    *wrong = "opening what is not there: " + refused.ToString();
  }
  return false;
}

Key ModelRun::PickKey() {
  if (config_.shape.keys != KeyKind::kAuto) {
    return MakeKey(config_.shape, random_.Below(config_.key_space));
  }
  const std::vector<Key>& retired = modelled_->retired;
  if (retired.empty() || random_.Chance(5)) return random_.Between(-5, 5);
  return retired[random_.Below(retired.size())];
}

std::vector<Key> ModelRun::PickKeys(std::size_t most) {
  std::vector<Key> keys;
  const std::size_t count = 1 + random_.Below(most);
  for (std::size_t i = 0; i < count; ++i) keys.push_back(PickKey());
  return keys;
}

ModelRun::Rows ModelRun::MakeRows(bool only_free) {
  const std::size_t wanted = 1 + random_.Below(random_.Chance(10) ? 60 : 8);
  Rows rows;
  if (config_.shape.keys == KeyKind::kAuto) {
    const Key unused = std::int64_t{0};  // vecdb gives the key
    while (rows.size() < wanted && modelled_->table.size() + rows.size() < config_.key_space) {
      rows.push_back(
          std::make_shared<const Record>(MakeRecord(schema_, config_.shape, unused, &random_)));
    }
    return rows;
  }
  const Table alive = only_free ? Alive(*modelled_) : Table();
  std::set<Key> taken;
  for (std::size_t attempt = 0; attempt < 3 * wanted && rows.size() < wanted; ++attempt) {
    const Key key = PickKey();
    if (alive.count(key) != 0) continue;
    if (!taken.insert(key).second) continue;
    rows.push_back(
        std::make_shared<const Record>(MakeRecord(schema_, config_.shape, key, &random_)));
  }
  return rows;
}

Where ModelRun::PickWhere() {
  Where where;
  if (random_.Chance(40)) return where;
  where.condition = MakeCondition(schema_, config_.shape, config_.key_space,
                                  static_cast<int>(random_.Below(4)), &random_);
  where.text = TextOf(*where.condition, schema_);
  return where;
}

std::vector<std::string> ModelRun::PickOutput() {
  if (random_.Chance(30)) return {"*"};
  std::vector<std::string> output;
  for (const Field& field : schema_.fields()) {
    if (random_.Chance(25)) output.push_back(field.name);
  }
  if (output.size() > 1 && random_.Chance(50)) std::swap(output.front(), output.back());
  return output;
}

// ---- comparing everything -------------------------------------------------------------

std::string ModelRun::CheckEverything() {
  std::vector<std::string> names;
  for (const auto& [name, modelled] : collections_) names.push_back(name);
  const auto listed = (*database_)->ListCollections();
  if (!listed.ok() || *listed != names) return "the list of collections is another";
  if (const Status health = (*database_)->Health(); !health.ok()) return health.ToString();
  if (auto wrong = CheckAliases(); !wrong.empty()) return wrong;
  for (auto& [name, modelled] : collections_) {
    if (auto wrong = CheckDescription(name, modelled); !wrong.empty()) return wrong;
    if (auto wrong = CheckIndexes(*(*database_)->OpenCollection(name), modelled); !wrong.empty()) {
      return name + ": " + wrong;
    }
    const auto collection = (*database_)->OpenCollection(name);
    if (!collection.ok()) return collection.status().ToString();
    const auto rows = collection->Query({.output_fields = {"*"}, .limit = 16'384});
    if (!rows.ok()) return rows.status().ToString();
    const Table alive = Alive(modelled);
    const BruteForce oracle(schema_, alive);
    if (auto wrong = oracle.CheckAll(*rows); !wrong.empty()) return name + ": " + wrong;
    const auto count = collection->Count();
    const auto stats = collection->Stats();
    if (!count.ok() || !stats.ok()) return count.status().ToString() + stats.status().ToString();
    if (*count != alive.size() || stats->rows != *count) {
      return Format("{}: {} rows are counted, {} in the statistics, {} are there", name, *count,
                    stats->rows, alive.size());
    }
    if (auto wrong = CheckPartitions(*collection, modelled); !wrong.empty())
      return name + ": " + wrong;
  }
  return {};
}

std::string ModelRun::CheckSelfSearch() {
  for (auto& [name, modelled] : collections_) {
    const auto collection = (*database_)->OpenCollection(name);
    if (!collection.ok()) return collection.status().ToString();
    const Table alive = Alive(modelled);
    const BruteForce oracle(schema_, alive);
    for (const auto& [key, record] : alive) {
      const std::size_t field = kFirstVector + random_.Below(2);
      const SearchRequest request{.field = schema_.fields()[field].name,
                                  .query = QueryOf((*record)[field]),
                                  .limit = 1,
                                  .effort = kExhaustive};
      const auto hits = collection->Search(request);
      if (!hits.ok()) return hits.status().ToString();
      ++figures_->self_searches;
      if (auto wrong = oracle.CheckFindsItself(key, schema_.fields()[field], *hits);
          !wrong.empty()) {
        return name + ": " + wrong;
      }
    }
  }
  return {};
}

}  // namespace vecdb::test
