#include "base/canary.h"

#if defined(VECDB_TESTING)
#include <atomic>
#include <cstdlib>

namespace vecdb::base {
namespace {

std::atomic<int>& Chosen() {
  static std::atomic<int> chosen{[] {
    const char* text = std::getenv("VECDB_CANARY");
    return text == nullptr ? 0 : std::atoi(text);
  }()};
  return chosen;
}

std::atomic<void (*)(const char*)>& Handler() {
  static std::atomic<void (*)(const char*)> handler{nullptr};
  return handler;
}

std::atomic<void (*)()>& ScheduleHandler() {
  static std::atomic<void (*)()> handler{nullptr};
  return handler;
}

}  // namespace

bool Canary(int number) {
  return Chosen().load(std::memory_order_relaxed) == number;
}
void SetCanary(int number) {
  Chosen() = number;
}

void KillPoint(const char* name) {
  SchedulePoint();
  if (auto* handler = Handler().load(std::memory_order_relaxed)) handler(name);
}
void SetKillPointHandler(void (*handler)(const char* name)) {
  Handler() = handler;
}

void SchedulePoint() {
  if (auto* handler = ScheduleHandler().load(std::memory_order_relaxed)) handler();
}
void SetSchedulePointHandler(void (*handler)()) {
  ScheduleHandler() = handler;
}

}  // namespace vecdb::base
#endif
