#include "walks/failing_memory.h"

#include <cstdlib>
#include <new>

namespace vecdb::test {

thread_local long allocations_left = -1;
thread_local bool allocation_failed = false;

}  // namespace vecdb::test

namespace {

void* Allocate(std::size_t size, std::size_t alignment) {
  using vecdb::test::allocations_left;
  if (allocations_left >= 0 && allocations_left-- == 0) {
    vecdb::test::allocation_failed = true;
    throw std::bad_alloc();
  }
  const std::size_t wanted = size == 0 ? 1 : size;
  void* memory = alignment == 0 ? std::malloc(wanted)
                                : std::aligned_alloc(
                                      alignment, (wanted + alignment - 1) / alignment * alignment);
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
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete[](void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete[](void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}
