// Calls that end early: at their timeout, or when they are told to stop.
#include <array>
#include <atomic>
#include <functional>
#include <thread>

#include "support/hook_clock.h"
#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

using std::chrono::milliseconds;

constexpr std::uint32_t kWide = 1024;  // 4 KiB a row

Schema WideSchema() {
  return *SchemaBuilder()
              .PrimaryKey("id")
              .Scalar("n", DataType::kInt64)
              .Vector("v", kWide, Metric::kL2)
              .Build();
}

// 8 MiB of vectors.
Collection FillWide(Database& db) {
  const Schema schema = WideSchema();
  Collection c = *db.CreateCollection("c", schema);
  std::vector<float> vectors(std::size_t{kWide} * 512, 0.5F);
  for (std::int64_t first = 0; first < 2048; first += 512) {
    std::vector<std::int64_t> ids(512);
    for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = first + static_cast<std::int64_t>(i);
    Batch batch(schema);
    batch.AddColumn("id", ids).OrDie();
    batch.AddColumn("n", ids).OrDie();
    batch.AddVectors("v", vectors).OrDie();
    c.Insert(batch).status().OrDie();
  }
  return c;
}

}  // namespace

TEST_CASE("a long search looks at its deadline after each MiB, and one without looks never",
          "[walk][deadline]") {
  HookClock clock;
  Database db = OpenWith(clock);
  Collection c = FillWide(db);
  if (GENERATE(false, true)) c.Flush().OrDie();
  const std::vector<float> query(kWide, 0.25F);
  int asked = 0;
  clock.hook = [&] { ++asked; };
  c.Search({.query = query}).status().OrDie();
  c.Count("n > 5").status().OrDie();
  CHECK(asked == 0);
  c.Search({.query = query, .read = {.timeout = milliseconds(1000)}}).status().OrDie();
  CHECK(asked >= 8);
  CHECK(asked < 60);
}

TEST_CASE("a call ends at the first look after its time, whatever it does", "[walk][deadline]") {
  HookClock clock;
  Database db = OpenWith(clock);
  Collection c = FillWide(db);
  if (GENERATE(false, true)) c.Flush().OrDie();
  const std::vector<float> query(kWide, 0.25F);
  const std::vector<QueryVector> queries(3, query);  // one thread's
  std::vector<Key> keys;
  for (std::int64_t id = 0; id < 100; ++id) keys.emplace_back(id);
  const ReadOptions read{.timeout = milliseconds(10)};
  const std::vector<std::function<Status()>> calls = {
      [&] { return c.Search({.query = query, .read = read}).status(); },
      [&] { return c.Search({.query = query, .filter = "n > 5", .read = read}).status(); },
      [&] { return c.Query({.filter = "n > 5", .read = read}).status(); },
      [&] { return c.Query({.read = read}).status(); },
      [&] { return c.Count("n > 5", read).status(); },
      [&] { return c.Get(keys, {}, read).status(); },
      [&] { return c.SearchMany({.read = read}, queries).status(); },
      [&] { return c.SearchMany({.filter = "n > 5", .read = read}, queries).status(); },
      [&] { return c.DeleteWhere("n == 2047", {.timeout = milliseconds(10)}).status(); },
  };
  const std::size_t deletes = calls.size() - 1;
  for (std::size_t call = 0; call < calls.size(); ++call) {
    INFO("call " << call);
    // What a filter leaves of a sealed segment is kept from the second time on; so are copies.
    for (int i = 0; call != deletes && i < 3; ++i) calls[call]().OrDie();
    int asked = 0;
    clock.hook = [&] { ++asked; };
    const std::uint64_t before = *c.Count();
    calls[call]().OrDie();  // in time
    const int looks = asked;
    REQUIRE(looks >= 2);
    if (call == deletes) break;  // it has deleted what it looks for
    // The time runs out at each of its looks: that look ends it.
    for (int last = 2; last <= looks; ++last) {
      asked = 0;
      clock.hook = [&] {
        if (++asked == last) clock.now += milliseconds(20);
      };
      CHECK(calls[call]().code() == StatusCode::kDeadlineExceeded);
      CHECK(asked == last);
      clock.hook = nullptr;
    }
    CHECK(*c.Count() == before);
  }
}

TEST_CASE("each piece of an iterator has the time it was given", "[walk][deadline]") {
  HookClock clock;
  Database db = OpenWith(clock);
  Collection c = FillWide(db);
  RowIterator rows = *c.Iterate({.batch_size = 100, .read = {.timeout = milliseconds(10)}});
  int asked = 0;
  const auto next = [&](int last) {
    asked = 0;
    clock.hook = [&clock, &asked, last] {
      if (++asked == last) clock.now += milliseconds(20);
    };
    const auto piece = rows.Next();
    clock.hook = nullptr;
    return piece;
  };
  for (int last = 2; last < 100; ++last) {
    CHECK(next(last).status().code() == StatusCode::kDeadlineExceeded);
    CHECK(asked == last);
  }
  std::int64_t expected = 0;
  while (true) {
    const auto piece = next(0);
    piece.status().OrDie();
    if (piece->empty()) break;
    for (const Row& row : *piece) CHECK(*row.Get<std::int64_t>("id") == expected++);
  }
  CHECK(expected == 2048);
}

TEST_CASE("each page of a search has the time it was given", "[walk][deadline][search-iterator]") {
  HookClock clock;
  Database db = OpenWith(clock);
  Collection c = FillWide(db);
  const std::vector<float> query(kWide, 0.25F);
  SearchIterator pages =
      *c.IterateSearch({.query = query, .batch_size = 100, .read = {.timeout = milliseconds(10)}});
  int asked = 0;
  const auto next = [&](int last) {
    asked = 0;
    clock.hook = [&clock, &asked, last] {
      if (++asked == last) clock.now += milliseconds(20);
    };
    auto page = pages.Next();
    clock.hook = nullptr;
    return page;
  };
  for (int last = 2; last < 100; ++last) {
    CHECK(next(last).status().code() == StatusCode::kDeadlineExceeded);
    CHECK(asked == last);
  }
  std::int64_t expected = 0;  // all are equally far: they come by key
  while (true) {
    const auto page = next(0);
    page.status().OrDie();
    if (page->empty()) break;
    for (const Hit& hit : *page) CHECK(hit.key == Key(expected++));
  }
  CHECK(expected == 2048);
}

TEST_CASE("a delete by filter that ends early has deleted nothing", "[walk][deadline]") {
  HookClock clock;
  Database db = OpenWith(clock);
  Collection c = FillWide(db);
  int asked = 0;
  clock.hook = [&] { ++asked; };
  c.DeleteWhere("n == -1", {.timeout = milliseconds(10)}).status().OrDie();
  const int looks = asked;
  for (int last = 2; last <= looks; ++last) {
    asked = 0;
    clock.hook = [&] {
      if (++asked == last) clock.now += milliseconds(20);
    };
    CHECK(c.DeleteWhere("n >= 0", {.timeout = milliseconds(10)}).status().code() ==
          StatusCode::kDeadlineExceeded);
    clock.hook = nullptr;
    CHECK(*c.Count() == 2048);
  }
}

TEST_CASE("a stop ends calls that run and those that come", "[walk][deadline]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  books.Insert(BatchOf(BooksBetween(1, 100))).status().OrDie();
  std::stop_source source;
  const ReadOptions read{.stop = source.get_token()};
  CHECK(*books.Count({}, read) == 100);
  std::atomic<std::uint64_t> calls{0};
  Status ended;
  std::thread reader([&] {
    while (ended.ok()) {
      ended = books.Query({.filter = "year > 1900", .read = read}).status();
      ++calls;
    }
  });
  CHECK(Eventually([&] { return calls > 2; }));
  source.request_stop();
  reader.join();
  CHECK(ended.code() == StatusCode::kCancelled);
  CHECK(books.Search({.query = Book{1}.vector(), .read = read}).status().code() ==
        StatusCode::kCancelled);
  const WriteOptions write{.stop = source.get_token()};
  CHECK(books.Insert(BatchOf({{200}}), write).status().code() == StatusCode::kCancelled);
  CHECK(books.Upsert(BatchOf({{200}}), write).status().code() == StatusCode::kCancelled);
  CHECK(books.Delete(IntKeys({1}), write).status().code() == StatusCode::kCancelled);
  CHECK(*books.Count() == 100);
}

namespace {

void LockAll(const roles::LiveCollection& collection) NO_THREAD_SAFETY_ANALYSIS {
  for (const auto& lane : collection.lanes) lane->mutex.Lock();
}

void UnlockAll(const roles::LiveCollection& collection) NO_THREAD_SAFETY_ANALYSIS {
  for (const auto& lane : collection.lanes) lane->mutex.Unlock();
}

// Runs `write` with a stop that comes once it has waited; what it returns.
template <typename F>
Status StoppedWhileWaiting(const F& write) {
  std::stop_source source;
  Status ended;
  std::atomic<bool> began{false};
  std::thread writer([&] {
    began = true;
    ended = write(WriteOptions{.stop = source.get_token()});
  });
  CHECK(Eventually([&] { return began.load(); }));
  source.request_stop();
  writer.join();
  return ended;
}

}  // namespace

TEST_CASE("a write that waits for room ends at its limit and has written nothing",
          "[walk][deadline]") {
  Options options;
  options.background_threads = 1;
  options.write_buffer_bytes = 1u << 20;
  TestDatabase db(io::MakeMemoryFileSystem(), options);
  Collection books = db.MakeBooks();
  db.parts().streaming->AddBuffered(2u << 20);  // of nobody, so no flush makes room
  CHECK(StoppedWhileWaiting([&](const WriteOptions& write) {
          return books.Insert(BatchOf({{1}}), write).status();
        }).code() == StatusCode::kCancelled);
  db.parts().streaming->SubtractBuffered(2u << 20);
  CHECK(*books.Count() == 0);
  CHECK(books.Insert(BatchOf({{1}})).ok());
}

TEST_CASE("a write that waits for its turn ends at its limit and has written nothing",
          "[walk][deadline]") {
  TestDatabase db;
  Collection books = db.MakeBooks({.shards = 2});
  books.Insert(BatchOf(BooksBetween(1, 20))).status().OrDie();
  const auto live = db.parts().collections.Find("books");
  const roles::WriteRequest nothing;
  // Somebody has the turn at each lane.
  std::array<roles::WriteTicket, 2> tickets{roles::WriteTicket(nothing),
                                            roles::WriteTicket(nothing)};
  for (std::size_t i = 0; i < 2; ++i) REQUIRE(live->lanes[i]->queue.Enter(&tickets[i]));
  CHECK(StoppedWhileWaiting([&](const WriteOptions& write) {
          return books.Delete(IntKeys({1}), write).status();
        }).code() == StatusCode::kCancelled);
  for (std::size_t i = 0; i < 2; ++i) live->lanes[i]->queue.Leave();
  CHECK(*books.Count() == 20);
  // Somebody holds the lanes themselves: what touches one, and what touches all.
  LockAll(*live);
  CHECK(StoppedWhileWaiting([&](const WriteOptions& write) {
          return books.Delete(IntKeys({1}), write).status();
        }).code() == StatusCode::kCancelled);
  CHECK(StoppedWhileWaiting([&](const WriteOptions& write) {
          return books.Upsert(BatchOf(BooksBetween(1, 20, 1)), write).status();
        }).code() == StatusCode::kCancelled);
  CHECK(StoppedWhileWaiting([&](const WriteOptions& write) {
          return books.DeleteWhere("id > 0", write).status();
        }).code() == StatusCode::kCancelled);
  UnlockAll(*live);
  CHECK(*ReadAll(books) == ExpectedBetween(1, 20));
  CHECK(books.Delete(IntKeys({1})).ok());
}
