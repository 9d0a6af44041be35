// Lines from a person at a terminal, or from a script.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace vecdb::cli {

class LineEditor {
 public:
  enum class Event { kLine, kInterrupted, kEnd };
  // What the word that ends at the end of `line` may become.
  using Completer = std::function<std::vector<std::string>(std::string_view line)>;

  // At a terminal: with editing, history (kept in a file of the user's alone) and completion,
  // where the program was built with libedit.
  static std::unique_ptr<LineEditor> ForTerminal(Completer completer);
  static std::unique_ptr<LineEditor> ForScript();
  virtual ~LineEditor() = default;

  // Replaces `line`, without its end.
  virtual Event Read(std::string* line) = 0;
};

// $XDG_STATE_HOME/vecdb/history, or ~/.local/state/vecdb/history, made when it is missing; empty
// when it cannot be.
std::string HistoryFile();

}  // namespace vecdb::cli
