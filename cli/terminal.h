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

// Whether somebody is there to answer: stdin and stdout are both terminals.
bool CanAsk();
// Asks; an empty answer means yes, the end of the input no.
bool Ask(std::string_view question);

}  // namespace vecdb::cli
