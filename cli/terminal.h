// What standard streams are connected to.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace vecdb::cli {

bool StdinIsTerminal();
bool StdoutIsTerminal();
bool StderrIsTerminal();
// Columns of the terminal; nothing when the stream is none.
std::optional<std::size_t> StdoutWidth();
std::optional<std::size_t> StderrWidth();

// Of a terminal: what was typed ahead stays where a wait for input sees it. To be called before
// anything is read.
void ReadTerminalAsItComes();

// Whether somebody is there to answer: stdin and stdout are both terminals.
bool CanAsk();
// Asks; `usual` is what an empty answer means. The end of the input and a signal mean no.
enum class Answer { kYes, kNo };
bool Ask(std::string_view question, Answer usual);

}  // namespace vecdb::cli
