#include "terminal.h"

#include <cstdio>

#include <sys/ioctl.h>
#include <unistd.h>

#include "text.h"

namespace vecdb::cli {
namespace {

bool IsTerminal(int stream) {
  return ::isatty(stream) == 1;
}

std::optional<std::size_t> WidthOfStream(int stream) {
  constexpr std::size_t kUnknown = 80;
  if (!IsTerminal(stream)) return std::nullopt;
  struct winsize size {};
  if (::ioctl(stream, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUnknown;
  return size.ws_col;
}

}  // namespace

bool StdinIsTerminal() {
  return IsTerminal(STDIN_FILENO);
}
bool StdoutIsTerminal() {
  return IsTerminal(STDOUT_FILENO);
}
bool StderrIsTerminal() {
  return IsTerminal(STDERR_FILENO);
}
std::optional<std::size_t> StdoutWidth() {
  return WidthOfStream(STDOUT_FILENO);
}
std::optional<std::size_t> StderrWidth() {
  return WidthOfStream(STDERR_FILENO);
}

bool CanAsk() {
  return StdinIsTerminal() && StdoutIsTerminal();
}

bool Ask(std::string_view question) {
  Write(OneLine(question));
  Write(" [Y/n] ");
  static_cast<void>(std::fflush(stdout));
  std::string answer;
  int c = std::getc(stdin);
  for (; c != EOF && c != '\n'; c = std::getc(stdin)) answer += static_cast<char>(c);
  if (c == EOF) {
    std::clearerr(stdin);
    Write("\n");
    return false;
  }
  return answer.empty() || answer == "y" || answer == "Y" || answer == "yes";
}

}  // namespace vecdb::cli
