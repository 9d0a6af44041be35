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

int output_error = 0;  // errno of the first write to stdout that failed

// errno is gone by the end, when the failure is told.
void NoteOutput(bool written) {
  if (!written && output_error == 0) output_error = errno == 0 ? EIO : errno;
}

void FlushOutput() {
  NoteOutput(std::fflush(stdout) == 0);
}

}  // namespace

void Write(std::string_view text) {
  NoteOutput(std::fwrite(text.data(), 1, text.size(), stdout) == text.size());
}

void Print(std::string_view line) {
  Write(line);
  Write("\n");
}

void Complain(std::string_view message) {
  FlushOutput();
  const std::string line = Format("vecdb: {}\n", message);
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

}  // namespace

std::size_t WidthOf(std::string_view utf8) {
  std::size_t width = 0;
  for (const char c : utf8) width += Continues(c) ? 0 : 1;
  return width;
}

std::string OneLine(std::string_view text, std::size_t max_width) {
  constexpr std::string_view kEllipsis = "...";
  std::string line;
  std::size_t width = 0;
  const bool cut = WidthOf(text) > max_width;
  const std::size_t room =
      cut && max_width > kEllipsis.size() ? max_width - kEllipsis.size() : max_width;
  for (const char c : text) {
    if (!Continues(c) && ++width > room) break;
    const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    line += control ? ' ' : c;
  }
  if (cut) line += kEllipsis;
  return line;
}

}  // namespace vecdb::cli
