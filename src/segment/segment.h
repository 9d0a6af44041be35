// One segment: rows of one shard and partition, numbered 0..rows-1 in timestamp order. A segment is
// growing (in memory, still taking rows) or sealed (files, immutable); readers need not know which.
//
// Thread safety: every const method from any thread; rows once visible never change or move.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "vecdb/schema.h"
#include "vecdb/status.h"
#include "vecdb/types.h"

#include "base/deadline.h"
#include "base/ids.h"
#include "catalog/key_range.h"
#include "chunk/column_view.h"
#include "chunk/keys.h"
#include "segment/tombstones.h"

namespace vecdb::segment {

class FieldIndex;
class NarrowColumns;
class PartBoard;

class Segment {
 public:
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;
  virtual ~Segment() = default;

  SegmentId id() const { return id_; }
  ShardId shard() const { return shard_; }
  PartitionId partition() const { return partition_; }
  const Schema& schema() const { return schema_; }
  virtual bool sealed() const = 0;

  // Rows that exist now, visible or not.
  virtual RowIndex rows() const = 0;
  // Rows [0, RowsAt(t)) are those written at or before t.
  virtual Result<RowIndex> RowsAt(Timestamp t) const = 0;
  virtual Result<Timestamp> TimestampOf(RowIndex row) const = 0;
  // Timestamps as Int64, like Read.
  virtual Result<chunk::ColumnView> ReadTimestamps(RowIndex first, RowIndex max_rows) const = 0;

  // Values of a field for rows [first, first + n), n >= 1 and at most `max_rows`: fewer where
  // storage ends (a block, a file). first < rows(). Every byte behind the view has been verified.
  // What is not in memory waits for room there, as long as the deadline allows.
  virtual Result<chunk::ColumnView> Read(
      std::uint32_t field, RowIndex first, RowIndex max_rows,
      const base::Deadline& deadline = base::Deadline::Never()) const = 0;

  // Appends every row with this key, deleted or not, ascending.
  virtual Status FindKey(chunk::KeyView key, std::uint64_t hash,
                         std::vector<RowIndex>* rows) const = 0;
  // Appends those of them without a tombstone, in no particular order.
  virtual Status FindLive(chunk::KeyView key, std::uint64_t hash,
                          std::vector<RowIndex>* rows) const;
  // The newest row with this key written at or before t, unless it is deleted at t. (Older ones are
  // deleted then too: a delete marks every row of its key.)
  virtual Result<std::optional<RowIndex>> FindVisible(chunk::KeyView key, std::uint64_t hash,
                                                      Timestamp t) const;
  // may[i] = 0 only if no row has a key with hashes[i].
  virtual Status MayContain(std::span<const std::uint64_t> hashes, std::uint8_t* may) const = 0;

  // False: Read() gives keys and nothing else.
  virtual bool has_columns() const { return true; }
  // What all of its values of the clustering key lie between; null where that is not known.
  virtual const catalog::KeyRange* key_range() const { return nullptr; }

  // What a field has besides its vectors; null where that is nothing, or is of no use.
  virtual const FieldIndex* IndexOn(std::uint32_t field) const {
    (void)field;
    return nullptr;
  }

  // Indexes of some of its rows each, for where it has no file of one; null where there are none.
  virtual PartBoard* parts() const { return nullptr; }

  // Narrow copies of its columns, for filters; null where none are kept.
  virtual NarrowColumns* narrow() const { return nullptr; }

  virtual std::uint64_t memory_bytes() const = 0;
  virtual std::uint64_t disk_bytes() const = 0;

  // Which rows are deleted, and when; the same object before and after sealing.
  Tombstones& tombstones() const { return *tombstones_; }
  const std::shared_ptr<Tombstones>& shared_tombstones() const { return tombstones_; }

 protected:
  Segment(SegmentId id, ShardId shard, PartitionId partition, const Schema& schema,
          std::shared_ptr<Tombstones> tombstones)
      : id_(id),
        shard_(shard),
        partition_(partition),
        schema_(schema),
        tombstones_(std::move(tombstones)) {}

 private:
  const SegmentId id_;
  const ShardId shard_;
  const PartitionId partition_;
  const Schema schema_;
  const std::shared_ptr<Tombstones> tombstones_;
};

}  // namespace vecdb::segment
