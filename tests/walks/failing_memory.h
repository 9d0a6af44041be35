// Memory that runs out at a chosen allocation of this thread, and how much the program has.
// Programs that link this have their operator new replaced.
#pragma once

#include <cstddef>

namespace vecdb::test {

// How many allocations of this thread may still succeed before one fails; below 0: all.
extern thread_local long allocations_left;
extern thread_local bool allocation_failed;

// What operator new has given and nobody has given back, of all threads; and the most of it at one
// time since ForgetMostAllocated().
std::size_t Allocated();
std::size_t MostAllocated();
void ForgetMostAllocated();

// Calls `function` with its allocation number `n` failing; false when there were not so many.
template <typename F>
bool WithFailingAllocation(long n, F&& function) {
  allocation_failed = false;
  allocations_left = n;
  function();
  allocations_left = -1;
  return allocation_failed;
}

}  // namespace vecdb::test
