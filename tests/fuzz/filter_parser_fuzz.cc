// Any text as a filter: it compiles or is refused with kInvalidArgument; what compiles prints to a
// text that compiles to the same filter, unless the parentheses take it over a limit on size.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "vecdb/schema.h"

#include "query/filter/filter.h"
#include "query/filter/token.h"

namespace {

const vecdb::Schema& EveryScalar() {
  using vecdb::DataType;
  static const vecdb::Schema schema = *vecdb::SchemaBuilder()
                                           .PrimaryKey("id")
                                           .Scalar("b", DataType::kBool)
                                           .Scalar("i8", DataType::kInt8)
                                           .Nullable("i32", DataType::kInt32)
                                           .Scalar("f", DataType::kFloat)
                                           .Nullable("d", DataType::kDouble)
                                           .Nullable("s", DataType::kVarChar)
                                           .Vector("v", 2, vecdb::Metric::kL2)
                                           .Build();
  return schema;
}

void Expect(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using vecdb::query::Filter;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto filter = Filter::Compile(text, EveryScalar());
  if (!filter.ok()) {
    Expect(filter.status().code() == vecdb::StatusCode::kInvalidArgument);
    return 0;
  }
  const std::string printed = (*filter)->ToString();
  const auto again = Filter::Compile(printed, EveryScalar());
  // A word of the text becomes at most four of the printed form, and a byte at most sixteen.
  const bool large = size > vecdb::query::filter::kMaxTextBytes / 16 ||
                     size > vecdb::query::filter::kMaxTokens / 4;
  Expect(again.ok() || large);
  if (again.ok()) Expect((*again)->ToString() == printed);
  return 0;
}
