#include "interrupt.h"

#include <array>
#include <csignal>

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
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    static_cast<void>(::sigaction(kSignals[i], &before[i], nullptr));
  }
}

bool Interrupted() {
  return noted != 0;
}

}  // namespace vecdb::cli
