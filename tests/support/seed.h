// Where random tests take their numbers and their length from, so that a failure can be repeated:
// VECDB_SEED replaces a test's own seed, VECDB_SOAK_MINUTES makes it go on for so long.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

namespace vecdb::test {

inline std::uint64_t NumberFromEnvironment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr || *text == '\0' ? otherwise : std::strtoull(text, nullptr, 10);
}
inline std::uint64_t SeedOr(std::uint64_t own) {
  return NumberFromEnvironment("VECDB_SEED", own);
}
inline std::chrono::minutes SoakMinutes() {
  return std::chrono::minutes(NumberFromEnvironment("VECDB_SOAK_MINUTES", 0));
}

// A sanitizer makes everything some ten times slower: random tests do a tenth then.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#elif defined(__has_feature)
inline constexpr bool kSanitized =
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
inline constexpr bool kSanitized = false;
#endif

// Numbers that depend on nothing but the seed, on every platform.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t Next() {
    state_ += 0x9E37'79B9'7F4A'7C15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58'476D'1CE4'E5B9U;
    z = (z ^ (z >> 27)) * 0x94D0'49BB'1331'11EBU;
    return z ^ (z >> 31);
  }
  std::size_t Below(std::size_t n) { return static_cast<std::size_t>(Next() % n); }
  std::int64_t Between(std::int64_t low, std::int64_t high) {  // both included
    return low + static_cast<std::int64_t>(Next() % static_cast<std::uint64_t>(high - low + 1));
  }
  bool Chance(std::size_t percent) { return Below(100) < percent; }
  float Unit() {  // [-1, 1)
    return static_cast<float>(Next() >> 40) / static_cast<float>(1 << 23) - 1.0F;
  }
  template <typename T>
  const T& Pick(const std::vector<T>& from) {
    return from[Below(from.size())];
  }

 private:
  std::uint64_t state_;
};

}  // namespace vecdb::test
