// Ctrl-C and SIGTERM as a question that long commands ask between two steps.
#pragma once

namespace vecdb::cli {

// While one lives, the first signal is only noted; a second one ends the program at once.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
};

bool Interrupted();  // since the last guard began

inline constexpr int kExitInterrupted = 130;  // as shells tell it: 128 + SIGINT

}  // namespace vecdb::cli
