// A blocked Bloom filter over 64-bit hashes: one 64-byte block per key, 8 bits set in it, 16 bits a
// key, which gives about 1 false answer in 1,000 (Putze, Sanders, Singler: "Cache-, Hash- and
// Space-Efficient Bloom Filters", 2007).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace vecdb::base {

inline constexpr std::size_t kBloomBlockBytes = 64;

// Blocks for so many keys.
constexpr std::size_t BloomBlocks(std::size_t keys) {
  return keys == 0 ? 1 : (keys + 31) / 32;
}

__extension__ using BloomProduct = unsigned __int128;

inline std::size_t BloomBlockOf(std::uint64_t hash, std::size_t blocks) {
  return static_cast<std::size_t>((BloomProduct{hash} * blocks) >> 64);
}

// Six bits of it for each of a block's words: which bit of the word the key sets.
inline std::uint64_t BloomBits(std::uint64_t hash) {
  return hash * 0x9E37'79B9'7F4A'7C15u;
}

// Sets the key's bits; `words` holds 8 words a block.
inline void BloomAdd(std::span<std::uint64_t> words, std::uint64_t hash) {
  std::uint64_t* block = words.data() + BloomBlockOf(hash, words.size() / 8) * 8;
  std::uint64_t bits = BloomBits(hash);
  for (int i = 0; i < 8; ++i) {
    block[i] |= std::uint64_t{1} << (bits & 63);
    bits >>= 6;
  }
}

inline bool BloomMayContain(std::span<const std::uint64_t> words, std::uint64_t hash) {
  const std::uint64_t* block = words.data() + BloomBlockOf(hash, words.size() / 8) * 8;
  std::uint64_t bits = BloomBits(hash);
  for (int i = 0; i < 8; ++i) {
    if ((block[i] >> (bits & 63) & 1) == 0) return false;
    bits >>= 6;
  }
  return true;
}

// may[i] = whether hashes[i] may be present; memory fetches overlap.
void BloomMayContainMany(std::span<const std::uint64_t> words,
                         std::span<const std::uint64_t> hashes, std::uint8_t* may);

}  // namespace vecdb::base
