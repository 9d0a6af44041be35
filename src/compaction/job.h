// Writes the kept rows of some sealed segments of one shard and partition as one segment. Reads
// nothing but its inputs, and decides and commits nothing. See job.cc for what a crash leaves.
//
//   Prepare    which rows stay, and in which order
//   Run        their files
//   Verify     that the files hold those rows, read back
//   CarryDeletes   what was deleted meanwhile
//
// A failure or a stop at any of them leaves litter in tmp/ or a folder that no record names: the
// job can be made again.
//
// Thread safety: one thread at a time; done_share() from any.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "catalog/records.h"
#include "compaction/merged_rows.h"
#include "io/file_system.h"
#include "segment/flush.h"
#include "segment/sealed_segment.h"
#include "segment/tombstones.h"

namespace vecdb::compaction {

struct JobSetup {
  SegmentId output = 0;  // an id that nobody had
  CollectionId collection = 0;
  std::uint32_t schema_version = 1;
  Inputs inputs;           // at least one
  Timestamp at{0};         // rows deleted by then go; every input is whole at this time
  Timestamp keep_from{0};  // rows written before have expired
  std::optional<std::uint32_t> clustering_key = {};  // its field
  // Of the clustering key: only rows of it, for one of several jobs that share the inputs.
  std::optional<Band> band = {};
  bool clustered = false;  // what the record says of the output
  Pace pace;
};

class Job {
 public:
  explicit Job(JobSetup setup) : setup_(std::move(setup)) {}

  Status Prepare();
  // After Prepare(): how many rows stay; whether the output would differ from the input.
  RowIndex rows() const { return rows_ ? rows_->rows() : 0; }
  bool changes() const;

  // At least one row. The record has no deletes file.
  Result<catalog::SegmentRecord> Run(io::FileSystem& fs, const io::DatabaseUuid& database,
                                     const segment::NewIds& new_ids);

  // Every checksum and promise of the output's files; as many rows as the inputs keep, each with
  // its key, its timestamp and its values; some of them looked up by key. kCorruption otherwise.
  // Of a band the rows must lie in it, and who has all bands compares their rows with CountKept().
  // The last that reads.
  Status Verify(const segment::SealedSegment& output);
  // How many rows of the inputs stay, in all bands; counted apart from the merging.
  Result<std::uint64_t> CountKept() const;

  // Marks in `to`, the output's, what was deleted in the inputs after `at`. May be called again:
  // what was carried before stays as it is. Complete when called under the shard's lane.
  void CarryDeletes(segment::Tombstones* to) const;

  SegmentId output() const { return setup_.output; }
  Timestamp at() const { return setup_.at; }
  Timestamp keep_from() const { return setup_.keep_from; }
  double done_share() const { return done_share_.load(std::memory_order_relaxed); }

 private:
  Result<chunk::ColumnView> ReadPaced(std::uint32_t field, RowIndex first, RowIndex max_rows);
  Status CheckBand(const segment::SealedSegment& output) const;
  Status CompareField(const segment::SealedSegment& output, std::uint32_t field);
  Status LookUpSome(const segment::SealedSegment& output) const;
  Status Differs(const segment::SealedSegment& output, std::uint32_t field, RowIndex row) const;
  void CountRead(std::size_t rows);

  const JobSetup setup_;
  std::optional<MergedRows> rows_;
  std::uint64_t rows_read_ = 0;
  std::atomic<double> done_share_{0};
};

}  // namespace vecdb::compaction
