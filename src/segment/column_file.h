// One file of one field: its values for consecutive rows of a segment (a chunk), in the encoding
// that is smallest and still quick to read. The grammar of the bytes is on top of column_file.cc.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "vecdb/schema.h"
#include "vecdb/status.h"

#include "base/ids.h"
#include "chunk/column_view.h"
#include "io/block_file.h"
#include "segment/column_header.h"

namespace vecdb::segment {

// Of a whole file. One value always fits.
inline constexpr std::uint64_t kMaxColumnFileBytes = std::uint64_t{16} << 20;
// Values that one call decodes at most: text, and whatever is not plain.
inline constexpr RowIndex kMaxDecodedRows = 8192;

// Where a writer takes values from, like Segment::Read for one field. Texts must outlive the write;
// everything else lives as long as the view.
using ColumnSource = std::function<Result<chunk::ColumnView>(RowIndex first, RowIndex max_rows)>;

// The system column (catalog::kTimestampField): each row's Timestamp as Int64. Lives forever.
const Field& TimestampField();

// How many rows each file of this field holds: a power of two, the largest with which every file
// stays within `max_file_bytes` were it written plain. Only text needs its values looked at.
Result<std::uint64_t> RowsPerColumnFile(const Field& field, RowIndex rows,
                                        const ColumnSource& source,
                                        std::uint64_t max_file_bytes = kMaxColumnFileBytes);

// Writes rows [first, first + rows), at least one, and finishes `out`.
Result<io::SealedFileInfo> WriteColumnFile(const Field& field, const ColumnSource& source,
                                           RowIndex first, RowIndex rows, io::BlockFileWriter* out);

// Reads one such file. Thread-safe; holds nothing but the file.
class ColumnFile {
 public:
  // `field` outlives this object. Nothing is read yet.
  ColumnFile(const Field& field, std::shared_ptr<const io::BlockFile> file)
      : field_(&field), file_(std::move(file)) {}

  RowIndex rows() const { return static_cast<RowIndex>(file_->rows()); }
  const io::BlockFile& file() const { return *file_; }
  Result<ColumnEncoding> encoding() const;

  // Rows of this file, numbered from 0. Plain values of fixed width and vectors are lent from the
  // file; all else is decoded, at most kMaxDecodedRows a call. Texts are lent from the file.
  Result<chunk::ColumnView> Read(RowIndex first, RowIndex max_rows) const;

  // Every block, every promise of the grammar, and that every value is one the field may have.
  Status VerifyAll() const;

 private:
  Result<ColumnHeader> Header() const;
  Result<std::span<const std::byte>> Section(std::uint64_t at, std::uint64_t first,
                                             std::uint64_t count, std::uint64_t width) const;
  Status ReadPlainText(const ColumnHeader& header, RowIndex first, chunk::ColumnView* view) const;
  Status ReadDictionary(const ColumnHeader& header, RowIndex first, chunk::ColumnView* view) const;
  Status ReadRuns(const ColumnHeader& header, RowIndex first, chunk::ColumnView* view) const;
  Result<std::uint32_t> FindRun(const ColumnHeader& header, RowIndex row) const;

  Status CheckShapes(const chunk::ColumnView& view, RowIndex first) const;
  Status VerifyIndex(const ColumnHeader& header) const;
  Status VerifyEnds(std::uint64_t at, std::uint32_t count, std::uint64_t last, bool strict) const;
  Status VerifyValues(const chunk::ColumnView& view, RowIndex first) const;
  Status Bad(const char* problem, std::uint64_t row) const;

  const Field* field_;
  std::shared_ptr<const io::BlockFile> file_;
};

}  // namespace vecdb::segment
