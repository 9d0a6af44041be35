// Text on its way in: is it UTF-8, and how is it shown in a message.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace vecdb::chunk {

// Offset of the first byte that begins no well-formed UTF-8 sequence; npos when all is well.
// Strict: overlong forms, surrogates and code points above U+10FFFF are refused.
std::size_t FindBadUtf8(std::string_view text);

inline bool IsUtf8(std::string_view text) {
  return FindBadUtf8(text) == std::string_view::npos;
}

// Whether a sequence may begin at `byte`: false within one.
inline bool BeginsUtf8(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
}

// 'text' for a message: clipped to some 60 bytes, with everything unprintable escaped.
std::string Quoted(std::string_view text);

}  // namespace vecdb::chunk
