// The Compaction walk: many sealed segments become few, without what was deleted, while readers and
// writers go on.
#include <atomic>
#include <thread>
#include <utility>

#include "base/canary.h"
#include "support/fault_file_system.h"
#include "walks/walk.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

// Runs `work` every time a compaction passes one of its places.
class AtCompaction {
 public:
  explicit AtCompaction(std::function<void(std::string_view)> work) {
    work_ = std::move(work);
    base::SetKillPointHandler([](const char* name) {
      if (!std::string_view(name).starts_with("compaction.") || inside_) return;
      inside_ = true;
      work_(name);
      inside_ = false;
    });
  }
  ~AtCompaction() {
    base::SetKillPointHandler(nullptr);
    work_ = nullptr;
  }
  AtCompaction(const AtCompaction&) = delete;
  AtCompaction& operator=(const AtCompaction&) = delete;

 private:
  inline static std::function<void(std::string_view)> work_;
  inline static thread_local bool inside_ = false;
};

// Not between the last look at the deletes and the View: there a write of the shard waits.
bool MayWriteAt(std::string_view place) {
  return !place.starts_with("compaction.commit.");
}

// Books 1..40 in four segments, 5, 15, 25 and 35 deleted, 10 and 20 written anew.
Books FillFour(Collection& books) {
  for (std::int64_t first = 1; first <= 31; first += 10) {
    books.Insert(BatchOf(BooksBetween(first, first + 9))).status().OrDie();
    books.Flush().OrDie();
  }
  books.Delete(IntKeys({5, 15, 25, 35})).status().OrDie();
  books.Upsert(BatchOf({{10, 7}, {20, 7}})).status().OrDie();
  return *ReadAll(books);
}

}  // namespace

SCENARIO("a compaction leaves one segment with the living rows, and the same answers",
         "[walk][compaction]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  const Books expected = FillFour(books);
  const auto near = KeysNear(books, Book{20}.vector(), 40);
  CHECK(SealedIn(books) == 4);
  books.Compact().OrDie();
  CHECK(SealedIn(books) == 1);
  CHECK(books.Stats()->rows == 36);
  CHECK(books.Stats()->deleted_rows == 0);
  CHECK(*ReadAll(books) == expected);
  CHECK(KeysNear(books, Book{20}.vector(), 40) == near);
  CHECK(books.Get(IntKeys({5, 10}), {})->missing == IntKeys({5}));
  CHECK(NamesIn(*db.fs(), "segments").size() == 1);  // the inputs' folders are gone
  CHECK(NamesIn(*db.fs(), "tmp").empty());

  WHEN("there is nothing left to do") {
    const auto segment = NamesIn(*db.fs(), "segments");
    books.Compact().OrDie();
    THEN("nothing is written again") {
      CHECK(NamesIn(*db.fs(), "segments") == segment);
    }
  }
  WHEN("the database is opened again") {
    db.Reopen();
    THEN("it has the same rows") {
      CHECK(*ReadAll(db.OpenBooks()) == expected);
      CHECK(SealedIn(db.OpenBooks()) == 1);
      CHECK(db->recovery().records_applied == 0);
    }
  }
  WHEN("a merged row is deleted, written over and inserted again") {
    books.Delete(IntKeys({1})).status().OrDie();
    books.Upsert(BatchOf({{2, 9}})).status().OrDie();
    CHECK(books.Insert(BatchOf({{3}})).status().code() == StatusCode::kAlreadyExists);
    books.Insert(BatchOf({{5, 9}})).status().OrDie();
    THEN("that is so before and after the next opening") {
      Books now = expected;
      now.erase(1);
      now[2] = now[5] = 9;
      CHECK(*ReadAll(books) == now);
      db.Reopen();
      CHECK(*ReadAll(db.OpenBooks()) == now);
      db.OpenBooks().Compact().OrDie();
      db.Reopen();
      CHECK(*ReadAll(db.OpenBooks()) == now);
    }
  }
}

SCENARIO("what is deleted or written over while a compaction runs stays so", "[walk][compaction]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  Books expected = FillFour(books);
  std::int64_t next = 1;
  {
    const AtCompaction change([&](std::string_view place) {
      CHECK(*ReadAll(books) == expected);
      if (!MayWriteAt(place)) return;
      while (expected.count(next) == 0) ++next;
      books.Delete(IntKeys({next})).status().OrDie();
      expected.erase(next);
      books.Upsert(BatchOf({{next + 20, 50 + next}})).status().OrDie();
      expected[next + 20] = 50 + next;
      CHECK(*ReadAll(books) == expected);
    });
    books.Compact().OrDie();
  }
  CHECK(next > 4);
  CHECK(*ReadAll(books) == expected);
  const bool flushed = GENERATE(false, true);
  if (flushed) books.Flush().OrDie();
  db.Reopen();
  CHECK(*ReadAll(db.OpenBooks()) == expected);
  db.OpenBooks().Compact().OrDie();
  CHECK(*ReadAll(db.OpenBooks()) == expected);
}

SCENARIO("deletes that were saved while a compaction ran survive it and the log's end",
         "[walk][compaction]") {
  TestDatabase db;
  db.SetLogBytes(1000);
  db.Reopen();
  Collection books = db.MakeBooks();
  Books expected = FillFour(books);
  {
    const AtCompaction save([&](std::string_view place) {
      if (place != "compaction.verified") return;
      books.Delete(IntKeys({7, 27})).status().OrDie();
      books.Flush().OrDie();  // into the deletes files of the inputs, and off the log
    });
    books.Compact().OrDie();
  }
  expected.erase(7);
  expected.erase(27);
  CHECK(*ReadAll(books) == expected);
  db.Reopen();
  CHECK(*ReadAll(db.OpenBooks()) == expected);
}

SCENARIO("a process that ends anywhere in a compaction leaves the old or the new, whole",
         "[walk][compaction]") {
  const std::vector<std::string> places = {"compaction.written",      "compaction.renamed",
                                           "compaction.verified",     "compaction.commit.before",
                                           "compaction.commit.after", "compaction.published",
                                           "compaction.removed"};
  for (const std::string& place : places) {
    INFO(place);
    TestDatabase db;
    Collection books = db.MakeBooks();
    const Books expected = FillFour(books);
    std::shared_ptr<io::FileSystem> found;
    {
      const AtCompaction copy([&](std::string_view now) {
        if (now == place && found == nullptr) found = MemoryCopyOf(*db.fs());
      });
      books.Compact().OrDie();
    }
    REQUIRE(found != nullptr);
    db.ContinueOn(found).OrDie();
    CHECK(*ReadAll(db.OpenBooks()) == expected);
    const std::uint32_t sealed = SealedIn(db.OpenBooks());
    const bool committed = place == "compaction.commit.after" || place == "compaction.published" ||
                           place == "compaction.removed";
    CHECK(sealed == (committed ? 1 : 5));
    CHECK(NamesIn(*db.fs(), "segments").size() == sealed);  // what no record names was swept
    db.OpenBooks().Compact().OrDie();
    CHECK(*ReadAll(db.OpenBooks()) == expected);
    CHECK(SealedIn(db.OpenBooks()) == 1);
  }
}

SCENARIO("a flush that runs out of memory behind its View is over, also when its segment is merged",
         "[walk][compaction]") {
  static Collection* to_write = nullptr;
  static bool failing = false;
  TestDatabase db;
  Collection books = db.MakeBooks();
  Books expected = FillFour(books);
  to_write = &books;
  base::SetKillPointHandler([](const char* name) {
    const std::string_view place(name);
    if (place == "flush.published" && std::exchange(failing, false)) throw std::bad_alloc();
    if (place != "compaction.verified" || to_write == nullptr) return;
    Collection& target = *std::exchange(to_write, nullptr);
    target.Insert(BatchOf({{100}})).status().OrDie();
    failing = true;
    CHECK(target.Flush().code() == StatusCode::kResourceExhausted);
  });
  const Status compacted = books.Compact();  // its second round takes what the flush left
  base::SetKillPointHandler(nullptr);
  CHECK(compacted.ToString() == Status().ToString());
  CHECK(to_write == nullptr);
  expected[100] = 0;
  CHECK(SealedIn(books) == 1);
  CHECK(*ReadAll(books) == expected);
  const Status flushed = books.Flush();
  CHECK(flushed.ToString() == Status().ToString());
  CHECK(SealedIn(books) == 1);
  CHECK(*ReadAll(books) == expected);
  db.Reopen();
  CHECK(*ReadAll(db.OpenBooks()) == expected);
}

SCENARIO("a reader that began before keeps the files until it ends", "[walk][compaction]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  const Books expected = FillFour(books);
  auto pinned = db.parts().collections.Find("books")->board.Pin();
  books.Compact().OrDie();
  CHECK(*ReadAll(books) == expected);
  // The new one, and five that are pinned, one of them as it was before its flush.
  CHECK(NamesIn(*db.fs(), "segments").size() == 6);
  pinned.reset();
  db.clock().Advance(std::chrono::seconds(2));
  RunDueWork(*db);
  CHECK(NamesIn(*db.fs(), "segments").size() == 1);
}

SCENARIO("a dropped collection's files go with its last reader", "[walk][compaction]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  FillFour(books);
  auto pinned = db.parts().collections.Find("books")->board.Pin();
  db->DropCollection("books").OrDie();
  CHECK(NamesIn(*db.fs(), "segments").size() == 4);
  CHECK(books.Count().status().code() == StatusCode::kNotFound);
  CHECK(books.Compact().code() == StatusCode::kNotFound);
  pinned.reset();
  db.clock().Advance(std::chrono::seconds(2));
  RunDueWork(*db);
  CHECK(NamesIn(*db.fs(), "segments").empty());
}

SCENARIO("what became of segments is told once it is so", "[walk][compaction]") {
  std::vector<std::pair<EventType, std::uint64_t>> told;  // and rows
  Options options = QuietOptions();
  options.listener = [&](const Event& event) { told.emplace_back(event.type, event.rows); };
  TestDatabase db(io::MakeMemoryFileSystem(), options);
  Collection books = db.MakeBooks();
  FillFour(books);
  books.Flush().OrDie();
  told.clear();
  books.Compact().OrDie();
  CHECK(told == std::vector<std::pair<EventType, std::uint64_t>>{{EventType::kCompacted, 36}});
  books.Compact().OrDie();  // nothing is left to do
  CHECK(told.size() == 1);
}

SCENARIO("a released collection is compacted and stays released", "[walk][compaction]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  const Books expected = FillFour(books);
  books.Flush().OrDie();
  books.Release().OrDie();
  books.Compact().OrDie();
  CHECK(SealedIn(books) == 1);
  CHECK(books.Count().status().code() == StatusCode::kFailedPrecondition);
  books.Delete(IntKeys({1})).status().OrDie();
  books.Load().OrDie();
  Books now = expected;
  now.erase(1);
  CHECK(*ReadAll(books) == now);
}

SCENARIO("a compaction never mixes partitions, and one may be dropped meanwhile",
         "[walk][compaction]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  for (const char* name : {"p", "q"}) {
    books.CreatePartition(name).OrDie();
    for (std::int64_t first : {1, 11, 21}) {
      const std::int64_t id = first + (name[0] == 'q' ? 100 : 0);
      books.Insert(BatchOf(BooksBetween(id, id + 9)), {.partition = name}).status().OrDie();
      books.Flush().OrDie();
    }
  }
  bool drop = GENERATE(false, true);
  {
    const AtCompaction meanwhile([&](std::string_view place) {
      if (place != "compaction.verified" || !std::exchange(drop, false)) return;
      books.DropPartition("p").OrDie();
    });
    books.Compact().OrDie();
  }
  const bool dropped = !*books.HasPartition("p");
  CHECK(SealedIn(books) == (dropped ? 1 : 2));
  CHECK(*books.Count() == (dropped ? 30 : 60));
  CHECK(books.Stats("q")->rows == 30);
  CHECK(NamesIn(*db.fs(), "segments").size() == (dropped ? 1 : 2));
  db.Reopen();
  CHECK(*db.OpenBooks().Count() == (dropped ? 30 : 60));
}

SCENARIO("segments whose rows are all deleted go without a successor", "[walk][compaction]") {
  TestDatabase db;
  Collection books = db.MakeBooks({.shards = 2});
  books.Insert(BatchOf(BooksBetween(1, 30))).status().OrDie();
  books.Flush().OrDie();
  std::vector<Key> all;
  for (std::int64_t id = 1; id <= 30; ++id) all.emplace_back(id);
  books.Delete(all).status().OrDie();
  books.Compact().OrDie();
  CHECK(SealedIn(books) == 0);
  CHECK(NamesIn(*db.fs(), "segments").empty());
  CHECK(*books.Count() == 0);
  db.Reopen();
  CHECK(*db.OpenBooks().Count() == 0);
  db.OpenBooks().Insert(BatchOf(BooksBetween(1, 30))).status().OrDie();
  CHECK(*ReadAll(db.OpenBooks()) == ExpectedBetween(1, 30));
}

SCENARIO("paused, a compaction waits; resumed, it ends; closed, it is cancelled",
         "[walk][compaction]") {
  GIVEN("threads of the database's own") {
    Options options;
    options.background_threads = 1;
    TestDatabase db(io::MakeMemoryFileSystem(), options);
    Collection books = db.MakeBooks();
    const Books expected = FillFour(books);
    db->PauseBackground().OrDie();
    CheckRefusal(books.Compact(), StatusCode::kFailedPrecondition, {"paused"});
    const JobId job = *books.StartCompaction();
    CHECK(db->WaitForJob(job, std::chrono::milliseconds(1)).status().code() ==
          StatusCode::kDeadlineExceeded);
    CHECK(SealedIn(books) == 4);
    WHEN("it is resumed") {
      db->ResumeBackground().OrDie();
      const JobInfo ended = *db->WaitForJob(job, std::chrono::hours(1));
      CHECK(ended.state == JobState::kDone);
      CHECK(ended.progress == 1);
      CHECK(ended.rows == 36);
      CHECK(ended.bytes > 0);
      CHECK(SealedIn(books) == 1);
    }
    WHEN("the database is closed") {
      db.Reopen();
    }
    CHECK(*ReadAll(db.OpenBooks()) == expected);
  }
  GIVEN("no threads") {
    TestDatabase db;
    Collection books = db.MakeBooks();
    FillFour(books);
    const JobId job = *books.StartCompaction();
    CHECK(db->Jobs()->back().state == JobState::kWaiting);
    db->PauseBackground().OrDie();
    RunDueWork(*db);
    CHECK(db->WaitForJob(job, std::chrono::milliseconds(1)).status().code() ==
          StatusCode::kDeadlineExceeded);
    db->ResumeBackground().OrDie();
    CHECK(db->WaitForJob(job, std::chrono::hours(1))->state == JobState::kDone);
    CHECK(SealedIn(books) == 1);
    CHECK(db->WaitForJob(job + 100, std::chrono::hours(1)).status().code() ==
          StatusCode::kNotFound);
  }
}

SCENARIO(
    "who waits for a paused job without threads does it when it is resumed, or ends at the close",
    "[walk][compaction]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  const Books expected = FillFour(books);
  db->PauseBackground().OrDie();
  const JobId job = *books.StartCompaction();
  std::atomic<bool> waits{false};
  Result<JobInfo> ended = Status(StatusCode::kInternal, "not asked");
  std::thread waiter([&] {
    waits = true;
    ended = db->WaitForJob(job, std::chrono::seconds(30));
  });
  while (!waits) std::this_thread::yield();
  for (int i = 0; i < 1000; ++i) std::this_thread::yield();  // and is in there, most likely
  const bool resumed = GENERATE(true, false);
  if (resumed) {
    db->ResumeBackground().OrDie();
  } else {
    db->Close().OrDie();
  }
  waiter.join();
  if (resumed || ended.ok()) {
    REQUIRE(ended.status().ToString() == "OK");
    CHECK(ended->state == (resumed ? JobState::kDone : JobState::kCancelled));
  } else {
    CheckRefusal(ended.status(), StatusCode::kFailedPrecondition, {"closed"});
  }
  db.Reopen();
  CHECK(*ReadAll(db.OpenBooks()) == expected);
}

SCENARIO("who waits for a compaction that the executor never runs does it alone",
         "[walk][compaction]") {
  std::vector<std::function<void()>> given;
  Options options;
  options.executor = [&](std::function<void()> task) { given.push_back(std::move(task)); };
  TestDatabase db(io::MakeMemoryFileSystem(), options);
  Collection books = db.MakeBooks();
  const Books expected = FillFour(books);
  books.Compact().OrDie();
  CHECK_FALSE(given.empty());
  CHECK(SealedIn(books) == 1);
  CHECK(*ReadAll(books) == expected);
}

SCENARIO("readers and writers never notice a compaction", "[walk][compaction]") {
  Options options;
  options.background_threads = 1;
  options.merged_segment_bytes = GENERATE(std::uint64_t{4096}, std::uint64_t{1} << 30);
  TestDatabase db(io::MakeMemoryFileSystem(), options);
  Collection books = db.MakeBooks({.shards = 2, .segment_rows = 50});
  books.Insert(BatchOf(BooksBetween(1, 300))).status().OrDie();
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> wrong{0};
  // Every round writes all of one block of ten books anew, at once: readers see it whole.
  std::thread writer([&] {
    for (std::int64_t round = 1; !stop; ++round) {
      std::vector<Book> block;
      for (std::int64_t i = 1; i <= 10; ++i) block.push_back({round % 30 * 10 + i, round});
      if (!books.Upsert(BatchOf(block), {.durability = Durability::kFlushOnly}).ok()) ++wrong;
    }
  });
  std::thread reader([&] {
    while (!stop) {
      const auto all = ReadAll(books);
      if (!all.ok() || all->size() != 300) ++wrong;
      for (std::int64_t block = 0; all.ok() && block < 30; ++block) {
        for (std::int64_t i = 2; i <= 10; ++i) {
          if (all->at(block * 10 + i) != all->at(block * 10 + 1)) ++wrong;
        }
      }
      if (*books.Count() != 300) ++wrong;
      if (KeysNear(books, Book{20}.vector(), 300).size() != 300) ++wrong;
      if (!books.Get(IntKeys({1, 150, 300}), {})->missing.empty()) ++wrong;
    }
  });
  for (int i = 0; i < 12; ++i) {
    const Status compacted = books.Compact();
    CHECK(compacted.ToString() == Status().ToString());
  }
  stop = true;
  writer.join();
  reader.join();
  CHECK(wrong == 0);
  const Books last = *ReadAll(books);
  db.Reopen();
  CHECK(*ReadAll(db.OpenBooks()) == last);
}

SCENARIO("space and writes follow what lives, not what was written", "[walk][compaction]") {
  TestDatabase db;
  Collection books = db.MakeBooks();
  const auto bytes = [&] { return books.Stats()->disk_bytes; };
  books.Insert(BatchOf(BooksBetween(1, 2'000))).status().OrDie();
  books.Flush().OrDie();
  const std::uint64_t of_all = bytes();
  GIVEN("ten rounds of the same rows written anew") {
    for (std::int64_t round = 1; round <= 10; ++round) {
      std::vector<Book> again;
      for (std::int64_t id = 1; id <= 2'000; ++id) again.push_back({id, round});
      books.Upsert(BatchOf(again)).status().OrDie();
      books.Flush().OrDie();
      db.clock().Advance(std::chrono::seconds(2));
      RunDueWork(*db);
    }
    const std::uint64_t after = bytes();
    CHECK(after * 10 <= of_all * 12);
    std::uint64_t written = 0;
    const std::vector<JobInfo> jobs = *db->Jobs();
    for (const JobInfo& job : jobs) written += job.bytes;
    CHECK(written <= 12 * of_all);  // each flush once; a segment of dead rows needs no copy
    CHECK(*ReadAll(books) == [] {
      Books expected;
      for (std::int64_t id = 1; id <= 2'000; ++id) expected[id] = 10;
      return expected;
    }());
  }
  GIVEN("half of them deleted") {
    std::vector<Key> half;
    for (std::int64_t id = 1; id <= 2'000; id += 2) half.emplace_back(id);
    books.Delete(half).status().OrDie();
    books.Compact().OrDie();
    CHECK(bytes() * 10 <= of_all / 2 * 12);
  }
}

SCENARIO("a compaction that cannot write leaves everything as it was, and is tried again later",
         "[walk][compaction]") {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  for (const bool fault : {false, true}) {
    auto disk = std::make_shared<FaultFileSystem>(io::MakeMemoryFileSystem());
    TestDatabase db(disk);
    Collection books = db.MakeBooks();
    const Books expected = FillFour(books);
    books.Flush().OrDie();
    if (!fault) {
      first = disk->call_count();
      books.Compact().OrDie();
      last = disk->call_count();
      REQUIRE(last > first + 10);
      continue;
    }
    std::uint64_t i = 0;  // the call that finds no space, and each behind it
    for (; i < last - first; ++i) {
      CAPTURE(i);
      disk->Arm({disk->call_count() + i, FaultKind::kNoSpace, true});
      const Status compacted = books.Compact();
      disk->Disarm();
      if (compacted.ok() || compacted.code() == StatusCode::kOutcomeUnknown) break;
      CHECK(compacted.code() == StatusCode::kResourceExhausted);
      CHECK(db->Jobs()->back().state == JobState::kFailed);
      CHECK_FALSE(db->Jobs()->back().error.empty());
      CHECK(*ReadAll(books) == expected);
      CHECK(SealedIn(books) == 5);
      CHECK(NamesIn(*disk, "segments").size() == 5);
    }
    CHECK(i > (last - first) / 2);  // the last ones are those of the commit
    db.ContinueOn(disk).OrDie();
    CHECK(*ReadAll(db.OpenBooks()) == expected);
    db.OpenBooks().Compact().OrDie();
    CHECK(SealedIn(db.OpenBooks()) == 1);
    CHECK(*ReadAll(db.OpenBooks()) == expected);
  }
}
