// One life of a process that is killed: what it does, known to the process itself
// (tests/crash/tools/kill9_child.cc) and to its judge (tests/crash/kill9_test.cc) by a seed alone.
//
// The process tells what it does line by line through a pipe. A line is written at once and whole:
//
//   O                    the database is open
//   R COLLECTION N       a collection with N rows is there; then, N in all, a line can hold several
//   B ID VERSION ...     its rows
//   E                    that was all
//   W TEXT               something is wrong
//   S WRITER STEP        SENT: this step of this writer begins
//   A WRITER STEP CODE   ACK: it was answered with this StatusCode
//   C                    the database is closed
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "support/workload.h"

namespace vecdb::test {

inline constexpr std::size_t kWriters = 2;  // threads; no two write to the same collection

// What each writer does in this life. Versions are never used twice, in whatever life.
std::vector<Workload> StepsOfLife(std::uint64_t seed, std::uint64_t life, std::size_t steps);

}  // namespace vecdb::test
