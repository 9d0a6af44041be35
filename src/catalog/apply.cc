#include "catalog/apply.h"

#include <algorithm>

#include "chunk/kinds.h"

namespace vecdb::catalog {
namespace {

using base::Corruption;

template <typename Visit>  // Visit(FileId) for every file of the segment
void ForEachFile(const SegmentRecord& record, const Visit& visit) {
  for (const ColumnFileRecord& column : record.columns) visit(column.info.file_id);
  visit(record.keys.file_id);
  if (record.deletes) visit(record.deletes->info.file_id);
  for (const IndexFileRecord& index : record.indexes) visit(index.info.file_id);
}

// File ids are the seeds of checksums: one that names two files would let one pass as the other.
Status CheckFileIdsAreFresh(const Edit& edit, const State& state) {
  std::vector<FileId> fresh;
  for (const Operation& operation : edit.operations) {
    if (const auto* add = std::get_if<AddSegment>(&operation)) {
      SegmentRecord record = add->record;
      record.indexes.clear();  // operations of their own name them
      ForEachFile(record, [&](FileId id) { fresh.push_back(id); });
    } else if (const auto* set = std::get_if<SetDeletes>(&operation)) {
      fresh.push_back(set->file.info.file_id);
    } else if (const auto* index = std::get_if<SetIndexFile>(&operation)) {
      fresh.push_back(index->file.info.file_id);
    }
  }
  if (fresh.empty()) return Status();
  std::sort(fresh.begin(), fresh.end());
  const auto twice = std::adjacent_find(fresh.begin(), fresh.end());
  if (twice != fresh.end()) return Corruption("an edit uses file id {} twice", *twice);
  Status found;
  for (const auto& entry : state.segments) {
    const SegmentRecord& record = entry.second;
    ForEachFile(record, [&](FileId file) {
      if (!std::binary_search(fresh.begin(), fresh.end(), file)) return;
      found = Corruption("an edit uses file id {}, which segment {} has already", file, record.id);
    });
  }
  return found;
}

// One call per operation, in order; each sees what those before it did.
class Applier {
 public:
  explicit Applier(State* state) : state_(*state) {}

  Status operator()(const CreateCollection& create) {
    const CollectionRecord& record = create.record;
    VECDB_TRY(CheckLeased("collection", record.id));
    if (state_.collections.count(record.id) != 0) {
      return Corruption("an edit creates collection {} twice", record.id);
    }
    VECDB_TRY(CheckNameIsFree(record.id, record.name));
    state_.collections.emplace(record.id, record).first->second.pchannel = 0;
    return Status();
  }

  Status operator()(const DropCollection& drop) {
    for (const auto& [alias, collection] : state_.aliases) {
      if (collection != drop.id) continue;
      return Corruption("an edit drops collection {}, which the alias '{}' names", drop.id, alias);
    }
    if (state_.collections.erase(drop.id) == 0) {
      return Corruption("an edit drops collection {}, which does not exist", drop.id);
    }
    state_.properties.erase(drop.id);
    state_.indexes.erase(drop.id);
    state_.partitions.erase(drop.id);
    std::erase_if(state_.segments,
                  [&](const auto& entry) { return entry.second.collection == drop.id; });
    return Status();
  }

  Status operator()(const CreatePartition& create) {
    VECDB_TRY(CheckLeased("partition", create.id));
    if (state_.collections.count(create.collection) == 0) {
      return Corruption("an edit creates partition {} of collection {}, which does not exist",
                        create.id, create.collection);
    }
    if (!state_.collections.at(create.collection).options.partition_key.empty()) {
      return Corruption("an edit creates partition {} of collection {}, which has a partition key",
                        create.id, create.collection);
    }
    auto& named = state_.partitions[create.collection];
    for (const auto& [id, name] : named) {
      if (name != create.name) continue;
      return Corruption("an edit creates partition {} named '{}', the name of partition {}",
                        create.id, create.name, id);
    }
    if (!named.emplace(create.id, create.name).second) {
      return Corruption("an edit creates partition {} twice", create.id);
    }
    return Status();
  }

  Status operator()(const DropPartition& drop) {
    const auto named = state_.partitions.find(drop.collection);
    if (named == state_.partitions.end() || named->second.erase(drop.id) == 0) {
      return Corruption("an edit drops partition {} of collection {}, which does not exist",
                        drop.id, drop.collection);
    }
    if (named->second.empty()) state_.partitions.erase(named);
    std::erase_if(state_.segments, [&](const auto& entry) {
      return entry.second.collection == drop.collection && entry.second.partition == drop.id;
    });
    return Status();
  }

  Status operator()(const AddSegment& add) {
    const SegmentRecord& record = add.record;
    VECDB_TRY(CheckLeased("segment", record.id));
    const auto collection = state_.collections.find(record.collection);
    if (collection == state_.collections.end()) {
      return Corruption("an edit adds segment {} of collection {}, which does not exist", record.id,
                        record.collection);
    }
    if (!state_.HasPartition(record.collection, record.partition)) {
      return Corruption("an edit adds segment {} of partition {}, which does not exist", record.id,
                        record.partition);
    }
    const std::size_t fields = collection->second.schema.fields().size();
    for (const ColumnFileRecord& column : record.columns) {
      if (column.field >= fields && column.field != kTimestampField) {
        return Corruption("an edit adds segment {} with field {} of collection {}, which has {}",
                          record.id, column.field, record.collection, fields);
      }
    }
    Status leased;
    ForEachFile(record, [&](FileId id) {
      if (leased.ok()) leased = CheckLeased("file", id);
    });
    VECDB_TRY(leased);
    const auto [added, is_new] = state_.segments.emplace(record.id, record);
    if (!is_new) return Corruption("an edit adds segment {} twice", record.id);
    added->second.key_range.reset();  // an operation of its own says it
    added->second.clustered = false;
    added->second.indexes.clear();
    return Status();
  }

  Status operator()(const SetIndex& set) {
    VECDB_TRY(CheckCollection("sets an index of", set.collection));
    VECDB_TRY(CheckLeased("index", set.record.id));
    const Schema& schema = state_.collections.at(set.collection).schema;
    if (set.field >= schema.fields().size() || !chunk::IsVector(schema.fields()[set.field].type)) {
      return Corruption("an edit sets an index of field {} of collection {}, which is no vector",
                        set.field, set.collection);
    }
    state_.indexes[set.collection].insert_or_assign(set.field, set.record);
    if (const auto* flat = std::get_if<FlatIndex>(&set.record.spec); flat && !flat->codec) {
      ForgetIndexFiles(set.collection, set.field);
    }
    return Status();
  }

  Status operator()(const DropIndex& drop) {
    const auto indexes = state_.indexes.find(drop.collection);
    if (indexes == state_.indexes.end() || indexes->second.erase(drop.field) == 0) {
      return Corruption("an edit drops the index of field {} of collection {}, which has none",
                        drop.field, drop.collection);
    }
    if (indexes->second.empty()) state_.indexes.erase(indexes);
    ForgetIndexFiles(drop.collection, drop.field);
    return Status();
  }

  Status operator()(const SetIndexFile& set) {
    const auto segment = state_.segments.find(set.segment);
    if (segment == state_.segments.end()) {
      return Corruption("an edit sets an index of segment {}, which does not exist", set.segment);
    }
    SegmentRecord& record = segment->second;
    if (state_.IndexOf(record.collection, set.file.field) == nullptr) {
      return Corruption("an edit sets an index of field {} of segment {}, which is to have none",
                        set.file.field, set.segment);
    }
    VECDB_TRY(CheckLeased("index", set.file.index));
    VECDB_TRY(CheckLeased("file", set.file.info.file_id));
    if (set.file.info.kind != io::FileKind::kIndex || set.file.info.rows != record.rows) {
      return Corruption("an edit sets an index of segment {} that is not of its {} rows",
                        set.segment, record.rows);
    }
    EraseIndexFile(set.file.field, &record);
    const auto place =
        std::find_if(record.indexes.begin(), record.indexes.end(),
                     [&](const IndexFileRecord& other) { return other.field > set.file.field; });
    record.indexes.insert(place, set.file);
    return Status();
  }

  Status operator()(const DropIndexFile& drop) {
    const auto segment = state_.segments.find(drop.segment);
    if (segment == state_.segments.end() || !EraseIndexFile(drop.field, &segment->second)) {
      return Corruption("an edit drops an index of field {} of segment {}, which has none",
                        drop.field, drop.segment);
    }
    return Status();
  }

  // Once, like all that is known of a segment's rows.
  Status operator()(const SetKeyRange& set) {
    const auto segment = state_.segments.find(set.segment);
    if (segment == state_.segments.end()) {
      return Corruption("an edit sets the key range of segment {}, which does not exist",
                        set.segment);
    }
    SegmentRecord& record = segment->second;
    if (record.key_range) {
      return Corruption("an edit sets the key range of segment {} twice", set.segment);
    }
    const CollectionRecord& collection = state_.collections.at(record.collection);
    const std::string problem =
        ProblemOf(set.range, collection.schema, collection.options.clustering_key);
    if (!problem.empty()) {
      return Corruption("an edit sets the key range of segment {}: {}", set.segment, problem);
    }
    record.key_range = set.range;
    record.clustered = set.clustered;
    return Status();
  }

  Status operator()(const DropSegment& drop) {
    if (state_.segments.erase(drop.id) == 0) {
      return Corruption("an edit drops segment {}, which does not exist", drop.id);
    }
    return Status();
  }

  Status operator()(const CommitSegment& commit) {
    VECDB_TRY(CheckLeased("segment", commit.id));
    const CommittedSegment committed{commit.last_lsn, commit.pchannel};
    if (!state_.committed.emplace(commit.id, committed).second) {
      return Corruption("an edit commits segment {} twice", commit.id);
    }
    return Status();
  }

  Status operator()(const SetDeletes& set) {
    const auto segment = state_.segments.find(set.segment);
    if (segment == state_.segments.end()) {
      return Corruption("an edit sets the deletes of segment {}, which does not exist",
                        set.segment);
    }
    VECDB_TRY(CheckLeased("file", set.file.info.file_id));
    std::optional<DeletesFileRecord>& deletes = segment->second.deletes;
    if (deletes && deletes->number == set.file.number) {
      return Corruption("an edit names deletes file {} of segment {} twice", set.file.number,
                        set.segment);
    }
    deletes = set.file;
    return Status();
  }

  Status operator()(const AddLog& add) {
    const io::LogIdentity& identity = add.identity;
    if (identity.kind != io::LogKind::kWal || identity.database != state_.database) {
      return Corruption("an edit adds log {} of pchannel {}, which is of another database",
                        identity.number, identity.channel);
    }
    if (!state_.pchannels[identity.channel].logs.emplace(identity.number, identity).second) {
      return Corruption("an edit adds log {} of pchannel {} twice", identity.number,
                        identity.channel);
    }
    return Status();
  }

  Status operator()(const DropLog& drop) {
    const auto pchannel = state_.pchannels.find(drop.pchannel);
    if (pchannel == state_.pchannels.end() || pchannel->second.logs.erase(drop.number) == 0) {
      return Corruption("an edit drops log {} of pchannel {}, which does not exist", drop.number,
                        drop.pchannel);
    }
    return Status();
  }

  // Both only grow: what was once not needed, or synced, stays so, whoever commits first.
  Status operator()(const SetCheckpoint& set) {
    PchannelState& pchannel = state_.pchannels[set.pchannel];
    pchannel.checkpoint = std::max(pchannel.checkpoint, set.checkpoint);
    pchannel.durable = std::max(pchannel.durable, set.durable);
    return Status();
  }

  Status operator()(const LeaseIds& lease) {
    if (lease.next < state_.next_id) {
      return Corruption("an edit leases ids up to {}, but {} was leased before", lease.next,
                        state_.next_id);
    }
    state_.next_id = lease.next;
    return Status();
  }

  Status operator()(const SetMaxTimestamp& set) {
    state_.max_timestamp = std::max(state_.max_timestamp, set.timestamp);
    return Status();
  }

  // Once: what is in one log is not in another.
  Status operator()(const BindCollection& bind) {
    const auto collection = state_.collections.find(bind.collection);
    if (collection == state_.collections.end()) {
      return Corruption("an edit binds collection {}, which does not exist", bind.collection);
    }
    if (collection->second.pchannel != 0 || bind.pchannel == 0) {
      return Corruption("an edit binds collection {} to pchannel {}, which has pchannel {}",
                        bind.collection, bind.pchannel, collection->second.pchannel);
    }
    collection->second.pchannel = bind.pchannel;
    return Status();
  }

  Status operator()(const RenameCollection& rename) {
    VECDB_TRY(CheckCollection("renames", rename.id));
    VECDB_TRY(CheckNameIsFree(rename.id, rename.name));
    state_.collections.at(rename.id).name = rename.name;
    return Status();
  }

  Status operator()(const SetAlias& set) {
    VECDB_TRY(CheckCollection("gives an alias to", set.collection));
    if (const CollectionRecord* other = state_.FindCollection(set.alias)) {
      return Corruption("an edit gives collection {} the alias '{}', the name of collection {}",
                        set.collection, set.alias, other->id);
    }
    state_.aliases.insert_or_assign(set.alias, set.collection);
    return Status();
  }

  Status operator()(const DropAlias& drop) {
    if (state_.aliases.erase(drop.alias) == 0) {
      return Corruption("an edit drops the alias '{}', which does not exist", drop.alias);
    }
    return Status();
  }

  Status operator()(const SetProperties& set) {
    VECDB_TRY(CheckCollection("sets the properties of", set.collection));
    CollectionRecord& record = state_.collections.at(set.collection);
    const Status sound = CheckPartitionKey(record.schema, set.properties.partition_key,
                                           set.properties.num_partitions);
    if (!sound.ok()) return Corruption("an edit is about {}: {}", record.name, sound.message());
    const Status sorts = CheckClusteringKey(record.schema, set.properties.clustering_key);
    if (!sorts.ok()) return Corruption("an edit is about {}: {}", record.name, sorts.message());
    if (record.options.clustering_key != set.properties.clustering_key) ForgetRanges(record.id);
    record.options.clustering_key = set.properties.clustering_key;
    record.options.partition_key = set.properties.partition_key;
    record.options.num_partitions = set.properties.num_partitions;
    if (set.properties == Properties{}) {
      state_.properties.erase(set.collection);
    } else {
      state_.properties.insert_or_assign(set.collection, set.properties);
    }
    return Status();
  }

 private:
  static bool EraseIndexFile(std::uint32_t field, SegmentRecord* record) {
    return std::erase_if(record->indexes,
                         [field](const IndexFileRecord& file) { return file.field == field; }) != 0;
  }
  void ForgetIndexFiles(CollectionId collection, std::uint32_t field) {
    for (auto& [id, segment] : state_.segments) {
      if (segment.collection == collection) EraseIndexFile(field, &segment);
    }
  }

  // Of another key they say nothing.
  void ForgetRanges(CollectionId collection) {
    for (auto& [id, segment] : state_.segments) {
      if (segment.collection != collection) continue;
      segment.key_range.reset();
      segment.clustered = false;
    }
  }

  Status CheckCollection(std::string_view what, CollectionId id) const {
    if (state_.collections.count(id) != 0) return Status();
    return Corruption("an edit {} collection {}, which does not exist", what, id);
  }

  // Of a collection that is created or renamed.
  Status CheckNameIsFree(CollectionId id, std::string_view name) const {
    if (const CollectionRecord* other = state_.FindCollection(name)) {
      return Corruption("an edit names collection {} '{}', the name of collection {}", id, name,
                        other->id);
    }
    const auto alias = state_.aliases.find(name);
    if (alias == state_.aliases.end()) return Status();
    return Corruption("an edit names collection {} '{}', an alias of collection {}", id, name,
                      alias->second);
  }

  Status CheckLeased(std::string_view kind, std::uint64_t id) const {
    if (id != 0 && id < state_.next_id) return Status();
    return Corruption("an edit uses {} id {}, but only those from 1 to below {} were leased", kind,
                      id, state_.next_id);
  }

  State& state_;
};

// Commit records that end below the checkpoint of their pchannel: replay does not come to them.
void ForgetCommits(State* state) {
  for (auto at = state->committed.begin(); at != state->committed.end();) {
    const auto pchannel = state->pchannels.find(at->second.pchannel);
    const bool passed =
        pchannel != state->pchannels.end() && at->second.last_lsn < pchannel->second.checkpoint;
    at = passed ? state->committed.erase(at) : std::next(at);
  }
}

}  // namespace

Status ApplyInPlace(const Edit& edit, State* state) {
  VECDB_TRY(CheckFileIdsAreFresh(edit, *state));
  Applier applier(state);
  for (const Operation& operation : edit.operations) VECDB_TRY(std::visit(applier, operation));
  ForgetCommits(state);
  return Status();
}

Result<State> Apply(const State& state, const Edit& edit) {
  State next = state;
  VECDB_TRY(ApplyInPlace(edit, &next));
  return next;
}

}  // namespace vecdb::catalog
