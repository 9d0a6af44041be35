// The command line: says what there is, and hands what was asked for to the commands.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "session.h"

namespace vecdb::cli {

class CommandLine {
 public:
  // `in_shell`: without the commands that make no sense while a database is held.
  CommandLine(Session* session, bool in_shell);
  ~CommandLine();

  // The words behind the program's name. The exit code; what was printed is not yet flushed.
  int Run(const std::vector<std::string>& words);
  // What an output that could not be written makes of the code of the last Run.
  int unwritten_code() const;

  std::vector<std::string> Commands() const;
  std::vector<std::string> OptionsOf(const std::string& command) const;  // "--limit"; none: unknown

 private:
  struct Body;
  const std::unique_ptr<Body> body_;
};

}  // namespace vecdb::cli
