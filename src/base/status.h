// Makers of Status with formatted messages, and the macros that pass failures up.
#pragma once

#include <utility>

#include "vecdb/status.h"

#include "base/format.h"

#define VECDB_CONCAT_INNER(a, b) a##b
#define VECDB_CONCAT(a, b) VECDB_CONCAT_INNER(a, b)

// Returns the status of `expr` from this function unless it is OK.
#define VECDB_TRY(expr)                                  \
  do {                                                   \
    ::vecdb::Status vecdb_try_status = (expr);           \
    if (!vecdb_try_status.ok()) return vecdb_try_status; \
  } while (false)

// VECDB_TRY_ASSIGN(auto x, Result<X>): x is the value, or this function returns the failure.
#define VECDB_TRY_ASSIGN(target, expr) \
  VECDB_TRY_ASSIGN_INNER(VECDB_CONCAT(vecdb_try_result_, __LINE__), target, expr)
// NOLINTBEGIN(bugprone-macro-parentheses): the target may be a declaration
#define VECDB_TRY_ASSIGN_INNER(result, target, expr) \
  auto result = (expr);                              \
  if (!result.ok()) return result.status();          \
  target = std::move(*result)
// NOLINTEND(bugprone-macro-parentheses)

// Ends the process with a sentence when our own promise is broken; never for input or disk.
#define VECDB_CHECK(condition, sentence)                                \
  do {                                                                  \
    if (!(condition)) ::vecdb::base::Die(__FILE__, __LINE__, sentence); \
  } while (false)

namespace vecdb::base {

[[noreturn]] void Die(const char* file, int line, const char* sentence);

// "NotFound"; a literal. "Unknown" for what is no code.
std::string_view NameOf(StatusCode code);

// The same failure with more words in front: "reading 'x': <message>".
Status Annotate(const Status& status, std::string_view words);

#define VECDB_STATUS_MAKER(name)                                                                   \
  template <class... Args>                                                                         \
  Status name(fmt::format_string<Args...> format, Args&&... arguments) {                           \
    return Status(StatusCode::k##name, FormatErased(format, fmt::make_format_args(arguments...))); \
  }
VECDB_STATUS_MAKER(InvalidArgument)
VECDB_STATUS_MAKER(NotFound)
VECDB_STATUS_MAKER(AlreadyExists)
VECDB_STATUS_MAKER(FailedPrecondition)
VECDB_STATUS_MAKER(Unimplemented)
VECDB_STATUS_MAKER(Unavailable)
VECDB_STATUS_MAKER(ResourceExhausted)
VECDB_STATUS_MAKER(DeadlineExceeded)
VECDB_STATUS_MAKER(Cancelled)
VECDB_STATUS_MAKER(IoError)
VECDB_STATUS_MAKER(Corruption)
VECDB_STATUS_MAKER(Internal)
VECDB_STATUS_MAKER(OutcomeUnknown)
#undef VECDB_STATUS_MAKER

}  // namespace vecdb::base
