// Catch2, whichever of its two generations is installed. Tests include this and nothing of Catch2.
#pragma once

#if __has_include(<catch2/catch_test_macros.hpp>)  // 3.x
#include <catch2/catch_approx.hpp>
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using Catch::Approx;
namespace vecdb_test {
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;
}  // namespace vecdb_test
#else  // 2.x
#include <string>

#include <catch2/catch.hpp>

namespace vecdb_test {
inline auto ContainsSubstring(const std::string& text) {
  return Catch::Matchers::Contains(text);
}
using Catch::Matchers::StartsWith;
}  // namespace vecdb_test
#endif
