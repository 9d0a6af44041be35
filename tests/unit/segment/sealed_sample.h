// A growing segment with one field of every type, and a directory to flush it to.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "io/layout.h"
#include "segment/flush.h"
#include "segment/growing_segment.h"
#include "segment/sealed_segment.h"
#include "segment/segment_writer.h"
#include "unit/segment/sealed_support.h"

namespace vecdb_test {

inline constexpr vecdb::SegmentId kSampleId = 7;

inline vecdb::Schema SampleSchema(vecdb::DataType key_type = vecdb::DataType::kInt64) {
  using vecdb::DataType;
  vecdb::SchemaBuilder builder;
  builder.Vector("v", 6, vecdb::Metric::kL2)
      .PrimaryKey("id", key_type)
      .Scalar("flag", DataType::kBool)
      .Nullable("tiny", DataType::kInt8)
      .Scalar("small", DataType::kInt16)
      .Nullable("medium", DataType::kInt32)
      .Scalar("single", DataType::kFloat)
      .Nullable("precise", DataType::kDouble)
      .Nullable("title", DataType::kVarChar)
      .Scalar("shelf", DataType::kVarChar);
  return Must(builder.Build());
}

inline std::string SampleTextKey(std::size_t row) {
  return "key " + std::to_string(row * 5 % 997);
}
inline std::int64_t SampleKey(std::size_t row) {
  return static_cast<std::int64_t>(row * 5 % 997) - 100;
}

inline void AppendSampleValue(const vecdb::Field& field, std::size_t row,
                              vecdb::chunk::Column* column) {
  using vecdb::DataType;
  if (field.nullable && row % 4 == 1) return column->AppendNull();
  if (field.name == "title") return column->AppendText("the title of book " + std::to_string(row));
  if (field.name == "shelf") return column->AppendText("shelf " + std::to_string(row % 9));
  if (field.type == DataType::kVarChar) return column->AppendText(SampleTextKey(row));
  vecdb::base::Bytes value(vecdb::chunk::FixedWidth(field.type, field.dimension));
  if (field.primary_key) {
    const std::int64_t key = SampleKey(row);
    std::memcpy(value.data(), &key, sizeof key);
  } else if (field.type == DataType::kBool) {
    value[0] = static_cast<std::byte>(row / 100 % 2);
  } else {
    for (std::size_t i = 0; i < value.size(); ++i) {
      value[i] = static_cast<std::byte>(row * 31 + i * 7);
      if (i % 4 == 3) value[i] &= std::byte{0xBF};  // a float below 2: its vector may be stored
    }
  }
  column->AppendFixed(value, 1);
}

// Rows [first, first + rows) of the endless sample.
inline vecdb::chunk::Chunk SampleChunk(const vecdb::Schema& schema, std::size_t first,
                                       std::size_t rows) {
  vecdb::chunk::Chunk chunk = vecdb::chunk::Chunk::For(schema);
  for (std::size_t field = 0; field < schema.fields().size(); ++field) {
    for (std::size_t row = first; row < first + rows; ++row) {
      AppendSampleValue(schema.fields()[field], row, &chunk.columns[field]);
    }
  }
  chunk.rows = rows;
  return chunk;
}

// Rows come in writes of 10 with timestamps 1000, 1010, 1020, ...
inline std::shared_ptr<vecdb::segment::GrowingSegment> SampleSegment(
    std::size_t rows, const vecdb::Schema& schema = SampleSchema()) {
  auto segment = vecdb::segment::GrowingSegment::Create(kSampleId, 2, 3, 4, schema);
  for (std::size_t first = 0; first < rows; first += 10) {
    segment->Append(SampleChunk(schema, first, std::min<std::size_t>(10, rows - first)),
                    vecdb::Timestamp{1000 + first}, first + 1, first + 1);
  }
  return segment;
}

class SampleFolder {
 public:
  SampleFolder() : fs_(vecdb::io::MakeMemoryFileSystem()) {
    Must(fs_->MakeDirectory(vecdb::io::kTmpFolder));
    Must(fs_->MakeDirectory(vecdb::io::kSegmentsFolder));
  }

  vecdb::io::FileSystem& fs() { return *fs_; }
  vecdb::segment::NewIds NewIds() {
    return [this](std::uint64_t count) -> Result<std::uint64_t> {
      ++id_calls_;
      next_id_ += count;
      return next_id_ - count;
    };
  }
  int id_calls() const { return id_calls_; }

  vecdb::catalog::SegmentRecord Flush(const vecdb::segment::GrowingSegment& segment) {
    return Must(vecdb::segment::FlushSegment(*fs_, kTestDatabase, segment, 11, NewIds(), &saved_));
  }
  std::size_t saved() const { return saved_; }

  // The same, in files of at most so many bytes.
  vecdb::catalog::SegmentRecord FlushSmall(const vecdb::segment::GrowingSegment& segment,
                                           std::uint64_t max_file_bytes) {
    vecdb::segment::SegmentContents contents;
    contents.id = segment.id();
    contents.rows = segment.rows();
    contents.tombstones = segment.tombstones().All();
    contents.read = [&](std::uint32_t field, RowIndex first,
                        RowIndex max_rows) -> Result<vecdb::chunk::ColumnView> {
      if (field != vecdb::catalog::kTimestampField) return segment.Read(field, first, max_rows);
      return segment.ReadTimestamps(first, max_rows);
    };
    return Must(vecdb::segment::WriteSegment(*fs_, kTestDatabase, segment.schema(), contents,
                                             NewIds(), max_file_bytes));
  }

  Result<std::shared_ptr<vecdb::segment::SealedSegment>> TryOpen(
      const vecdb::catalog::SegmentRecord& record, LoadMode mode = LoadMode::kMapped,
      const vecdb::Schema& schema = SampleSchema(),
      std::shared_ptr<vecdb::segment::Tombstones> tombstones = nullptr) {
    return vecdb::segment::SealedSegment::Open(*fs_, kTestDatabase, record, schema,
                                               std::move(tombstones), mode);
  }

 private:
  std::shared_ptr<vecdb::io::FileSystem> fs_;
  std::uint64_t next_id_ = 100;
  int id_calls_ = 0;
  std::size_t saved_ = 0;
};

// Every value of every field agrees; false at the first difference or failure.
inline bool SameRows(const vecdb::segment::Segment& a, const vecdb::segment::Segment& b,
                     RowIndex step = 1000) {
  if (a.rows() != b.rows()) return false;
  for (std::uint32_t field = 0; field < a.schema().fields().size(); ++field) {
    for (RowIndex row = 0; row < a.rows();) {
      const auto left = a.Read(field, row, step);
      if (!left.ok()) return false;
      const auto right = b.Read(field, row, static_cast<RowIndex>(left->rows));
      if (!right.ok()) return false;
      const std::size_t rows = std::min(left->rows, right->rows);
      if (rows == 0 || !SameView(left->Slice(0, rows), right->Slice(0, rows))) return false;
      row += static_cast<RowIndex>(rows);
    }
  }
  return true;
}

}  // namespace vecdb_test
