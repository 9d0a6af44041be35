// Partitions by name. Their rows go with them as those of a dropped collection do.
#include <algorithm>

#include "base/canary.h"
#include "base/status.h"
#include "catalog/limits.h"
#include "chunk/validate.h"
#include "roles/coordinator.h"

namespace vecdb::roles {
namespace {

// Refuses writes into a partition while its drop is under way, and for good once it is kept. When
// the constructor returns no writer is between its check and its append.
class DroppedPartition {
 public:
  DroppedPartition(LiveCollection& collection, Partition& partition) : partition_(partition) {
    partition.dropped = true;
    for (const auto& lane : collection.lanes) base::MutexLock passed(lane->mutex);
  }
  ~DroppedPartition() {
    if (!kept_) partition_.dropped = false;
  }
  DroppedPartition(const DroppedPartition&) = delete;
  DroppedPartition& operator=(const DroppedPartition&) = delete;
  void Keep() { kept_ = true; }

 private:
  Partition& partition_;
  bool kept_ = false;
};

std::uint64_t BufferedBytes(const segment::View& view, PartitionId partition) {
  std::uint64_t bytes = 0;
  for (const auto& segment : view.segments()) {
    if (segment->partition() != partition || segment->sealed() || segment->rows() == 0) continue;
    bytes += segment->memory_bytes();
  }
  return bytes;
}

}  // namespace

Status Coordinator::CreatePartition(LiveCollection& collection, std::string_view name) {
  VECDB_TRY(chunk::ValidatePartitionName(name));
  return strand_.Run([&]() -> Status {
    VECDB_TRY(collection.CheckAlive());
    VECDB_TRY(collection.CheckNoPartitionKey());
    if (collection.partitions.Find(name) != nullptr) return Status();
    if (collection.partitions.All().size() >= catalog::kMaxPartitions) {
      return base::ResourceExhausted("collection '{}' has {} partitions, the limit",
                                     collection.name(), catalog::kMaxPartitions);
    }
    VECDB_TRY(RaiseFormat(catalog::kChangesFormatVersion));
    VECDB_TRY_ASSIGN(const PartitionId id, parts_.manifest.NewIds(1));
    auto entry = Partitions::EntryFor(
        std::make_shared<Partition>(id, std::string(name), collection.record.options.shards));
    catalog::Edit edit;
    edit.operations.emplace_back(
        catalog::CreatePartition{collection.record.id, id, std::string(name)});
    base::KillPoint("ddl.partition.create.before");
    VECDB_TRY(parts_.manifest.Commit(edit));
    base::KillPoint("ddl.partition.create.after");
    collection.partitions.Add(std::move(entry));
    return Status();
  });
}

Status Coordinator::DropPartition(LiveCollection& collection, std::string_view name) {
  // No flush of it may be under way: a segment committed after the drop would have no partition.
  VECDB_TRY(flush_strand_.Run([&] { return strand_.Run([&] { return Drop(collection, name); }); }));
  // What stays of its files and its log goes later, or with the next flush.
  const auto tidy = [&] {
    EmptyTrash();
    return TrimLog();
  };
  (void)parts_.guard(std::ref(tidy));
  return Status();
}

// 1 writers into it are refused     nothing has happened
// 2 the log is synced               no writes but those
// 3 Commit                          crash before: it is whole; after: replay skips its rows
// 4 its name, the View without it,  crash: orphans, swept at open
//   its files
Status Coordinator::Drop(LiveCollection& collection, std::string_view name) {
  VECDB_TRY(collection.CheckAlive());
  VECDB_TRY_ASSIGN(const auto partition, collection.NamedPartition(name));
  if (partition->id == kDefaultPartition) {
    return base::InvalidArgument("partition '{}' of collection '{}' cannot be dropped", name,
                                 collection.name());
  }
  DroppedPartition dropped(collection, *partition);
  auto without = collection.board.Pin()->WithoutPartition(partition->id);
  Retiring retiring(&trash_);
  for (const auto view = collection.board.Pin(); const auto& segment : view->segments()) {
    if (segment->partition() == partition->id) retiring.Add(segment);
  }
  // What was written before must not be younger than the drop, whatever its durability.
  VECDB_TRY(parts_.streaming.WaitDurable(base::kEndOfTime));
  catalog::Edit edit;
  edit.operations.emplace_back(catalog::DropPartition{collection.record.id, partition->id});
  edit.operations.emplace_back(catalog::SetMaxTimestamp{parts_.oracle.last()});  // of every write
  base::KillPoint("ddl.partition.drop.before");
  if (const Status committed = parts_.manifest.Commit(edit); !committed.ok()) {
    // A drop that may survive must not be followed by writes that were acknowledged.
    if (!parts_.manifest.health().ok()) dropped.Keep();
    return committed;
  }
  base::KillPoint("ddl.partition.drop.after");
  dropped.Keep();
  const std::uint64_t buffered = BufferedBytes(*collection.board.Pin(), partition->id);
  Forget(collection, *partition);  // who pins a View and finds the name behind it has all rows
  collection.board.Publish(std::move(without));
  parts_.streaming.SubtractBuffered(buffered);
  retiring.Done();
  return Status();
}

// Called when the drop is durable.
void Coordinator::Forget(LiveCollection& collection, Partition& partition) {
  for (const auto& lane : collection.lanes) {
    base::MutexLock lock(lane->mutex);
    lane->growing.erase(partition.id);
  }
  collection.partitions.Remove(partition.id);
  base::MutexLock lock(collection.pending_mutex);
  std::erase_if(collection.pending,
                [&](const auto& segment) { return segment->partition() == partition.id; });
}

}  // namespace vecdb::roles
