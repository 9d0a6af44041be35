// Seeded faults that the tests must catch (tests/crash), named places where a test may end the
// process, and places where it may hold a thread up. They exist only in builds for tests; elsewhere
// they compile to nothing.
#pragma once

namespace vecdb::base {

#if defined(VECDB_TESTING)
// True when this fault is switched on (environment VECDB_CANARY=number, or SetCanary).
bool Canary(int number);
void SetCanary(int number);  // 0 = none
// Called with the name of the place; a test may end the process there.
void KillPoint(const char* name);
void SetKillPointHandler(void (*handler)(const char* name));
// Called where other threads may come in between, kill points included; a test may let them.
void SchedulePoint();
void SetSchedulePointHandler(void (*handler)());
#else
constexpr bool Canary(int) {
  return false;
}
inline void KillPoint(const char*) {
}
inline void SchedulePoint() {
}
#endif

}  // namespace vecdb::base
