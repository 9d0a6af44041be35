// Makes crossings between the indexes of segments that are searched together, one after the other
// and some rows at a time, on threads that others need as well.
//
// Thread safety: all methods from any thread.
#pragma once

#include <functional>
#include <memory>

#include "base/clock.h"
#include "base/memory_budget.h"
#include "segment/field_index.h"

namespace vecdb::query {

class Crossings {
 public:
  using IndexPtr = std::shared_ptr<const segment::FieldIndex>;
  // Runs a task later, on another thread; false, and nothing is done, where there is none.
  using Post = std::function<bool(std::function<void()> task)>;

  // All of it outlives the tasks that are posted.
  Crossings(base::MemoryBudget& budget, const base::Clock& clock, Post post);
  ~Crossings() { End(); }
  Crossings(const Crossings&) = delete;
  Crossings& operator=(const Crossings&) = delete;

  // That one is to be made, where there is room and time, and both are still there.
  void Want(const IndexPtr& from, const IndexPtr& to);
  // Nothing is made any more, and what is being made is given up.
  void End();

 private:
  struct Shop;

  const std::shared_ptr<Shop> shop_;  // shared with tasks
};

// Whether a crossing between indexes of so many rows saves more than it costs.
bool WorthCrossing(RowIndex from, RowIndex to);

}  // namespace vecdb::query
