// fmt's formatting with one out-of-line implementation, so that including this stays cheap.
#pragma once

#include <string>
#include <utility>

#include <fmt/core.h>

namespace vecdb::base {

std::string FormatErased(fmt::string_view format, fmt::format_args arguments);

template <class... Args>
std::string Format(fmt::format_string<Args...> format, Args&&... arguments) {
  return FormatErased(format, fmt::make_format_args(arguments...));
}

}  // namespace vecdb::base
