// What a database says about itself: segments, channels, statistics, and the events behind them.
#include <stdexcept>

#include "base/timestamp_oracle.h"
#include "support/fault_file_system.h"
#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;
using testkit::FaultFileSystem;
using testkit::FaultKind;

namespace {

std::vector<SegmentState> StatesOf(const std::vector<SegmentInfo>& segments) {
  std::vector<SegmentState> states;
  for (const SegmentInfo& segment : segments) states.push_back(segment.state);
  return states;
}

std::uint64_t RowsIn(const std::vector<SegmentInfo>& segments) {
  std::uint64_t rows = 0;
  for (const SegmentInfo& segment : segments) rows += segment.rows;
  return rows;
}

struct Told {
  EventType type;
  std::string collection;
  std::uint64_t segment;
  std::uint64_t rows;
  std::uint64_t bytes;
  StatusCode code;
  std::vector<std::uint64_t> inputs;
};

std::function<void(const Event&)> Into(std::vector<Told>* told) {
  return [told](const Event& event) {
    told->push_back({event.type, std::string(event.collection), event.segment, event.rows,
                     event.bytes, event.status.code(),
                     std::vector<std::uint64_t>(event.inputs.begin(), event.inputs.end())});
  };
}

}  // namespace

SCENARIO("a segment is growing, then sealed, then flushed, and its rows stay", "[walk][watch]") {
  GIVEN("a disk that gets full before the flush") {
    auto disk = std::make_shared<FaultFileSystem>(io::MakeMemoryFileSystem());
    TestDatabase db(disk);
    Collection books = db.MakeBooks();
    const Timestamp first = books.Insert(BatchOf(BooksBetween(1, 3)))->timestamp;
    const Timestamp last = books.Insert(BatchOf(BooksBetween(4, 5)))->timestamp;
    const auto growing = *books.Segments();
    REQUIRE(StatesOf(growing) == std::vector{SegmentState::kGrowing});
    CHECK(growing[0].rows == 5);
    CHECK(growing[0].partition == "_default");
    CHECK(growing[0].memory_bytes > 0);
    CHECK(growing[0].disk_bytes == 0);
    CHECK(growing[0].min_timestamp == first);
    CHECK(growing[0].max_timestamp == last);
    disk->Arm({disk->call_count(), FaultKind::kNoSpace, true});
    CHECK(books.Flush().code() == StatusCode::kResourceExhausted);

    THEN("it is sealed, and an empty one takes its place") {
      const auto sealed = *books.Segments();
      REQUIRE(StatesOf(sealed) == std::vector{SegmentState::kSealed, SegmentState::kGrowing});
      CHECK(sealed[0].id == growing[0].id);
      CHECK(sealed[0].rows == 5);
      CHECK(sealed[1].rows == 0);
      CHECK(sealed[1].min_timestamp == Timestamp{0});
    }
    WHEN("there is room again, and a row is deleted") {
      disk->Disarm();
      books.Flush().OrDie();
      books.Delete(IntKeys({2})).status().OrDie();
      THEN("it is flushed under the same id, with the deleted row counted") {
        const auto flushed = *books.Segments();
        REQUIRE(StatesOf(flushed) == std::vector{SegmentState::kFlushed, SegmentState::kGrowing});
        CHECK(flushed[0].id == growing[0].id);
        CHECK(flushed[0].rows == 5);
        CHECK(flushed[0].deleted_rows == 1);
        CHECK(flushed[0].disk_bytes == books.Stats()->disk_bytes);
        CHECK(flushed[0].min_timestamp == first);
        CHECK(flushed[0].max_timestamp == last);
      }
    }
  }
}

TEST_CASE("every shard has its segments, and their rows add up", "[walk][watch]") {
  TestDatabase db;
  Collection books = db.MakeBooks({.shards = 4});
  books.Insert(BatchOf(BooksBetween(1, 100))).status().OrDie();
  books.Flush().OrDie();
  books.Upsert(BatchOf(BooksBetween(1, 10, 1))).status().OrDie();
  const auto segments = *books.Segments();
  CHECK(segments.size() == 8);
  CHECK(RowsIn(segments) == 110);
  std::uint64_t deleted = 0;
  std::map<std::uint32_t, int> by_shard;
  for (const SegmentInfo& segment : segments) {
    ++by_shard[segment.shard];
    deleted += segment.deleted_rows;
  }
  CHECK(deleted == 10);
  CHECK(by_shard == std::map<std::uint32_t, int>{{0, 2}, {1, 2}, {2, 2}, {3, 2}});
  const SegmentInfo before = segments.front();
  db.Reopen();
  const SegmentInfo after = db.OpenBooks().Segments()->front();
  CHECK(after.id == before.id);
  CHECK(after.rows == before.rows);
  CHECK(after.deleted_rows == before.deleted_rows);
  CHECK(after.min_timestamp == before.min_timestamp);
  CHECK(after.max_timestamp == before.max_timestamp);
  CHECK(after.disk_bytes >= before.disk_bytes);
}

TEST_CASE("segments name their partition, and say whether they are loaded", "[walk][watch]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  books.CreatePartition("old").OrDie();
  books.Insert(BatchOf(BooksBetween(1, 3))).status().OrDie();
  books.Insert(BatchOf(BooksBetween(4, 5)), {.partition = "old"}).status().OrDie();
  books.Flush().OrDie();
  std::map<std::string, std::uint64_t> rows;
  for (const SegmentInfo& segment : *books.Segments()) {
    CHECK(segment.loaded);
    rows[segment.partition] += segment.rows;
  }
  CHECK(rows == std::map<std::string, std::uint64_t>{{"_default", 3}, {"old", 2}});
  books.Release().OrDie();
  for (const SegmentInfo& segment : *books.Segments()) {
    CHECK(segment.loaded == (segment.state != SegmentState::kFlushed));
  }
  books.DropPartition("old").OrDie();
  CHECK(RowsIn(*books.Segments()) == 3);
}

SCENARIO("a channel tells how far it goes and who needs it", "[walk][watch]") {
  GIVEN("two collections on one channel, one of them flushed") {
    TestDatabase db;
    Collection one = db.MakeBooks({.shards = 2}, "one");
    Collection two = db.MakeBooks({}, "two");
    two.Insert(BatchOf({{1}})).status().OrDie();                // record 1
    one.Insert(BatchOf(BooksBetween(1, 20))).status().OrDie();  // 2 and 3, one a shard
    two.Flush().OrDie();
    const auto channels = *db->Channels();
    REQUIRE(channels.size() == 1);
    const ChannelInfo& channel = channels[0];
    CHECK(channel.channel == 0);
    CHECK(channel.node == 0);
    CHECK(channel.first_log == channel.last_log);
    CHECK(channel.next_lsn == 4);
    CHECK(channel.durable_lsn == 3);
    CHECK(channel.checkpoint == 2);
    CHECK(channel.log_bytes > 0);
    REQUIRE(channel.vchannels.size() == 3);
    CHECK(channel.vchannels[0].collection == "one");
    CHECK(channel.vchannels[0].shard == 0);
    CHECK(channel.vchannels[0].needed_lsn == 2);
    CHECK(channel.vchannels[1].shard == 1);
    CHECK(channel.vchannels[1].needed_lsn == 2);  // of one batch the first record counts
    CHECK(channel.vchannels[2].collection == "two");
    CHECK(channel.vchannels[2].needed_lsn == 0);

    WHEN("a flushed row is deleted") {
      two.Delete(IntKeys({1})).status().OrDie();
      THEN("the delete is needed until it is saved") {
        CHECK(db->Channels()->front().vchannels[2].needed_lsn == 4);
        two.Flush().OrDie();
        CHECK(db->Channels()->front().vchannels[2].needed_lsn == 0);
      }
    }
    WHEN("it is opened by a reader") {
      db.Close();
      db.options().read_only = true;
      db.Open().OrDie();
      THEN("the reader finds what the writer left") {
        const ChannelInfo found = db->Channels()->front();
        CHECK(found.next_lsn == 4);
        CHECK(found.durable_lsn == 3);
        CHECK(found.checkpoint == 2);
        CHECK(found.first_log == channel.first_log);
        CHECK(found.log_bytes > 0);
        REQUIRE(found.vchannels.size() == 3);
        CHECK(found.vchannels[0].needed_lsn == 2);
        CHECK(db->Stats()->log_bytes == found.log_bytes);
        CHECK(db->Stats()->threads == 0);
        CHECK(db->Stats()->buffered_bytes > 0);
      }
    }
  }
}

TEST_CASE("a log that is full is followed by another, and both are told", "[walk][watch]") {
  TestDatabase db;
  db.SetLogBytes(64 << 10);
  db.Reopen();
  Collection books = db.MakeBooks();
  const std::uint64_t first = db->Channels()->front().first_log;
  for (std::int64_t i = 0; i < 20; ++i) {
    books.Insert(BatchOf(BooksBetween(i * 100, i * 100 + 99))).status().OrDie();
  }
  const ChannelInfo full = db->Channels()->front();
  CHECK(full.first_log == first);
  CHECK(full.last_log > first);
  CHECK(full.log_bytes > 64 << 10);
  books.Flush().OrDie();
  const ChannelInfo flushed = db->Channels()->front();
  CHECK(flushed.first_log == full.last_log + 1);  // that one had nothing any more that is needed
  CHECK(flushed.last_log == flushed.first_log);
  CHECK(flushed.log_bytes < full.log_bytes);
}

TEST_CASE("statistics count what was done since the open", "[walk][watch]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  books.Insert(BatchOf(BooksBetween(1, 10))).status().OrDie();
  books.Upsert(BatchOf(BooksBetween(1, 2, 1))).status().OrDie();
  books.Delete(IntKeys({3, 4, 99})).status().OrDie();
  CHECK(books.Insert(BatchOf({{1}})).status().code() == StatusCode::kAlreadyExists);
  CHECK(KeysNear(books, {0, 0, 0, 0}, 3).size() == 3);
  CHECK(ReadAll(books)->size() == 8);
  CHECK(*books.Count() == 8);
  books.Get(IntKeys({1}), {}).status().OrDie();
  const DatabaseStats stats = *db->Stats();
  CHECK(stats.collections == 1);
  CHECK(stats.rows == 8);
  CHECK(stats.deleted_rows == 4);
  CHECK(stats.writes == 3);
  CHECK(stats.written_rows == 12);
  CHECK(stats.deleted_keys == 3);
  CHECK(stats.searches == 1);
  CHECK(stats.reads == 3);
  CHECK(stats.flushes == 0);
  CHECK(stats.buffered_bytes > 0);
  CHECK(stats.syncs >= 3);  // one a write

  books.DeleteWhere("id == 5 or id == 6 or id == 99").status().OrDie();
  CHECK(db->Stats()->writes == 4);
  CHECK(db->Stats()->deleted_keys == 5);
  books.Upsert(BatchOf(BooksBetween(5, 6))).status().OrDie();  // 8 rows again

  const std::uint64_t before = stats.written_bytes;
  books.Flush().OrDie();
  const DatabaseStats flushed = *db->Stats();
  CHECK(flushed.flushes == 1);
  CHECK(flushed.sealed_segments == 1);
  CHECK(flushed.buffered_bytes == 0);
  CHECK(flushed.disk_bytes == books.Stats()->disk_bytes);
  CHECK(flushed.written_bytes >= before + flushed.disk_bytes);
  db.Reopen();
  const DatabaseStats fresh = *db->Stats();
  CHECK(fresh.rows == 8);
  CHECK(fresh.writes == 0);
  CHECK(fresh.flushes == 0);
  db->DropCollection("books").OrDie();
  CHECK(db->Stats()->collections == 0);
  CHECK(db->Stats()->disk_bytes == 0);
}

TEST_CASE("the threads that a database has are counted", "[walk][watch]") {
  TestDatabase db(io::MakeMemoryFileSystem(), Options{.background_threads = 3});
  CHECK(db->Stats()->threads == 5);  // and one each for timers and compaction
}

TEST_CASE("what happens to a segment is told in its order", "[walk][watch]") {
  std::vector<Told> told;
  Options options = QuietOptions();
  options.listener = Into(&told);
  TestDatabase db(io::MakeMemoryFileSystem(), options);
  Collection books = db.MakeBooks({.segment_rows = 10});
  books.Insert(BatchOf(BooksBetween(1, 10))).status().OrDie();
  CHECK(told.empty());
  RunDueWork(*db);
  REQUIRE(told.size() == 2);
  const SegmentInfo segment = books.Segments()->front();
  CHECK(told[0].type == EventType::kSealed);
  CHECK(told[0].collection == "books");
  CHECK(told[0].segment == segment.id);
  CHECK(told[0].rows == 10);
  CHECK(told[0].bytes > 0);
  CHECK(told[1].type == EventType::kFlushed);
  CHECK(told[1].segment == segment.id);
  CHECK(told[1].rows == 10);
  CHECK(told[1].bytes == segment.disk_bytes);
  books.Flush().OrDie();  // nothing is left to flush
  CHECK(told.size() == 2);
}

TEST_CASE("a compaction is told with the segments that went", "[walk][watch]") {
  std::vector<Told> told;
  Options options = QuietOptions();
  options.listener = Into(&told);
  TestDatabase db(io::MakeMemoryFileSystem(), options);
  Collection books = db.MakeBooks();
  std::vector<std::uint64_t> before;
  for (std::int64_t i = 0; i < 3; ++i) {
    books.Insert(BatchOf(BooksBetween(i * 10, i * 10 + 9))).status().OrDie();
    books.Flush().OrDie();
    before.push_back(told.back().segment);
  }
  books.Delete(IntKeys({1, 2})).status().OrDie();
  books.Compact().OrDie();
  const Told& last = told.back();
  CHECK(last.type == EventType::kCompacted);
  CHECK(last.collection == "books");
  CHECK(last.inputs == before);
  CHECK(last.rows == 28);
  const auto segments = *books.Segments();
  REQUIRE(StatesOf(segments).size() == 2);
  const SegmentInfo& made = segments[0].state == SegmentState::kFlushed ? segments[0] : segments[1];
  CHECK(made.id == last.segment);
  CHECK(made.rows == 28);
  CHECK(made.deleted_rows == 0);
  CHECK(made.disk_bytes == last.bytes);
  CHECK(db->Stats()->compactions == 1);
  CHECK(db->Stats()->flushes == 3);
}

TEST_CASE("work that fails in the background is told with its cause", "[walk][watch]") {
  std::vector<Told> told;
  Options options = QuietOptions();
  options.listener = Into(&told);
  auto disk = std::make_shared<FaultFileSystem>(io::MakeMemoryFileSystem());
  TestDatabase db(disk, options);
  Collection books = db.MakeBooks({.segment_rows = 10});
  books.Insert(BatchOf(BooksBetween(1, 10))).status().OrDie();
  disk->Arm({disk->call_count(), FaultKind::kNoSpace, true});
  (void)db->RunBackground(std::chrono::seconds(1));
  REQUIRE(told.size() >= 2);
  CHECK(told[0].type == EventType::kSealed);
  CHECK(told[1].type == EventType::kFailed);
  CHECK(told[1].collection == "books");
  CHECK(told[1].code == StatusCode::kResourceExhausted);
  disk->Disarm();
  books.Flush().OrDie();
  CHECK(told.back().type == EventType::kFlushed);
}

TEST_CASE("a listener that throws stops nothing, and the log says so", "[walk][watch]") {
  std::string line;
  Options options = QuietOptions();
  options.listener = [](const Event&) { throw std::runtime_error("no room on the screen"); };
  options.log = [&line](LogLevel, std::string_view text) { line = text; };
  TestDatabase db(io::MakeMemoryFileSystem(), options);
  Collection books = db.MakeBooks();
  books.Insert(BatchOf({{1}})).status().OrDie();
  books.Flush().OrDie();
  CHECK(books.Stats()->sealed_segments == 1);
  CHECK(line.find("the listener threw at Flushed") != std::string::npos);
  CHECK(line.find("no room on the screen") != std::string::npos);
}

TEST_CASE("a listener may throw what it likes: no call ends with it", "[walk][watch]") {
  std::string line;
  Options options = QuietOptions();
  options.listener = [](const Event&) { throw 42; };
  options.log = [&line](LogLevel, std::string_view text) { line = text; };
  TestDatabase db(io::MakeMemoryFileSystem(), options);
  Collection books = db.MakeBooks();
  books.Insert(BatchOf({{1}})).status().OrDie();
  books.Flush().OrDie();
  CHECK(books.Stats()->sealed_segments == 1);
  CHECK(line.find("the listener threw at Flushed") != std::string::npos);
}

TEST_CASE("a dropped collection and a closed database tell nothing of themselves",
          "[walk][watch]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  db->DropCollection("books").OrDie();
  CHECK(books.Segments().status().code() == StatusCode::kNotFound);
  db->Close().OrDie();
  CHECK(db->Channels().status().code() == StatusCode::kFailedPrecondition);
  CHECK(db->Stats().status().code() == StatusCode::kFailedPrecondition);
}

TEST_CASE("states and events have names", "[walk][watch]") {
  CHECK(ToString(SegmentState::kGrowing) == "Growing");
  CHECK(ToString(SegmentState::kSealed) == "Sealed");
  CHECK(ToString(SegmentState::kFlushed) == "Flushed");
  CHECK(ToString(EventType::kSealed) == "Sealed");
  CHECK(ToString(EventType::kFlushed) == "Flushed");
  CHECK(ToString(EventType::kFailed) == "Failed");
  CHECK(ToString(EventType::kCompacted) == "Compacted");
}
