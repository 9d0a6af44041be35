#include <algorithm>
#include <numeric>

#include "base/status.h"
#include "chunk/batch_access.h"
#include "chunk/codec.h"
#include "chunk/split.h"
#include "chunk/validate.h"
#include "roles/proxy.h"

namespace vecdb::roles {
namespace {

constexpr std::size_t kMaxPayload = io::kMaxRecordBytes - wal::kMessageHeaderSize;

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
void AddRows(const Schema& schema, const chunk::Chunk& rows, ShardId shard,
             std::span<const std::uint32_t> picked, WriteRequest* request) {
  auto part = std::make_unique<WritePart>();
  part->shard = shard;
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
  AddRows(schema, rows, shard, picked.first(half), request);
  AddRows(schema, rows, shard, picked.subspan(half), request);
}

void AddKeys(ShardId shard, chunk::KeyList keys, WriteRequest* request) {
  auto part = std::make_unique<WritePart>();
  part->shard = shard;
  part->deleted = std::move(keys);
  chunk::EncodeKeys(part->deleted.View(), &part->payload);
  request->parts.push_back(std::move(part));
}

// Keys in record-sized lists by shard.
void SplitKeys(const Schema& schema, std::span<const Key> keys, std::uint32_t shards,
               WriteRequest* request) {
  const bool is_text = schema.primary_key().type == DataType::kVarChar;
  for (ShardId shard = 0; shard < shards; ++shard) {
    chunk::KeyList list(is_text);
    std::size_t bytes = 0;
    for (const Key& key : keys) {
      const chunk::KeyView view = chunk::ViewOf(key);
      if (chunk::ShardOf(view, shards) != shard) continue;
      if (bytes > kMaxPayload / 2) {
        AddKeys(shard, std::move(list), request);
        list = chunk::KeyList(is_text);
        bytes = 0;
      }
      list.Add(view);
      bytes += 8 + (is_text ? std::get<std::string>(key).size() : 0);
    }
    if (list.size() > 0) AddKeys(shard, std::move(list), request);
  }
}

Status CheckDeleteSize(std::span<const Key> keys) {
  if (keys.empty()) return base::InvalidArgument("there is no key to delete");
  if (keys.size() > chunk::kMaxBatchRows) {
    return base::InvalidArgument("{} keys in one delete are above the limit of {}", keys.size(),
                                 chunk::kMaxBatchRows);
  }
  std::size_t bytes = 0;
  for (const Key& key : keys) {
    const auto* text = std::get_if<std::string>(&key);
    bytes += 8 + (text != nullptr ? text->size() : 0);
  }
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
  if (!(batch.schema() == schema)) {
    return base::InvalidArgument("the batch was made for another schema than collection '{}' has",
                                 collection->record.name);
  }
  chunk::Chunk filled;  // with auto_id or columns left out; otherwise the batch's own is lent
  VECDB_TRY_ASSIGN(const chunk::Chunk* lent, chunk::BatchAccess::LendChunk(batch, &filled));
  if (lent == &filled) AssignKeys(schema, oracle_, &filled);
  const chunk::Chunk& rows = *lent;
  VECDB_TRY(chunk::ValidateChunk(schema, rows));

  WriteRequest request{.type = type,
                       .check_keys = collection->record.options.check_keys,
                       .durability = durability,
                       .parts = {}};
  const chunk::KeySpan keys = chunk::KeysOf(schema, rows);
  for (const chunk::ShardRows& shard :
       chunk::SplitByShard(keys, collection->record.options.shards)) {
    AddRows(schema, rows, shard.shard, shard.rows, &request);
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
  VECDB_TRY(CheckDeleteSize(keys));
  VECDB_TRY(chunk::ValidateKeys(collection->record.schema, keys));
  WriteRequest request{.type = wal::MessageType::kDelete,
                       .check_keys = false,
                       .durability = durability,
                       .parts = {}};
  SplitKeys(collection->record.schema, keys, collection->record.options.shards, &request);
  WriteReceipt receipt;
  receipt.keys.assign(keys.begin(), keys.end());
  VECDB_TRY_ASSIGN(receipt.timestamp, streaming_.Write(collection, request));
  Counters::Add(counters_.writes);
  Counters::Add(counters_.deleted_keys, keys.size());
  return receipt;
}

}  // namespace vecdb::roles
