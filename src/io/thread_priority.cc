#include "io/thread_priority.h"

#if defined(__linux__)
#include <sys/resource.h>
#endif

namespace vecdb::io {

#if defined(__linux__)
// On Linux a priority belongs to a thread, and 0 names the caller's. Lowering it is always allowed;
// where a sandbox forbids the call the thread keeps what it had.
void LowerThreadPriority() {
  constexpr int kNice = 10;
  (void)::setpriority(PRIO_PROCESS, 0, kNice);
}
#else
void LowerThreadPriority() {
}
#endif

}  // namespace vecdb::io
