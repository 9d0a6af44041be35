// Rows whose every value follows from the key, so that a test can tell a whole row from a torn one.
#pragma once

#include <string>
#include <vector>

#include "vecdb/schema.h"

#include "chunk/chunk.h"
#include "segment/growing_segment.h"

namespace vecdb::segment {

inline constexpr std::uint32_t kDimension = 33;
inline constexpr std::uint32_t kKeyField = 0;
inline constexpr std::uint32_t kNoteField = 1;  // VarChar, null for every third key
inline constexpr std::uint32_t kVectorField = 2;

inline Schema NumberedSchema() {
  return *SchemaBuilder()
              .PrimaryKey("id")
              .Nullable("note", DataType::kVarChar)
              .Vector("place", kDimension, Metric::kL2)
              .Build();
}

inline bool NoteIsNull(std::int64_t key) {
  return key % 3 == 0;
}
inline std::string NoteOf(std::int64_t key) {
  return std::string(static_cast<std::size_t>(key % 41), static_cast<char>('a' + key % 26));
}
inline float VectorValue(std::int64_t key, std::uint32_t i) {
  return static_cast<float>(key % 1'000'003) + static_cast<float>(i) / 64.0F;
}

inline chunk::Chunk NumberedRows(const Schema& schema, const std::vector<std::int64_t>& keys) {
  chunk::Chunk rows = chunk::Chunk::For(schema);
  rows.rows = keys.size();
  rows.columns[kKeyField].AppendFixed(std::as_bytes(std::span(keys)), keys.size());
  std::vector<float> vector(kDimension);
  for (const std::int64_t key : keys) {
    if (NoteIsNull(key)) {
      rows.columns[kNoteField].AppendNull();
    } else {
      rows.columns[kNoteField].AppendText(NoteOf(key));
    }
    for (std::uint32_t i = 0; i < kDimension; ++i) vector[i] = VectorValue(key, i);
    rows.columns[kVectorField].AppendFixed(std::as_bytes(std::span(vector)), 1);
  }
  return rows;
}

inline std::vector<std::int64_t> KeysFrom(std::int64_t first, std::size_t count) {
  std::vector<std::int64_t> keys(count);
  for (std::size_t i = 0; i < count; ++i) keys[i] = first + static_cast<std::int64_t>(i);
  return keys;
}

inline std::shared_ptr<GrowingSegment> NewSegment(const Schema& schema, SegmentId id = 1,
                                                  ShardId shard = 0) {
  return GrowingSegment::Create(id, shard, kDefaultPartition, 1, schema);
}

// Whether rows [first, first + n) of the segment are what their keys say; n = what one view gives.
inline bool IsWhole(const chunk::ColumnView& keys, const chunk::ColumnView& notes,
                    const chunk::ColumnView& vectors, std::size_t row) {
  const std::int64_t key = keys.As<std::int64_t>()[row];
  if (notes.IsNull(row) != NoteIsNull(key)) return false;
  if (!NoteIsNull(key) && notes.As<std::string_view>()[row] != NoteOf(key)) return false;
  for (std::uint32_t i = 0; i < kDimension; ++i) {
    if (vectors.Vector(row)[i] != VectorValue(key, i)) return false;
  }
  return true;
}

inline std::size_t TornRows(const Segment& segment, RowIndex begin, RowIndex end) {
  std::size_t torn = 0;
  for (RowIndex row = begin; row < end;) {
    const chunk::ColumnView keys = *segment.Read(kKeyField, row, end - row);
    const auto limit = static_cast<RowIndex>(keys.rows);
    const chunk::ColumnView notes = *segment.Read(kNoteField, row, limit);
    const chunk::ColumnView vectors = *segment.Read(kVectorField, row, limit);
    const std::size_t rows = std::min(notes.rows, vectors.rows);
    for (std::size_t i = 0; i < rows; ++i) torn += IsWhole(keys, notes, vectors, i) ? 0 : 1;
    row += static_cast<RowIndex>(rows);
  }
  return torn;
}

}  // namespace vecdb::segment
