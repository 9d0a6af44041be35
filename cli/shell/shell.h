// Commands one a line, on one database that stays open: from a person at a terminal or a script.
#pragma once

#include <string>

#include "session.h"

namespace vecdb::cli {

struct ShellArguments {
  std::string database;
  bool create = false;
  bool read_only = false;
  bool keep_going = false;
};
int RunShell(Session* session, const ShellArguments& arguments);

}  // namespace vecdb::cli
