// What one read has gathered for its answer: charged a step at a time, and not at all while it is
// little. One thread at a time.
#pragma once

#include <cstdint>

#include "vecdb/request.h"

#include "base/memory_budget.h"
#include "base/status.h"
#include "roles/memory_shares.h"

namespace vecdb::roles {

// A row that a caller gets, with its names and values.
std::uint64_t MemoryOf(const Row& row);

class ReadMemory {
 public:
  explicit ReadMemory(base::MemoryBudget& budget) : budget_(budget) {}

  // kResourceExhausted where there is no room: the read fails.
  Status Add(std::uint64_t bytes) {
    bytes_ += bytes;
    return bytes_ < room_ ? Status() : Charge();
  }
  Status Add(const Row& row) { return Add(MemoryOf(row)); }

 private:
  Status Charge();

  base::MemoryBudget& budget_;
  base::MemoryReservation held_;
  std::uint64_t bytes_ = 0;
  std::uint64_t room_ = kSmallMemory;  // up to which nothing has to be done
};

}  // namespace vecdb::roles
