#define FMT_HEADER_ONLY 1
#include "text.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <system_error>

#include <fmt/format.h>

namespace vecdb::cli {

std::string FormatErased(fmt::string_view format, fmt::format_args arguments) {
  return fmt::vformat(format, arguments);
}

Status Annotate(const Status& status, std::string_view words) {
  if (status.ok()) return status;
  return Status(status.code(), Format("{}: {}", words, status.message()));
}

namespace {

std::string complaint_place;
int output_error = 0;  // errno of the first write to stdout that failed

// errno is gone by the end, when the failure is told.
void NoteOutput(bool written) {
  if (!written && output_error == 0) output_error = errno == 0 ? EIO : errno;
}

}  // namespace

void FlushOutput() {
  NoteOutput(std::fflush(stdout) == 0);
}

void SetComplaintPlace(std::string words) {
  complaint_place = std::move(words);
}

void Write(std::string_view text) {
  NoteOutput(std::fwrite(text.data(), 1, text.size(), stdout) == text.size());
}

void Print(std::string_view line) {
  Write(OneLine(line));
  Write("\n");
}

void Complain(std::string_view message) {
  FlushOutput();
  const std::string line = Format("vecdb: {}{}\n", complaint_place, OneLine(message));
  std::fwrite(line.data(), 1, line.size(), stderr);
}

int EndOutput(int code, int unwritten_code) {
  FlushOutput();
  if (output_error == 0) return code;
  // A reader that has gone away (where SIGPIPE is ignored) has seen what it wanted.
  if (output_error != EPIPE) {
    Complain(Format("cannot write to standard output: {}",
                    std::generic_category().message(output_error)));
  }
  return code == kExitOk ? unwritten_code : code;
}

int Fail(const Status& status) {
  Complain(status.message());
  return kExitFailure;
}

std::string Grouped(std::uint64_t number) {
  const std::string digits = Format("{}", number);
  std::string grouped;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) grouped += ',';
    grouped += digits[i];
  }
  return grouped;
}

std::string BytesText(std::uint64_t bytes) {
  static constexpr std::array<const char*, 5> kUnits{"KiB", "MiB", "GiB", "TiB", "PiB"};
  if (bytes < 1024) return Format("{} bytes", bytes);
  auto amount = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; amount >= 1024 && unit + 1 < kUnits.size(); ++unit) amount /= 1024;
  return Format("{:.1f} {}", amount, kUnits[unit]);
}

std::string DurationText(double seconds) {
  if (seconds < 60) return Format("{:.2f} s", seconds);
  const auto whole = static_cast<std::uint64_t>(std::llround(std::min(seconds, 3.6e9)));
  if (whole < 3600) return Format("{}:{:02}", whole / 60, whole % 60);
  return Format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string_view Plural(std::uint64_t count, std::string_view one, std::string_view many) {
  return count == 1 ? one : many;
}

namespace {

bool Continues(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

// Bytes of the UTF-8 character at the front, 0 when there is none.
std::size_t CharacterAt(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t size = lead >= 0xF0 ? 4 : (lead >= 0xE0 ? 3 : 2);
  if (lead < 0xC2 || lead > 0xF4 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return 0;
  }
  const unsigned second = byte(1);
  const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
  const bool beyond = (lead == 0xED && second > 0x9F) || (lead == 0xF4 && second > 0x8F);
  return overlong || beyond ? 0 : size;
}

// Whether a terminal would obey the character instead of showing it, or show what follows in
// another order: C0, DEL, C1, line separators, and what overrides the direction of writing.
bool Misleads(std::string_view character) {
  const auto last = static_cast<unsigned char>(character.back());
  if (character.size() == 1) return last < 0x20 || last == 0x7F;
  if (character.size() == 2) return character[0] == '\xC2' && last < 0xA0;
  const bool u2028_to_202e = character.substr(0, 2) == "\xE2\x80" && last >= 0xA8 && last <= 0xAE;
  const bool u2066_to_2069 = character.substr(0, 2) == "\xE2\x81" && last >= 0xA6 && last <= 0xA9;
  return character.size() == 3 && (u2028_to_202e || u2066_to_2069);
}

}  // namespace

std::string ValidUtf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  while (!text.empty()) {
    const std::size_t size = CharacterAt(text);
    valid += size == 0 ? std::string_view("\xEF\xBF\xBD") : text.substr(0, size);
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return valid;
}

std::size_t WidthOf(std::string_view utf8) {
  std::size_t width = 0;
  for (const char c : utf8) width += Continues(c) ? 0 : 1;
  return width;
}

std::string OneLine(std::string_view text, std::size_t max_width) {
  constexpr std::string_view kEllipsis = "\xE2\x80\xA6";
  const std::string valid = ValidUtf8(text);
  const bool cut = WidthOf(valid) > max_width && max_width > 0;
  const std::size_t room = cut ? max_width - 1 : max_width;
  std::string line;
  std::string_view rest = valid;
  for (std::size_t width = 0; !rest.empty() && width < room; ++width) {
    const std::string_view character = rest.substr(0, CharacterAt(rest));
    line += Misleads(character) ? " " : character;
    rest.remove_prefix(character.size());
  }
  if (cut) line += kEllipsis;
  return line;
}

std::string ShellWord(std::string_view word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+./:,@%=";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string_view::npos) {
    return std::string(word);
  }
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'') quoted += "'\\'";
    quoted += c;
  }
  return quoted + "'";
}

std::string Quoted(std::string_view name) {
  constexpr std::size_t kShownWidth = 60;
  return Format("'{}'", OneLine(name, kShownWidth));
}

}  // namespace vecdb::cli
