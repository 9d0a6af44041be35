// Numbers that differ, the same in every run.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace vecdb::testkit {

inline std::function<std::uint64_t()> SeededRandom(std::uint64_t seed) {
  return [state = std::make_shared<std::uint64_t>(seed)] {
    *state += 0x9E37'79B9'7F4A'7C15u;
    std::uint64_t z = *state;
    z = (z ^ (z >> 30)) * 0xBF58'476D'1CE4'E5B9u;
    z = (z ^ (z >> 27)) * 0x94D0'49BB'1331'11EBu;
    return z ^ (z >> 31);
  };
}

}  // namespace vecdb::testkit
