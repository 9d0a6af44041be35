// Memory is asked for what is read soon, so that nobody waits for it then.
//
// g++ takes a function that only prefetches for one without effect, and drops the calls of it: the
// empty statement behind each prefetch is an effect. The test `prefetches` holds us to that.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vecdb::base {

inline void Prefetch(const void* address) {
  __builtin_prefetch(address);
  asm volatile("");
}
inline void PrefetchToWrite(const void* address) {
  __builtin_prefetch(address, 1);
  asm volatile("");
}

// Every cache line that has one of these bytes.
inline void PrefetchLines(const void* first, std::size_t bytes) {
  constexpr std::size_t kLine = 64;
  const std::size_t before = reinterpret_cast<std::uintptr_t>(first) % kLine;
  const auto* const line = static_cast<const char*>(first) - before;
  for (std::size_t at = 0; at < before + bytes; at += kLine) Prefetch(line + at);
}

}  // namespace vecdb::base
