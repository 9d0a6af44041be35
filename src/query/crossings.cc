#include "query/crossings.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <optional>
#include <stop_token>
#include <utility>

#include "base/deadline.h"
#include "base/mutex.h"
#include "base/status.h"
#include "index/crossing.h"

namespace vecdb::query {
namespace {

constexpr RowIndex kFewestRows = 4096;  // through fewer the way is short
constexpr RowIndex kMostTimes = 8;      // the rows of the second, that the first one has
constexpr RowIndex kRowsOfTask = 2048;  // before other tasks have their turn

}  // namespace

bool WorthCrossing(RowIndex from, RowIndex to) {
  return std::min(from, to) >= kFewestRows && from / kMostTimes <= to;
}

// What tasks need, who may come when the owner is gone.
struct Crossings::Shop : std::enable_shared_from_this<Shop> {
  struct Order {
    IndexPtr from;
    IndexPtr to;
  };
  struct Work {
    Order order;
    base::MemoryReservation memory;
    index::CrossingBuild build;
  };

  Shop(base::MemoryBudget& memory, const base::Clock& now, Post later)
      : budget(memory), clock(now), post(std::move(later)) {}

  void Take(Order order) EXCLUDES(mutex) {
    {
      base::MutexLock lock(mutex);
      if (stop.stop_requested()) return;
      orders.push_back(std::move(order));
      if (std::exchange(busy, true)) return;
    }
    Continue();
  }

  void End() EXCLUDES(mutex) {
    stop.request_stop();
    base::MutexLock lock(mutex);
    orders.clear();
  }

  // What is left is done by a task; without one, it is left undone.
  void Continue() EXCLUDES(mutex) {
    if (post([shop = shared_from_this()] { shop->Step(); })) return;
    work.reset();
    base::MutexLock lock(mutex);
    orders.clear();
    busy = false;
  }

  void Step() EXCLUDES(mutex) {
    if (!work) BeginNext();
    if (!work) return;
    const base::Deadline deadline(clock, std::chrono::milliseconds(0), stop.get_token());
    const Result<bool> more = work->build.Go(kRowsOfTask, deadline);
    if (!more.ok() || !*more) {
      if (more.ok()) Install();
      work.reset();
    }
    Continue();
  }

  // Without `work` behind it there was none.
  void BeginNext() EXCLUDES(mutex) {
    while (const std::optional<Order> order = Next()) {
      const auto from = order->from->share_usable();
      const auto to = order->to->share_usable();
      if (from == nullptr || to == nullptr) continue;
      const RowIndex rows = from->Describe().rows;
      auto memory = budget.TryReserve(base::MemoryAccount::kColumns,
                                      index::CrossingBuild::MemoryToBuild(rows));
      if (!memory) continue;
      work.emplace(Work{*order, std::move(*memory), index::CrossingBuild(from, to)});
      return;
    }
  }

  std::optional<Order> Next() EXCLUDES(mutex) {
    base::MutexLock lock(mutex);
    if (orders.empty() || stop.stop_requested()) {
      busy = false;
      return std::nullopt;
    }
    Order order = std::move(orders.front());
    orders.pop_front();
    return order;
  }

  void Install() {
    auto crossing = work->build.Take();
    work->memory.Resize(index::CrossingBuild::MemoryOf(crossing->rows()));
    work->order.to->crossing().Set(*work->order.from, std::move(crossing), std::move(work->memory));
  }

  // constant after construction
  base::MemoryBudget& budget;
  const base::Clock& clock;
  const Post post;
  // thread-safe by itself
  std::stop_source stop;
  // of the one task that there is
  std::optional<Work> work;
  // guarded
  base::Mutex mutex;  // leaf
  std::deque<Order> orders GUARDED_BY(mutex);
  bool busy GUARDED_BY(mutex) = false;
};

Crossings::Crossings(base::MemoryBudget& budget, const base::Clock& clock, Post post)
    : shop_(std::make_shared<Shop>(budget, clock, std::move(post))) {
}

void Crossings::Want(IndexPtr from, IndexPtr to) {
  if (from != nullptr && to != nullptr) shop_->Take({std::move(from), std::move(to)});
}

void Crossings::End() {
  shop_->End();
}

}  // namespace vecdb::query
