#include "interrupt.h"

#include <array>

#include <sys/select.h>
#include <unistd.h>

namespace vecdb::cli {
namespace {

constexpr std::array<int, 2> kSignals{SIGINT, SIGTERM};
volatile std::sig_atomic_t noted = 0;
std::array<struct sigaction, kSignals.size()> before{};

void Note(int number) {
  if (noted != 0) {
    static_cast<void>(std::signal(number, SIG_DFL));
    static_cast<void>(::raise(number));
  }
  noted = 1;
}

}  // namespace

InterruptGuard::InterruptGuard() {
  noted = 0;
  struct sigaction action {};
  action.sa_handler = Note;
  action.sa_flags = SA_RESTART | SA_NODEFER;
  static_cast<void>(::sigemptyset(&action.sa_mask));
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    static_cast<void>(::sigaction(kSignals[i], &action, &before[i]));
  }
}

InterruptGuard::~InterruptGuard() {
  noted = 0;
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    static_cast<void>(::sigaction(kSignals[i], &before[i], nullptr));
  }
}

InterruptibleInput::InterruptibleInput() {
  sigset_t held{};
  static_cast<void>(::sigemptyset(&held));
  for (const int number : kSignals) static_cast<void>(::sigaddset(&held, number));
  static_cast<void>(::pthread_sigmask(SIG_BLOCK, &held, &before_));
}

InterruptibleInput::~InterruptibleInput() {
  static_cast<void>(::pthread_sigmask(SIG_SETMASK, &before_, nullptr));
}

bool InterruptibleInput::Await() const {
  if (Interrupted()) return false;
  fd_set input{};
  FD_SET(STDIN_FILENO, &input);
  return ::pselect(STDIN_FILENO + 1, &input, nullptr, nullptr, nullptr, &before_) == 1;
}

bool Interrupted() {
  return noted != 0;
}

}  // namespace vecdb::cli
