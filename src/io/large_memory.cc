#include "io/large_memory.h"

#include <algorithm>

#include <sys/mman.h>

namespace vecdb::io {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kHugePage = std::size_t{2} << 20;

std::size_t AlignmentOf(std::uint64_t size) {
  return size >= kHugePage ? kHugePage : kAlignment;
}

// Only a hint; where there are no huge pages, nothing is lost.
std::byte* Advised(void* memory, std::uint64_t size) {
  if (memory != nullptr && size >= kHugePage) {
    static_cast<void>(::madvise(memory, LargeSize(size), MADV_HUGEPAGE));
  }
  return static_cast<std::byte*>(memory);
}

}  // namespace

std::uint64_t LargeSize(std::uint64_t size) {
  const std::uint64_t alignment = AlignmentOf(size);
  return (std::max<std::uint64_t>(size, 1) + alignment - 1) & ~(alignment - 1);
}

std::byte* NewLarge(std::uint64_t size) {
  return Advised(::operator new(LargeSize(size), std::align_val_t(AlignmentOf(size))), size);
}

std::byte* AllocateLarge(std::uint64_t size) {
  const auto alignment = std::align_val_t(AlignmentOf(size));
  return Advised(::operator new(LargeSize(size), alignment, std::nothrow), size);
}

void FreeLarge(std::byte* bytes, std::uint64_t size) {
  ::operator delete(bytes, std::align_val_t(AlignmentOf(size)));
}

}  // namespace vecdb::io
