// A static value that is made at its first use and never destroyed. Nothing runs at exit or when
// the library is unloaded, so a thread or a global that outlives main() may still use it. Memory
// that T allocates would be lost with every unloading: T owns none.
#pragma once

#include <cstddef>
#include <new>
#include <utility>

namespace vecdb::base {

template <typename T>
class Forever {
 public:
  template <typename... Args>
  explicit Forever(Args&&... arguments) {
    ::new (static_cast<void*>(bytes_)) T{std::forward<Args>(arguments)...};
  }
  const T& operator*() const { return *std::launder(reinterpret_cast<const T*>(bytes_)); }

 private:
  alignas(T) std::byte bytes_[sizeof(T)];
};

}  // namespace vecdb::base
