// Any text as a filter: it compiles or is refused with kInvalidArgument; what compiles prints to a
// text that compiles to the same filter, unless the parentheses take it over a limit on size.
#include <string_view>

#include "fuzz/fuzzing.h"
#include "query/filter/filter.h"
#include "query/filter/token.h"

using namespace vecdb;
using namespace vecdb::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using query::Filter;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto filter = Filter::Compile(text, EveryField());
  if (!filter.ok()) {
    Expect(filter.status().code() == StatusCode::kInvalidArgument);
    return 0;
  }
  const std::string printed = (*filter)->ToString();
  const auto again = Filter::Compile(printed, EveryField());
  // A word of the text becomes at most four of the printed form, and a byte at most sixteen.
  const bool large =
      size > query::filter::kMaxTextBytes / 16 || size > query::filter::kMaxTokens / 4;
  Expect(again.ok() || large);
  if (again.ok()) Expect((*again)->ToString() == printed);
  return 0;
}
