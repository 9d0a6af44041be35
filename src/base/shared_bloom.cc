#include "base/shared_bloom.h"

#include <algorithm>
#include <new>

#include "base/prefetch.h"

namespace vecdb::base {
namespace {

constexpr std::size_t kAhead = 32;  // keys whose memory is fetched before it is needed

}  // namespace

std::unique_ptr<SharedBloom> SharedBloom::Make(std::uint64_t capacity) {
  std::unique_ptr<Block[]> blocks(new (std::nothrow) Block[BloomBlocks(capacity)]());
  if (blocks == nullptr) return nullptr;
  return std::unique_ptr<SharedBloom>(new SharedBloom(capacity, std::move(blocks)));
}

void SharedBloom::AddMany(std::span<const std::uint64_t> hashes) {
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    if (i + kAhead < hashes.size()) PrefetchToWrite(&BlockOf(hashes[i + kAhead]));
    Block& block = BlockOf(hashes[i]);
    std::uint64_t bits = BloomBits(hashes[i]);
    for (std::atomic<std::uint64_t>& word : block.words) {  // one writer: no need of fetch_or
      word.store(word.load(std::memory_order_relaxed) | std::uint64_t{1} << (bits & 63),
                 std::memory_order_relaxed);
      bits >>= 6;
    }
  }
}

// Without branches on the bits: half of them would be predicted wrong.
void SharedBloom::MayContainMany(std::span<const std::uint64_t> hashes, std::uint8_t* may) const {
  for (std::size_t i = 0; i < std::min(kAhead, hashes.size()); ++i) {
    Prefetch(&BlockOf(hashes[i]));
  }
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    if (i + kAhead < hashes.size()) Prefetch(&BlockOf(hashes[i + kAhead]));
    const Block& block = BlockOf(hashes[i]);
    std::uint64_t bits = BloomBits(hashes[i]);
    std::uint64_t all = 1;
    for (const std::atomic<std::uint64_t>& word : block.words) {
      all &= word.load(std::memory_order_relaxed) >> (bits & 63);
      bits >>= 6;
    }
    may[i] = static_cast<std::uint8_t>(all);
  }
}

}  // namespace vecdb::base
