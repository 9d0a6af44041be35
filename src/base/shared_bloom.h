// A Bloom filter that many threads may ask while one adds to it: the blocks and bits of
// base/bloom.h in atomic words. Bits are only ever set, so a key once added is never denied to a
// thread that learned of the adding (through a lock, for instance).
//
// Thread safety: AddMany by one thread at a time; everything else from any thread beside it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/bloom.h"

namespace vecdb::base {

class SharedBloom {
 public:
  // Null when there is no memory for so many keys.
  static std::unique_ptr<SharedBloom> Make(std::uint64_t capacity);

  // Above the capacity wrong answers become frequent; nothing else happens.
  void AddMany(std::span<const std::uint64_t> hashes);
  // may[i] = 0 only if hashes[i] was not added; memory fetches overlap.
  void MayContainMany(std::span<const std::uint64_t> hashes, std::uint8_t* may) const;

  std::uint64_t capacity() const { return capacity_; }  // keys
  static std::uint64_t MemoryFor(std::uint64_t capacity) {
    return sizeof(SharedBloom) + BloomBlocks(capacity) * sizeof(Block);
  }
  std::uint64_t memory_bytes() const { return sizeof(*this) + block_count_ * sizeof(Block); }

 private:
  struct alignas(kBloomBlockBytes) Block {
    std::atomic<std::uint64_t> words[8];
  };
  SharedBloom(std::uint64_t capacity, std::unique_ptr<Block[]> blocks)
      : capacity_(capacity), block_count_(BloomBlocks(capacity)), blocks_(std::move(blocks)) {}
  Block& BlockOf(std::uint64_t hash) const { return blocks_[BloomBlockOf(hash, block_count_)]; }

  const std::uint64_t capacity_;
  const std::size_t block_count_;
  const std::unique_ptr<Block[]> blocks_;
};

}  // namespace vecdb::base
