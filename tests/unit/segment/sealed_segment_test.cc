#include "segment/sealed_segment.h"

#include "support/catch.h"
#include "unit/segment/sealed_sample.h"

namespace {

using namespace vecdb;           // NOLINT
using namespace vecdb::segment;  // NOLINT
using namespace vecdb_test;      // NOLINT

std::vector<RowIndex> Find(const Segment& segment, chunk::KeyView key) {
  std::vector<RowIndex> rows;
  Must(segment.FindKey(key, chunk::HashKey(key), &rows));
  return rows;
}

// Every answer of two segments about the sample is the same.
void CheckSame(const Segment& growing, const Segment& sealed) {
  CHECK(SameRows(growing, sealed));
  CHECK(SameRows(sealed, growing, 1u << 30));
  const auto rows = static_cast<std::size_t>(growing.rows());
  for (std::size_t row = 0; row < rows; row += 7) {
    const auto at = static_cast<RowIndex>(row);
    REQUIRE(Must(sealed.TimestampOf(at)) == Must(growing.TimestampOf(at)));
  }
  for (std::uint64_t t = 990; t < 1010 + rows; t += rows / 200 + 1) {
    REQUIRE(Must(sealed.RowsAt(Timestamp{t})) == Must(growing.RowsAt(Timestamp{t})));
  }
  for (std::size_t row = 0; row < 1000; row += 9) {
    REQUIRE(Find(sealed, SampleKey(row)) == Find(growing, SampleKey(row)));
  }
}

}  // namespace

TEST_CASE("a sealed segment answers as the growing one did, mapped and resident") {
  for (const std::size_t rows : {1u, 3u, 10u, 997u, 4500u}) {
    const auto growing = SampleSegment(rows);
    SampleFolder folder;
    const catalog::SegmentRecord record = folder.Flush(*growing);
    for (const LoadMode mode : {LoadMode::kMapped, LoadMode::kResident}) {
      const auto sealed = Must(folder.TryOpen(record, mode));
      CHECK(sealed->sealed());
      CHECK(sealed->id() == kSampleId);
      CHECK(sealed->shard() == 2);
      CHECK(sealed->partition() == 3);
      CheckSame(*growing, *sealed);
      Must(sealed->VerifyAll());
    }
  }
}

TEST_CASE("a sealed segment of many small files answers as the growing one did") {
  const auto growing = SampleSegment(3000);
  growing->tombstones().Mark(2999, Timestamp{5000}, 1);
  for (const std::uint64_t limit : {2000u, 20'000u}) {
    SampleFolder folder;
    const catalog::SegmentRecord record = folder.FlushSmall(*growing, limit);
    CHECK(record.columns.size() > 12);
    const auto sealed = Must(folder.TryOpen(record));
    CheckSame(*growing, *sealed);
    Must(sealed->VerifyAll());
    const auto last = Must(sealed->Read(0, 2999, 10));
    CHECK(last.rows == 1);
  }
}

TEST_CASE("text keys are found in a sealed segment") {
  const Schema schema = SampleSchema(DataType::kVarChar);
  const auto growing = SampleSegment(2000, schema);
  SampleFolder folder;
  const auto sealed = Must(folder.TryOpen(folder.Flush(*growing), LoadMode::kMapped, schema));
  CHECK(SameRows(*growing, *sealed));
  for (std::size_t row = 0; row < 997; row += 3) {
    const std::string key = SampleTextKey(row);
    std::vector<RowIndex> expected = {static_cast<RowIndex>(row)};
    for (std::size_t next = row + 997; next < 2000; next += 997) {
      expected.push_back(static_cast<RowIndex>(next));
    }
    REQUIRE(Find(*sealed, std::string_view(key)) == expected);
  }
  CHECK(Find(*sealed, std::string_view("no such key")).empty());
}

TEST_CASE("the filter of a sealed segment never denies a key it has") {
  const auto growing = SampleSegment(1500);
  SampleFolder folder;
  const auto sealed = Must(folder.TryOpen(folder.Flush(*growing)));
  std::vector<std::uint64_t> hashes;
  for (std::size_t row = 0; row < 1500; ++row) hashes.push_back(chunk::HashKey(SampleKey(row)));
  for (std::int64_t key = 5000; key < 6500; ++key) hashes.push_back(chunk::HashKey(key));
  std::vector<std::uint8_t> may(hashes.size(), 2);
  Must(sealed->MayContain(hashes, may.data()));
  CHECK(std::count(may.begin(), may.begin() + 1500, std::uint8_t{1}) == 1500);
  CHECK(std::count(may.begin() + 1500, may.end(), std::uint8_t{1}) < 30);
}

TEST_CASE("at handoff the tombstones are shared; at reopening they come from the file") {
  const auto growing = SampleSegment(100);
  growing->tombstones().Mark(40, Timestamp{2000}, 5);
  growing->tombstones().Mark(3, Timestamp{2001}, 6);
  SampleFolder folder;
  const catalog::SegmentRecord record = folder.Flush(*growing);
  CHECK(folder.saved() == 2);
  const auto shared =
      Must(folder.TryOpen(record, LoadMode::kMapped, SampleSchema(), growing->shared_tombstones()));
  growing->tombstones().Mark(4, Timestamp{2002}, 7);
  CHECK(&shared->tombstones() == &growing->tombstones());
  CHECK(shared->tombstones().IsMarked(4));
  const auto reopened = Must(folder.TryOpen(record));
  const std::vector<Tombstone> expected = {{40, Timestamp{2000}, 0}, {3, Timestamp{2001}, 0}};
  CHECK(reopened->tombstones().All() == expected);
  CHECK(reopened->tombstones().first_unsaved_lsn() == kNoLsn);
}

TEST_CASE("a resident segment counts its bytes as memory, a mapped one only its tables") {
  const auto growing = SampleSegment(4000);
  SampleFolder folder;
  const catalog::SegmentRecord record = folder.Flush(*growing);
  const auto mapped = Must(folder.TryOpen(record, LoadMode::kMapped));
  const auto resident = Must(folder.TryOpen(record, LoadMode::kResident));
  CHECK(mapped->disk_bytes() == record.size_bytes());
  CHECK(resident->disk_bytes() == record.size_bytes());
  CHECK(mapped->memory_bytes() < 10'000);
  CHECK(resident->memory_bytes() > record.size_bytes() * 9 / 10);
}

TEST_CASE("a record that does not describe a whole segment is refused, naming what is missing") {
  const auto growing = SampleSegment(200);
  growing->tombstones().Mark(40, Timestamp{2000}, 5);
  SampleFolder folder;
  const catalog::SegmentRecord whole = folder.FlushSmall(*growing, 3000);
  Must(folder.TryOpen(whole).status());
  for (std::size_t i = 0; i < whole.columns.size(); ++i) {
    catalog::SegmentRecord record = whole;
    record.columns.erase(record.columns.begin() + static_cast<std::ptrdiff_t>(i));
    const Status status = folder.TryOpen(record).status();
    CHECK(IsCorruption(status));
    CHECK(std::string(status.message()).find("segments/7") != std::string::npos);
  }
  const auto refused = [&](const auto& change) {
    catalog::SegmentRecord record = whole;
    change(&record);
    return IsCorruption(folder.TryOpen(record).status());
  };
  CHECK(refused([](auto* record) { record->rows = 0; }));
  CHECK(refused([](auto* record) { record->rows = 201; }));
  CHECK(refused([](auto* record) { record->rows = std::uint64_t{1} << 33; }));
  CHECK(refused([](auto* record) { record->columns[0].field = 99; }));
  CHECK(refused([](auto* record) { record->columns[0].field = 1; }));  // the key's
  CHECK(refused([](auto* record) { record->columns[0].chunk = 1; }));
  CHECK(refused([](auto* record) { record->columns[0].info.kind = io::FileKind::kKeys; }));
  CHECK(refused([](auto* record) { record->columns[0].info.file_id += 1; }));
  CHECK(refused([](auto* record) { record->columns[0].info.rows = 1000; }));
  CHECK(refused([](auto* record) { record->keys.rows = 199; }));
  CHECK(refused([](auto* record) { record->keys.footer_crc ^= 1; }));
  CHECK(refused([](auto* record) { record->deletes->info.size_bytes -= 1; }));
}

TEST_CASE("a file that is missing or another's is refused by name") {
  const auto growing = SampleSegment(50);
  SampleFolder folder;
  const catalog::SegmentRecord record = folder.Flush(*growing);
  const std::string path = io::Join(io::SegmentFolder(kSampleId), io::ColumnName(0, 0));
  Must(folder.fs().Rename(path, "away"));
  const Status missing = folder.TryOpen(record).status();
  CHECK(!missing.ok());
  CHECK(std::string(missing.message()).find("0-0.col") != std::string::npos);
  Must(folder.fs().Rename(io::Join(io::SegmentFolder(kSampleId), io::ColumnName(2, 0)), path));
  CHECK(IsCorruption(folder.TryOpen(record).status()));
}

TEST_CASE("no changed byte of a sealed segment gives another answer") {
  const auto growing = SampleSegment(30);
  growing->tombstones().Mark(4, Timestamp{2000}, 5);
  SampleFolder folder;
  const catalog::SegmentRecord record = folder.Flush(*growing);
  const std::string segment_folder = io::SegmentFolder(kSampleId);
  for (const auto& entry : Must(folder.fs().List(segment_folder))) {
    const std::string path = io::Join(segment_folder, entry.name);
    const auto file = Must(folder.fs().Open(path, io::OpenMode::kReadWrite));
    const std::uint64_t size = Must(file->Size());
    for (std::uint64_t at = 0; at < size; at += 3) {
      std::byte was{};
      Must(file->ReadAt(at, {&was, 1}));
      const std::byte flipped = was ^ std::byte{0x20};
      Must(file->WriteAt(at, {&flipped, 1}));
      const auto opened = folder.TryOpen(record);
      if (opened.ok()) {
        CHECK(IsCorruption((*opened)->VerifyAll()));
      } else {
        CHECK(IsCorruption(opened.status()));
      }
      CHECK(IsCorruption(folder.TryOpen(record, LoadMode::kResident).status()));
      Must(file->WriteAt(at, {&was, 1}));
    }
  }
  Must(Must(folder.TryOpen(record))->VerifyAll());
}

TEST_CASE("a full check compares timestamps with the record") {
  const auto growing = SampleSegment(30);
  SampleFolder folder;
  catalog::SegmentRecord record = folder.Flush(*growing);
  CHECK(record.min_timestamp == Timestamp{1000});
  CHECK(record.max_timestamp == Timestamp{1020});
  record.max_timestamp = Timestamp{1021};
  CHECK(IsCorruption(Must(folder.TryOpen(record))->VerifyAll()));
  record.max_timestamp = Timestamp{1020};
  record.min_timestamp = Timestamp{999};
  CHECK(IsCorruption(Must(folder.TryOpen(record))->VerifyAll()));
}
