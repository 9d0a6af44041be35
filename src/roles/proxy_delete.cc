// A delete by filter. Keys are logged, never filters (docs/adr/0013): so the rows must be those
// that match when the log gets the write, with no other write in between.
//
// 1 Scan     every segment at a read time, beside other writers; may take long
// 2 Recheck  under all lanes: of the keys found, those whose row is still there; and of the rows
//            written since, those that match. Short: only what is new is read
// 3 log and apply, as any delete of keys
#include <algorithm>

#include "base/status.h"
#include "chunk/validate.h"
#include "query/scan.h"
#include "roles/proxy.h"
#include "roles/read_memory.h"
#include "roles/write_parts.h"

namespace vecdb::roles {
namespace {

class DeletedKeys {
 public:
  // Only rows in `partition`; null: in any.
  DeletedKeys(const LiveCollection& collection, std::shared_ptr<Partition> partition,
              const query::Filter& filter, const base::Deadline& deadline,
              base::MemoryBudget& memory)
      : collection_(collection),
        partition_(std::move(partition)),
        filter_(filter),
        deadline_(deadline),
        memory_(memory) {
    const Schema& schema = collection.record.schema;
    is_text_ = schema.primary_key().type == DataType::kVarChar;
    found_.resize(collection.lanes.size(), chunk::KeyList(is_text_));
  }

  Status Scan(const Moment& moment) {
    scanned_ = moment.time.at;
    for (const auto& segment : moment.view->segments()) {
      VECDB_TRY_ASSIGN(const query::AllowedRows allowed,
                       query::AllowedRowsAt(*segment, moment.time, &filter_, deadline_));
      if (!allowed.bitmap) continue;  // there are no rows
      VECDB_TRY(AddKeys(*segment, 0, allowed.rows, *allowed.bitmap, &found_[segment->shard()]));
    }
    return Status();
  }

  // Called under all lanes; fills the request.
  Status Recheck(const segment::View& view, WriteRequest* request) {
    for (ShardId shard = 0; shard < found_.size(); ++shard) {
      chunk::KeyList keys(is_text_);
      VECDB_TRY(AddStillThere(view, shard, &keys));
      for (const auto& segment : view.segments()) {
        if (segment->shard() != shard || !IsLookedIn(*segment)) continue;
        VECDB_TRY(AddWrittenSince(*segment, &keys));
      }
      AddParts(shard, keys.View(), request);
    }
    return Status();
  }

  std::vector<Key> TakeKeys() { return std::move(deleted_); }

 private:
  bool IsLookedIn(const segment::Segment& segment) const {
    return partition_ == nullptr || partition_->id == segment.partition();
  }
  Status AddKeys(const segment::Segment& segment, RowIndex first, RowIndex end,
                 const base::Bitmap& rows, chunk::KeyList* keys);
  Status AddStillThere(const segment::View& view, ShardId shard, chunk::KeyList* keys);
  Status AddWrittenSince(const segment::Segment& segment, chunk::KeyList* keys);
  Status Add(chunk::KeyView key, chunk::KeyList* keys);
  void AddParts(ShardId shard, chunk::KeySpan keys, WriteRequest* request);

  const LiveCollection& collection_;
  const std::shared_ptr<Partition> partition_;
  const query::Filter& filter_;
  const base::Deadline& deadline_;
  bool is_text_ = false;
  Timestamp scanned_{0};
  std::vector<chunk::KeyList> found_;  // by shard
  std::size_t bytes_ = 0;              // of all keys added
  ReadMemory memory_;
  std::vector<Key> deleted_;
};

Status DeletedKeys::Add(chunk::KeyView key, chunk::KeyList* keys) {
  bytes_ += LoggedBytes(key);
  if (bytes_ > chunk::kMaxBatchBytes) {
    return base::InvalidArgument(
        "the filter matches more rows than one delete can name: their keys take more than the "
        "limit of {} bytes; narrow it",
        chunk::kMaxBatchBytes);
  }
  keys->Add(key);
  return memory_.Add(2 * sizeof(Key) + 3 * LoggedBytes(key));
}

Status DeletedKeys::AddKeys(const segment::Segment& segment, RowIndex first, RowIndex end,
                            const base::Bitmap& rows, chunk::KeyList* keys) {
  while (first < end) {
    VECDB_TRY(deadline_.Check());
    VECDB_TRY_ASSIGN(const chunk::ColumnView view, query::ReadKeys(segment, first, end));
    for (std::size_t i = 0; i < view.rows; ++i) {
      if (rows.Test(first + i)) VECDB_TRY(Add(query::KeyIn(view, i), keys));
    }
    first += static_cast<RowIndex>(view.rows);
  }
  return Status();
}

// A row never changes: one that matched and is live still matches. What replaced it has a later
// timestamp.
Status DeletedKeys::AddStillThere(const segment::View& view, ShardId shard, chunk::KeyList* keys) {
  const Timestamp since{base::Raw(scanned_) + 1};
  VECDB_TRY_ASSIGN(const auto places,
                   view.FindLive(shard, found_[shard].View(), since, collection_.KeyFilter(shard)));
  for (const segment::View::Place& place : places) {
    VECDB_TRY_ASSIGN(const chunk::KeyView key, query::KeyAt(*place.segment, place.row));
    keys->Add(key);
  }
  return Status();
}

Status DeletedKeys::AddWrittenSince(const segment::Segment& segment, chunk::KeyList* keys) {
  const RowIndex end = segment.rows();
  VECDB_TRY_ASSIGN(const RowIndex first, segment.RowsAt(scanned_));
  if (first == end) return Status();
  base::Bitmap rows;
  VECDB_TRY(filter_.EvaluateFrom(segment, first, end, deadline_, &rows));
  const auto gone = segment.tombstones().DeletedAt(base::kEndOfTime);
  if (gone != nullptr) rows.AndNot(*gone);
  return AddKeys(segment, first, end, rows, keys);
}

// In order, and each once: with check_keys off several rows may have one key.
void DeletedKeys::AddParts(ShardId shard, chunk::KeySpan keys, WriteRequest* request) {
  std::vector<chunk::KeyView> sorted;
  sorted.reserve(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) sorted.push_back(keys[i]);
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  DeleteParts parts({partition_, shard}, is_text_, request);
  for (const chunk::KeyView key : sorted) {
    parts.Add(key);
    deleted_.push_back(chunk::OwnedKey(key));
  }
  parts.Finish();
}

}  // namespace

Result<WriteReceipt> Proxy::DeleteWhere(const CollectionPtr& collection, std::string_view filter,
                                        const WriteOptions& options) {
  VECDB_TRY(collection->CheckAlive());
  const Durability durability = options.durability.value_or(durability_);
  VECDB_TRY(CheckDurability("WriteOptions::durability", durability));
  VECDB_TRY_ASSIGN(const base::Deadline deadline,
                   DeadlineOf("WriteOptions::timeout", options.timeout, options.stop));
  VECDB_TRY_ASSIGN(const auto compiled, query::PlanFilter(collection->record.schema, filter));
  if (compiled == nullptr) {
    return base::InvalidArgument("the filter of a delete is empty, which every row would match");
  }
  ReadOptions read;
  std::shared_ptr<Partition> only;
  if (!options.partition.empty()) {
    VECDB_TRY_ASSIGN(only, collection->NamedPartition(options.partition));
    read.partitions.push_back(options.partition);
  }
  VECDB_TRY_ASSIGN(const Moment moment,
                   PinUnless(nullptr, *collection, read, compiled.get(), deadline));
  DeletedKeys keys(*collection, std::move(only), *compiled, deadline, query_.memory());
  VECDB_TRY(keys.Scan(moment));
  WriteRequest request{.type = wal::MessageType::kDelete,
                       .check_keys = false,
                       .durability = durability,
                       .deadline = deadline,
                       .memory = {},
                       .parts = {}};
  WriteReceipt receipt{moment.time.at, {}};
  const auto find = [&](const segment::View& view) -> Status {
    VECDB_TRY(keys.Recheck(view, &request));
    receipt.keys = keys.TakeKeys();  // before the write: behind it nothing may run out of memory
    std::sort(receipt.keys.begin(), receipt.keys.end());
    return Status();
  };
  VECDB_TRY_ASSIGN(const auto written, streaming_.WriteFound(collection, request, find));
  if (written) receipt.timestamp = *written;
  Counters::Add(counters_.writes);
  Counters::Add(counters_.deleted_keys, receipt.keys.size());
  return receipt;
}

}  // namespace vecdb::roles
