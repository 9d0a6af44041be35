// What the digits of a row mean.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "vecdb/schema.h"
#include "vecdb/status.h"

namespace vecdb::cli {

// The nearest double, or an infinity.
double RealOf(std::string_view digits);

std::optional<std::int64_t> IntegerOf(std::string_view digits);

// Without a fraction and an exponent.
bool IsIntegral(std::string_view digits);

// For a field of type Float or Double: integers exactly or not at all, other numbers rounded.
Result<double> RealFor(const Field& field, std::string_view digits);

}  // namespace vecdb::cli
