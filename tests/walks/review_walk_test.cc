// What may go wrong at the worst moment: a child made by fork(), times beyond all time, logs that
// lie with good checksums.
#include <sys/wait.h>
#include <unistd.h>

#include "base/timestamp_oracle.h"
#include "chunk/batch_access.h"
#include "chunk/codec.h"
#include "io/layout.h"
#include "support/temp_directory.h"
#include "support/test_database.h"
#include "wal/message.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

Status Touch(Collection& books, std::int64_t id) {
  return books.Insert(BatchOf({{id}})).status();
}

}  // namespace

SCENARIO("a child made by fork lets go of a database without waiting or writing", "[walk][fork]") {
  const TempDirectory directory(FastFolder());
  Options options;  // with threads of its own
  options.background_threads = 2;
  auto db = std::make_unique<Database>(*Database::Open(directory.path(), options));
  Collection books = *db->CreateCollection("books", BookSchema());
  REQUIRE(Touch(books, 1).ok());
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(20);  // ends a child that waits for ever
    const bool refused = Touch(books, 2).code() == StatusCode::kFailedPrecondition &&
                         books.Count().status().code() == StatusCode::kFailedPrecondition &&
                         db->Close().ok();
    db.reset();
    { const Collection last = std::move(books); }
    ::_exit(refused ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(Touch(books, 3).ok());
  CHECK(*books.Count() == 2);
  CHECK(Database::Open(directory.path()).status().code() == StatusCode::kUnavailable);
}

SCENARIO("times beyond all time are refused by name or mean never", "[walk][limits]") {
  Options options = QuietOptions();
  options.sync_interval = std::chrono::milliseconds::max();
  const Status refused = Database::OpenInMemory(options).status();
  CHECK(refused.code() == StatusCode::kInvalidArgument);
  CHECK(refused.message().find("sync_interval") != std::string_view::npos);

  TestDatabase db;
  Collection books = db.MakeBooks({.seal_after_idle = std::chrono::milliseconds::max()});
  REQUIRE(Touch(books, 1).ok());
  db.clock().Advance(std::chrono::hours(23));  // a day is Options::seal_after
  CHECK(db->RunBackground(std::chrono::milliseconds::max()).ok());
  CHECK(books.Stats()->growing_segments == 1);
  CHECK(books.Stats()->sealed_segments == 0);

  db.clock().SetWall(~std::uint64_t{0});  // a clock gone wild
  CHECK(Touch(books, 2).ok());
  db.Reopen();
  CHECK(*ReadAll(db.OpenBooks()) == Books{{1, 0}, {2, 0}});
}

namespace {

struct LyingRecord {
  std::uint64_t timestamp = 0;
  SegmentId segment = 0;
};

// What opening says to a log of these records in the place of the database's own.
Status OpenWithLog(const std::vector<LyingRecord>& records) {
  TestDatabase db;
  Collection books = db.MakeBooks();
  const auto state = db.parts().manifest->state();
  const catalog::PchannelState& channel = state->pchannels.at(0);
  const io::LogIdentity identity = channel.logs.begin()->second;
  const std::string path = io::LogPath(0, identity.number);
  db->Close().OrDie();
  db.fs()->RemoveFile(path).OrDie();
  auto log = *io::PageLogWriter::Create(*db.fs(), path, identity, 0);
  Lsn lsn = channel.checkpoint;
  for (const LyingRecord& record : records) {
    base::Bytes payload;
    chunk::EncodeChunk(*chunk::BatchAccess::TakeChunk(BatchOf({{static_cast<std::int64_t>(lsn)}})),
                       &payload);
    wal::Message message;
    message.collection = state->collections.begin()->first;
    message.schema_version = 1;
    message.segment = record.segment;
    base::Bytes head;
    wal::EncodeMessageHeader(message, Timestamp{record.timestamp}, &head);
    const io::LogRecord logged{static_cast<std::uint16_t>(message.type), 0, payload, head};
    log->AppendGroup(std::span(&logged, 1), lsn++, 0, record.timestamp).OrDie();
  }
  log->Sync().OrDie();
  return db.ContinueOn(db.fs());
}

}  // namespace

SCENARIO("a log with good checksums and impossible contents is corruption, never the process's end",
         "[walk][hostile]") {
  const std::uint64_t now = std::uint64_t{1} << 60;
  CHECK(OpenWithLog({{now, 2}, {now + 1, 2}}).ok());
  CHECK(OpenWithLog({{now, 2}, {now - 1, 2}}).code() == StatusCode::kCorruption);
  CHECK(OpenWithLog({{~std::uint64_t{0}, 2}}).code() == StatusCode::kCorruption);
  CHECK(OpenWithLog({{now, 0}}).code() == StatusCode::kCorruption);
  CHECK(OpenWithLog({{now, std::uint64_t{1} << 40}}).code() == StatusCode::kCorruption);
}
