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

// For what holds Float or Double: integers exactly or not at all, other numbers rounded. The
// message of a failure goes on after the name of what takes the number: "is of type ...".
Result<double> RealFor(DataType type, std::string_view digits);

}  // namespace vecdb::cli
