#include "segment/growing_segment.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "base/timestamp_oracle.h"
#include "segment/growing_column.h"
#include "support/catch.h"
#include "unit/segment/growing_rows.h"

namespace vecdb::segment {
namespace {

TEST_CASE("pieces of a layout follow one another without gap", "[growing]") {
  for (const PieceLayout layout : {PieceLayout{4, 6}, PieceLayout{6, 6}, PieceLayout{6, 16}}) {
    std::uint32_t first = 0;
    for (std::uint32_t piece = 0; piece < 40; ++piece) {
      const std::uint32_t size = layout.SizeOf(piece);
      for (const std::uint32_t i : {first, first + size / 2, first + size - 1}) {
        const PieceLayout::Place place = layout.PlaceOf(i);
        REQUIRE(place.piece == piece);
        REQUIRE(place.offset == i - first);
        REQUIRE(place.size == size);
      }
      first += size;
    }
  }
}

TEST_CASE("an empty growing segment has nothing", "[growing]") {
  const auto segment = NewSegment(NumberedSchema());
  CHECK(segment->rows() == 0);
  CHECK(*segment->RowsAt(Timestamp{100}) == 0);
  CHECK(segment->first_lsn() == kNoLsn);
  CHECK(segment->disk_bytes() == 0);
  CHECK_FALSE(segment->sealed());
  CHECK(segment->memory_bytes() > 0);
  CHECK(segment->memory_bytes() < 8'192);
}

TEST_CASE("rows come back as they were appended, whatever the sizes of the batches", "[growing]") {
  const Schema schema = NumberedSchema();
  const auto segment = NewSegment(schema);
  std::int64_t next = 0;
  std::uint64_t time = 100;
  for (const std::size_t count : {1u, 1u, 62u, 1u, 700u, 64u, 5'000u, 3u, 20'000u}) {
    segment->Append(NumberedRows(schema, KeysFrom(next, count)), Timestamp{time},
                    static_cast<Lsn>(time), static_cast<Lsn>(time + 1));
    next += static_cast<std::int64_t>(count);
    time += 10;
  }
  REQUIRE(segment->rows() == next);
  CHECK(TornRows(*segment, 0, segment->rows()) == 0);
  CHECK(segment->first_lsn() == 100);
  CHECK(segment->last_lsn() == time - 9);
  for (RowIndex row = 0; row < segment->rows(); ++row) {
    if ((*segment->Read(kKeyField, row, 1)).As<std::int64_t>()[0] != row) FAIL("row " << row);
  }
}

TEST_CASE("blocks are aligned for the widest kernels", "[growing]") {
  const Schema schema = NumberedSchema();
  const auto segment = NewSegment(schema);
  segment->Append(NumberedRows(schema, KeysFrom(0, 10'000)), Timestamp{1}, 1, 1);
  for (RowIndex row = 0; row < segment->rows();) {
    const chunk::ColumnView view = *segment->Read(kVectorField, row, segment->rows() - row);
    REQUIRE(reinterpret_cast<std::uintptr_t>(view.values) % 64 == 0);
    row += static_cast<RowIndex>(view.rows);
  }
}

TEST_CASE("RowsAt counts the rows written at or before a time", "[growing]") {
  const Schema schema = NumberedSchema();
  const auto segment = NewSegment(schema);
  std::vector<std::uint64_t> times;
  std::int64_t next = 0;
  for (std::uint64_t time = 10; time < 2'000; time += 10) {
    const std::size_t count = 1 + time / 10 % 7;
    segment->Append(NumberedRows(schema, KeysFrom(next, count)), Timestamp{time}, 1, 1);
    next += static_cast<std::int64_t>(count);
    times.insert(times.end(), count, time);
  }
  for (std::uint64_t t = 0; t < 2'010; ++t) {
    const auto expected = std::upper_bound(times.begin(), times.end(), t) - times.begin();
    REQUIRE(*segment->RowsAt(Timestamp{t}) == expected);
  }
  for (RowIndex row = 0; row < segment->rows();) {
    const auto view = *segment->ReadTimestamps(row, segment->rows() - row);
    const auto span = view.As<std::int64_t>();
    REQUIRE(std::equal(span.begin(), span.end(), times.begin() + row,
                       [](std::int64_t a, std::uint64_t b) { return std::cmp_equal(a, b); }));
    REQUIRE(base::Raw(*segment->TimestampOf(row)) == times[row]);
    row += static_cast<RowIndex>(span.size());
  }
}

TEST_CASE("keys are found in ascending rows, and without their deleted ones", "[growing]") {
  const Schema schema = NumberedSchema();
  const auto segment = NewSegment(schema);
  for (std::uint64_t time = 1; time <= 5; ++time) {
    segment->Append(NumberedRows(schema, {7, 8, static_cast<std::int64_t>(100 + time)}),
                    Timestamp{time}, 1, 1);
  }
  const std::uint64_t hash = chunk::HashKey(std::int64_t{7});
  std::vector<RowIndex> rows;
  REQUIRE(segment->FindKey(std::int64_t{7}, hash, &rows).ok());
  CHECK(rows == std::vector<RowIndex>{0, 3, 6, 9, 12});
  for (const RowIndex row : {0u, 3u, 6u}) segment->tombstones().Mark(row, Timestamp{4}, 1);
  rows.clear();
  REQUIRE(segment->FindLive(std::int64_t{7}, hash, &rows).ok());
  std::sort(rows.begin(), rows.end());
  CHECK(rows == std::vector<RowIndex>{9, 12});
  rows.clear();
  REQUIRE(segment->Segment::FindLive(std::int64_t{7}, hash, &rows).ok());
  CHECK(rows == std::vector<RowIndex>{9, 12});
  for (std::uint64_t t = 0; t < 7; ++t) {
    const auto found = *segment->FindVisible(std::int64_t{7}, hash, Timestamp{t});
    CHECK(found == *segment->Segment::FindVisible(std::int64_t{7}, hash, Timestamp{t}));
    CHECK(found.has_value() == (t > 0));
    if (t > 0) CHECK(*found == std::min<std::uint64_t>(t - 1, 4) * 3);
  }
}

TEST_CASE("a view stays what it was after its segment is gone", "[growing]") {
  const Schema schema = NumberedSchema();
  auto segment = NewSegment(schema);
  segment->Append(NumberedRows(schema, KeysFrom(0, 5'000)), Timestamp{1}, 1, 1);
  const RowIndex row = 3'000;
  const chunk::ColumnView keys = *segment->Read(kKeyField, row, 100);
  const chunk::ColumnView notes = *segment->Read(kNoteField, row, 100);
  const chunk::ColumnView vectors = *segment->Read(kVectorField, row, 100);
  segment.reset();
  for (std::size_t i = 0; i < std::min({keys.rows, notes.rows, vectors.rows}); ++i) {
    REQUIRE(IsWhole(keys, notes, vectors, i));
  }
}

TEST_CASE("a segment of few rows takes little memory, one of many what its values need",
          "[growing]") {
  const Schema schema = NumberedSchema();
  const auto few = NewSegment(schema);
  few->Append(NumberedRows(schema, KeysFrom(0, 20)), Timestamp{1}, 1, 1);
  CHECK(few->memory_bytes() < 32'768);
  const auto many = NewSegment(schema);
  const chunk::Chunk rows = NumberedRows(schema, KeysFrom(0, 20'000));
  for (std::uint64_t i = 1; i <= 5; ++i) many->Append(rows, Timestamp{i}, 1, 1);
  const std::uint64_t values = 5 * rows.size_bytes();
  CHECK(many->memory_bytes() > values);
  CHECK(many->memory_bytes() < values * 3 / 2);
}

TEST_CASE("texts longer than a piece of the arena are kept whole", "[growing]") {
  const Schema schema =
      *SchemaBuilder().PrimaryKey("name", DataType::kVarChar).Vector("v", 1, Metric::kL2).Build();
  const auto segment = NewSegment(schema);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < 300; ++i) {
    names.push_back(std::to_string(i) + std::string(i * i * 7 % 65'000, 'n'));
    chunk::Chunk rows = chunk::Chunk::For(schema);
    rows.rows = 1;
    rows.columns[0].AppendText(names.back());
    const float value = 1;
    rows.columns[1].AppendFixed(std::as_bytes(std::span(&value, 1)), 1);
    segment->Append(rows, Timestamp{i + 1}, 1, 1);
  }
  for (RowIndex row = 0; row < 300; ++row) {
    REQUIRE((*segment->Read(0, row, 1)).As<std::string_view>()[0] == names[row]);
    std::vector<RowIndex> found;
    const std::string_view name = names[row];
    REQUIRE(segment->FindKey(name, chunk::HashKey(name), &found).ok());
    REQUIRE(found == std::vector<RowIndex>{row});
  }
}

TEST_CASE("every row that readers beside an appender see is whole", "[growing][threads]") {
  constexpr std::int64_t kRows = 30'000;
  const Schema schema = NumberedSchema();
  const auto segment = NewSegment(schema);
  std::atomic<std::size_t> wrong{0};
  std::atomic<bool> stop{false};
  const auto read = [&](unsigned seed) {
    RowIndex before = 0;
    std::uint64_t random = seed;
    do {
      const RowIndex rows = segment->rows();
      if (rows < before) ++wrong;
      wrong += TornRows(*segment, before, rows);
      if (rows > 0) {
        random = random * 6'364'136'223'846'793'005u + 1;
        const auto row = static_cast<RowIndex>((random >> 33) % rows);
        const std::int64_t key = row;
        std::vector<RowIndex> found;
        if (!segment->FindKey(key, chunk::HashKey(key), &found).ok()) ++wrong;
        if (found != std::vector<RowIndex>{row}) ++wrong;
        const Timestamp time = *segment->TimestampOf(row);
        if (*segment->RowsAt(time) <= row) ++wrong;
      }
      before = rows;
    } while (!stop);
  };
  std::thread first(read, 1u);
  std::thread second(read, 2u);
  std::uint64_t time = 1;
  for (std::int64_t next = 0; next < kRows; ++time) {
    const auto count = static_cast<std::size_t>(1 + time * 37 % 200);
    segment->Append(NumberedRows(schema, KeysFrom(next, count)), Timestamp{time}, 1, 1);
    next += static_cast<std::int64_t>(count);
  }
  stop = true;
  first.join();
  second.join();
  CHECK(wrong == 0);
  CHECK(TornRows(*segment, 0, segment->rows()) == 0);
}

}  // namespace
}  // namespace vecdb::segment
