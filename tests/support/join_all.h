// Waits for the threads of a test, and ends the process when they do not end: a deadlock says
// nothing by itself.
#pragma once

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <thread>
#include <vector>

#include "support/seed.h"

namespace vecdb::test {

inline void JoinAll(std::vector<std::thread>* threads) {
  constexpr std::chrono::seconds kTooLong(120);
  std::promise<void> joined;
  std::thread watch([kTooLong, future = joined.get_future()] {
    if (future.wait_for(kTooLong + SoakMinutes()) == std::future_status::ready) return;
    std::fprintf(stderr, "FIG stress.deadlocks=1: the threads do not end\n");
    std::abort();
  });
  for (std::thread& thread : *threads) thread.join();
  joined.set_value();
  watch.join();
}

}  // namespace vecdb::test
