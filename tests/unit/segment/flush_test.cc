#include "segment/flush.h"

#include <set>

#include "base/canary.h"
#include "support/catch.h"
#include "unit/segment/sealed_sample.h"

namespace {

using namespace vecdb;           // NOLINT
using namespace vecdb::segment;  // NOLINT
using namespace vecdb_test;      // NOLINT

std::vector<std::string>& Passed() {
  static std::vector<std::string> names;
  return names;
}

std::vector<std::string> Names(SampleFolder& folder, const std::string& path) {
  std::vector<std::string> names;
  for (const auto& entry : Must(folder.fs().List(path))) names.push_back(entry.name);
  return names;
}

}  // namespace

TEST_CASE("a flush leaves a whole segment folder, an empty tmp, and ids taken in one call") {
  SampleFolder folder;
  const auto growing = SampleSegment(100);
  growing->tombstones().Mark(1, Timestamp{3000}, 9);
  const catalog::SegmentRecord record = folder.Flush(*growing);
  CHECK(folder.id_calls() == 1);
  CHECK(Names(folder, io::kTmpFolder).empty());
  CHECK(record.id == kSampleId);
  CHECK(record.collection == 11);
  CHECK(record.shard == 2);
  CHECK(record.partition == 3);
  CHECK(record.schema_version == 4);
  CHECK(record.rows == 100);
  CHECK(record.min_timestamp == Timestamp{1000});
  CHECK(record.max_timestamp == Timestamp{1090});
  std::set<std::uint64_t> ids = {record.keys.file_id, record.deletes->info.file_id};
  for (const auto& column : record.columns) ids.insert(column.info.file_id);
  CHECK(ids.size() == record.columns.size() + 2);
  CHECK(record.deletes->number == record.deletes->info.file_id);
  CHECK(record.columns.size() == 10);  // nine fields beside the key, and the timestamps
  CHECK(record.columns.back().field == catalog::kTimestampField);
  CHECK(Names(folder, io::SegmentFolder(kSampleId)).size() == 12);
  CHECK(folder.saved() == 1);
}

TEST_CASE("an earlier attempt's litter does not stop a flush") {
  SampleFolder folder;
  const std::string tmp = io::TmpSegmentFolder(kSampleId);
  const std::string final_folder = io::SegmentFolder(kSampleId);
  for (const std::string& path : {tmp, final_folder}) {
    Must(folder.fs().MakeDirectory(path));
    Must(folder.fs().Open(io::Join(path, "0-0.col"), io::OpenMode::kCreate).status());
    Must(folder.fs().Open(io::Join(path, "9-9.col"), io::OpenMode::kCreate).status());
  }
  const auto growing = SampleSegment(20);
  const auto record = folder.Flush(*growing);
  CHECK(SameRows(*growing, *Must(folder.TryOpen(record))));
  CHECK(Names(folder, final_folder).size() == record.columns.size() + 1);
}

TEST_CASE("a segment without rows is not flushed") {
  SampleFolder folder;
  const auto growing = SampleSegment(0);
  std::size_t saved = 0;
  const auto flushed =
      FlushSegment(folder.fs(), kTestDatabase, *growing, 11, folder.NewIds(), &saved);
  CHECK(flushed.status().code() == StatusCode::kFailedPrecondition);
}

TEST_CASE("ids that cannot be had stop a flush before it writes") {
  SampleFolder folder;
  const auto growing = SampleSegment(5);
  std::size_t saved = 0;
  const NewIds none = [](std::uint64_t) -> Result<std::uint64_t> {
    return Status(StatusCode::kIoError, "no ids");
  };
  CHECK(FlushSegment(folder.fs(), kTestDatabase, *growing, 11, none, &saved).status().code() ==
        StatusCode::kIoError);
  CHECK(Names(folder, io::kTmpFolder).empty());
}

TEST_CASE("tombstones of a sealed segment are saved in a further file") {
  SampleFolder folder;
  const auto growing = SampleSegment(100);
  catalog::SegmentRecord record = folder.Flush(*growing);
  CHECK(!record.deletes);
  const auto sealed =
      Must(folder.TryOpen(record, LoadMode::kMapped, SampleSchema(), growing->shared_tombstones()));
  std::size_t saved = 9;
  CHECK(!Must(FlushTombstones(folder.fs(), kTestDatabase, kSampleId, sealed->tombstones(),
                              folder.NewIds(), &saved)));
  CHECK(saved == 0);
  sealed->tombstones().Mark(60, Timestamp{4000}, 1);
  sealed->tombstones().Mark(5, Timestamp{4001}, 2);
  record.deletes = Must(FlushTombstones(folder.fs(), kTestDatabase, kSampleId, sealed->tombstones(),
                                        folder.NewIds(), &saved));
  CHECK(saved == 2);
  CHECK(Names(folder, io::kTmpFolder).empty());
  const auto reopened = Must(folder.TryOpen(record));
  const std::vector<Tombstone> expected = {{60, Timestamp{4000}, 0}, {5, Timestamp{4001}, 0}};
  CHECK(reopened->tombstones().All() == expected);
  Must(reopened->VerifyAll());
}

#if defined(VECDB_TESTING)
TEST_CASE("a flush passes the places where tests may end the process, in order") {
  base::SetKillPointHandler([](const char* name) { Passed().emplace_back(name); });
  SampleFolder folder;
  const auto growing = SampleSegment(10);
  folder.Flush(*growing);
  growing->tombstones().Mark(1, Timestamp{3000}, 9);
  std::size_t saved = 0;
  Must(FlushTombstones(folder.fs(), kTestDatabase, kSampleId, growing->tombstones(),
                       folder.NewIds(), &saved));
  base::SetKillPointHandler(nullptr);
  CHECK(Passed() == std::vector<std::string>{"flush.columns_written", "flush.keys_written",
                                             "flush.before_rename", "flush.after_rename",
                                             "flush.folder_synced", "flush.deletes_written",
                                             "flush.deletes_renamed"});
}

TEST_CASE("the seeded faults of a flush do what they are named for") {
  const auto growing = SampleSegment(10);
  growing->tombstones().Mark(1, Timestamp{3000}, 9);
  base::SetCanary(28);
  SampleFolder short_folder;
  CHECK(short_folder.Flush(*growing).rows == 9);
  base::SetCanary(22);
  SampleFolder no_deletes;
  CHECK(!no_deletes.Flush(*growing).deletes);
  base::SetCanary(0);
}
#endif
