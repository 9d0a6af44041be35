// A segment made of files that never change: one file per field and chunk, one file of keys, and
// the tombstones saved so far. See segment/column_file.h, key_file.h, deletes_file.h for the bytes.
//
// Thread safety: all methods from any thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "catalog/records.h"
#include "io/block_file.h"
#include "segment/field_index.h"
#include "segment/file_cache.h"
#include "segment/segment.h"

namespace vecdb::segment {

class NarrowCache;

// How a segment's files are opened.
struct Loading {
  Loading(LoadMode load) : mode(load) {}  // NOLINT(google-explicit-constructor): all of it
  Loading(LoadMode load, base::MemoryBudget& charged) : mode(load), budget(&charged) {}
  // Columns only as long as there is room.
  explicit Loading(FileCache& columns)
      : mode(columns.mode()), budget(&columns.budget()), cache(&columns) {}

  LoadMode mode;
  base::MemoryBudget* budget = nullptr;  // charged with what is open for good; null: nobody is
  FileCache* cache = nullptr;            // null: all of it is. Outlives the segment, as the budget
  NarrowCache* narrow = nullptr;         // null: no narrow copies are kept. The same
};

class SealedSegment final : public Segment {
 public:
  // Opens every file the record names and checks it against the record; kCorruption names the file.
  // `tombstones` is null when reopening (they are read from the deletes file), or the growing
  // segment's at handoff. In kMapped mode only footers are read here.
  static Result<std::shared_ptr<SealedSegment>> Open(
      io::FileSystem& fs, const io::DatabaseUuid& database, const catalog::SegmentRecord& record,
      const Schema& schema, std::shared_ptr<Tombstones> tombstones, const Loading& loading);
  ~SealedSegment() override;

  bool sealed() const override { return true; }
  RowIndex rows() const override;
  Result<RowIndex> RowsAt(Timestamp t) const override;
  Result<Timestamp> TimestampOf(RowIndex row) const override;
  Result<chunk::ColumnView> ReadTimestamps(RowIndex first, RowIndex max_rows) const override;
  Result<chunk::ColumnView> Read(
      std::uint32_t field, RowIndex first, RowIndex max_rows,
      const base::Deadline& deadline = base::Deadline::Never()) const override;
  Status FindKey(chunk::KeyView key, std::uint64_t hash,
                 std::vector<RowIndex>* rows) const override;
  Status MayContain(std::span<const std::uint64_t> hashes, std::uint8_t* may) const override;
  std::uint64_t memory_bytes() const override;
  std::uint64_t disk_bytes() const override;

  const catalog::KeyRange* key_range() const override;
  bool clustered() const;

  // Of its first and its last row.
  Timestamp min_timestamp() const;
  Timestamp max_timestamp() const;

  // The same segment, sharing its tombstones, with nothing of its columns but keys and timestamps:
  // enough to find rows by key and to delete them. Read() of anything else is kFailedPrecondition.
  std::shared_ptr<SealedSegment> WithoutColumns() const;
  bool has_columns() const override;

  // Null where it has none that can be used. Without columns there is none.
  const FieldIndex* IndexOn(std::uint32_t field) const override;
  // The same, one that is damaged too.
  std::shared_ptr<const FieldIndex> KnownIndex(std::uint32_t field) const;
  // The same segment, sharing its tombstones, where a field has this index, or none (null).
  std::shared_ptr<SealedSegment> WithIndex(std::uint32_t field,
                                           std::shared_ptr<const FieldIndex> index) const;
  // The same segment with parts of the growing one it was: its rows have the same numbers.
  std::shared_ptr<SealedSegment> WithParts(std::shared_ptr<PartBoard> parts) const;
  PartBoard* parts() const override;
  NarrowColumns* narrow() const override;
  // Opens a file of this segment's for it. What is wrong with the file is in the answer
  // (FieldIndex::damage); an error is of the system.
  Result<std::shared_ptr<const FieldIndex>> OpenIndex(io::FileSystem& fs,
                                                      const io::DatabaseUuid& database,
                                                      const catalog::IndexFileRecord& record,
                                                      const Loading& loading) const;

  // Reads and checks each block of what readers want, where that was not done yet: so those who
  // come first do not. Their pages are mapped then; whose memory they are does not change. Columns
  // in a FileCache are left to their readers.
  Status WarmUp() const;

  // Reads and verifies every byte and every promise of every file (vecdb check).
  Status VerifyAll() const;

 private:
  struct Body;
  Status VerifyKeyRange() const;
  SealedSegment(const catalog::SegmentRecord& record, const Schema& schema,
                std::shared_ptr<Tombstones> tombstones, std::unique_ptr<Body> body);
  SealedSegment(const SealedSegment& of, std::unique_ptr<Body> body);
  std::unique_ptr<Body> body_;
};

// Null for one that is growing.
inline std::shared_ptr<SealedSegment> AsSealed(const std::shared_ptr<Segment>& segment) {
  if (!segment->sealed()) return nullptr;
  return std::static_pointer_cast<SealedSegment>(segment);
}

// Whether it was made by compaction of rows with near values of the clustering key.
bool IsClustered(const Segment& segment);

}  // namespace vecdb::segment
