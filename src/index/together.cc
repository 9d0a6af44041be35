#include <array>
#include <cstddef>

#include "index/graph_index.h"
#include "index/index.h"

namespace vecdb::index {
namespace {

// Searches side by side: enough that memory has answered when the first one's turn comes again.
constexpr std::size_t kAtOnce = 8;

class Together {
 public:
  explicit Together(std::span<SearchOf> searches) : searches_(searches) {}

  void Run() {
    for (Slot& slot : slots_) (void)BeginNext(&slot);
    for (std::size_t round = 1; TakeTurns(round % kDeadlineSteps == 0); ++round) continue;
  }

 private:
  struct Slot {
    SearchOf* of = nullptr;  // null: nothing is on its way here
    GraphSearch search = {};
  };

  // Until one begins that takes turns; false: there are no more.
  bool BeginNext(Slot* slot) {
    while (next_ < searches_.size()) {
      SearchOf& of = searches_[next_++];
      slot->search.request = &of.request;
      slot->search.exact = of.exact;
      slot->search.out = of.out;
      const Result<bool> more = GraphOf(*of.index).Begin(&slot->search);
      of.status = more.status();
      if (more.ok() && *more) {
        slot->of = &of;
        return true;
      }
    }
    slot->of = nullptr;
    return false;
  }

  // One turn of each; whether anything is left to do.
  bool TakeTurns(bool check_deadlines) {
    bool any = false;
    for (Slot& slot : slots_) {
      if (slot.of == nullptr) continue;
      Result<bool> more = GraphOf(*slot.of->index).Turn(&slot.search);
      if (more.ok() && *more && check_deadlines) {
        if (Status late = slot.of->request.deadline.Check(); !late.ok()) more = late;
      }
      slot.of->status = more.status();
      any = (more.ok() && *more) || BeginNext(&slot) || any;
    }
    return any;
  }

  const std::span<SearchOf> searches_;
  std::size_t next_ = 0;  // that has not begun
  std::array<Slot, kAtOnce> slots_;
};

}  // namespace

void SearchTogether(std::span<SearchOf> searches) {
  Together(searches).Run();
}

}  // namespace vecdb::index
