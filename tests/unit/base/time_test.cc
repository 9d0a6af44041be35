#include <set>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/strand.h"
#include "base/task_queue.h"
#include "base/timestamp_oracle.h"
#include "support/catch.h"

using namespace vecdb;
using namespace vecdb::base;

TEST_CASE("timestamps rise over threads and when the clock is set back", "[base]") {
  ManualClock clock;
  TimestampOracle oracle(clock);
  const Timestamp first = oracle.Next();
  CHECK(PhysicalMilliseconds(first) == clock.WallMilliseconds());
  clock.SetWall(clock.WallMilliseconds() - 3'600'000);
  CHECK(oracle.Next() > first);

  std::vector<std::vector<Timestamp>> given(4);
  std::vector<std::thread> threads;
  for (auto& mine : given) {
    threads.emplace_back([&] {
      for (int i = 0; i < 2'000; ++i) mine.push_back(oracle.Next(3));
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<Timestamp> all;
  for (const auto& mine : given) {
    CHECK(std::is_sorted(mine.begin(), mine.end()));
    all.insert(mine.begin(), mine.end());
  }
  CHECK(all.size() == 8'000);
}

TEST_CASE("an oracle hands out nothing as old as what recovery has seen", "[base]") {
  ManualClock clock;
  TimestampOracle oracle(clock);
  const Timestamp seen{(clock.WallMilliseconds() + 50'000) << kTimestampCounterBits};
  oracle.AdvancePast(seen);
  CHECK(oracle.Next() > seen);
  oracle.AdvancePast(Timestamp{1});
  CHECK(oracle.last() > seen);
}

TEST_CASE("a queue without threads runs what is due when it is asked", "[base]") {
  ManualClock clock;
  TaskQueue queue(0, clock);
  std::vector<int> ran;
  queue.Post([&] { ran.push_back(1); });
  queue.Every(std::chrono::milliseconds(10), [&] { ran.push_back(2); });
  CHECK(ran.empty());
  queue.RunFor(std::chrono::milliseconds(100));
  CHECK(ran == std::vector<int>{1});
  clock.Advance(std::chrono::milliseconds(10));
  queue.RunFor(std::chrono::milliseconds(100));
  CHECK(ran == std::vector<int>{1, 2});
  queue.RunFor(std::chrono::milliseconds(100));
  CHECK(ran.size() == 2);
  queue.Stop();
  queue.Post([&] { ran.push_back(3); });
  CHECK_FALSE(queue.RunOne());
}

TEST_CASE("a queue with threads runs every task once, and tasks that tasks post", "[base]") {
  TaskQueue queue(3, SystemClock());
  std::atomic<int> ran{0};
  for (int i = 0; i < 200; ++i) {
    queue.Post([&] {
      ++ran;
      queue.Post([&] { ++ran; });
    });
  }
  while (ran.load() < 400) std::this_thread::yield();
  queue.Stop();
  CHECK(ran.load() == 400);
}

TEST_CASE("a strand runs one thing at a time", "[base]") {
  Strand strand;
  int inside = 0;
  int most = 0;
  int total = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        strand.Run([&] {
          most = std::max(most, ++inside);
          ++total;
          --inside;
        });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(most == 1);
  CHECK(total == 2'000);
}
