#include "catalog/state.h"

#include <utility>

#include "catalog/limits.h"

namespace vecdb::catalog {
namespace {

// Fills edits one behind the other, each below the size and the number of operations of one.
class SnapshotEdits {
 public:
  void Add(Operation operation) {
    Edit alone;
    alone.operations.push_back(std::move(operation));
    const std::size_t size = EncodeEdit(alone).size();
    if (edits_.empty() || bytes_ + size >= kSnapshotEditBytes ||
        edits_.back().operations.size() == kMaxOperations) {
      edits_.emplace_back();
      bytes_ = 0;
    }
    bytes_ += size;
    edits_.back().operations.push_back(std::move(alone.operations.front()));
  }

  std::vector<Edit> Take() { return std::move(edits_); }

 private:
  std::vector<Edit> edits_;
  std::size_t bytes_ = 0;  // a little more than the last edit encodes to
};

}  // namespace

const CollectionRecord* State::FindCollection(std::string_view name) const {
  for (const auto& [id, record] : collections) {
    if (record.name == name) return &record;
  }
  return nullptr;
}

Properties State::PropertiesOf(CollectionId collection) const {
  const auto found = properties.find(collection);
  return found == properties.end() ? Properties{} : found->second;
}

const IndexRecord* State::IndexOf(CollectionId collection, std::uint32_t field) const {
  const auto of = indexes.find(collection);
  if (of == indexes.end()) return nullptr;
  const auto found = of->second.find(field);
  return found == of->second.end() ? nullptr : &found->second;
}

bool State::HasPartition(CollectionId collection, PartitionId partition) const {
  if (partition == kDefaultPartition) return true;
  const auto found = collections.find(collection);
  if (found != collections.end() && !found->second.options.partition_key.empty()) {
    return partition < found->second.options.num_partitions;
  }
  const auto named = partitions.find(collection);
  return named != partitions.end() && named->second.count(partition) != 0;
}

bool State::HadPartition(CollectionId collection, PartitionId partition, Timestamp written) const {
  if (HasPartition(collection, partition)) return true;
  // A drop is newer than every row of its partition, and the catalog knows how new it is.
  return partition < next_id && written <= max_timestamp;
}

void AddTo(Edit* edit, SegmentRecord record) {
  const SegmentId id = record.id;
  const bool clustered = record.clustered;
  const auto range = record.key_range;
  const auto indexes = std::move(record.indexes);
  edit->operations.emplace_back(AddSegment{std::move(record)});
  if (range) edit->operations.emplace_back(SetKeyRange{id, clustered, *range});
  for (const IndexFileRecord& file : indexes) {
    edit->operations.emplace_back(SetIndexFile{id, file});
  }
}

// Each operation stands behind those it needs: the lease before every id, a collection before its
// partitions and they before its segments, the checkpoints before the commit records that they
// could make forgotten.
std::vector<Edit> Snapshot(const State& state) {
  SnapshotEdits edits;
  edits.Add(LeaseIds{state.next_id});
  edits.Add(SetMaxTimestamp{state.max_timestamp});
  for (const auto& [id, record] : state.collections) {
    edits.Add(CreateCollection{record});
    if (record.pchannel != 0) edits.Add(BindCollection{id, record.pchannel});
  }
  for (const auto& [alias, id] : state.aliases) edits.Add(SetAlias{alias, id});
  for (const auto& [id, changed] : state.properties) edits.Add(SetProperties{id, changed});
  for (const auto& [collection, declared] : state.indexes) {
    for (const auto& [field, record] : declared) edits.Add(SetIndex{collection, field, record});
  }
  for (const auto& [collection, named] : state.partitions) {
    for (const auto& [id, name] : named) edits.Add(CreatePartition{collection, id, name});
  }
  for (const auto& [id, record] : state.segments) {
    edits.Add(AddSegment{record});
    if (record.key_range) edits.Add(SetKeyRange{id, record.clustered, *record.key_range});
    for (const IndexFileRecord& file : record.indexes) edits.Add(SetIndexFile{id, file});
  }
  for (const auto& [id, pchannel] : state.pchannels) {
    edits.Add(SetCheckpoint{id, pchannel.checkpoint, pchannel.durable});
    for (const auto& [number, identity] : pchannel.logs) edits.Add(AddLog{identity});
  }
  for (const auto& [id, committed] : state.committed) {
    edits.Add(CommitSegment{id, committed.last_lsn, committed.pchannel});
  }
  return edits.Take();
}

}  // namespace vecdb::catalog
