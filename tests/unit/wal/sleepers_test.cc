#include "wal/sleepers.h"

#include <atomic>
#include <deque>
#include <thread>
#include <vector>

#include "support/catch.h"

using vecdb::wal::Sleeper;
using vecdb::wal::Sleepers;

TEST_CASE("the end of a row of sleepers wakes each of them", "[wal]") {
  for (const std::size_t count : {0u, 1u, 2u, 3u, 7u, 64u}) {
    std::deque<Sleeper> sleepers(count);
    std::atomic<std::size_t> woken{0};
    std::vector<std::thread> threads;
    for (Sleeper& sleeper : sleepers) {
      threads.emplace_back([&] {
        sleeper.Sleep();
        ++woken;
      });
    }
    {
      Sleepers row;
      for (Sleeper& sleeper : sleepers) row.Add(&sleeper);
      CHECK(row.count() == static_cast<int>(count));
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(woken == count);
  }
}

TEST_CASE("a sleeper that was woken before it slept does not sleep", "[wal]") {
  Sleeper sleeper;
  {
    Sleepers row;
    row.Add(&sleeper);
  }
  sleeper.Sleep();
}

TEST_CASE("sleepers change rows in order, and one row is empty afterwards", "[wal]") {
  std::deque<Sleeper> sleepers(3);
  Sleepers from;
  for (Sleeper& sleeper : sleepers) from.Add(&sleeper);
  {
    Sleepers one;
    one.TakeOne(&from);
    CHECK(one.count() == 1);
    CHECK(from.count() == 2);
  }
  sleepers[0].Sleep();
  Sleepers rest;
  rest.TakeAll(&from);
  CHECK(from.count() == 0);
  CHECK(rest.count() == 2);
  rest.TakeOne(&from);
  CHECK(rest.count() == 2);
}

TEST_CASE("who sleeps for a time wakes by himself or is woken", "[wal]") {
  Sleeper sleeper;
  CHECK_FALSE(sleeper.SleepFor(std::chrono::milliseconds(1)));
  {
    Sleepers woken;
    woken.Add(&sleeper);
  }
  CHECK(sleeper.SleepFor(std::chrono::hours(1)));
}
