// What a half-written line of the shell may become.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "vecdb/database.h"

#include "command_line.h"

namespace vecdb::cli {

// Commands, options, collections, and the fields of the collection that the line is about, else of
// `current`; sorted.
std::vector<std::string> Completions(std::string_view line, const CommandLine& commands,
                                     Database* database, const std::string& current);

// The commands of the shell itself: ".help".
const std::vector<std::string>& DotCommands();

}  // namespace vecdb::cli
