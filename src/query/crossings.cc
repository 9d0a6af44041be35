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
constexpr std::size_t kMostOrders = 256;

}  // namespace

bool WorthCrossing(RowIndex from, RowIndex to) {
  return std::min(from, to) >= kFewestRows && from / kMostTimes <= to;
}

// What tasks need, who may come when the owner is gone. There is one task at a time.
struct Crossings::Shop : std::enable_shared_from_this<Shop> {
  // Whoever drops an index meanwhile is not held up.
  struct Order {
    std::weak_ptr<const segment::FieldIndex> from;
    std::weak_ptr<const segment::FieldIndex> to;
  };
  struct Work {
    IndexPtr from;
    IndexPtr to;
    base::MemoryReservation memory;
    index::CrossingBuild build;
  };
  // However a task ends, others may follow: without memory, or a thread, all orders are dropped.
  class Turn {
   public:
    explicit Turn(Shop& shop) : shop_(shop) {}
    ~Turn() {
      if (!kept_) shop_.DropAll();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    void Keep() { kept_ = true; }

   private:
    Shop& shop_;
    bool kept_ = false;
  };

  Shop(base::MemoryBudget& memory, const base::Clock& now, Post later)
      : budget(memory), clock(now), post(std::move(later)) {}

  void Take(const IndexPtr& from, const IndexPtr& to) EXCLUDES(mutex) {
    {
      base::MutexLock lock(mutex);
      if (stop.stop_requested() || orders.size() >= kMostOrders) return;
      orders.push_back({from, to});
      if (std::exchange(busy, true)) return;
    }
    Turn turn(*this);
    Continue(&turn);
  }

  void End() EXCLUDES(mutex) {
    stop.request_stop();
    base::MutexLock lock(mutex);
    orders.clear();
  }

  void Continue(Turn* turn) {
    if (post([shop = shared_from_this()] { shop->Step(); })) turn->Keep();
  }

  void DropAll() EXCLUDES(mutex) {
    work.reset();
    base::MutexLock lock(mutex);
    orders.clear();
    busy = false;
  }

  void Step() EXCLUDES(mutex) {
    Turn turn(*this);
    if (!work && !BeginNext()) return turn.Keep();  // another task may have begun
    const base::Deadline deadline(clock, std::chrono::milliseconds(0), stop.get_token());
    const Result<bool> more = work->build.Go(kRowsOfTask, deadline);
    if (more.status().code() == StatusCode::kCorruption) work->to->NoteDamage(more.status());
    if (!more.ok() || !*more) {
      if (more.ok()) Install();
      work.reset();
    }
    Continue(&turn);
  }

  // False: there is nothing to do, and from now on the next order begins a task of its own.
  bool BeginNext() EXCLUDES(mutex) {
    while (const std::optional<Order> order = Next()) {
      const IndexPtr from = order->from.lock();
      const IndexPtr to = order->to.lock();
      if (from != nullptr && to != nullptr && BeginOne(from, to)) return true;
    }
    return false;
  }

  // What is damaged is noted by the index, and not crossed from.
  bool BeginOne(const IndexPtr& from, const IndexPtr& to) {
    if (to->crossing().Has(*from)) return false;
    const auto first = from->share_usable();  // damage may be noted at any time: once each
    const auto second = to->share_usable();
    if (first == nullptr || second == nullptr || !index::CanCross(*first, *second)) return false;
    if (!from->verified() && !from->Verify().ok()) return false;
    auto memory = budget.TryReserve(base::MemoryAccount::kSegments,
                                    index::CrossingBuild::MemoryToBuild(first->Describe().rows));
    if (!memory) return false;
    work.emplace(Work{from, to, std::move(*memory), index::CrossingBuild(first, second)});
    return true;
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
    work->to->crossing().Set(*work->from, std::move(crossing), std::move(work->memory));
  }

  // constant after construction
  base::MemoryBudget& budget;
  const base::Clock& clock;
  const Post post;
  // thread-safe by itself
  std::stop_source stop;
  // of the task that there is
  std::optional<Work> work;
  // guarded
  base::Mutex mutex;  // leaf
  std::deque<Order> orders GUARDED_BY(mutex);
  bool busy GUARDED_BY(mutex) = false;  // there is a task
};

Crossings::Crossings(base::MemoryBudget& budget, const base::Clock& clock, Post post)
    : shop_(std::make_shared<Shop>(budget, clock, std::move(post))) {
}

void Crossings::Want(const IndexPtr& from, const IndexPtr& to) {
  if (from != nullptr && to != nullptr) shop_->Take(from, to);
}

void Crossings::End() {
  shop_->End();
}

}  // namespace vecdb::query
