#include "walks/failing_memory.h"

#include <atomic>
#include <cstdlib>
#include <new>

#include <malloc.h>

namespace vecdb::test {

thread_local long allocations_left = -1;
thread_local bool allocation_failed = false;

namespace {

std::atomic<std::size_t> allocated{0};
std::atomic<std::size_t> most_allocated{0};

void* Count(void* memory) noexcept {
  const std::size_t size = ::malloc_usable_size(memory);
  const std::size_t now = allocated.fetch_add(size, std::memory_order_relaxed) + size;
  std::size_t most = most_allocated.load(std::memory_order_relaxed);
  while (most < now && !most_allocated.compare_exchange_weak(most, now)) {
  }
  return memory;
}

void Free(void* memory) noexcept {
  allocated.fetch_sub(::malloc_usable_size(memory), std::memory_order_relaxed);
  std::free(memory);
}

}  // namespace

std::size_t Allocated() {
  return allocated;
}

std::size_t MostAllocated() {
  return most_allocated;
}

void ForgetMostAllocated() {
  most_allocated = allocated.load();
}

}  // namespace vecdb::test

namespace {

// Null when memory runs out.
void* Try(std::size_t size, std::size_t alignment) noexcept {
  using vecdb::test::allocations_left;
  if (allocations_left >= 0 && allocations_left-- == 0) {
    vecdb::test::allocation_failed = true;
    return nullptr;
  }
  const std::size_t wanted = size == 0 ? 1 : size;
  if (alignment == 0) return vecdb::test::Count(std::malloc(wanted));
  const std::size_t rounded = (wanted + alignment - 1) / alignment * alignment;
  return vecdb::test::Count(std::aligned_alloc(alignment, rounded));
}

void* Allocate(std::size_t size, std::size_t alignment) {
  void* memory = Try(size, alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) {
  return Allocate(size, 0);
}
[[gnu::noinline]] void* operator new[](std::size_t size) {
  return Allocate(size, 0);
}
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment) {
  return Allocate(size, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void* operator new[](std::size_t size, std::align_val_t alignment) {
  return Allocate(size, static_cast<std::size_t>(alignment));
}
// Sanitizers bring nothrow forms of their own, which do not pair with the ones here.
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return Try(size, 0);
}
[[gnu::noinline]] void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return Try(size, 0);
}
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment,
                                     const std::nothrow_t&) noexcept {
  return Try(size, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void* operator new[](std::size_t size, std::align_val_t alignment,
                                       const std::nothrow_t&) noexcept {
  return Try(size, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  vecdb::test::Free(memory);
}
[[gnu::noinline]] void operator delete[](void* memory) noexcept {
  vecdb::test::Free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  vecdb::test::Free(memory);
}
[[gnu::noinline]] void operator delete[](void* memory, std::size_t) noexcept {
  vecdb::test::Free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept {
  vecdb::test::Free(memory);
}
[[gnu::noinline]] void operator delete[](void* memory, std::align_val_t) noexcept {
  vecdb::test::Free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  vecdb::test::Free(memory);
}
[[gnu::noinline]] void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept {
  vecdb::test::Free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, const std::nothrow_t&) noexcept {
  vecdb::test::Free(memory);
}
[[gnu::noinline]] void operator delete[](void* memory, const std::nothrow_t&) noexcept {
  vecdb::test::Free(memory);
}
