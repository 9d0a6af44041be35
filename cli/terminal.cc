#include "terminal.h"

#include <cstdio>

#include <sys/ioctl.h>
#include <unistd.h>

#include "interrupt.h"
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

void ReadTerminalAsItComes() {
  if (StdinIsTerminal()) static_cast<void>(std::setvbuf(stdin, nullptr, _IONBF, 0));
}

bool CanAsk() {
  return StdinIsTerminal() && StdoutIsTerminal();
}

bool Ask(std::string_view question, Answer usual) {
  const InterruptibleInput input;
  Write(OneLine(question));
  Write(usual == Answer::kYes ? " [Y/n] " : " [y/N] ");
  static_cast<void>(std::fflush(stdout));
  std::string answer;
  int c = EOF;
  while (input.Await() && (c = std::getc(stdin)) != EOF && c != '\n') {
    answer += static_cast<char>(c);
  }
  if (c != '\n') {
    std::clearerr(stdin);
    Write("\n");
    return false;
  }
  if (answer.empty()) return usual == Answer::kYes;
  return answer == "y" || answer == "Y" || answer == "yes";
}

}  // namespace vecdb::cli
