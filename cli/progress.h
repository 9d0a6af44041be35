// One line on stderr that says how far a long command is, with its rate and the time left.
#pragma once

#include <chrono>
#include <cstdint>

namespace vecdb::cli {

class Progress {
 public:
  explicit Progress(bool shown) : shown_(shown) {}
  ~Progress() { Clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // The clock starts now, with so much of the work done before.
  void Start(double fraction, std::uint64_t rows);
  // Draws at most ten times a second. `fraction` is 0 to 1, 0 also when it is not known.
  void Update(double fraction, std::uint64_t rows);
  void Clear();  // takes the line away
  double seconds() const;

 private:
  using Clock = std::chrono::steady_clock;
  const bool shown_;
  Clock::time_point start_ = Clock::now();
  Clock::time_point drawn_ = start_;
  double done_before_ = 0;
  std::uint64_t rows_before_ = 0;
  bool on_screen_ = false;
};

}  // namespace vecdb::cli
