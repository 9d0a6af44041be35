// What the kernel tests share: every level this machine has, and memory that ends at a wall.
#pragma once

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

#include "simd/kernels.h"
#include "support/catch.h"

namespace vecdb_test {

// The tables of all levels; says once which ones are missing here.
inline const std::vector<const vecdb::simd::KernelTable*>& AllLevels() {
  using vecdb::simd::Level;
  struct Named {
    Level level;
    const char* name;
  };
  static const std::vector<const vecdb::simd::KernelTable*> levels = [] {
    std::vector<const vecdb::simd::KernelTable*> found;
    for (const Named& each : {Named{Level::kScalar, "scalar"}, Named{Level::kSse2, "sse2"},
                              Named{Level::kAvx2, "avx2"}, Named{Level::kAvx512, "avx512"},
                              Named{Level::kIcl, "icl"}, Named{Level::kNeon, "neon"}}) {
      if (const auto* table = vecdb::simd::KernelsAt(each.level)) {
        found.push_back(table);
      } else {
        std::fprintf(stderr, "skipped: this CPU or build has no level %s\n", each.name);
      }
    }
    return found;
  }();
  return levels;
}

// Memory followed by a page that must not be touched: a read past the end ends the test.
class WalledMemory {
 public:
  explicit WalledMemory(std::size_t capacity) {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    usable_ = (capacity + page - 1) / page * page;
    mapped_ = usable_ + page;
    void* start =
        ::mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED) std::abort();
    start_ = static_cast<char*>(start);
    if (::mprotect(start_ + usable_, page, PROT_NONE) != 0) std::abort();
  }
  ~WalledMemory() { ::munmap(start_, mapped_); }
  WalledMemory(const WalledMemory&) = delete;
  WalledMemory& operator=(const WalledMemory&) = delete;

  // A copy of n items whose last byte is the last before the wall; replaces the previous copy.
  template <class T>
  T* Put(const T* items, std::size_t n) {
    char* at = start_ + usable_ - n * sizeof(T);
    if (n > 0) std::memcpy(at, items, n * sizeof(T));
    return reinterpret_cast<T*>(at);
  }

 private:
  char* start_ = nullptr;
  std::size_t usable_ = 0;
  std::size_t mapped_ = 0;
};

}  // namespace vecdb_test
