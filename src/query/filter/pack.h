// Answers of 64 rows packed into a word.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace vecdb::query::filter {

// Eight bytes of 0 or 1 become eight bits, the first byte the lowest: the product brings each
// byte's bit to its place in the top byte, and no two meet elsewhere.
inline std::uint64_t PackBytes(const std::uint8_t (&bytes)[64]) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, bytes + 8 * i, sizeof(eight));
    if constexpr (std::endian::native == std::endian::big) eight = __builtin_bswap64(eight);
    word |= (eight * 0x0102040810204080U >> 56) << (8 * i);
  }
  return word;
}

// words[i / 64] bit i % 64 = test(i), for i < n. Full words have a fixed number of steps and no
// branches, which is what it takes to be vectorised; `test` must not depend on order.
template <typename Test>
inline void Pack(std::size_t n, const Test& test, std::uint64_t* words) {
  const std::size_t full = n / 64;
  for (std::size_t w = 0; w < full; ++w) {
    std::uint8_t bytes[64];
    for (std::size_t i = 0; i < 64; ++i) bytes[i] = test(w * 64 + i) ? 1 : 0;
    words[w] = PackBytes(bytes);
  }
  if (full * 64 == n) return;
  std::uint64_t last = 0;
  for (std::size_t i = full * 64; i < n; ++i) last |= std::uint64_t{test(i) ? 1U : 0U} << (i & 63);
  words[full] = last;
}

}  // namespace vecdb::query::filter
