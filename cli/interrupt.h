// Ctrl-C and SIGTERM as a question that long commands ask between two steps.
#pragma once

#include <csignal>

namespace vecdb::cli {

// While one lives, the first signal is only noted; a second one ends the program at once.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
};

// While one lives, signals are held back until Await, which none can slip past.
class InterruptibleInput {
 public:
  InterruptibleInput();
  ~InterruptibleInput();
  InterruptibleInput(const InterruptibleInput&) = delete;
  InterruptibleInput& operator=(const InterruptibleInput&) = delete;

  // Until standard input has something or has ended; false when a signal came first.
  bool Await() const;

 private:
  sigset_t before_{};
};

bool Interrupted();  // since the guard that lives began

inline constexpr int kExitInterrupted = 130;  // as shells tell it: 128 + SIGINT

}  // namespace vecdb::cli
