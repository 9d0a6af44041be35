// Threads of every kind at once, on a database with threads of its own. Two writers upsert and
// delete keys of their own, and whole groups of keys that always change together; readers and a
// thread that flushes and compacts run beside them. On several channels, each with a streaming
// node, all of that goes on in several collections at once.
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/catch.h"
#include "support/join_all.h"
#include "support/seed.h"
#include "support/test_database.h"

using namespace vecdb;
using namespace vecdb::test;

namespace {

constexpr std::int64_t kGroups = 4;
constexpr std::int64_t kGroupKeys = 6;  // over several shards
constexpr std::int64_t kOwnKeys = 40;   // of each writer
constexpr std::int64_t kFirstOwn = 1'000;

std::vector<Book> GroupAt(std::int64_t group, std::int64_t version) {
  std::vector<Book> books;
  for (std::int64_t i = 0; i < kGroupKeys; ++i) books.push_back({group * kGroupKeys + i, version});
  return books;
}

class Stress {
 public:
  Stress(Collection books, std::chrono::milliseconds length)
      : books_(std::move(books)), end_(std::chrono::steady_clock::now() + length) {}

  bool Over() const { return std::chrono::steady_clock::now() >= end_ || failed_.load(); }
  std::uint64_t operations() const { return operations_.load(); }
  std::uint64_t torn_rows() const { return torn_rows_.load(); }
  std::string failure() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return failure_;
  }

  void Write(std::uint64_t writer) {
    Random random(SeedOr(3) + writer);
    const auto first_own = kFirstOwn * static_cast<std::int64_t>(writer + 1);
    std::map<std::int64_t, std::int64_t> own;  // what this writer knows to be there
    for (std::int64_t version = 1; !Over(); ++version) {
      ++operations_;
      const std::int64_t id = first_own + random.Between(0, kOwnKeys - 1);
      const std::size_t roll = random.Below(10);
      if (roll < 3) {
        const std::int64_t group = random.Between(0, kGroups - 1);
        // Versions of two writers differ, so that a mixture shows.
        Expect(books_.Upsert(BatchOf(GroupAt(group, version * 2 + std::int64_t(writer)))).status());
      } else if (roll < 7) {
        Expect(books_.Upsert(BatchOf({{id, version}})).status());
        own[id] = version;
      } else if (roll < 9) {
        Expect(books_.Delete(std::vector<Key>{id}).status());
        own.erase(id);
      } else {
        const auto code = books_.Insert(BatchOf({{id, version}})).status().code();
        const bool taken = own.count(id) != 0;
        if (code != (taken ? StatusCode::kAlreadyExists : StatusCode::kOk)) Fail("insert");
        if (!taken) own[id] = version;
      }
      CheckOwn(id, own);
    }
  }

  void Query() {
    while (!Over()) {
      ++operations_;
      const auto rows = books_.Query({.filter = "id < 24", .output_fields = {"*"}, .limit = 1'000});
      if (!rows.ok()) return Fail(rows.status().ToString());
      if (rows->size() != kGroups * kGroupKeys) return Fail("a query sees a key 0 or 2 times");
      std::map<std::int64_t, std::int64_t> versions;
      for (const Row& row : *rows) {
        const auto book = BookOf(row);
        if (!book) {
          ++torn_rows_;
          return Fail("a row was read that nobody wrote");
        }
        const auto [known, fresh] = versions.emplace(book->id / kGroupKeys, book->version);
        if (!fresh && known->second != book->version) return Fail("half of a write was seen");
      }
      const auto count = books_.Count("id < 24");
      if (!count.ok() || *count != kGroups * kGroupKeys) return Fail("a count sees another number");
    }
  }

  void Search() {
    Random random(SeedOr(4));
    while (!Over()) {
      ++operations_;
      const std::vector<float> query = {random.Unit() * 50, random.Unit() * 50, random.Unit() * 50,
                                        random.Unit() * 50};
      const auto hits = books_.Search({.query = query, .limit = 1'000, .output_fields = {"*"}});
      if (!hits.ok()) return Fail(hits.status().ToString());
      std::map<Key, int> seen;
      for (const Hit& hit : *hits) {
        ++seen[hit.key];
        if (!BookOf(hit.row)) {
          ++torn_rows_;
          return Fail("a hit was read that nobody wrote");
        }
      }
      for (std::int64_t id = 0; id < kGroups * kGroupKeys; ++id) {
        if (seen[id] != 1) return Fail("a search sees a key 0 or 2 times");
      }
      if (seen.size() != hits->size()) return Fail("a search sees a key twice");
    }
  }

  void Flush(Database* database) {
    for (int i = 0; !Over(); ++i) {
      ++operations_;
      if (i % 4 == 3) {
        Expect(books_.Compact());
      } else {
        Expect(i % 4 == 2 ? database->Flush() : books_.Flush());
      }
      const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(30);
      while (!Over() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    }
  }

 private:
  void CheckOwn(std::int64_t id, const std::map<std::int64_t, std::int64_t>& own) {
    const auto got = books_.Get(std::vector<Key>{id}, std::vector<std::string>{"*"});
    if (!got.ok()) return Fail(got.status().ToString());
    const auto known = own.find(id);
    if (known == own.end()) {
      if (!got->rows.empty()) Fail("a deleted row is still there");
      return;
    }
    const auto book = got->rows.empty() ? std::nullopt : BookOf(got->rows[0]);
    if (book != Book{id, known->second}) Fail("an acknowledged row is not there");
  }

  void Expect(const Status& status) {
    if (!status.ok()) Fail(status.ToString());
  }
  void Fail(std::string why) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (failure_.empty()) failure_ = std::move(why);
    failed_ = true;
  }

  Collection books_;
  const std::chrono::steady_clock::time_point end_;
  std::atomic<std::uint64_t> operations_{0};
  std::atomic<std::uint64_t> torn_rows_{0};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  std::string failure_;
};

}  // namespace

namespace {

struct Setup {
  Durability durability = Durability::kEveryWrite;
  LoadMode load = LoadMode::kMapped;
  std::uint32_t channels = 1;  // and streaming nodes, and collections
  std::uint32_t query_nodes = 0;
};

Options OptionsOf(const Setup& setup) {
  Options options;
  options.durability = setup.durability;
  options.load = setup.load;
  options.channels = setup.channels;
  options.streaming_nodes = setup.channels;
  options.query_nodes = setup.query_nodes;
  options.search_threads = 3;
  options.background_threads = 2;
  options.sync_interval = std::chrono::milliseconds(5);
  return options;
}

std::vector<std::unique_ptr<Stress>> StressesOn(Database& database, std::uint32_t collections,
                                                std::chrono::milliseconds length) {
  std::vector<std::unique_ptr<Stress>> stresses;
  for (std::uint32_t i = 0; i < collections; ++i) {
    const CollectionOptions choices{.shards = 4, .segment_rows = 50};
    Collection books =
        *database.CreateCollection("books" + std::to_string(i), BookSchema(), choices);
    for (std::int64_t group = 0; group < kGroups; ++group) {
      books.Insert(BatchOf(GroupAt(group, 0))).status().OrDie();
    }
    stresses.push_back(std::make_unique<Stress>(books, length));
  }
  return stresses;
}

// The channels that have collections, and the nodes that own them.
std::pair<std::size_t, std::size_t> Used(const Database& database) {
  std::set<std::uint32_t> nodes;
  const std::vector<ChannelInfo> channels = *database.Channels();
  for (const ChannelInfo& channel : channels) nodes.insert(channel.node);
  return {channels.size(), nodes.size()};
}

}  // namespace

TEST_CASE("writers, readers and a flusher side by side see whole writes, each once", "[stress]") {
  std::uint64_t operations = 0;
  std::uint64_t torn_rows = 0;
  const std::array<Setup, 4> setups = {{
      {},
      {.durability = Durability::kInterval, .load = LoadMode::kResident},
      {.channels = 2, .query_nodes = 3},
      {.durability = Durability::kInterval, .channels = 3, .query_nodes = 4},
  }};
  for (std::size_t i = 0; i < setups.size(); ++i) {
    const Setup& setup = setups[i];
    Database database = *Database::OpenInMemory(OptionsOf(setup));
    const auto length = SoakMinutes().count() > 0
                            ? std::chrono::milliseconds(SoakMinutes()) / int{setups.size()}
                            : std::chrono::milliseconds(1'000);
    const auto stresses = StressesOn(database, setup.channels, length);
    CHECK(Used(database) == std::pair<std::size_t, std::size_t>(setup.channels, setup.channels));
    std::vector<std::thread> threads;
    for (const auto& one : stresses) {
      Stress* const stress = one.get();
      threads.emplace_back([stress] { stress->Write(0); });
      threads.emplace_back([stress] { stress->Write(1); });
      threads.emplace_back([stress] { stress->Query(); });
      threads.emplace_back([stress] { stress->Search(); });
      threads.emplace_back([stress, &database] { stress->Flush(&database); });
    }
    JoinAll(&threads);
    for (const auto& stress : stresses) {
      CAPTURE(i, stress->failure());
      CHECK(stress->failure().empty());
      operations += stress->operations();
      torn_rows += stress->torn_rows();
    }
    CHECK(database.Close().ok());
  }
  CHECK(operations > 100);
  std::printf("FIG stress.ops=%llu torn_rows=%llu deadlocks=0\n",
              static_cast<unsigned long long>(operations),
              static_cast<unsigned long long>(torn_rows));
}
