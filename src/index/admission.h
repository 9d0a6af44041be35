// What a walk under a filter does besides walking: rows that are not allowed lead on, only allowed
// ones are found, and a walk that costs too much or goes where nothing is allowed gives up.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "index/beam.h"
#include "index/index.h"

namespace vecdb::index {

inline bool Allows(const AllowedRows& allowed, std::uint32_t row) {
  return (allowed.words[row / 64] >> (row % 64) & 1) != 0;
}

// Every row is found that comes into the beam.
struct EveryRow {
  static std::uint64_t bound() { return ~std::uint64_t{0}; }
  static void Met(std::uint64_t /*entry*/) {}
  static bool IsOver(std::uint64_t /*next*/, std::uint64_t /*computed*/) { return false; }
  static const Beam* Found(const Beam& walked) { return &walked; }
};

class Admission {
 public:
  struct Limits {
    std::size_t found = 0;     // rows
    std::uint64_t budget = 0;  // distances
    double share = 0;          // of all rows, that are allowed
  };

  Admission(const AllowedRows& allowed, const Limits& limits, Beam* found)
      : allowed_(allowed), limits_(limits), found_(*found) {
    found_.Reset(limits.found);
  }

  // What is not nearer than this can be neither found nor lead to what can.
  std::uint64_t bound() const { return found_.bound(); }
  // An entry of the walk's beam, below bound().
  void Met(std::uint64_t entry) {
    ++met_;
    if (!Allows(allowed_, Beam::IdOf(entry))) return;
    ++met_allowed_;
    (void)found_.Insert(entry);
  }
  // `next` is the nearest row whose links have not been followed.
  bool IsOver(std::uint64_t next, std::uint64_t computed) {
    gave_up_ = computed > limits_.budget || IsAstray();
    return gave_up_ || next >= found_.bound();
  }

  // As many were found as were wanted, and `walked`, the walk's beam, had room for all that are as
  // near.
  bool Succeeded(const Beam& walked) const {
    return !gave_up_ && found_.size() == limits_.found && found_.bound() <= walked.bound();
  }
  // What was found; null where that is not what was wanted.
  const Beam* Found(const Beam& walked) const { return Succeeded(walked) ? &found_ : nullptr; }

 private:
  // So many rows, and so many allowed ones as were to be expected among them, tell whether the walk
  // is where the allowed rows are.
  static constexpr std::size_t kTold = 512;
  static constexpr double kToldAllowed = 16;
  static constexpr double kLeastOfExpected = 0.25;

  bool IsAstray() const {
    const double expected = limits_.share * static_cast<double>(met_);
    return met_ >= kTold && expected >= kToldAllowed &&
           static_cast<double>(met_allowed_) < kLeastOfExpected * expected;
  }

  const AllowedRows& allowed_;
  const Limits limits_;
  Beam& found_;
  std::size_t met_ = 0;
  std::size_t met_allowed_ = 0;
  bool gave_up_ = false;
};

}  // namespace vecdb::index
