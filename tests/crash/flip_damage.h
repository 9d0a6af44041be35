// Ways to damage the files of a database.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "flip_databases.h"

namespace vecdb::test {

struct Damage {
  std::string what;
  std::function<void(Files*)> apply;
  bool flip = false;     // of one byte; else something that no disk does to one byte
  bool padding = false;  // of a byte that nothing needs: the lock file, a page never written
  // A part at the end of a log is gone as if it had never been written.
  bool cut = false;
};

// One byte here and there: `count` places in all, all files getting some.
std::vector<Damage> Flips(const Files& files, std::size_t count, std::uint64_t seed);

// Cut, extended, zeroed, swapped, doubled, removed, taken from `other`, or a folder instead.
std::vector<Damage> OtherDamage(const Files& files, const Files& other);

}  // namespace vecdb::test
