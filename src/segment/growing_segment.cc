#include "segment/growing_segment.h"

#include <algorithm>
#include <atomic>
#include <limits>

#include "base/canary.h"
#include "base/status.h"
#include "base/timestamp_oracle.h"
#include "segment/growing_column.h"
#include "segment/growing_key_index.h"
#include "segment/index_part.h"

namespace vecdb::segment {
namespace {

using Columns = std::vector<std::shared_ptr<GrowingColumn>>;

Columns MakeColumns(const Schema& schema) {
  Columns columns;
  for (const Field& field : schema.fields()) {
    columns.push_back(std::make_shared<GrowingColumn>(field.type, field.dimension, field.nullable));
  }
  return columns;
}

}  // namespace

struct GrowingSegment::Body {
  Body(std::uint32_t version, const Schema& schema)
      : schema_version(version),
        columns(MakeColumns(schema)),
        timestamps(DataType::kInt64, 0, false),
        keys(*columns[chunk::KeyFieldIndex(schema)]) {}

  std::uint64_t MemoryBytes() const {
    std::uint64_t bytes = sizeof(*this) + timestamps.memory_bytes() + keys.memory_bytes();
    for (const auto& column : columns) bytes += column->memory_bytes();
    return bytes;
  }

  Timestamp TimestampAt(RowIndex row) const {
    return Timestamp{static_cast<std::uint64_t>(timestamps.At<std::int64_t>(row))};
  }

  // Constant after construction.
  const std::uint32_t schema_version;
  const Columns columns;  // by field; shared with the views that are read from them

  // Thread-safe by themselves beside the one that appends.
  GrowingColumn timestamps;
  GrowingKeyIndex keys;
  std::atomic<RowIndex> rows{0};  // stored with release order after everything a row consists of
  std::atomic<Lsn> first_lsn{kNoLsn};
  std::atomic<Lsn> last_lsn{kNoLsn};
  std::atomic<std::uint64_t> memory_bytes{0};
  PartBoard parts;

  base::MemoryReservation memory;  // of the one that appends
};

std::shared_ptr<GrowingSegment> GrowingSegment::Create(SegmentId id, ShardId shard,
                                                       PartitionId partition,
                                                       std::uint32_t schema_version,
                                                       const Schema& schema) {
  auto body = std::make_unique<Body>(schema_version, schema);
  body->memory_bytes = body->MemoryBytes();
  return std::shared_ptr<GrowingSegment>(
      new GrowingSegment(id, shard, partition, schema, std::move(body)));
}

GrowingSegment::GrowingSegment(SegmentId id, ShardId shard, PartitionId partition,
                               const Schema& schema, std::unique_ptr<Body> body)
    : Segment(id, shard, partition, schema, std::make_shared<Tombstones>()),
      body_(std::move(body)) {
}
GrowingSegment::~GrowingSegment() = default;

void GrowingSegment::ChargeTo(base::MemoryBudget& budget) {
  body_->memory = budget.Take(base::MemoryAccount::kGrowing, memory_bytes());
  tombstones().ChargeTo(budget);
}

// Everything that may run out of memory comes before the first key is inserted; until then the rows
// are only bytes beyond rows(), which the next Append writes over.
void GrowingSegment::Append(const chunk::Chunk& chunk, Timestamp timestamp, Lsn first_lsn,
                            Lsn last_lsn) {
  if (chunk.rows == 0) return;
  Body& body = *body_;
  const RowIndex first = body.rows.load(std::memory_order_relaxed);
  VECDB_CHECK(chunk.columns.size() == body.columns.size(),
              "rows reach a growing segment with another number of fields");
  VECDB_CHECK(first == 0 || body.TimestampAt(first - 1) <= timestamp,
              "rows reach a growing segment out of time order");
  for (std::size_t field = 0; field < body.columns.size(); ++field) {
    VECDB_CHECK(chunk.columns[field].rows() == chunk.rows, "columns of a chunk differ in length");
    body.columns[field]->Write(first, chunk.columns[field]);
  }
  const auto rows = static_cast<RowIndex>(chunk.rows);
  body.timestamps.Fill(first, rows, static_cast<std::int64_t>(base::Raw(timestamp)));
  body.keys.Reserve(first + rows);
  body.keys.Insert(first, rows);
  if (first == 0) body.first_lsn = first_lsn;
  body.last_lsn = last_lsn;
  const std::uint64_t memory_bytes = body.MemoryBytes();
  body.memory_bytes.store(memory_bytes, std::memory_order_relaxed);
  body.memory.Resize(memory_bytes);  // touches nothing shared unless a block was added
  base::SchedulePoint();
  body.rows.store(first + rows, std::memory_order_release);
}

RowIndex GrowingSegment::rows() const {
  return body_->rows.load(std::memory_order_acquire);
}

Result<RowIndex> GrowingSegment::RowsAt(Timestamp t) const {
  RowIndex end = rows();
  if (end == 0 || body_->TimestampAt(end - 1) <= t) return end;
  RowIndex begin = 0;  // rows before it are written at or before t, rows from `end` on later
  while (begin < end) {
    const RowIndex middle = begin + (end - begin) / 2;
    if (body_->TimestampAt(middle) <= t) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  return begin;
}

Result<Timestamp> GrowingSegment::TimestampOf(RowIndex row) const {
  VECDB_CHECK(row < rows(), "a row is read that a growing segment does not have");
  return body_->TimestampAt(row);
}

Result<chunk::ColumnView> GrowingSegment::Read(std::uint32_t field, RowIndex first,
                                               RowIndex max_rows,
                                               const base::Deadline& /*deadline*/) const {
  const RowIndex end = rows();
  VECDB_CHECK(field < body_->columns.size() && first < end,
              "a row is read that a growing segment does not have");
  chunk::ColumnView view = body_->columns[field]->Read(first, std::min(max_rows, end - first));
  view.keep = body_->columns[field];
  return view;
}

Result<chunk::ColumnView> GrowingSegment::ReadTimestamps(RowIndex first, RowIndex max_rows) const {
  const RowIndex end = rows();
  VECDB_CHECK(first < end, "a row is read that a growing segment does not have");
  return body_->timestamps.Read(first, std::min(max_rows, end - first));
}

Status GrowingSegment::FindKey(chunk::KeyView key, std::uint64_t hash,
                               std::vector<RowIndex>* found) const {
  const RowIndex end = rows();
  const auto before = static_cast<std::ptrdiff_t>(found->size());
  for (auto cursor = body_->keys.Find(key, hash); !cursor.done(); cursor.Next()) {
    if (cursor.row() < end) found->push_back(cursor.row());
  }
  std::reverse(found->begin() + before, found->end());
  return Status();
}

// A delete marks every older row of its key, so the first marked row ends the search: a key written
// over a thousand times costs no more than one written twice.
Status GrowingSegment::FindLive(chunk::KeyView key, std::uint64_t hash,
                                std::vector<RowIndex>* found) const {
  const RowIndex end = rows();
  for (auto cursor = body_->keys.Find(key, hash); !cursor.done(); cursor.Next()) {
    if (cursor.row() >= end) continue;
    if (tombstones().IsMarked(cursor.row())) break;
    found->push_back(cursor.row());
  }
  return Status();
}

Result<std::optional<RowIndex>> GrowingSegment::FindVisible(chunk::KeyView key, std::uint64_t hash,
                                                            Timestamp t) const {
  const RowIndex end = rows();
  for (auto cursor = body_->keys.Find(key, hash); !cursor.done(); cursor.Next()) {
    const RowIndex row = cursor.row();
    if (row >= end || body_->TimestampAt(row) > t) continue;
    if (tombstones().IsDeletedAt(row, t)) break;
    return std::optional<RowIndex>(row);
  }
  return std::optional<RowIndex>();
}

Status GrowingSegment::MayContain(std::span<const std::uint64_t> hashes, std::uint8_t* may) const {
  body_->keys.MayContain(hashes, may);
  return Status();
}

PartBoard* GrowingSegment::parts() const {
  return &body_->parts;
}

std::uint64_t GrowingSegment::memory_bytes() const {
  return body_->memory_bytes.load(std::memory_order_relaxed);
}

std::uint32_t GrowingSegment::schema_version() const {
  return body_->schema_version;
}
Lsn GrowingSegment::first_lsn() const {
  return body_->first_lsn;
}
Lsn GrowingSegment::last_lsn() const {
  return body_->last_lsn;
}

}  // namespace vecdb::segment
