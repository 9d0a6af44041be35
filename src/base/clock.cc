#include "base/clock.h"

#include "base/forever.h"

namespace vecdb::base {
namespace {

class MachineClock final : public Clock {
 public:
  std::uint64_t WallMilliseconds() const override {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count());
  }
  std::chrono::steady_clock::time_point Now() const override {
    return std::chrono::steady_clock::now();
  }
};

}  // namespace

const Clock& SystemClock() {
  static const Forever<MachineClock> clock;
  return *clock;
}

}  // namespace vecdb::base
