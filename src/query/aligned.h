// Room for numbers that begins with a line of the cache.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace vecdb::query {

// Of n numbers, in `room`: no vector of a kernel reads two lines.
template <typename T>
T* AlignedIn(std::vector<T>* room, std::size_t n) {
  constexpr std::size_t kLine = 64;
  room->resize(n + kLine / sizeof(T));
  void* first = room->data();
  std::size_t bytes = room->size() * sizeof(T);
  return static_cast<T*>(std::align(kLine, n * sizeof(T), first, bytes));
}

}  // namespace vecdb::query
