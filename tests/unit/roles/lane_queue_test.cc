#include "roles/lane_queue.h"

#include <atomic>
#include <thread>
#include <vector>

#include "roles/streaming_node.h"
#include "support/catch.h"

using namespace vecdb;
using roles::LaneQueue;
using roles::WriteRequest;
using roles::WriteTicket;

TEST_CASE("who finds nobody at a lane has the turn, the next ones wait in order", "[roles]") {
  const WriteRequest request;
  LaneQueue queue;
  WriteTicket first(request);
  WriteTicket second(request);
  WriteTicket third(request);
  CHECK(queue.Enter(&first));
  CHECK(queue.TakeWaiting() == nullptr);
  CHECK_FALSE(queue.Enter(&second));
  CHECK_FALSE(queue.Enter(&third));
  const WriteTicket* waiting = queue.TakeWaiting();
  REQUIRE(waiting == &second);
  CHECK(waiting->next == &third);
  CHECK(third.next == nullptr);
  CHECK(queue.TakeWaiting() == nullptr);
  queue.Leave();
  CHECK(queue.Enter(&first));
}

TEST_CASE("the turn passes to the one who has waited longest", "[roles]") {
  const WriteRequest request;
  LaneQueue queue;
  WriteTicket first(request);
  WriteTicket second(request);
  WriteTicket third(request);
  REQUIRE(queue.Enter(&first));
  REQUIRE_FALSE(queue.Enter(&second));
  REQUIRE_FALSE(queue.Enter(&third));
  queue.Leave();
  second.sleeper.Sleep();
  CHECK(second.state == WriteTicket::State::kTurn);
  CHECK(third.state == WriteTicket::State::kWaiting);
  CHECK(queue.TakeWaiting() == &third);
  queue.Leave();
}

TEST_CASE("a ticket that waits can be withdrawn, and one that was taken cannot", "[roles]") {
  const WriteRequest request;
  LaneQueue queue;
  WriteTicket first(request);
  WriteTicket second(request);
  WriteTicket third(request);
  WriteTicket fourth(request);
  REQUIRE(queue.Enter(&first));
  REQUIRE_FALSE(queue.Enter(&second));
  REQUIRE_FALSE(queue.Enter(&third));
  REQUIRE_FALSE(queue.Enter(&fourth));
  CHECK(queue.Withdraw(&third));
  CHECK_FALSE(queue.Withdraw(&third));
  CHECK(queue.Withdraw(&fourth));  // the last one: the next to come stands behind the second
  REQUIRE_FALSE(queue.Enter(&third));
  const WriteTicket* waiting = queue.TakeWaiting();
  REQUIRE(waiting == &second);
  CHECK(waiting->next == &third);
  CHECK(third.next == nullptr);
  CHECK_FALSE(queue.Withdraw(&second));
  REQUIRE_FALSE(queue.Enter(&fourth));
  CHECK(queue.Withdraw(&fourth));  // the only one
  CHECK(queue.TakeWaiting() == nullptr);
  queue.Leave();
  CHECK(queue.Enter(&first));
}

TEST_CASE("one thread at a time has the turn, and none waits for ever", "[roles]") {
  constexpr int kThreads = 8;
  constexpr int kRounds = 2000;
  const WriteRequest request;
  LaneQueue queue;
  int inside = 0;  // unguarded: the turn is the guard
  int executed = 0;
  std::atomic<int> wrong{0};
  const auto execute = [&] {
    if (++inside != 1) ++wrong;
    wal::Sleepers done;
    for (WriteTicket* ticket = queue.TakeWaiting(); ticket != nullptr;) {
      WriteTicket* const next = ticket->next;
      ticket->state = WriteTicket::State::kDone;
      done.Add(&ticket->sleeper);
      ++executed;
      ticket = next;
    }
    ++executed;
    --inside;
    queue.Leave();
  };
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int round = 0; round < kRounds; ++round) {
        WriteTicket ticket(request);
        if (queue.Enter(&ticket)) {
          execute();
          continue;
        }
        ticket.sleeper.Sleep();
        if (ticket.state == WriteTicket::State::kTurn) {
          execute();
        } else if (ticket.state != WriteTicket::State::kDone) {
          ++wrong;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(executed == kThreads * kRounds);
}
