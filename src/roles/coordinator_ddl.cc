#include <algorithm>

#include "base/canary.h"
#include "base/status.h"
#include "chunk/validate.h"
#include "io/layout.h"
#include "roles/coordinator.h"

namespace vecdb::roles {
namespace {

constexpr std::size_t kMaxCollections = 65'536;

Status CheckOptions(const Schema& schema, const CollectionOptions& options) {
  if (options.shards < 1 || options.shards > 16) {
    return base::InvalidArgument("CollectionOptions::shards is {}, not between 1 and 16",
                                 options.shards);
  }
  if (options.segment_bytes < 1024) {
    return base::InvalidArgument("CollectionOptions::segment_bytes is {}, below 1024",
                                 options.segment_bytes);
  }
  if (options.seal_after_idle.count() < 1) {
    return base::InvalidArgument("CollectionOptions::seal_after_idle is {} ms, below 1",
                                 options.seal_after_idle.count());
  }
  VECDB_TRY(catalog::CheckClusteringKey(schema, options.clustering_key));
  return catalog::CheckPartitionKey(schema, options.partition_key, options.num_partitions);
}

// What the catalog keeps of them outside of the record.
catalog::Properties PropertiesFor(const CollectionOptions& options,
                                  const CollectionProperties& chosen) {
  catalog::Properties properties;
  static_cast<CollectionProperties&>(properties) = chosen;
  properties.clustering_key = options.clustering_key;
  if (options.partition_key.empty()) return properties;
  properties.partition_key = options.partition_key;
  properties.num_partitions = options.num_partitions;
  return properties;
}

}  // namespace

Result<std::shared_ptr<LiveCollection>> Coordinator::CreateCollection(
    std::string_view name, const Schema& schema, const CollectionOptions& options,
    const CollectionProperties& chosen) {
  using Outcome = Result<std::shared_ptr<LiveCollection>>;
  VECDB_TRY(chunk::ValidateName("collection", name));
  VECDB_TRY(CheckOptions(schema, options));
  VECDB_TRY(catalog::CheckProperties(chosen));
  return strand_.Run([&]() -> Outcome {
    if (parts_.collections.FindAliased(name) != nullptr) return CheckFree(name);
    if (auto existing = parts_.collections.Find(name)) {
      if (existing->record.schema == schema) return existing;
      return base::AlreadyExists("collection '{}' exists with another schema", name);
    }
    if (parts_.collections.All().size() >= kMaxCollections) {
      return base::ResourceExhausted("there are {} collections, the limit", kMaxCollections);
    }
    const catalog::Properties properties = PropertiesFor(options, chosen);
    const bool changed = !(properties == catalog::Properties{});
    VECDB_TRY(RaiseFormat(
        std::max(catalog::FormatVersionFor(schema), catalog::FormatVersionFor(properties))));
    VECDB_TRY_ASSIGN(const std::shared_ptr<Channel> channel, ChannelForNew());
    VECDB_TRY_ASSIGN(const CollectionId id, parts_.manifest.NewIds(1));
    catalog::CollectionRecord record{.id = id,
                                     .name = std::string(name),
                                     .schema_version = 1,
                                     .schema = schema,
                                     .options = options,
                                     .created = parts_.oracle.Next(),
                                     .pchannel = channel->id};
    auto live = std::make_shared<LiveCollection>(
        record, channel,
        std::make_shared<const segment::View>(
            schema, std::vector<std::shared_ptr<segment::Segment>>{}, parts_.query.NodesFor(id)),
        properties);
    VECDB_TRY(AddGrowing(*live));
    catalog::Edit edit;
    edit.operations.emplace_back(catalog::CreateCollection{record});
    if (channel->id != 0) edit.operations.emplace_back(catalog::BindCollection{id, channel->id});
    if (changed) edit.operations.emplace_back(catalog::SetProperties{id, properties});
    edit.operations.emplace_back(catalog::SetMaxTimestamp{record.created});
    auto entry = Collections::EntryFor(record.name, live);
    base::KillPoint("ddl.create.before");
    VECDB_TRY(parts_.manifest.Commit(edit));
    base::KillPoint("ddl.create.after");
    parts_.collections.Add(std::move(entry));
    return live;
  });
}

// An older vecdb must refuse the directory by its version before it meets what it cannot read.
//
// 1 FORMAT of a larger version replaces the one before   crash: either of them, and both are true
// Only then is the edit committed that needs it.
Status Coordinator::RaiseFormat(std::uint32_t version) {
  if (version <= parts_.format.version) return Status();
  catalog::Format raised = parts_.format;
  raised.version = version;
  VECDB_TRY(catalog::WriteFormat(parts_.fs, raised));
  parts_.format = raised;
  return Status();
}

namespace {

// Refuses writes while a drop is under way, and for good once it is kept. When the constructor
// returns no writer is between its check and its append.
class DroppedLanes {
 public:
  explicit DroppedLanes(LiveCollection& collection) : collection_(collection) { Set(true); }
  ~DroppedLanes() {
    if (!kept_) Set(false);
  }
  DroppedLanes(const DroppedLanes&) = delete;
  DroppedLanes& operator=(const DroppedLanes&) = delete;
  void Keep() { kept_ = true; }

 private:
  void Set(bool dropped) {
    for (const auto& lane : collection_.lanes) {
      base::MutexLock lock(lane->mutex);
      lane->dropped = dropped;
    }
  }
  LiveCollection& collection_;
  bool kept_ = false;
};

}  // namespace

Status Coordinator::DropCollection(std::string_view name) {
  // No flush of it may be under way: a segment committed after the drop would have no collection.
  VECDB_TRY(flush_strand_.Run([&] { return strand_.Run([&] { return Drop(name); }); }));
  // What stays of its files and its log goes later, or with the next flush.
  const auto tidy = [&] {
    EmptyTrash();
    return TrimLog();
  };
  (void)parts_.guard(std::ref(tidy));
  return Status();
}

Status Coordinator::Drop(std::string_view name) {
  VECDB_TRY_ASSIGN(const auto live, Named(name));
  if (const auto aliases = parts_.collections.AliasesOf(*live); !aliases.empty()) {
    return base::FailedPrecondition(
        "collection '{}' has the alias '{}'; drop that first, or let it name another collection",
        name, aliases.front());
  }
  DroppedLanes lanes(*live);
  catalog::Edit edit;
  edit.operations.emplace_back(catalog::DropCollection{live->record.id});
  edit.operations.emplace_back(catalog::SetMaxTimestamp{parts_.oracle.last()});  // of every write
  Retiring retiring(&trash_);
  for (const auto view = live->board.Pin(); const auto& segment : view->segments()) {
    retiring.Add(segment);
  }
  auto empty = std::make_shared<const segment::View>(
      live->record.schema, std::vector<std::shared_ptr<segment::Segment>>{});
  base::KillPoint("ddl.drop.before");
  if (const Status committed = parts_.manifest.Commit(edit); !committed.ok()) {
    // A drop that may survive must not be followed by writes that were acknowledged.
    if (!parts_.manifest.health().ok()) lanes.Keep();
    return committed;
  }
  base::KillPoint("ddl.drop.after");
  lanes.Keep();
  Forget(*live);
  retiring.Done();
  live->board.Publish(std::move(empty));
  return Status();
}

// Called when the drop is durable. Handles may keep the collection for long, but no memory.
void Coordinator::Forget(LiveCollection& collection) {
  collection.dropped.store(true, std::memory_order_release);
  parts_.collections.Remove(collection);
  std::uint64_t buffered = 0;
  for (const auto view = collection.board.Pin(); const auto& segment : view->segments()) {
    if (!segment->sealed() && segment->rows() > 0) buffered += segment->memory_bytes();
  }
  parts_.streaming.SubtractBuffered(buffered);
  for (const auto& lane : collection.lanes) {
    base::MutexLock lock(lane->mutex);
    lane->growing.clear();
  }
  for (const auto& filter : collection.key_filters) (void)filter->Drop();
  base::MutexLock lock(collection.pending_mutex);
  collection.pending.clear();
}

}  // namespace vecdb::roles
