#include <array>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <new>
#include <string>
#include <system_error>
#include <vector>

#include <fcntl.h>

#include "command_line.h"
#include "terminal.h"
#include "text.h"

namespace vecdb::cli {
namespace {

// A standard stream that was closed would hand its number to the next file that is opened, and
// what is meant for the screen would go into the database. In its place stands a file that fails
// every use of that stream. Without one to be had there is nothing left to complain to.
bool HoldStandardStreams() {
  constexpr std::array<int, 3> kWrongWay{O_WRONLY, O_RDONLY, O_RDONLY};  // stdin, stdout, stderr
  for (std::size_t stream = 0; stream < kWrongWay.size(); ++stream) {
    const int number = static_cast<int>(stream);
    if (::fcntl(number, F_GETFD) != -1 || errno != EBADF) continue;
    if (::open("/dev/null", kWrongWay[stream]) != number) return false;
  }
  return true;
}

// `vecdb DB` in a terminal is short for the shell.
bool MeansShell(const std::vector<std::string>& words) {
  std::error_code error;
  return words.size() == 1 && CanAsk() && std::filesystem::is_directory(words[0], error);
}

int Run(int argc, char** argv) {
  std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  if (MeansShell(words)) words.insert(words.begin(), "shell");
  Session session;
  CommandLine command_line(&session, /*in_shell=*/false);
  const int code = command_line.Run(words);
  return EndOutput(code, command_line.unwritten_code());
}

int Main(int argc, char** argv) {
  if (!HoldStandardStreams()) return kExitFailure;
  ReadTerminalAsItComes();
  try {
    return Run(argc, argv);
  } catch (const std::bad_alloc&) {  // none for the usual way either, perhaps
    static_cast<void>(std::fputs("vecdb: out of memory\n", stderr));
    return kExitFailure;
  } catch (const std::exception& error) {
    Complain(error.what());
    return kExitFailure;
  }
}

}  // namespace
}  // namespace vecdb::cli

int main(int argc,
         char** argv) {  // NOLINT(bugprone-exception-escape): Main catches what CLI11 throws
  return vecdb::cli::Main(argc, argv);
}
