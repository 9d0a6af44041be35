// The commands that look at a database: segments, channels, jobs, top, trace, inspect.
#pragma once

#include <functional>
#include <string>

#include <CLI/CLI.hpp>

#include "commands.h"
#include "session.h"

namespace vecdb::cli {

class WatchCommands {
 public:
  // Makes a command: its name, what it does, an example, and the function that does it.
  using Maker = std::function<CLI::App*(const char* name, const char* description,
                                        const char* example, std::function<int()> what)>;
  // `in_shell`: without those that open a directory themselves. What is made refers to this.
  void AddTo(const Maker& command, const Session& session, bool in_shell);

 private:
  SegmentsArguments segments_;
  ChannelsArguments channels_;
  JobsArguments jobs_;
  TopArguments top_;
  TraceArguments trace_;
  std::string inspect_file_;
};

}  // namespace vecdb::cli
