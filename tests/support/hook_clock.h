// A clock that is told what to do when it is asked: calls with a limit ask it while they work, so a
// test can do something in the middle of one, or let the time run out there.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "vecdb/database.h"

#include "api/open.h"
#include "base/clock.h"
#include "io/file_system.h"
#include "testkit/seeded_random.h"

namespace vecdb::test {

class HookClock final : public base::Clock {
 public:
  std::uint64_t WallMilliseconds() const override { return 1'700'000'000'000; }
  std::chrono::steady_clock::time_point Now() const override {
    if (hook) hook();
    return now;
  }
  // Set only while no other thread uses the database; not called from within itself by a test that
  // clears it first.
  mutable std::function<void()> hook;
  std::chrono::steady_clock::time_point now{std::chrono::seconds(1)};
};

// In memory and without threads: the clock is asked only by calls of the test.
inline Database OpenWith(const HookClock& clock) {
  Options options;
  options.own_threads = false;
  return *api::DatabaseAccess::Open(
      roles::Environment{io::MakeMemoryFileSystem(), &clock, testkit::SeededRandom(1)}, options);
}

}  // namespace vecdb::test
