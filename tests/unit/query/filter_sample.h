// A schema with a field of every scalar type, rows for it, and segments to filter.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vecdb/batch.h"
#include "vecdb/schema.h"

#include "base/status.h"
#include "chunk/batch_access.h"
#include "chunk/chunk.h"
#include "query/filter/filter.h"
#include "segment/growing_segment.h"
#include "segment/segment.h"

namespace vecdb_test {

inline vecdb::Schema ShelfSchema() {
  using vecdb::DataType;
  vecdb::SchemaBuilder builder;
  builder.PrimaryKey("id")
      .Nullable("flag", DataType::kBool)
      .Nullable("tiny", DataType::kInt8)
      .Scalar("small", DataType::kInt16)
      .Nullable("medium", DataType::kInt32)
      .Nullable("large", DataType::kInt64)
      .Nullable("single", DataType::kFloat)
      .Nullable("precise", DataType::kDouble)
      .Nullable("title", DataType::kVarChar)
      .Scalar("shown", DataType::kBool)
      .Scalar("author", DataType::kVarChar)
      .Vector("v", 2, vecdb::Metric::kL2);
  return *builder.Build();
}

struct ShelfRow {
  vecdb::ValueView flag, tiny, small, medium, large, single, precise, title;
};

inline vecdb::chunk::Chunk ShelfChunk(const std::vector<ShelfRow>& rows) {
  vecdb::Batch batch(ShelfSchema());
  static constexpr float kOrigin[2] = {0, 0};
  std::int64_t id = 0;
  for (const ShelfRow& row : rows) {
    ++id;
    batch
        .Add({{"id", id},
              {"flag", row.flag},
              {"tiny", row.tiny},
              {"small", row.small},
              {"medium", row.medium},
              {"large", row.large},
              {"single", row.single},
              {"precise", row.precise},
              {"title", row.title},
              {"shown", id % 2 == 1},
              {"author", std::string_view(id % 3 == 0 ? "apple" : "M")},
              {"v", std::span<const float>(kOrigin)}})
        .OrDie();
  }
  return *vecdb::chunk::BatchAccess::TakeChunk(batch);
}

// Eight rows with ids 1 to 8.
inline const std::vector<ShelfRow>& Shelf() {
  using std::string_view;
  constexpr std::int64_t kTwoTo53 = std::int64_t{1} << 53;
  using I = std::int64_t;
  static constexpr std::monostate kNull;
  static const std::vector<ShelfRow> kRows = {
      {true, I{-1}, I{10}, I{100}, kTwoTo53, 0.1, 0.1, string_view("apple")},
      {false, I{0}, I{20}, kNull, kTwoTo53 + 1, 0.5, 0.5, string_view("Banana")},
      {kNull, I{5}, I{30}, I{300}, I{-5}, 1.5, kNull, string_view("cherry\n")},
      {true, I{127}, I{-40}, I{400}, std::numeric_limits<I>::min(), -2.0, 1e300, kNull},
      {false, kNull, I{50}, I{500}, std::numeric_limits<I>::max(), kNull, -0.0,
       string_view("größe")},
      {true, I{-128}, I{60}, I{600}, kNull, 3.0, 9007199254740992.0, string_view("")},
      {false, I{7}, I{70}, I{700}, I{7}, 7.0, 7.0, string_view("say \"hi\"")},
      {kNull, I{8}, I{80}, I{-800}, I{8}, 2.5, 8.0, string_view("apple pie")},
  };
  return kRows;
}

inline std::shared_ptr<vecdb::segment::GrowingSegment> GrowingShelf() {
  auto segment = vecdb::segment::GrowingSegment::Create(vecdb::SegmentId{1}, vecdb::ShardId{0},
                                                        vecdb::PartitionId{0}, 1, ShelfSchema());
  segment->Append(ShelfChunk(Shelf()), vecdb::Timestamp{1}, vecdb::Lsn{1}, vecdb::Lsn{1});
  return segment;
}

// Rows of one chunk, lent in pieces that end where each field's cuts say; counts the reads.
class CutSegment final : public vecdb::segment::Segment {
 public:
  CutSegment(vecdb::chunk::Chunk rows, std::vector<std::vector<std::size_t>> cuts)
      : Segment(vecdb::SegmentId{1}, vecdb::ShardId{0}, vecdb::PartitionId{0}, ShelfSchema(),
                std::make_shared<vecdb::segment::Tombstones>()),
        chunk_(std::move(rows)),
        cuts_(std::move(cuts)),
        reads(chunk_.columns.size()) {}

  bool sealed() const override { return false; }
  vecdb::RowIndex rows() const override { return static_cast<vecdb::RowIndex>(chunk_.rows); }
  vecdb::Result<vecdb::RowIndex> RowsAt(vecdb::Timestamp) const override { return rows(); }
  vecdb::Result<vecdb::Timestamp> TimestampOf(vecdb::RowIndex) const override {
    return vecdb::Timestamp{1};
  }
  vecdb::Result<vecdb::chunk::ColumnView> Read(
      std::uint32_t field, vecdb::RowIndex first, vecdb::RowIndex max_rows,
      const vecdb::base::Deadline& = vecdb::base::Deadline::Never()) const override {
    ++reads[field];
    if (fail) return vecdb::base::IoError("the disk is gone");
    std::size_t end = std::min<std::size_t>(chunk_.rows, std::size_t{first} + max_rows);
    for (const std::size_t cut : cuts_[field]) {
      if (cut > first) end = std::min(end, cut);
    }
    return chunk_.columns[field].View().Slice(first, end - first);
  }
  vecdb::Result<vecdb::chunk::ColumnView> ReadTimestamps(vecdb::RowIndex,
                                                         vecdb::RowIndex) const override {
    return vecdb::base::Unimplemented("filters read no timestamps");
  }
  vecdb::Status FindKey(vecdb::chunk::KeyView, std::uint64_t,
                        std::vector<vecdb::RowIndex>*) const override {
    return vecdb::Status();
  }
  vecdb::Status MayContain(std::span<const std::uint64_t>, std::uint8_t*) const override {
    return vecdb::Status();
  }
  std::uint64_t memory_bytes() const override { return 0; }
  std::uint64_t disk_bytes() const override { return 0; }

 private:
  const vecdb::chunk::Chunk chunk_;
  const std::vector<std::vector<std::size_t>> cuts_;

 public:
  mutable std::vector<int> reads;
  bool fail = false;
};

// The ids (row + 1) that pass, or the message.
using Ids = std::vector<int>;
inline Ids Matching(const vecdb::query::Filter& filter, const vecdb::segment::Segment& segment) {
  vecdb::base::Bitmap passed(3, true);  // whatever it held before
  filter.Evaluate(segment, segment.rows(), &passed).OrDie();
  Ids ids;
  for (std::size_t i = 0; i < passed.size(); ++i) {
    if (passed.Test(i)) ids.push_back(static_cast<int>(i) + 1);
  }
  return ids;
}

inline std::string ErrorOf(std::string_view text) {
  const auto filter = vecdb::query::Filter::Compile(text, ShelfSchema());
  if (filter.ok()) return "no error: " + (*filter)->ToString();
  if (filter.status().code() != vecdb::StatusCode::kInvalidArgument) return "wrong code";
  return std::string(filter.status().message());
}

}  // namespace vecdb_test
