#include <algorithm>
#include <numeric>

#include "base/status.h"
#include "chunk/batch_access.h"
#include "chunk/codec.h"
#include "chunk/split.h"
#include "chunk/validate.h"
#include "roles/proxy.h"
#include "roles/write_parts.h"

namespace vecdb::roles {
namespace {

// Fills an auto_id schema's key column: timestamps of our own, so no id is ever given twice.
void AssignKeys(const Schema& schema, base::TimestampOracle& oracle, chunk::Chunk* rows) {
  if (!schema.primary_key().auto_id || rows->rows == 0) return;
  const std::uint64_t first = base::Raw(oracle.Next(rows->rows));
  std::vector<std::int64_t> keys(rows->rows);
  std::iota(keys.begin(), keys.end(), static_cast<std::int64_t>(first));
  chunk::Column& column = rows->columns[chunk::KeyFieldIndex(schema)];
  column.Clear();
  column.AppendFixed(std::as_bytes(std::span(keys)), keys.size());
}

std::vector<Key> OwnedKeys(chunk::KeySpan keys) {
  std::vector<Key> owned;
  owned.reserve(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) owned.push_back(chunk::OwnedKey(keys[i]));
  return owned;
}

// Adds these rows of the batch as one part, or as two halves while they are too long for one
// record.
void AddRows(const Schema& schema, const chunk::Chunk& rows, const PartitionLane& lane,
             std::span<const std::uint32_t> picked, WriteRequest* request) {
  auto part = std::make_unique<WritePart>();
  part->shard = lane.shard;
  part->partition = lane.partition;
  part->rows = &rows;
  if (picked.size() != rows.rows) {
    part->owned = chunk::Pick(schema, rows, picked);
    part->rows = &part->owned;
  }
  chunk::EncodeChunk(*part->rows, &part->payload);
  if (part->payload.size() <= kMaxPayload || picked.size() == 1) {
    request->parts.push_back(std::move(part));
    return;
  }
  const std::size_t half = picked.size() / 2;
  AddRows(schema, rows, lane, picked.first(half), request);
  AddRows(schema, rows, lane, picked.subspan(half), request);
}

// The rows of one shard: to the partition of `lane`, or where a partition key sends each.
void AddShard(const LiveCollection& collection, const chunk::Chunk& rows, const PartitionLane& lane,
              std::span<const std::uint32_t> picked, WriteRequest* request) {
  const Schema& schema = collection.record.schema;
  if (!collection.partition_key) return AddRows(schema, rows, lane, picked, request);
  const auto& key = *collection.partition_key;
  const chunk::KeySpan values = chunk::ValuesOf(rows, key.field);
  for (const chunk::PartRows& part : chunk::SplitByValue(values, picked, key.partitions)) {
    AddRows(schema, rows, {collection.partitions.At(part.part), lane.shard}, part.rows, request);
  }
}

// Keys in record-sized lists by shard, of one partition or, when it is null, of all.
void SplitKeys(const Schema& schema, std::span<const Key> keys, std::uint32_t shards,
               const std::shared_ptr<Partition>& partition, WriteRequest* request) {
  const bool is_text = schema.primary_key().type == DataType::kVarChar;
  for (ShardId shard = 0; shard < shards; ++shard) {
    DeleteParts parts({partition, shard}, is_text, request);
    for (const Key& key : keys) {
      const chunk::KeyView view = chunk::ViewOf(key);
      if (chunk::ShardOf(view, shards) == shard) parts.Add(view);
    }
    parts.Finish();
  }
}

// What a write of so much takes until it stands in its segments: the record of the log, the rows
// there, and copies where the batch is not lent or its rows go to several places.
std::uint64_t MemoryOfRows(const LiveCollection& collection, std::uint64_t batch_bytes) {
  const Schema& schema = collection.record.schema;
  const bool copied = schema.primary_key().auto_id;
  const bool split = collection.record.options.shards > 1 || collection.partition_key.has_value();
  return batch_bytes * (2 + (copied ? 1 : 0) + (split ? 1 : 0));
}

// The same for a delete: keys with the call, by shard, in the log and in the receipt; what they
// delete.
std::uint64_t MemoryOfKeys(std::span<const Key> keys) {
  std::uint64_t bytes = keys.size() * 2 * sizeof(Key);
  for (const Key& key : keys) bytes += 3 * LoggedBytes(chunk::ViewOf(key));
  return bytes;
}

// Where rows go that a write with these options adds.
Result<std::shared_ptr<Partition>> PartitionFor(const LiveCollection& collection,
                                                const WriteOptions& options) {
  if (options.partition.empty()) return collection.partitions.standard();
  return collection.NamedPartition(options.partition);
}

Status CheckDeleteSize(std::span<const Key> keys) {
  if (keys.empty()) return base::InvalidArgument("there is no key to delete");
  if (keys.size() > chunk::kMaxBatchRows) {
    return base::InvalidArgument("{} keys in one delete are above the limit of {}", keys.size(),
                                 chunk::kMaxBatchRows);
  }
  std::size_t bytes = 0;
  for (const Key& key : keys) bytes += LoggedBytes(chunk::ViewOf(key));
  if (bytes > chunk::kMaxBatchBytes) {
    return base::InvalidArgument("{} bytes of keys in one delete are above the limit of {}", bytes,
                                 chunk::kMaxBatchBytes);
  }
  return Status();
}

}  // namespace

Result<WriteReceipt> Proxy::WriteRows(const CollectionPtr& collection, const Batch& batch,
                                      wal::MessageType type, const WriteOptions& options) {
  const Schema& schema = collection->record.schema;
  const Durability durability = options.durability.value_or(durability_);
  VECDB_TRY(CheckDurability("WriteOptions::durability", durability));
  VECDB_TRY_ASSIGN(const base::Deadline deadline,
                   DeadlineOf("WriteOptions::timeout", options.timeout, options.stop));
  if (!(batch.schema() == schema)) {
    return base::InvalidArgument("the batch was made for another schema than collection '{}' has",
                                 collection->name());
  }
  VECDB_TRY_ASSIGN(const auto partition, PartitionFor(*collection, options));
  VECDB_TRY_ASSIGN(
      auto memory,
      streaming_.Reserve(
          *collection, MemoryOfRows(*collection, chunk::BatchAccess::SizeBytes(batch)), deadline));
  chunk::Chunk filled;  // with auto_id or columns left out; otherwise the batch's own is lent
  VECDB_TRY_ASSIGN(const chunk::Chunk* lent, chunk::BatchAccess::LendChunk(batch, &filled));
  if (lent == &filled) AssignKeys(schema, oracle_, &filled);
  const chunk::Chunk& rows = *lent;
  VECDB_TRY(chunk::ValidateChunk(schema, rows));

  WriteRequest request{.type = type,
                       .check_keys = collection->record.options.check_keys,
                       .durability = durability,
                       .deadline = deadline,
                       .memory = std::move(memory),
                       .parts = {}};
  const chunk::KeySpan keys = chunk::KeysOf(schema, rows);
  for (const chunk::ShardRows& shard :
       chunk::SplitByShard(keys, collection->record.options.shards)) {
    AddShard(*collection, rows, {partition, shard.shard}, shard.rows, &request);
  }
  WriteReceipt receipt;
  receipt.keys = OwnedKeys(keys);  // before the write: behind it nothing may run out of memory
  VECDB_TRY_ASSIGN(receipt.timestamp, streaming_.Write(collection, request));
  Counters::Add(counters_.writes);
  Counters::Add(counters_.written_rows, rows.rows);
  return receipt;
}

Result<WriteReceipt> Proxy::Insert(const CollectionPtr& collection, const Batch& batch,
                                   const WriteOptions& options) {
  return WriteRows(collection, batch, wal::MessageType::kInsert, options);
}

Result<WriteReceipt> Proxy::Upsert(const CollectionPtr& collection, const Batch& batch,
                                   const WriteOptions& options) {
  return WriteRows(collection, batch, wal::MessageType::kUpsert, options);
}

Result<WriteReceipt> Proxy::Delete(const CollectionPtr& collection, std::span<const Key> keys,
                                   const WriteOptions& options) {
  const Durability durability = options.durability.value_or(durability_);
  VECDB_TRY(CheckDurability("WriteOptions::durability", durability));
  std::shared_ptr<Partition> only;
  if (!options.partition.empty()) {
    VECDB_TRY_ASSIGN(only, collection->NamedPartition(options.partition));
  }
  VECDB_TRY_ASSIGN(const base::Deadline deadline,
                   DeadlineOf("WriteOptions::timeout", options.timeout, options.stop));
  VECDB_TRY(CheckDeleteSize(keys));
  VECDB_TRY(chunk::ValidateKeys(collection->record.schema, keys));
  VECDB_TRY_ASSIGN(auto memory, streaming_.Reserve(*collection, MemoryOfKeys(keys), deadline));
  WriteRequest request{.type = wal::MessageType::kDelete,
                       .check_keys = false,
                       .durability = durability,
                       .deadline = deadline,
                       .memory = std::move(memory),
                       .parts = {}};
  SplitKeys(collection->record.schema, keys, collection->record.options.shards, only, &request);
  WriteReceipt receipt;
  receipt.keys.assign(keys.begin(), keys.end());
  VECDB_TRY_ASSIGN(receipt.timestamp, streaming_.Write(collection, request));
  Counters::Add(counters_.writes);
  Counters::Add(counters_.deleted_keys, keys.size());
  return receipt;
}

}  // namespace vecdb::roles
