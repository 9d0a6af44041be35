#include "base/pacer.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "support/catch.h"

namespace vecdb::base {
namespace {

TEST_CASE("a pacer that is neither paused nor limited lets everything pass", "[pacer]") {
  const ManualClock clock;
  Pacer pacer(clock, 0);
  CHECK_FALSE(pacer.paused());
  for (int i = 0; i < 100; ++i) CHECK(pacer.Pass(std::uint64_t{1} << 40));
}

TEST_CASE("a paused pacer holds work until it is resumed or stopped", "[pacer]") {
  const ManualClock clock;
  Pacer pacer(clock, 0);
  pacer.Pause();
  pacer.Pause();
  CHECK(pacer.paused());
  const bool resume = GENERATE(true, false);
  std::atomic<bool> passed{false};
  bool goes_on = false;
  std::thread worker([&] {
    goes_on = pacer.Pass(1);
    passed = true;
  });
  CHECK_FALSE(passed);
  if (resume) {
    pacer.Resume();
  } else {
    pacer.Stop();
  }
  worker.join();
  CHECK(passed);
  CHECK(goes_on == resume);
  CHECK(pacer.Pass(1) == resume);
}

TEST_CASE("a limited pacer lets so many bytes pass a second", "[pacer]") {
  ManualClock clock;
  Pacer pacer(clock, 1'000);
  const auto begun = clock.Now();
  std::vector<std::chrono::steady_clock::time_point> passed(4);
  std::atomic<std::size_t> passes{0};
  std::thread worker([&] {
    for (auto& when : passed) {
      if (!pacer.Pass(500)) return;
      when = clock.Now();
      ++passes;
    }
  });
  while (passes < passed.size()) {
    clock.Advance(std::chrono::milliseconds(50));
    std::this_thread::yield();
  }
  worker.join();
  for (std::size_t i = 0; i < passed.size(); ++i) {
    CHECK(passed[i] - begun >= std::chrono::milliseconds(500) * (i + 1));
  }
}

TEST_CASE("however small its share, work goes on after a rest", "[pacer]") {
  const ManualClock clock;
  Pacer pacer(clock, 0, 1e-300);
  pacer.Begin();
  for (int i = 0; i < 3; ++i) {
    pacer.NoteWaiter();
    CHECK(pacer.Pass(1));
  }
}

TEST_CASE("while somebody waits for the disk work rests for its share of the time", "[pacer]") {
  using std::chrono::steady_clock;
  const ManualClock clock;
  Pacer pacer(clock, 0, 0.25);
  bool rested = false;  // a stall between the two calls lets what was noted grow old
  for (int attempt = 0; attempt < 100 && !rested; ++attempt) {
    pacer.Begin();
    const auto begun = steady_clock::now();
    while (steady_clock::now() - begun < std::chrono::microseconds(500)) {
    }
    const auto worked = steady_clock::now() - begun;
    pacer.NoteWaiter();
    const auto ended = steady_clock::now();
    CHECK(pacer.Pass(0));
    const steady_clock::duration rest = std::chrono::milliseconds(20);
    rested = steady_clock::now() - ended >= std::min<steady_clock::duration>(rest, worked * 3);
  }
  CHECK(rested);
}

}  // namespace
}  // namespace vecdb::base
