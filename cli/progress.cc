#include "progress.h"

#include <cstdio>
#include <string>

#include <unistd.h>

#include "text.h"

namespace vecdb::cli {
namespace {

constexpr std::chrono::milliseconds kInterval{100};
constexpr std::size_t kBarWidth = 24;

}  // namespace

bool StderrIsTerminal() {
  return ::isatty(STDERR_FILENO) == 1;
}

double Progress::seconds() const {
  return std::chrono::duration<double>(Clock::now() - start_).count();
}

void Progress::Update(double fraction, std::uint64_t rows) {
  if (!shown_) return;
  const Clock::time_point now = Clock::now();
  if (on_screen_ && now - drawn_ < kInterval) return;
  drawn_ = now;
  on_screen_ = true;
  const double elapsed = seconds();
  const auto filled = static_cast<std::size_t>(fraction * static_cast<double>(kBarWidth));
  std::string line = Format("\r[{}{}] {:3.0f} %  {} rows", std::string(filled, '='),
                            std::string(kBarWidth - filled, ' '), fraction * 100, Grouped(rows));
  if (elapsed > 0.2) {
    const double rate = static_cast<double>(rows) / elapsed;
    line += Format("  {} rows/s", Grouped(static_cast<std::uint64_t>(rate)));
    if (fraction > 0)
      line += Format("  {} left", DurationText(elapsed * (1 - fraction) / fraction));
  }
  line += "\x1b[K";  // what an earlier, longer line left
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
