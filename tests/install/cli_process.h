// The program as a process beside the test: at the other end of a pseudo-terminal, and to be
// stopped at will.
#pragma once

#include "cli_support.h"

#ifdef VECDB_TEST_CLI

#include <csignal>

#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace vecdb_test {

class Terminal {
 public:
  // `environment` is added to the program's own, as "NAME=value".
  Terminal(const std::vector<std::string>& words, unsigned short columns,
           const std::vector<std::string>& environment = {}) {
    struct winsize size {};
    size.ws_row = 24;
    size.ws_col = columns;
    child_ = ::forkpty(&terminal_, nullptr, nullptr, &size);
    REQUIRE(child_ >= 0);
    if (child_ != 0) return;
    std::vector<std::string> all{VECDB_TEST_CLI};
    all.insert(all.end(), words.begin(), words.end());
    std::vector<char*> arguments;
    for (std::string& word : all) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ::setenv("TERM", "xterm", 1);
    for (std::string pair : environment) {
      const std::size_t equals = pair.find('=');
      ::setenv(pair.substr(0, equals).c_str(), pair.substr(equals + 1).c_str(), 1);
    }
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  ~Terminal() {
    if (child_ > 0) {
      ::kill(child_, SIGKILL);
      ::waitpid(child_, nullptr, 0);
    }
    ::close(terminal_);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  void Type(const std::string& keys) {
    REQUIRE(::write(terminal_, keys.data(), keys.size()) == static_cast<ssize_t>(keys.size()));
  }
  // Reads until the output not yet looked at holds `text`; gives what was read up to its end.
  std::string Await(const std::string& text) {
    while (true) {
      const std::size_t at = unseen_.find(text);
      if (at != std::string::npos) {
        std::string seen = unseen_.substr(0, at + text.size());
        unseen_.erase(0, at + text.size());
        return seen;
      }
      CAPTURE(text, unseen_);
      REQUIRE(ReadMore());
    }
  }
  void Signal(int number) { REQUIRE(::kill(child_, number) == 0); }
  // The rest of the output; the exit code, 128 and more for a signal.
  int End(std::string* rest = nullptr) {
    while (ReadMore()) {
    }
    if (late_) Signal(SIGKILL);
    if (rest != nullptr) *rest = unseen_;
    int status = 0;
    REQUIRE(::waitpid(child_, &status, 0) == child_);
    child_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  bool ReadMore() {
    constexpr int kPatience = 20'000;  // milliseconds
    struct pollfd wait {};
    wait.fd = terminal_;
    wait.events = POLLIN;
    late_ = ::poll(&wait, 1, kPatience) <= 0;
    if (late_) return false;
    char buffer[4096];
    const ssize_t got = ::read(terminal_, buffer, sizeof(buffer));
    if (got <= 0) return false;
    unseen_.append(buffer, static_cast<std::size_t>(got));
    return true;
  }

  int terminal_ = -1;
  pid_t child_ = -1;
  std::string unseen_;
  bool late_ = false;  // the last wait was in vain
};

}  // namespace vecdb_test

#endif  // VECDB_TEST_CLI
