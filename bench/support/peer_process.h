// A program beside this one that serves a database (bench/peers/serve.mjs): commands go to it and
// answers come back a line at a time.
#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/support/rounds.h"

namespace vecdb::bench {

class PeerProcess {
 public:
  // Runs `words` in `folder`; its complaints go to the file `log`. One that cannot be started
  // answers nothing. The process must ignore SIGPIPE.
  PeerProcess(const std::vector<std::string>& words, const std::string& folder,
              const std::string& log) {
    int in[2];
    int out[2];
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) std::abort();
    child_ = fork();
    if (child_ == 0) Become(words, folder, log, in[0], out[1]);
    close(in[0]);
    close(out[1]);
    to_ = fdopen(in[1], "w");
    from_ = fdopen(out[0], "r");
  }
  ~PeerProcess() {
    std::fclose(to_);
    std::fclose(from_);
    if (child_ > 0) waitpid(child_, nullptr, 0);
  }
  PeerProcess(const PeerProcess&) = delete;
  PeerProcess& operator=(const PeerProcess&) = delete;

  // Nothing once the program has ended.
  std::optional<std::string> Ask(const std::string& command) {
    std::fprintf(to_, "%s\n", command.c_str());
    if (std::fflush(to_) != 0) return std::nullopt;
    std::string line;
    for (int c = std::fgetc(from_); c != '\n'; c = std::fgetc(from_)) {
      if (c == EOF) return std::nullopt;
      line.push_back(static_cast<char>(c));
    }
    return line;
  }
  // The numbers of the answer; none once the program has ended.
  std::vector<double> AskNumbers(const std::string& command) {
    std::vector<double> numbers;
    const std::string line = Ask(command).value_or("");
    const char* at = line.c_str();
    for (char* end = nullptr; *at != '\0'; at = end) {
      const double number = std::strtod(at, &end);
      if (end == at) break;
      numbers.push_back(number);
    }
    return numbers;
  }
  // The answers to a command that writes them to `file`.
  Answers AskAnswers(const std::string& command, const std::string& file) {
    if (!Ask(command + " " + file)) return {};
    std::ifstream in(file, std::ios::binary);
    Answers answers;
    struct {
      double seconds;
      std::uint32_t rows[kK];
    } record;
    while (in.read(reinterpret_cast<char*>(&record), sizeof(record))) {
      answers.seconds.push_back(record.seconds);
      answers.rows.emplace_back();
      for (const std::uint32_t row : record.rows) {
        if (row != 0xFFFF'FFFFU) answers.rows.back().push_back(row);
      }
    }
    return answers;
  }

 private:
  [[noreturn]] static void Become(const std::vector<std::string>& words, const std::string& folder,
                                  const std::string& log, int in, int out) {
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const int complaints = open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(complaints, 2) < 0) _exit(2);
    if (chdir(folder.c_str()) != 0) _exit(2);
    execvp(arguments[0], arguments.data());
    _exit(2);
  }

  pid_t child_ = -1;
  std::FILE* to_ = nullptr;
  std::FILE* from_ = nullptr;
};

}  // namespace vecdb::bench
