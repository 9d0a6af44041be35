// Memory is asked for what is read soon, so that nobody waits for it then.
//
// g++ takes a function that only prefetches for one without effect, and drops the calls of it: the
// empty statement behind each prefetch is an effect. tools/check_prefetches.sh holds us to that.
#pragma once

#include <cstddef>

namespace vecdb::base {

inline void Prefetch(const void* address) {
  __builtin_prefetch(address);
  asm volatile("");
}
inline void PrefetchToWrite(const void* address) {
  __builtin_prefetch(address, 1);
  asm volatile("");
}

// Every cache line of `bytes` bytes that begin with one.
inline void PrefetchLines(const void* first, std::size_t bytes) {
  constexpr std::size_t kLine = 64;
  const auto* const lines = static_cast<const char*>(first);
  for (std::size_t at = 0; at < bytes; at += kLine) Prefetch(lines + at);
}

}  // namespace vecdb::base
