#include "progress.h"

#include <cstdio>
#include <string>

#include "terminal.h"
#include "text.h"

namespace vecdb::cli {
namespace {

constexpr std::chrono::milliseconds kInterval{100};
constexpr std::size_t kBarWidth = 24;
constexpr std::size_t kUnlimited = 1'000;

}  // namespace

double Progress::seconds() const {
  return std::chrono::duration<double>(Clock::now() - start_).count();
}

void Progress::Start(double fraction, std::uint64_t rows) {
  start_ = Clock::now();
  done_before_ = fraction;
  rows_before_ = rows;
}

void Progress::Update(double fraction, std::uint64_t rows) {
  if (!shown_) return;
  const Clock::time_point now = Clock::now();
  if (on_screen_ && now - drawn_ < kInterval) return;
  drawn_ = now;
  on_screen_ = true;
  const double elapsed = seconds();
  const auto filled = static_cast<std::size_t>(fraction * static_cast<double>(kBarWidth));
  std::string line = Format("{:3.0f} %  {} rows", fraction * 100, Grouped(rows));
  if (elapsed > 0.2) {
    const double rate = static_cast<double>(rows - rows_before_) / elapsed;
    line += Format("  {} rows/s", Grouped(static_cast<std::uint64_t>(rate)));
    const double done = fraction - done_before_;
    if (done > 0) line += Format("  {} left", DurationText(elapsed * (1 - fraction) / done));
  }
  const std::size_t width = StderrWidth().value_or(kUnlimited);
  if (line.size() + kBarWidth + 4 < width) {  // a line that wraps could not be taken away
    line =
        Format("[{}{}] {}", std::string(filled, '='), std::string(kBarWidth - filled, ' '), line);
  }
  line = "\r" + OneLine(line, width - 1) + "\x1b[K";  // and what an earlier, longer line left
  std::fwrite(line.data(), 1, line.size(), stderr);
  std::fflush(stderr);
}

void Progress::Clear() {
  if (!on_screen_) return;
  on_screen_ = false;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
}

}  // namespace vecdb::cli
