// The words of a filter expression, and how a mistake in one is reported.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "vecdb/status.h"

namespace vecdb::query::filter {

inline constexpr std::size_t kMaxTextBytes = std::size_t{64} << 10;
inline constexpr std::size_t kMaxTokens = 16'384;  // every tree node takes at least one
inline constexpr std::uint32_t kMaxDepth = 128;

enum class TokenKind : std::uint8_t {
  kEnd,
  kIdentifier,
  kInteger,
  kReal,
  kString,
  kBool,
  kAnd,
  kOr,
  kNot,
  kIn,
  kIs,
  kNull,
  kLike,
  kExists,
  kOpenParen,
  kCloseParen,
  kOpenBracket,
  kCloseBracket,
  kComma,
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kPlus,
  kMinus,
  kTimes,
  kDivide,
  kModulo,
  kPower,
  kShiftLeft,
  kShiftRight,
  kBitAnd,
  kBitOr,
  kBitXor,
  kBitNot,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::uint32_t position = 0;  // bytes from the start of the text
  std::string_view text;       // lent from the expression; empty at its end
};

// kInvalidArgument "filter, position 7: ...", counting from 1.
Status ErrorAt(std::uint32_t position, std::string_view message);

// The word as it stands in a message: quoted, or "the end".
std::string Shown(const Token& token);

}  // namespace vecdb::query::filter
