// A column file is an io::BlockFile of kind kColumn; its footer's `rows` is the number of values.
// Numbers are little-endian. The body:
//
//   header     64 bytes
//     0  u32   magic "VCOL"
//     4  u8    encoding: 1 plain, 2 dictionary, 3 run-length
//     5  u8    type: the number of DataType
//     6  u8    1 when there is a validity section, else 0
//     7  u8    type of the elements of an Array, else 0
//     8  u32   dimension of a vector, else 0
//    12  u32   rows
//    16  u32   entries: texts in the dictionary (1..65535), or runs (1..rows); 0 when plain
//    20  u32   0
//    24  u64   bytes of text, 0 for types of fixed width
//    32  32 zero bytes
//   sections, each at a multiple of 64, zeros between them; the last ends the body:
//     validity u8 a row, only when the header says so: 0 null, 1 not
//     and then, by encoding and type:
//     plain, fixed width or vector   values, row by row, in the width of the type
//     plain, text                    u32 end of each row's text; the texts, one after the other
//     dictionary, text               u16 code of each row; u32 end of each entry; the entries
//     run-length, fixed width        u32 end of each run (the row after its last); value of each
//     run
//
// Text is VarChar and JSON as they are, and the bytes of an Array (chunk/array_value.h) or of a
// SparseFloatVector (chunk/sparse_value.h).
//
// Bool is one byte, 0 or 1. A null has the value zero or the empty text. Ends of texts never fall
// and the last equals `bytes of text`; ends of runs rise and the last equals `rows`. Codes are
// numbers of entries. The timestamps of rows are an Int64 column.
//
// Which encoding: run-length when that is less than half of plain; a dictionary when it is less
// than 70 % of plain; vectors are always plain. Readers accept any that the type allows.
//
// All files of a field but the last hold the same power of two of rows, so that a row's file is
// found with a shift. No file is longer than 16 MiB.
#include "segment/column_file.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "chunk/array_value.h"
#include "chunk/kinds.h"
#include "chunk/sparse_value.h"
#include "chunk/validate.h"

namespace vecdb::segment {
namespace {

// Up to so many rows are looked up in a dictionary one by one; for more its whole text is verified.
constexpr std::size_t kFewRows = 64;

template <typename T>
const T* Array(std::span<const std::byte> bytes) {  // sections and rows are aligned for their type
  return reinterpret_cast<const T*>(bytes.data());
}

std::string_view Piece(std::span<const std::byte> text, std::uint64_t start, std::uint64_t end) {
  return base::AsText(text.subspan(start, end - start));
}

}  // namespace

const Field& TimestampField() {
  static const Field field = [] {
    Field made;
    made.name = "timestamp";
    made.type = DataType::kInt64;
    return made;
  }();
  return field;
}

Status ColumnFile::Bad(const char* problem, std::uint64_t row) const {
  return base::Corruption("{}: {}, at row or entry {}", file_->name(), problem, row);
}

Result<ColumnHeader> ColumnFile::Header() const {
  if (file_->body_size() < ColumnHeader::kSize) return Bad("the file is too short", 0);
  VECDB_TRY_ASSIGN(const auto bytes, file_->Read(0, ColumnHeader::kSize));
  VECDB_TRY_ASSIGN(const ColumnHeader header,
                   ColumnHeader::Decode(bytes, *field_, file_->body_size(), file_->name()));
  if (header.rows != file_->rows()) return Bad("header and footer disagree about rows", 0);
  return header;
}

Result<ColumnEncoding> ColumnFile::encoding() const {
  VECDB_TRY_ASSIGN(const ColumnHeader header, Header());
  return header.encoding;
}

Result<std::span<const std::byte>> ColumnFile::Section(std::uint64_t at, std::uint64_t first,
                                                       std::uint64_t count,
                                                       std::uint64_t width) const {
  return file_->Read(at + first * width, count * width);
}

Result<chunk::ColumnView> ColumnFile::Read(RowIndex first, RowIndex max_rows) const {
  VECDB_CHECK(first < rows() && max_rows > 0, "a read begins behind a column's end");
  VECDB_TRY_ASSIGN(const ColumnHeader header, Header());
  const std::size_t width = chunk::FixedWidth(field_->type, field_->dimension);
  const bool lent = header.encoding == ColumnEncoding::kPlain && width != 0;
  chunk::ColumnView view;
  view.type = field_->type;
  view.dimension = field_->dimension;
  view.rows = std::min(max_rows, rows() - first);
  if (!lent) view.rows = std::min<std::size_t>(view.rows, kMaxDecodedRows);
  if (header.has_validity) {
    VECDB_TRY_ASSIGN(const auto valid, Section(header.Layout().validity, first, view.rows, 1));
    view.valid = Array<std::uint8_t>(valid);
  }
  if (lent) {
    VECDB_TRY_ASSIGN(const auto values, Section(header.Layout().data, first, view.rows, width));
    view.values = values.data();
  } else if (header.encoding == ColumnEncoding::kPlain) {
    VECDB_TRY(ReadPlainText(header, first, &view));
  } else if (header.encoding == ColumnEncoding::kDictionary) {
    VECDB_TRY(ReadDictionary(header, first, &view));
  } else {
    VECDB_TRY(ReadRuns(header, first, &view));
  }
  VECDB_TRY(CheckShapes(view, first));
  return view;
}

Status ColumnFile::ReadPlainText(const ColumnHeader& header, RowIndex first,
                                 chunk::ColumnView* view) const {
  const ColumnLayout at = header.Layout();
  const RowIndex before = first == 0 ? 0 : 1;  // the end of the row before is this row's start
  VECDB_TRY_ASSIGN(const auto section, Section(at.index, first - before, view->rows + before, 4));
  const std::uint32_t* ends = Array<std::uint32_t>(section) + before;
  const std::uint64_t base = before == 0 ? 0 : *Array<std::uint32_t>(section);
  const std::uint64_t limit = ends[view->rows - 1];
  if (base > limit || limit > header.text_bytes) return Bad("a text ends beyond the texts", first);
  VECDB_TRY_ASSIGN(const auto text, file_->Read(at.data + base, limit - base));
  auto decoded = std::make_shared<std::string_view[]>(view->rows);
  std::string_view* values = decoded.get();
  std::uint64_t start = base;
  for (std::size_t i = 0; i < view->rows; ++i) {
    if (ends[i] < start || ends[i] > limit) return Bad("a text ends before it begins", first + i);
    values[i] = Piece(text, start - base, ends[i] - base);
    start = ends[i];
  }
  view->values = values;
  view->keep = std::move(decoded);
  return Status();
}

Status ColumnFile::ReadDictionary(const ColumnHeader& header, RowIndex first,
                                  chunk::ColumnView* view) const {
  const ColumnLayout at = header.Layout();
  VECDB_TRY_ASSIGN(const auto section, Section(at.index, first, view->rows, 2));
  VECDB_TRY_ASSIGN(const auto ends_section, Section(at.ends, 0, header.entries, 4));
  const std::uint16_t* codes = Array<std::uint16_t>(section);
  const std::uint32_t* ends = Array<std::uint32_t>(ends_section);
  const bool few = view->rows <= kFewRows;
  std::span<const std::byte> text;
  if (!few) {
    VECDB_TRY_ASSIGN(text, file_->Read(at.data, header.text_bytes));
  }
  auto decoded = std::make_shared<std::string_view[]>(view->rows);
  std::string_view* values = decoded.get();
  for (std::size_t i = 0; i < view->rows; ++i) {
    const std::uint32_t code = codes[i];
    if (code >= header.entries) return Bad("a code beyond the dictionary", first + i);
    const std::uint32_t start = code == 0 ? 0 : ends[code - 1];
    const std::uint32_t end = ends[code];
    if (end < start || end > header.text_bytes) return Bad("an entry ends out of bounds", code);
    if (few) {
      VECDB_TRY_ASSIGN(const auto entry, file_->Read(at.data + start, end - start));
      values[i] = base::AsText(entry);
    } else {
      values[i] = Piece(text, start, end);
    }
  }
  view->values = values;
  view->keep = std::move(decoded);
  return Status();
}

// The first run that ends behind `row`; only the blocks that the search touches are verified.
Result<std::uint32_t> ColumnFile::FindRun(const ColumnHeader& header, RowIndex row) const {
  const std::uint64_t ends = header.Layout().index;
  std::uint32_t low = 0;
  std::uint32_t high = header.entries;
  while (low < high) {
    const std::uint32_t middle = low + (high - low) / 2;
    VECDB_TRY_ASSIGN(const auto end, Section(ends, middle, 1, 4));
    if (*Array<std::uint32_t>(end) <= row) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == header.entries) return Bad("no run holds the row", row);
  return low;
}

Status ColumnFile::ReadRuns(const ColumnHeader& header, RowIndex first,
                            chunk::ColumnView* view) const {
  const ColumnLayout at = header.Layout();
  const std::size_t width = chunk::FixedWidth(field_->type, 0);
  VECDB_TRY_ASSIGN(const std::uint32_t run, FindRun(header, first));
  // A run has at least one row, so no more than this many are needed.
  const auto runs = static_cast<std::uint32_t>(
      std::min<std::size_t>(view->rows, std::size_t{header.entries} - run));
  VECDB_TRY_ASSIGN(const auto ends, Section(at.index, run, runs, 4));
  VECDB_TRY_ASSIGN(const auto values, Section(at.data, run, runs, width));
  auto decoded = std::make_shared<std::uint64_t[]>((view->rows * width + 7) / 8);
  auto* to = reinterpret_cast<std::byte*>(decoded.get());
  std::size_t done = 0;
  for (std::size_t i = 0; i < runs && done < view->rows; ++i) {
    const std::uint32_t end = Array<std::uint32_t>(ends)[i];
    if (end <= first + done || end > header.rows) return Bad("a run ends out of order", run + i);
    const std::size_t stop = std::min<std::size_t>(view->rows, end - first);
    for (; done < stop; ++done) {
      std::memcpy(to + done * width, values.data() + i * width, width);
    }
  }
  if (done < view->rows) return Bad("the runs end early", first + done);
  view->values = decoded.get();
  view->keep = std::move(decoded);
  return Status();
}

Status ColumnFile::VerifyAll() const {
  VECDB_TRY(file_->VerifyAll());
  VECDB_TRY_ASSIGN(const ColumnHeader header, Header());
  VECDB_TRY(VerifyIndex(header));
  for (RowIndex row = 0; row < rows();) {
    VECDB_TRY_ASSIGN(const chunk::ColumnView view, Read(row, kMaxDecodedRows));
    VECDB_TRY(VerifyValues(view, row));
    row += static_cast<RowIndex>(view.rows);
  }
  return Status();
}

Status ColumnFile::VerifyIndex(const ColumnHeader& header) const {
  const ColumnLayout at = header.Layout();
  switch (header.encoding) {
    case ColumnEncoding::kPlain:
      if (!chunk::IsVariable(header.type)) return Status();
      return VerifyEnds(at.index, header.rows, header.text_bytes, false);
    case ColumnEncoding::kDictionary:
      return VerifyEnds(at.ends, header.entries, header.text_bytes, false);
    case ColumnEncoding::kRunLength:
      return VerifyEnds(at.index, header.entries, header.rows, true);
  }
  return Status();
}

Status ColumnFile::VerifyEnds(std::uint64_t at, std::uint32_t count, std::uint64_t last,
                              bool strict) const {
  VECDB_TRY_ASSIGN(const auto section, Section(at, 0, count, 4));
  std::uint32_t before = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t end = Array<std::uint32_t>(section)[i];
    if (end < before || (strict && end == before)) return Bad("ends do not rise", i);
    before = end;
  }
  return before == last ? Status() : Bad("the last end is not the end", count);
}

// The bytes of arrays and sparse vectors are read in place wherever a view goes, so that their
// lengths must add up in every view; what else they promise is asked in VerifyAll.
Status ColumnFile::CheckShapes(const chunk::ColumnView& view, RowIndex first) const {
  const bool sparse = view.type == DataType::kSparseFloatVector;
  if (!sparse && view.type != DataType::kArray) return Status();
  const std::span<const std::string_view> values = view.As<std::string_view>();
  for (std::size_t i = 0; i < view.rows; ++i) {
    if (view.IsNull(i)) continue;
    const auto array = sparse ? std::nullopt : chunk::ArrayView::From(values[i]);
    if (sparse ? chunk::SparseBytes::IsShaped(values[i])
               : array && array->element() == field_->element_type) {
      continue;
    }
    return Bad("the bytes of a value do not add up", first + i);
  }
  return Status();
}

Status ColumnFile::VerifyValues(const chunk::ColumnView& view, RowIndex first) const {
  for (std::size_t i = 0; i < view.rows; ++i) {
    if (view.valid != nullptr && view.valid[i] > 1)
      return Bad("a validity is not 0 or 1", first + i);
    const Status status = chunk::CheckStored(*field_, view, i);
    if (!status.ok()) {
      return base::Corruption("{}: row {}: {}", file_->name(), first + i, status.message());
    }
  }
  return Status();
}

}  // namespace vecdb::segment
