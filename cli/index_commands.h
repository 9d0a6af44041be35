// The commands about indexes: create, replace, drop, list, describe.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

#include "commands.h"
#include "session.h"

namespace vecdb::cli {

class IndexCommands {
 public:
  // Makes a command: its name, what it does, an example, and the function that does it.
  using Maker = std::function<CLI::App*(const char* name, const char* description,
                                        const char* example, std::function<int()> what)>;
  // What is made refers to this.
  void AddTo(const Maker& command, const Session& session);

 private:
  void AddDeclaring(CLI::App* command, const char* name, const char* description);
  void AddLooking(CLI::App* command);
  CLI::App* Action(CLI::App* command, const char* name, const char* description);

  IndexArguments arguments_;
};

}  // namespace vecdb::cli
