// JSON on its way in: one value as RFC 8259 has it. Only json_text.cc knows the parser.
#pragma once

#include <string_view>

#include "vecdb/schema.h"
#include "vecdb/status.h"

namespace vecdb::chunk {

inline constexpr std::size_t kMaxJsonBytes = std::size_t{64} << 10;
inline constexpr int kMaxJsonDepth = 64;  // arrays and objects around a value

// Length, UTF-8 (also of what \u spells), grammar, depth, and numbers that a double can hold. White
// space around the value is part of the text. Takes no stack for nesting. kInvalidArgument says
// where.
Status ValidateJson(const Field& field, std::string_view text);

}  // namespace vecdb::chunk
