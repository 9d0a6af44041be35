#include "base/bloom.h"

#include <algorithm>

#include "base/prefetch.h"

namespace vecdb::base {

void BloomMayContainMany(std::span<const std::uint64_t> words,
                         std::span<const std::uint64_t> hashes, std::uint8_t* may) {
  constexpr std::size_t kAhead = 16;
  const std::size_t blocks = words.size() / 8;
  const auto prefetch = [&](std::size_t i) {
    Prefetch(words.data() + BloomBlockOf(hashes[i], blocks) * 8);
  };
  for (std::size_t i = 0; i < std::min(kAhead, hashes.size()); ++i) prefetch(i);
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    if (i + kAhead < hashes.size()) prefetch(i + kAhead);
    may[i] = BloomMayContain(words, hashes[i]) ? 1 : 0;
  }
}

}  // namespace vecdb::base
