#include "roles/search_pool.h"

#include <new>
#include <set>
#include <thread>

#include "api/guard.h"
#include "base/status.h"
#include "support/catch.h"

namespace vecdb::roles {
namespace {

constexpr std::uint64_t kLeast = 1000;

// What the API guards with.
Status Guarded(const std::function<Status()>& task) {
  return api::Guarded(task);
}

SearchPool PoolOf(std::size_t helpers) {
  return SearchPool(helpers, kLeast, base::SystemClock(), Guarded);
}

TEST_CASE("threads are worth their bytes, their tasks and are not more than there are", "[pool]") {
  const SearchPool pool = PoolOf(3);
  CHECK(pool.ThreadsFor(0, 0) == 1);
  CHECK(pool.ThreadsFor(8, 0) == 1);
  CHECK(pool.ThreadsFor(8, 2 * kLeast - 1) == 1);
  CHECK(pool.ThreadsFor(8, 2 * kLeast) == 2);
  CHECK(pool.ThreadsFor(8, 3 * kLeast) == 3);
  CHECK(pool.ThreadsFor(8, 100 * kLeast) == 4);
  CHECK(pool.ThreadsFor(2, 100 * kLeast) == 2);
  CHECK(pool.ThreadsFor(1, 100 * kLeast) == 1);
  const SearchPool alone = PoolOf(0);
  CHECK(alone.ThreadsFor(8, 100 * kLeast) == 1);
}

TEST_CASE("every task runs once, whoever runs it", "[pool]") {
  SearchPool pool = PoolOf(3);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::atomic<int>> ran(1 + round % 9);
    const auto task = [&](std::size_t i) {
      ++ran[i];
      return Status();
    };
    CHECK(pool.Run(ran.size(), 4, task).ok());
    for (const auto& times : ran) CHECK(times == 1);
  }
  pool.Stop();
}

TEST_CASE("helpers take part while the caller works", "[pool]") {
  SearchPool pool = PoolOf(1);
  std::atomic<int> inside{0};
  // Neither returns before the other has begun: both threads are at work.
  const auto meet = [&](std::size_t) {
    ++inside;
    while (inside < 2) std::this_thread::yield();
    return Status();
  };
  CHECK(pool.Run(2, 2, meet).ok());
  pool.Stop();
  CHECK(pool.handed_over() == 1);
}

TEST_CASE("a read that no helper is free for is done by its caller", "[pool]") {
  SearchPool pool = PoolOf(1);
  std::atomic<int> held{0};
  std::atomic<bool> release{false};
  std::thread other([&] {
    const auto hold = [&](std::size_t) {
      ++held;
      while (!release) std::this_thread::yield();
      return Status();
    };
    (void)pool.Run(2, 2, hold);
  });
  while (held < 2) std::this_thread::yield();  // the only helper is in there
  std::set<std::thread::id> threads;
  const auto note = [&](std::size_t) {
    threads.insert(std::this_thread::get_id());
    return Status();
  };
  CHECK(pool.Run(5, 2, note).ok());
  CHECK(threads == std::set<std::thread::id>{std::this_thread::get_id()});
  release = true;
  other.join();
  pool.Stop();
  CHECK(pool.handed_over() == 1);
}

TEST_CASE("a failure ends the read with its status, and tasks not begun are left out", "[pool]") {
  SearchPool pool = PoolOf(2);
  for (int round = 0; round < 50; ++round) {
    std::atomic<int> ran{0};
    const auto task = [&](std::size_t i) -> Status {
      ++ran;
      if (i == 3) return base::Corruption("segment 3 is damaged");
      return Status();
    };
    const Status status = pool.Run(1000, 3, task);
    CHECK(status.code() == StatusCode::kCorruption);
    CHECK(status.message() == "segment 3 is damaged");
    CHECK(ran >= 4);
    CHECK(ran <= 1000);
  }
  std::atomic<int> alone{0};
  const auto fail = [&](std::size_t) -> Status {
    ++alone;
    return base::Corruption("damaged");
  };
  CHECK(pool.Run(1000, 1, fail).code() == StatusCode::kCorruption);
  CHECK(alone == 1);
  pool.Stop();
}

TEST_CASE("memory that runs out in a task is the read's failure", "[pool]") {
  SearchPool pool = PoolOf(2);
  const auto task = [](std::size_t i) -> Status {
    if (i % 2 == 1) throw std::bad_alloc();
    return Status();
  };
  CHECK(pool.Run(20, 3, task).code() == StatusCode::kResourceExhausted);
  pool.Stop();
}

TEST_CASE("a task of the pool's own may want help, also while the pool stops", "[pool]") {
  SearchPool none = PoolOf(0);
  CHECK_FALSE(none.Post([] { FAIL("there is no thread for it"); }));
  SearchPool pool = PoolOf(2);
  std::atomic<bool> begun{false};
  std::atomic<bool> stopping{false};
  std::atomic<int> ran{0};
  CHECK(pool.Post([&] {
    begun = true;
    while (!stopping) std::this_thread::yield();
    for (int round = 0; round < 100; ++round) {
      (void)pool.Run(3, 3, [&](std::size_t) {
        ++ran;
        return Status();
      });
    }
    throw std::bad_alloc();  // its own loss
  }));
  while (!begun) std::this_thread::yield();
  std::thread stop([&] {
    stopping = true;
    pool.Stop();
  });
  stop.join();
  CHECK(ran == 300);
}

}  // namespace
}  // namespace vecdb::roles
