#include "chunk/text.h"

#include <cstdint>
#include <cstring>

#include "base/format.h"

namespace vecdb::chunk {
namespace {

constexpr std::size_t kShownBytes = 60;

bool InRange(unsigned char byte, unsigned char low, unsigned char high) {
  return byte >= low && byte <= high;
}

// Length of the well-formed sequence at the start of `s` (not empty); 0 when there is none. The
// ranges are those of table 3-7 of the Unicode standard.
std::size_t SequenceLength(std::string_view s) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
  const unsigned char lead = at(0);
  if (lead < 0x80) return 1;
  std::size_t length = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  if (InRange(lead, 0xC2, 0xDF)) {
    length = 2;
  } else if (InRange(lead, 0xE0, 0xEF)) {
    length = 3;
    if (lead == 0xE0) low = 0xA0;   // shorter would do
    if (lead == 0xED) high = 0x9F;  // above are the surrogates
  } else if (InRange(lead, 0xF0, 0xF4)) {
    length = 4;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;  // above U+10FFFF
  }
  if (length == 0 || s.size() < length || !InRange(at(1), low, high)) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (!InRange(at(i), 0x80, 0xBF)) return 0;
  }
  return length;
}

}  // namespace

std::size_t FindBadUtf8(std::string_view text) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080U;
  std::size_t at = 0;
  while (at < text.size()) {
    if (text.size() - at >= sizeof(std::uint64_t)) {
      std::uint64_t word = 0;
      std::memcpy(&word, text.data() + at, sizeof(word));
      if ((word & kHighBits) == 0) {
        at += sizeof(word);
        continue;
      }
    }
    const std::size_t length = SequenceLength(text.substr(at));
    if (length == 0) return at;
    at += length;
  }
  return std::string_view::npos;
}

std::string Quoted(std::string_view text) {
  std::string_view shown = text.substr(0, kShownBytes);
  while (shown.size() < text.size() && !shown.empty() && !BeginsUtf8(text[shown.size()])) {
    shown.remove_suffix(1);
  }
  if (shown.empty()) shown = text.substr(0, kShownBytes);  // no text at all, only such bytes
  const bool readable = IsUtf8(shown);
  std::string out = "'";
  for (const char c : shown) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F || (byte >= 0x80 && !readable)) {
      out += base::Format("\\x{:02x}", static_cast<unsigned>(byte));
    } else {
      out += c;
    }
  }
  out += shown.size() < text.size() ? "...'" : "'";
  return out;
}

}  // namespace vecdb::chunk
