// A segment that still takes rows, in memory. Columns stand in blocks that never move once written;
// a row becomes readable when rows() is raised past it.
//
// Thread safety: Append by one thread at a time (the shard's lane); everything else from any
// thread, beside an Append. Readers never wait for an Append.
#pragma once

#include <chrono>
#include <memory>

#include "chunk/chunk.h"
#include "segment/segment.h"

namespace vecdb::segment {

class GrowingSegment final : public Segment {
 public:
  static std::shared_ptr<GrowingSegment> Create(SegmentId id, ShardId shard, PartitionId partition,
                                                std::uint32_t schema_version, const Schema& schema);
  ~GrowingSegment() override;

  // From now on its memory is counted, as that of its tombstones. Before anyone else uses it;
  // `budget` outlives the segment.
  void ChargeTo(base::MemoryBudget& budget);

  // Adds all rows of `chunk` with this timestamp (not below those before). `lsn` is the first of
  // the records that carried them.
  void Append(const chunk::Chunk& chunk, Timestamp timestamp, Lsn first_lsn, Lsn last_lsn);

  bool sealed() const override { return false; }
  RowIndex rows() const override;
  Result<RowIndex> RowsAt(Timestamp t) const override;
  Result<Timestamp> TimestampOf(RowIndex row) const override;
  Result<chunk::ColumnView> ReadTimestamps(RowIndex first, RowIndex max_rows) const override;
  Result<chunk::ColumnView> Read(
      std::uint32_t field, RowIndex first, RowIndex max_rows,
      const base::Deadline& deadline = base::Deadline::Never()) const override;
  Status FindKey(chunk::KeyView key, std::uint64_t hash,
                 std::vector<RowIndex>* rows) const override;
  Status FindLive(chunk::KeyView key, std::uint64_t hash,
                  std::vector<RowIndex>* rows) const override;
  Result<std::optional<RowIndex>> FindVisible(chunk::KeyView key, std::uint64_t hash,
                                              Timestamp t) const override;
  Status MayContain(std::span<const std::uint64_t> hashes, std::uint8_t* may) const override;
  PartBoard* parts() const override;
  std::uint64_t memory_bytes() const override;  // of rows and key index
  std::uint64_t disk_bytes() const override { return 0; }

  std::uint32_t schema_version() const;
  Lsn first_lsn() const;  // kNoLsn while empty
  Lsn last_lsn() const;

 private:
  struct Body;
  GrowingSegment(SegmentId id, ShardId shard, PartitionId partition, const Schema& schema,
                 std::unique_ptr<Body> body);
  std::unique_ptr<Body> body_;
};

}  // namespace vecdb::segment
