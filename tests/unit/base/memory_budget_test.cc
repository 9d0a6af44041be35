#include "base/memory_budget.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "support/catch.h"

namespace vecdb::base {
namespace {

using std::chrono::milliseconds;

constexpr auto kReads = MemoryAccount::kReads;
constexpr auto kJobs = MemoryAccount::kJobs;

TEST_CASE("a budget without a limit counts by account and refuses nothing", "[memory]") {
  MemoryBudget budget;
  CHECK_FALSE(budget.limited());
  {
    const auto reads = budget.Reserve(kReads, std::uint64_t{1} << 60);
    REQUIRE(reads.ok());
    const MemoryReservation job = budget.Take(kJobs, 5);
    CHECK(budget.used(kReads) == std::uint64_t{1} << 60);
    CHECK(budget.used(kJobs) == 5);
    CHECK(budget.used() == (std::uint64_t{1} << 60) + 5);
  }
  CHECK(budget.used() == 0);
  CHECK(budget.used(kReads) == 0);
  CHECK(budget.peak() == (std::uint64_t{1} << 60) + 5);
  CHECK(budget.peak(kJobs) == 5);
}

TEST_CASE("what may be refused fills a budget up to its reserve, what may not goes on",
          "[memory]") {
  MemoryBudget budget(100, 25);
  const auto reads = budget.Reserve(kReads, 75);
  REQUIRE(reads.ok());
  CHECK(budget.Fits(0));
  CHECK_FALSE(budget.Fits(1));
  CHECK_FALSE(budget.CanEverFit(76));
  const Status refused = budget.Reserve(MemoryAccount::kWrites, 1).status();
  CHECK(refused.code() == StatusCode::kResourceExhausted);
  for (const char* word : {"memory_budget_bytes", "100", "writes", "reads", "75"}) {
    CHECK(refused.message().find(word) != std::string_view::npos);
  }
  CHECK(budget.used() == 75);
  const MemoryReservation job = budget.Take(kJobs, 50);
  CHECK(budget.used() == 125);
  CHECK_FALSE(budget.TryReserve(kReads, 0));
}

TEST_CASE("a reservation moves, grows and shrinks, and is given back once", "[memory]") {
  MemoryBudget budget(100);
  {
    MemoryReservation first = budget.Take(kReads, 10);
    MemoryReservation second = std::move(first);
    CHECK(budget.used() == 10);
    CHECK(second.GrowTo(90).ok());
    CHECK(second.GrowTo(101).code() == StatusCode::kResourceExhausted);
    CHECK(second.bytes() == 90);
    second.Resize(120);
    CHECK(budget.used() == 120);
    second.Resize(20);
    CHECK(budget.used(kReads) == 20);
    second = budget.Take(kJobs, 1);
    CHECK(second.bytes() == 1);
  }
  CHECK(budget.used() == 0);
  MemoryReservation nobodys;
  nobodys.Resize(50);
  CHECK(nobodys.GrowTo(70).ok());
  CHECK(nobodys.bytes() == 0);
}

TEST_CASE("what can be given up is asked for before anything is refused", "[memory]") {
  MemoryBudget budget(6400);
  std::optional<MemoryReservation> cache = budget.TryReserve(MemoryAccount::kColumns, 6000);
  std::vector<std::uint64_t> asked;
  budget.SetReclaim([&](std::uint64_t bytes) -> std::uint64_t {
    asked.push_back(bytes);
    const std::uint64_t given = std::min<std::uint64_t>(bytes, cache->bytes());
    cache->Resize(cache->bytes() - given);
    return given;
  });
  CHECK(budget.Reserve(kReads, 400).ok());
  CHECK(asked.empty());
  const auto reads = budget.Reserve(kReads, 900);
  CHECK(reads.ok());
  CHECK(asked == std::vector<std::uint64_t>{500});
  CHECK(cache->bytes() == 5500);
  const auto little = budget.Reserve(kReads, 1);
  CHECK(little.ok());
  CHECK(asked.back() == 100);  // room for more than the next little one
  CHECK(budget.Reserve(kReads, 6400).status().code() == StatusCode::kResourceExhausted);
  CHECK(cache->bytes() == 0);
  CHECK_FALSE(budget.TryReserve(kReads, 6400));
}

TEST_CASE("who waits for memory gets it when it is given back", "[memory]") {
  MemoryBudget budget(100);
  std::optional<MemoryReservation> held = budget.TryReserve(kReads, 80);
  std::atomic<bool> got{false};
  std::thread waiter([&] { got = budget.ReserveWithin(kJobs, 50, std::chrono::hours(1)).ok(); });
  held.reset();
  waiter.join();
  CHECK(got);
  CHECK(budget.used() == 0);
}

TEST_CASE("a wait for memory ends with its patience or its deadline", "[memory]") {
  MemoryBudget budget(100);
  const MemoryReservation held = budget.Take(kReads, 80);
  const auto code = [](const auto& result) { return result.status().code(); };
  CHECK(code(budget.ReserveWithin(kJobs, 50, milliseconds(1))) == StatusCode::kResourceExhausted);
  // More than there ever is: no wait at all.
  CHECK(code(budget.ReserveWithin(kJobs, 101, std::chrono::hours(1))) ==
        StatusCode::kResourceExhausted);
  std::stop_source stop;
  stop.request_stop();
  const ManualClock clock;
  const Deadline deadline(clock, milliseconds(0), stop.get_token());
  CHECK(code(budget.ReserveWithin(kJobs, 50, std::chrono::hours(1), deadline)) ==
        StatusCode::kResourceExhausted);
}

TEST_CASE("who waits presses for memory, and nobody waits once that is over", "[memory]") {
  MemoryBudget budget(100);
  std::optional<MemoryReservation> held = budget.TryReserve(kReads, 80);
  int pressed = 0;
  budget.SetReclaim([](std::uint64_t) { return std::uint64_t{0}; },
                    [&] {
                      if (++pressed == 3) held.reset();
                    });
  CHECK(budget.ReserveWithin(kJobs, 50, std::chrono::hours(1)).ok());
  CHECK(pressed == 3);
  held = budget.TryReserve(kReads, 80);
  std::thread ends([&] { budget.EndWaits(); });
  pressed = 10;
  CHECK_FALSE(budget.ReserveWithin(kJobs, 50, std::chrono::hours(1)).ok());
  ends.join();
  CHECK_FALSE(budget.ReserveWithin(kJobs, 50, std::chrono::hours(1)).ok());
}

TEST_CASE("many threads never reserve more than there is, and give everything back", "[memory]") {
  MemoryBudget budget(1000, 100);
  std::atomic<std::uint64_t> most{0};
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (std::uint64_t i = 0; i < 3000; ++i) {
        auto reserved = budget.TryReserve(t % 2 == 0 ? kReads : kJobs, 100 + (i * 37 + t) % 400);
        if (!reserved) continue;
        (void)reserved->GrowTo(reserved->bytes() + 50);
        std::uint64_t seen = budget.used();
        std::uint64_t before = most;
        while (before < seen && !most.compare_exchange_weak(before, seen)) {
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(most > 0);
  CHECK(most <= 900);
  CHECK(budget.peak() <= 900);
  CHECK(budget.used() == 0);
  CHECK(budget.used(kReads) == 0);
  CHECK(budget.used(kJobs) == 0);
}

}  // namespace
}  // namespace vecdb::base
