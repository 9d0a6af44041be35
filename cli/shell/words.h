// A line as a shell cuts it into words: blanks part them, '...' holds anything, "..." anything with
// backslashes before " and \, and a backslash outside of quotes the next character.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "vecdb/status.h"

namespace vecdb::cli {

Result<std::vector<std::string>> SplitWords(std::string_view line);

// The line up to the cursor: its whole words, and the word that is being written.
struct OpenLine {
  std::vector<std::string> words;
  std::string last;
  std::size_t last_at = 0;  // where that word begins in the line
};
OpenLine SplitOpenLine(std::string_view line);

}  // namespace vecdb::cli
