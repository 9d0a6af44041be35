// What a read sees: its consistency, and that it waits for nothing but a session's own writes.
#include <atomic>
#include <stop_token>
#include <thread>

#include "base/timestamp_oracle.h"
#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

using std::chrono::milliseconds;

constexpr Consistency kLevels[] = {Consistency::kStrong, Consistency::kSession,
                                   Consistency::kBounded, Consistency::kEventual};

Timestamp Later(Timestamp timestamp, std::uint64_t by) {
  return Timestamp{base::Raw(timestamp) + by};
}

}  // namespace

TEST_CASE("every level sees what was acknowledged before it began", "[walk][consistency]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  for (std::int64_t id = 1; id <= 20; ++id) {
    const auto receipt = books.Insert(BatchOf({{id}}));
    receipt.status().OrDie();
    for (const Consistency level : kLevels) {
      const ReadOptions read{.consistency = level, .session = receipt->timestamp};
      CHECK(*books.Count({}, read) == static_cast<std::uint64_t>(id));
      CHECK(books.Get(IntKeys({id}), {}, read)->missing.empty());
      CHECK(books.Query({.read = read})->size() == static_cast<std::size_t>(id));
      CHECK(books.Search({.query = Book{id}.vector(), .limit = 100, .read = read})->size() ==
            static_cast<std::size_t>(id));
    }
  }
}

TEST_CASE("a read after a quiet time returns at once, whatever its level", "[walk][consistency]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  const Timestamp written = books.Insert(BatchOf({{1}}))->timestamp;
  db.clock().Advance(std::chrono::hours(30));
  // A timestamp that no write has and that was given later than the last write.
  const Timestamp given = db.parts().oracle.Next();
  REQUIRE(given > written);
  for (const Consistency level : kLevels) {
    CHECK(*books.Count({}, {.consistency = level, .session = given}) == 1);
  }
  db.Reopen();
  CHECK(*db.OpenBooks().Count({}, {.consistency = Consistency::kSession, .session = written}) == 1);
}

TEST_CASE("a session that is ahead of the database ends at its deadline, never with a stale answer",
          "[walk][consistency]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  const Timestamp written = books.Insert(BatchOf({{1}}))->timestamp;
  const Timestamp ahead = Later(written, std::uint64_t{1} << 40);
  ReadOptions read{.consistency = Consistency::kSession, .session = ahead};
  CheckRefusal(books.Count({}, read).status(), StatusCode::kInvalidArgument,
               {"ReadOptions::session", "timeout"});
  std::stop_source source;
  read.stop = source.get_token();
  source.request_stop();
  CHECK(books.Count({}, read).status().code() == StatusCode::kCancelled);
  read.stop = {};
  read.timeout = milliseconds(1);
  std::atomic<bool> answered{false};
  Status status;
  std::thread reader([&] {
    status = books.Count({}, read).status();
    answered = true;
  });
  CHECK(Eventually([&] {
    db.clock().Advance(milliseconds(1));
    return answered.load();
  }));
  reader.join();
  CHECK(status.code() == StatusCode::kDeadlineExceeded);
  for (const Consistency level : {Consistency::kBounded, Consistency::kEventual}) {
    CHECK(*books.Count({}, {.consistency = level, .session = ahead}) == 1);
  }
}

TEST_CASE("a session that waits sees the write that it waits for", "[walk][consistency]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  const Timestamp first = books.Insert(BatchOf({{1}}))->timestamp;
  std::stop_source source;
  std::atomic<std::uint64_t> counted{0};
  std::thread reader([&] {
    const auto count = books.Count({}, {.consistency = Consistency::kSession,
                                        .session = Later(first, 1),
                                        .stop = source.get_token()});
    counted = count.ok() ? *count : 99;
  });
  books.Insert(BatchOf({{2}})).status().OrDie();
  reader.join();
  CHECK(counted == 2);
}

TEST_CASE("each reader finds its own writes and those it heard of, while others write",
          "[walk][consistency]") {
  Options options;
  options.background_threads = 1;
  TestDatabase db(io::MakeMemoryFileSystem(), options);
  Collection books = db.MakeBooks({.shards = 3, .segment_rows = 50});
  constexpr std::int64_t kEach = 150;
  std::vector<Timestamp> written(2 * kEach + 1);  // by key
  std::atomic<std::int64_t> newest{0};            // a key that is acknowledged, and in `written`
  std::atomic<int> writing{2};
  std::atomic<int> wrong{0};
  const auto find = [&](std::int64_t id, Consistency level) {
    const ReadOptions read{.consistency = level, .session = written[static_cast<std::size_t>(id)]};
    const auto found = books.Get(IntKeys({id}), {}, read);
    if (!found.ok() || !found->missing.empty()) ++wrong;
  };
  std::vector<std::thread> threads;
  for (std::int64_t writer = 0; writer < 2; ++writer) {
    threads.emplace_back([&, writer] {
      for (std::int64_t id = writer * kEach + 1; id <= (writer + 1) * kEach; ++id) {
        const auto receipt = books.Upsert(BatchOf({{id}}));
        if (!receipt.ok()) ++wrong;
        written[static_cast<std::size_t>(id)] = receipt->timestamp;
        find(id, Consistency::kSession);
        newest = id;
      }
      --writing;
    });
  }
  for (int reader = 0; reader < 2; ++reader) {
    threads.emplace_back([&] {
      while (writing > 0) {
        const std::int64_t id = newest;
        if (id == 0) continue;
        for (const Consistency level : kLevels) find(id, level);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(*books.Count() == 2 * kEach);
}

TEST_CASE("a consistency that is none and a timeout below 0 are refused by name",
          "[walk][consistency]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  books.Insert(BatchOf({{1}})).status().OrDie();
  for (const int number : {0, 5, 255}) {
    CheckRefusal(books.Count({}, {.consistency = static_cast<Consistency>(number)}).status(),
                 StatusCode::kInvalidArgument,
                 {"ReadOptions::consistency", std::to_string(number)});
  }
  CheckRefusal(books.Count({}, {.timeout = milliseconds(-1)}).status(),
               StatusCode::kInvalidArgument, {"ReadOptions::timeout", "-1"});
  CheckRefusal(books.Insert(BatchOf({{2}}), {.timeout = milliseconds(-1)}).status(),
               StatusCode::kInvalidArgument, {"WriteOptions::timeout", "-1"});
  Options options = QuietOptions();
  for (const milliseconds staleness : {milliseconds(-1), milliseconds(86'400'001)}) {
    options.bounded_staleness = staleness;
    CheckRefusal(Database::OpenInMemory(options).status(), StatusCode::kInvalidArgument,
                 {"Options::bounded_staleness"});
  }
}
