#define FMT_HEADER_ONLY 1
#include "base/format.h"

#include <fmt/format.h>

namespace vecdb::base {

std::string FormatErased(fmt::string_view format, fmt::format_args arguments) {
  return fmt::vformat(format, arguments);
}

}  // namespace vecdb::base
