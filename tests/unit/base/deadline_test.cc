#include "base/deadline.h"

#include "support/catch.h"

using namespace vecdb;
using base::Deadline;
using std::chrono::milliseconds;

namespace {

// Counts how often it is asked.
class CountingClock final : public base::Clock {
 public:
  std::uint64_t WallMilliseconds() const override { return 0; }
  std::chrono::steady_clock::time_point Now() const override {
    ++asked;
    return now;
  }
  mutable int asked = 0;
  std::chrono::steady_clock::time_point now{};
};

}  // namespace

TEST_CASE("a call without limits never ends early and asks no clock", "[base]") {
  CountingClock clock;
  const Deadline none;
  const Deadline neither(clock, milliseconds(0), {});
  CHECK_FALSE(none.limited());
  CHECK_FALSE(neither.limited());
  CHECK(none.Check().ok());
  CHECK(neither.Check().ok());
  CHECK(clock.asked == 0);
}

TEST_CASE("a deadline has passed at its time, and not before", "[base]") {
  CountingClock clock;
  const Deadline deadline(clock, milliseconds(10), {});
  CHECK(deadline.limited());
  clock.now += milliseconds(9);
  CHECK(deadline.Check().ok());
  clock.now += milliseconds(1);
  const Status passed = deadline.Check();
  CHECK(passed.code() == StatusCode::kDeadlineExceeded);
  CHECK(passed.message().find("10 ms") != std::string_view::npos);
  CHECK(passed.retryable());
}

TEST_CASE("the longest timeout there is does not end a call", "[base]") {
  CountingClock clock;
  const Deadline deadline(clock, milliseconds::max(), {});
  CHECK(deadline.Check().ok());
}

TEST_CASE("a stop comes before a deadline and needs no clock", "[base]") {
  CountingClock clock;
  std::stop_source source;
  const Deadline deadline(clock, milliseconds(0), source.get_token());
  const Deadline both(clock, milliseconds(1), source.get_token());
  const int asked = clock.asked;
  CHECK(deadline.Check().ok());
  CHECK(clock.asked == asked);
  source.request_stop();
  clock.now += milliseconds(5);
  CHECK(deadline.Check().code() == StatusCode::kCancelled);
  CHECK(both.Check().code() == StatusCode::kCancelled);
}

TEST_CASE("a wait ends by itself when its call may end, so that it is looked at", "[base]") {
  CountingClock clock;
  const Deadline deadline(clock, milliseconds(10), {});
  base::Mutex mutex;
  base::CondVar nobody;
  base::MutexLock lock(mutex);
  deadline.Wait(nobody, mutex);  // returns though nobody notifies
  CHECK(deadline.Check().ok());
}

TEST_CASE("a timeout below 0 is refused by name", "[base]") {
  CHECK(base::CheckTimeout("X::timeout", milliseconds(0)).ok());
  const Status refused = base::CheckTimeout("X::timeout", milliseconds(-5));
  CHECK(refused.code() == StatusCode::kInvalidArgument);
  CHECK(refused.message().find("X::timeout is -5 ms") != std::string_view::npos);
}
