// Memory of megabytes that is read at random, in huge pages where the system
// has some: a walk through a graph in small ones spends much of its time
// looking up where pages are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <vector>

namespace vecdb::io {

// Aligned to 64 bytes. Both are given back by FreeLarge.
std::byte* NewLarge(std::uint64_t size);       // throws as operator new does
std::byte* AllocateLarge(std::uint64_t size);  // null when there is not that much
void FreeLarge(std::byte* bytes, std::uint64_t size);
// What allocating so much takes: above 2 MiB, whole huge pages.
std::uint64_t LargeSize(std::uint64_t size);

template <class T>
struct LargeAllocator {
  using value_type = T;

  LargeAllocator() = default;
  template <class Other>
  explicit LargeAllocator(const LargeAllocator<Other>&) {}

  T* allocate(std::size_t n) { return reinterpret_cast<T*>(NewLarge(n * sizeof(T))); }
  void deallocate(T* values, std::size_t n) {
    FreeLarge(reinterpret_cast<std::byte*>(values), n * sizeof(T));
  }
  friend bool operator==(const LargeAllocator&, const LargeAllocator&) { return true; }
};

template <class T>
using LargeVector = std::vector<T, LargeAllocator<T>>;

}  // namespace vecdb::io
