// What seals a growing segment by itself, and what that does for the log.
#include <limits>

#include "io/layout.h"
#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

// A minute at a time: every timed task has its turn in each.
void Pass(TestDatabase& db, std::chrono::minutes time) {
  for (std::chrono::minutes passed{0}; passed < time; ++passed) {
    db.clock().Advance(std::chrono::minutes(1));
    RunDueWork(*db);
  }
}

}  // namespace

SCENARIO("a segment that is written to all the time is sealed when it is old", "[walk][seal]") {
  Options options = QuietOptions();
  options.seal_after = std::chrono::hours(1);
  TestDatabase db(io::MakeMemoryFileSystem(), options);
  Collection books = db.MakeBooks();
  std::int64_t next = 1;
  const auto write_for = [&](std::chrono::minutes time) {
    for (std::chrono::minutes passed{0}; passed < time; passed += std::chrono::minutes(5)) {
      books.Insert(BatchOf({{next++}})).status().OrDie();
      Pass(db, std::chrono::minutes(5));
    }
  };
  write_for(std::chrono::minutes(55));
  CHECK(books.Stats()->sealed_segments == 0);
  write_for(std::chrono::minutes(10));
  CHECK(books.Stats()->sealed_segments == 1);
  write_for(std::chrono::minutes(30));
  CHECK(books.Stats()->sealed_segments == 1);  // the next one is younger
  db.Reopen();                                 // age counts on
  books = db.OpenBooks();
  CHECK(books.Stats()->sealed_segments == 1);
  write_for(std::chrono::minutes(35));
  CHECK(books.Stats()->sealed_segments == 2);
  CHECK(*ReadAll(books) == ExpectedBetween(1, next - 1));
}

SCENARIO("a segment without rows is never old, and never sealed", "[walk][seal]") {
  Options options = QuietOptions();
  options.seal_after = std::chrono::milliseconds(1);
  TestDatabase db(io::MakeMemoryFileSystem(), options);
  Collection books = db.MakeBooks({.shards = 4});
  Pass(db, std::chrono::minutes(30));
  CHECK(books.Stats()->sealed_segments == 0);
  CHECK(NamesIn(*db.fs(), "segments").empty());
}

SCENARIO("seal_after below a millisecond is refused", "[walk][seal][limits]") {
  Options options;
  options.seal_after = std::chrono::milliseconds(0);
  CheckRefusal(Database::OpenInMemory(options).status(), StatusCode::kInvalidArgument,
               {"Options::seal_after", "0 ms"});
  options.seal_after = std::chrono::milliseconds(std::numeric_limits<std::int64_t>::max());
  CHECK(Database::OpenInMemory(options).ok());
}

SCENARIO("however long one writes, the log levels off", "[walk][seal]") {
  Options options = QuietOptions();
  options.channels = 2;
  TestDatabase db(io::MakeMemoryFileSystem(), options);
  constexpr std::uint64_t kLogBytes = 20'000;
  db.SetLogBytes(kLogBytes);
  db.Reopen();
  Collection steady = db.MakeBooks({}, "steady");
  Collection rare = db.MakeBooks({}, "rare");
  const auto last_log = [&](PchannelId pchannel) {
    return *io::ParseLogName(NamesIn(*db.fs(), io::PchannelFolder(pchannel)).back());
  };
  std::size_t most = 0;
  std::int64_t next = 1;
  rare.Insert(BatchOf({{1}})).status().OrDie();
  const std::uint64_t first = last_log(0);
  while (last_log(0) < first + 50) {
    steady.Upsert(BatchOf({{next % 40}})).status().OrDie();
    if (++next % 4 == 0) {
      db.clock().Advance(std::chrono::seconds(1));
      RunDueWork(*db);
    }
    most = std::max(most, NamesIn(*db.fs(), io::PchannelFolder(0)).size());
  }
  CHECK(most >= 6);  // eight times the size at which a log is followed by another
  CHECK(most <= 10);
  CHECK(NamesIn(*db.fs(), io::PchannelFolder(1)).size() == 1);
  CHECK(rare.Stats()->sealed_segments == 0);  // its own log is short
  CHECK(*steady.Count() == 40);
  db.Reopen();
  CHECK(*db.OpenBooks("steady").Count() == 40);
  CHECK(*db.OpenBooks("rare").Count() == 1);
}
