// Words for people: formatted text, numbers, errors; and the macros that pass failures up.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "vecdb/status.h"

// Returns the status of `expr` from this function unless it is OK.
#define CLI_TRY(expr)                                \
  do {                                               \
    ::vecdb::Status cli_try_status = (expr);         \
    if (!cli_try_status.ok()) return cli_try_status; \
  } while (false)

#define CLI_CONCAT_INNER(a, b) a##b
#define CLI_CONCAT(a, b) CLI_CONCAT_INNER(a, b)
// CLI_TRY_ASSIGN(auto x, Result<X>): x is the value, or this function returns the failure.
#define CLI_TRY_ASSIGN(target, expr) \
  CLI_TRY_ASSIGN_INNER(CLI_CONCAT(cli_try_result_, __LINE__), target, expr)
// NOLINTBEGIN(bugprone-macro-parentheses): the target may be a declaration
#define CLI_TRY_ASSIGN_INNER(result, target, expr) \
  auto result = (expr);                            \
  if (!result.ok()) return result.status();        \
  target = std::move(*result)
// NOLINTEND(bugprone-macro-parentheses)

namespace vecdb::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;  // a failed command, or damage found
inline constexpr int kExitUsage = 2;    // a wrong command line, or nothing that could be checked

std::string FormatErased(fmt::string_view format, fmt::format_args arguments);

template <class... Args>
std::string Format(fmt::format_string<Args...> format, Args&&... arguments) {
  return FormatErased(format, fmt::make_format_args(arguments...));
}

template <class... Args>
Status Bad(fmt::format_string<Args...> format, Args&&... arguments) {
  return Status(StatusCode::kInvalidArgument,
                FormatErased(format, fmt::make_format_args(arguments...)));
}

// The same failure with more words in front: "<words>: <message>".
Status Annotate(const Status& status, std::string_view words);

// To stdout, as it is.
void Write(std::string_view text);
void FlushOutput();
// OneLine to stdout, with a newline.
void Print(std::string_view line);
// "vecdb: <message>" to stderr, as one line.
void Complain(std::string_view message);
// From here on every complaint begins with this, behind the name of the program.
void SetComplaintPlace(std::string words);
// Complains; the exit code of a failed command.
int Fail(const Status& status);
// Once, at the end: the exit code of the program, `unwritten_code` when `code` says that all is
// fine and some output could not be written. Complains about that, though not to a closed pipe.
int EndOutput(int code, int unwritten_code);

std::string Grouped(std::uint64_t number);   // "60,000"
std::string BytesText(std::uint64_t bytes);  // "3.4 MiB"
std::string DurationText(double seconds);    // "2.31 s", "4:05"
std::string_view Plural(std::uint64_t count, std::string_view one, std::string_view many);

// One line that a terminal cannot misunderstand, cut to `max_width` characters, the last of them an
// ellipsis: what it would obey (line breaks, escapes, the direction of writing) becomes a space.
std::string OneLine(std::string_view text, std::size_t max_width = std::string_view::npos);
// A name that somebody made up, for a message: 'name' as OneLine, cut.
std::string Quoted(std::string_view name);
// As a shell takes it for one word: 'like this', unless it is plain.
std::string ShellWord(std::string_view word);
std::string ValidUtf8(std::string_view text);  // what is not UTF-8 becomes U+FFFD
std::size_t WidthOf(std::string_view utf8);    // in characters

}  // namespace vecdb::cli
