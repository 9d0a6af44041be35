// Small writes that wait together share a group of the log (docs/adr/0042): each is answered for
// itself, and nothing of one is seen in another.
#include <algorithm>
#include <atomic>
#include <functional>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "roles/live_collection.h"
#include "support/fault_file_system.h"
#include "support/join_all.h"
#include "walks/failing_memory.h"
#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

using Write = std::function<Result<WriteReceipt>(Collection&)>;

Write Inserts(Book book, const WriteOptions& options = {}) {
  return [=](Collection& books) { return books.Insert(BatchOf({book}), options); };
}
Write Upserts(Book book) {
  return [=](Collection& books) { return books.Upsert(BatchOf({book})); };
}
Write Deletes(std::int64_t id) {
  return [=](Collection& books) { return books.Delete(IntKeys({id})); };
}

// Makes these writes while somebody holds their lane, so that they wait for one another;
// `meanwhile` happens while they do.
std::vector<Status> MadeTogether(
    TestDatabase& db, const std::vector<Write>& writes, std::vector<Timestamp>* times = nullptr,
    const std::function<void()>& meanwhile = {}) NO_THREAD_SAFETY_ANALYSIS {
  Collection books = db.OpenBooks();
  std::vector<Status> ended(writes.size());
  std::vector<Timestamp> at(writes.size());
  std::atomic<std::size_t> began{0};
  roles::Lane& lane = *db.parts().collections.Find("books")->lanes[0];
  lane.mutex.Lock();
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < writes.size(); ++i) {
    threads.emplace_back([&, i] {
      Collection own = books;
      ++began;
      const auto receipt = writes[i](own);
      ended[i] = receipt.status();
      if (receipt.ok()) at[i] = receipt->timestamp;
    });
  }
  CHECK(Eventually([&] { return began == writes.size(); }));
  for (int i = 0; i < 2'000; ++i) std::this_thread::yield();  // most of them wait by then
  if (meanwhile) meanwhile();
  lane.mutex.Unlock();
  JoinAll(&threads);
  if (times != nullptr) *times = std::move(at);
  return ended;
}

std::size_t Count(const std::vector<Status>& statuses, StatusCode code) {
  return static_cast<std::size_t>(
      std::count_if(statuses.begin(), statuses.end(),
                    [code](const Status& status) { return status.code() == code; }));
}

std::uint64_t GroupsIn(const TestDatabase& db) {
  TestDatabase found(MemoryCopyOf(*db.fs()));
  return found->recovery().groups_applied;
}

}  // namespace

SCENARIO("writes that share a group are answered each for itself", "[walk][group]") {
  constexpr std::size_t kRounds = 20;
  TestDatabase db;
  Collection books = db.MakeBooks();
  Books expected;
  std::uint64_t writes_logged = 0;
  for (std::size_t round = 0; round < kRounds; ++round) {
    const auto first = static_cast<std::int64_t>(100 * round + 1);
    books.Insert(BatchOf({{first}, {first + 1}, {first + 2}})).status().OrDie();
    std::vector<Timestamp> at;
    const auto ended =
        MadeTogether(db,
                     {Inserts({first + 10}), Inserts({first}),             // new, taken
                      Inserts({first + 11, 1}), Inserts({first + 11, 2}),  // one of both
                      Upserts({first + 1, 5}), Deletes(first + 1),         // in either order
                      Upserts({first + 2, 6}), Upserts({first + 2, 7}),    //
                      Inserts({first + 12}), Deletes(first + 12), Deletes(first + 13)},
                     &at);
    CHECK(ended[0].ok());
    CHECK(ended[1].code() == StatusCode::kAlreadyExists);
    CHECK(ended[2].ok() != ended[3].ok());
    CHECK(Count({ended[2], ended[3]}, StatusCode::kAlreadyExists) == 1);
    for (std::size_t i = 4; i < ended.size(); ++i) CHECK(ended[i].ok());
    writes_logged += 1 + Count(ended, StatusCode::kOk);
    expected[first] = expected[first + 10] = 0;
    expected[first + 11] = ended[2].ok() ? 1 : 2;
    if (at[4] > at[5]) expected[first + 1] = 5;
    expected[first + 2] = at[6] > at[7] ? 6 : 7;
    if (at[8] > at[9]) expected[first + 12] = 0;
    CHECK(*ReadAll(books) == expected);
  }
  CHECK(GroupsIn(db) < writes_logged);  // some did share
  db.Reopen();
  CHECK(*ReadAll(db.OpenBooks()) == expected);
}

SCENARIO("a write that is stopped while it waits leaves the others of its group alone",
         "[walk][group]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  Books expected;
  for (std::int64_t round = 0; round < 10; ++round) {
    std::stop_source source;
    const std::int64_t first = 10 * round + 1;
    const auto ended = MadeTogether(
        db,
        {Inserts({first}), Inserts({first + 1}, {.stop = source.get_token()}), Inserts({first + 2}),
         Inserts({first + 3}, {.timeout = std::chrono::hours(1)})},
        nullptr, [&] { source.request_stop(); });
    CHECK(ended[0].ok());
    CHECK(ended[1].code() == StatusCode::kCancelled);
    CHECK(ended[2].ok());
    CHECK(ended[3].ok());
    expected[first] = expected[first + 2] = expected[first + 3] = 0;
    CHECK(*ReadAll(books) == expected);
  }
  db.Reopen();
  CHECK(*ReadAll(db.OpenBooks()) == expected);
}

SCENARIO("a log without space refuses all writes of a group, and nothing of them is there",
         "[walk][group]") {
  auto disk = std::make_shared<FaultFileSystem>(io::MakeMemoryFileSystem());
  TestDatabase db(disk);
  Collection books = db.MakeBooks();
  books.Insert(BatchOf({{1}})).status().OrDie();
  const auto kind = GENERATE(FaultKind::kWriteNone, FaultKind::kWriteHalf, FaultKind::kIoError);
  const std::vector<Write> writes = {Inserts({10}), Upserts({1, 5}), Deletes(1), Inserts({11}),
                                     Inserts({12})};
  const auto refused = MadeTogether(db, writes, nullptr, [&] {
    disk->Arm({disk->call_count(), kind, true});
  });
  disk->Disarm();
  const bool full = kind != FaultKind::kIoError;
  for (const Status& status : refused) {
    INFO(status.ToString());
    if (full) CHECK(status.code() == StatusCode::kResourceExhausted);
    if (!full) CHECK(!status.ok());
  }
  CHECK(*ReadAll(books) == ExpectedBetween(1, 1));
  if (full) {
    const auto made = MadeTogether(db, writes);
    CHECK(Count(made, StatusCode::kOk) == writes.size());
    CHECK(books.Get(IntKeys({10, 11, 12}), {})->missing.empty());
  } else {
    CHECK(Count(refused, StatusCode::kOutcomeUnknown) > 0);
  }
  const Books last = *ReadAll(books);
  db.ContinueOn(MemoryCopyOf(*db.fs())).OrDie();
  if (full) CHECK(*ReadAll(db.OpenBooks()) == last);
}

SCENARIO("memory that runs out for a group of writes leaves no read waiting for them",
         "[walk][group][memory]") {
  constexpr std::int64_t kWriters = 60;
  std::atomic<bool> failed{true};
  for (long n = 0; failed; ++n) {
    failed = false;
    INFO("allocation " << n);
    TestDatabase db;
    Collection books = db.MakeBooks();
    books.Insert(BatchOf({{1}})).status().OrDie();
    std::vector<Write> writes;
    for (std::int64_t id = 2; id < 2 + kWriters; ++id) {
      writes.emplace_back([id, n, &failed](Collection& own) {
        const Batch batch = BatchOf({{id}});
        Result<WriteReceipt> receipt = WriteReceipt();
        if (WithFailingAllocation(n, [&] { receipt = own.Insert(batch); })) failed = true;
        return receipt;
      });
    }
    const auto ended = MadeTogether(db, writes);
    std::stop_source source;
    Result<std::uint64_t> count = std::uint64_t{0};
    std::atomic<bool> done{false};
    std::thread reader([&] {
      count = books.Count({}, {.consistency = Consistency::kSession,
                               .session = db.parts().oracle.last(),
                               .stop = source.get_token()});
      done = true;
    });
    CHECK(Eventually([&] { return done.load(); }));
    source.request_stop();
    reader.join();
    if (count.ok()) CHECK(*count == 1 + Count(ended, StatusCode::kOk));
  }
}
