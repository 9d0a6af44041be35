// Hundreds of short lives of a database, each with its threads forced into another order: two
// writers, two readers, one that flushes, makes and drops collections, and in some lives closes
// under all of them. Every row is a whole book (each value follows from key and version), every
// read is explained by one order of the writes, and what was acknowledged is there after a
// reopening.
#include <atomic>
#include <cstdio>
#include <functional>
#include <mutex>
#include <thread>

#include "model/history.h"
#include "support/catch.h"
#include "support/join_all.h"
#include "support/schedule.h"
#include "support/seed.h"
#include "support/test_database.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

constexpr std::int64_t kGroupKeys = 5;  // over several shards; always written together
constexpr std::int64_t kOwnKeys = 6;    // of each writer
constexpr int kWrites = 14;
constexpr int kReads = 12;
constexpr std::size_t kLives = kSanitized ? 40 : 320;

class Life {
 public:
  explicit Life(std::uint64_t seed)
      : seed_(seed),
        random_(seed),
        schedule_(seed),
        db_(io::MakeMemoryFileSystem(), OptionsOf(&random_), seed),
        closes_(random_.Chance(30)),
        books_(db_.MakeBooks(
            {.shards = static_cast<std::uint32_t>(random_.Between(1, 3)), .segment_rows = 8})) {}

  // Empty, or what was wrong.
  std::string Run() {
    std::vector<std::thread> threads;
    threads.emplace_back([this] { Write(1); });
    threads.emplace_back([this] { Write(2); });
    threads.emplace_back([this] { Query(3); });
    threads.emplace_back([this] { Search(4); });
    threads.emplace_back([this] { Keep(5); });
    JoinAll(&threads);
    if (failure_.empty()) failure_ = history_.Contradiction();
    if (failure_.empty()) CheckReopened();
    return failure_;
  }

  std::uint64_t operations() const { return operations_; }
  std::uint64_t stood_back() const { return schedule_.stood_back(); }

 private:
  static Options OptionsOf(Random* random) {
    Options options;
    options.background_threads = 1;
    options.durability = random->Chance(50) ? Durability::kEveryWrite : Durability::kInterval;
    options.sync_interval = std::chrono::milliseconds(1);
    options.channels = static_cast<std::uint32_t>(random->Between(1, 3));
    return options;
  }

  void Write(std::int64_t writer) {
    Random random(seed_ + static_cast<std::uint64_t>(writer));
    std::map<std::int64_t, std::int64_t> own;
    for (std::int64_t i = 1; i <= kWrites; ++i) {
      const std::int64_t version = i * 10 + writer;
      const std::int64_t id = writer * 100 + random.Between(0, kOwnKeys - 1);
      const std::size_t roll = random.Below(10);
      ++operations_;
      if (roll < 3) {
        if (!UpsertGroup(version)) return;
      } else if (roll < 7) {
        if (!UpsertOne(id, version)) return;
        own[id] = version;
      } else if (roll < 9) {
        if (!DeleteOne(id)) return;
        own.erase(id);
      } else {
        if (!DeleteFrom(id, writer * 100 + kOwnKeys, &own)) return;
      }
      if (!CheckOwn(id, own)) return;
    }
  }

  bool UpsertGroup(std::int64_t version) {
    std::vector<Book> group;
    History::Changes changes;
    for (std::int64_t id = 0; id < kGroupKeys; ++id) {
      group.push_back({id, version});
      changes[id] = version;
    }
    return Note(books_.Upsert(BatchOf(group)), std::move(changes));
  }
  bool UpsertOne(std::int64_t id, std::int64_t version) {
    return Note(books_.Upsert(BatchOf({{id, version}})), {{id, version}});
  }
  bool DeleteOne(std::int64_t id) {
    return Note(books_.Delete(std::vector<Key>{id}), {{id, std::nullopt}});
  }
  // By filter: what it finds is what this writer knows.
  bool DeleteFrom(std::int64_t first, std::int64_t end, std::map<std::int64_t, std::int64_t>* own) {
    const auto receipt =
        books_.DeleteWhere("id >= " + std::to_string(first) + " and id < " + std::to_string(end));
    if (!Went(receipt.status())) return false;
    History::Changes changes;
    for (const Key& key : receipt->keys) changes[std::get<std::int64_t>(key)] = std::nullopt;
    const auto begin = own->lower_bound(first);
    if (changes.size() != static_cast<std::size_t>(std::distance(begin, own->end()))) {
      Fail("a delete by filter finds other rows than there are");
    }
    own->erase(begin, own->end());
    if (!changes.empty()) history_.Wrote(receipt->timestamp, std::move(changes));
    return true;
  }
  bool Note(const Result<WriteReceipt>& receipt, History::Changes changes) {
    if (!Went(receipt.status())) return false;
    history_.Wrote(receipt->timestamp, std::move(changes));
    return true;
  }

  // What this thread wrote is there at once, whatever the others do.
  bool CheckOwn(std::int64_t id, const std::map<std::int64_t, std::int64_t>& own) {
    const auto got = books_.Get(std::vector<Key>{id}, std::vector<std::string>{"*"});
    if (!Went(got.status())) return false;
    const auto known = own.find(id);
    if (known == own.end()) {
      if (!got->rows.empty()) Fail("a deleted row is still there");
    } else if (got->rows.empty() || BookOf(got->rows[0]) != Book{id, known->second}) {
      Fail("an acknowledged row is not there");
    }
    return true;
  }

  void Query(std::size_t thread) {
    for (int i = 0; i < kReads; ++i) {
      ++operations_;
      const Timestamp acknowledged = history_.Acknowledged();
      if (i % 4 == 3) {
        const auto count = books_.Count();
        if (!Went(count.status())) return;
        history_.Counted(thread, acknowledged, *count);
        continue;
      }
      if (i % 4 == 1) {
        if (!ReadSnapshot(thread, acknowledged)) return;
        continue;
      }
      auto books = ReadAll(books_);  // kInternal: a torn row
      if (!Went(books.status())) return;
      history_.Saw(thread, acknowledged, *std::move(books));
    }
  }

  // One moment, asked twice and counted, with whatever the others do in between.
  bool ReadSnapshot(std::size_t thread, Timestamp acknowledged) {
    const auto snapshot = books_.Snapshot();
    if (!Went(snapshot.status())) return false;
    auto first = ReadAll(*snapshot);
    if (!Went(first.status())) return false;
    const auto count = snapshot->Count();
    if (!Went(count.status())) return false;
    const auto second = ReadAll(*snapshot);
    if (!Went(second.status())) return false;
    if (*first != *second || *count != first->size()) Fail("a snapshot changes");
    history_.Saw(thread, acknowledged, *std::move(first));
    return true;
  }

  void Search(std::size_t thread) {
    Random random(seed_ + thread);
    for (int i = 0; i < kReads; ++i) {
      ++operations_;
      const Timestamp acknowledged = history_.Acknowledged();
      const std::vector<float> query = {random.Unit(), random.Unit(), random.Unit(), 0};
      const auto hits = books_.Search({.query = query, .limit = 1'000, .output_fields = {"*"}});
      if (!Went(hits.status())) return;
      History::State state;
      for (const Hit& hit : *hits) {
        const auto book = BookOf(hit.row);
        if (!book) return Fail("a hit was read that nobody wrote");
        state[book->id] = book->version;
      }
      if (state.size() != hits->size()) return Fail("a search sees a key twice");
      history_.Saw(thread, acknowledged, std::move(state));
    }
  }

  // Flushes, and names that come and go.
  void Keep(std::size_t thread) {
    Random random(seed_ + thread);
    for (int i = 0; i < 4; ++i) {
      ++operations_;
      const std::size_t roll = random.Below(3);
      if (!Went(roll == 0 ? books_.Flush() : roll == 1 ? db_->Flush() : books_.Compact())) return;
      const std::string name = "other" + std::to_string(i);
      auto other = db_->CreateCollection(name, BookSchema());
      if (!Went(other.status())) return;
      if (!Went(other->Insert(BatchOf({{i, 1}})).status())) return;
      if (*other->Count() != 1) return Fail("a new collection has another number of rows");
      if (random.Chance(50)) continue;
      if (!Went(db_->DropCollection(name))) return;
      if (other->Count().status().code() != StatusCode::kNotFound) return Fail("a drop is undone");
    }
    if (closes_ && !db_->Close().ok()) Fail("closing under others failed");
  }

  void CheckReopened() {
    db_.Reopen();
    const auto books = ReadAll(db_.OpenBooks());
    if (!books.ok()) return Fail(books.status().ToString());
    if (*books != history_.Last()) Fail("a reopening finds other rows");
  }

  // True for what went well. A database that is closed ends its threads, and is no failure.
  bool Went(const Status& status) {
    if (status.ok()) return true;
    const bool closed = closes_ && status.code() == StatusCode::kFailedPrecondition &&
                        status.message() == "the database is closed";
    if (!closed) Fail(status.ToString());
    return false;
  }
  void Fail(std::string why) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (failure_.empty()) failure_ = std::move(why);
  }

  const std::uint64_t seed_;
  Random random_;
  Schedule schedule_;  // outlives the database
  TestDatabase db_;
  const bool closes_;
  Collection books_;
  History history_;
  std::atomic<std::uint64_t> operations_{0};
  std::mutex mutex_;
  std::string failure_;
};

}  // namespace

TEST_CASE("whatever the order of its threads, a database tells one story", "[stress][schedules]") {
  const auto first = SeedOr(1);
  const auto end = std::chrono::steady_clock::now() + SoakMinutes();
  std::uint64_t operations = 0;
  std::uint64_t stood_back = 0;
  std::size_t lives = 0;
  while (lives < kLives || std::chrono::steady_clock::now() < end) {
    const std::uint64_t seed = first + lives * 1'000;
    Life life(seed);
    const std::string failure = life.Run();
    CAPTURE(seed, failure);
    REQUIRE(failure.empty());
    operations += life.operations();
    stood_back += life.stood_back();
    ++lives;
  }
  CHECK(stood_back > lives);  // threads were forced to wait
  std::printf("FIG stress.schedules=%zu violations=0 scheduled_ops=%llu stood_back=%llu\n", lives,
              static_cast<unsigned long long>(operations),
              static_cast<unsigned long long>(stood_back));
}

TEST_CASE("a history tells what no order of its writes explains", "[stress][schedules]") {
  const auto with = [](const std::function<void(History*)>& tell) {
    History history;
    history.Wrote(Timestamp{10}, {{1, 1}, {2, 1}});
    history.Wrote(Timestamp{20}, {{1, 2}, {2, 2}});
    history.Wrote(Timestamp{30}, {{2, std::nullopt}});
    tell(&history);
    return history.Contradiction().empty();
  };
  CHECK(with([](History* h) { h->Saw(1, Timestamp{0}, {}); }));
  CHECK(with([](History* h) { h->Saw(1, Timestamp{10}, {{1, 2}, {2, 2}}); }));
  CHECK(with([](History* h) { h->Counted(1, Timestamp{30}, 1); }));
  CHECK(!with([](History* h) { h->Saw(1, Timestamp{0}, {{1, 2}, {2, 1}}); }));   // half a write
  CHECK(!with([](History* h) { h->Saw(1, Timestamp{20}, {{1, 1}, {2, 1}}); }));  // too old
  CHECK(!with([](History* h) {                                                   // back in time
    h->Saw(1, Timestamp{0}, {{1, 2}});
    h->Saw(1, Timestamp{0}, {{1, 2}, {2, 2}});
  }));
  CHECK(with([](History* h) {  // of two threads each has its own pace
    h->Saw(1, Timestamp{0}, {{1, 2}});
    h->Saw(2, Timestamp{0}, {{1, 2}, {2, 2}});
  }));
  CHECK(!with([](History* h) { h->Counted(1, Timestamp{20}, 0); }));
}
