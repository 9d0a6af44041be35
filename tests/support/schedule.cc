#include "support/schedule.h"

#include <algorithm>
#include <thread>

#include "base/canary.h"
#include "support/seed.h"

namespace vecdb::test {
namespace {

constexpr std::uint64_t kFallsWithin = 400;  // points of a run
constexpr std::uint64_t kBusy = 40;          // a thread this many points behind waits for something
constexpr int kPatience = 25;

std::atomic<Schedule*> current{nullptr};
std::atomic<std::uint64_t> schedules{0};

struct Mine {
  std::uint64_t schedule = 0;
  std::size_t slot = 0;
};
thread_local Mine mine;

}  // namespace

Schedule::Schedule(std::uint64_t seed) : seed_(seed), number_(++schedules) {
  Random random(seed);
  for (std::uint64_t& fall : falls_) fall = 1 + random.Below(kFallsWithin);
  current = this;
  base::SetSchedulePointHandler(AtPoint);
}

Schedule::~Schedule() {
  base::SetSchedulePointHandler(nullptr);
  current = nullptr;
}

void Schedule::AtPoint() {
  if (Schedule* const schedule = current) schedule->Pass();
}

// Null when there are too many threads: those run as they like.
Schedule::Slot* Schedule::MySlot() {
  if (mine.schedule != number_) {
    mine = {number_, threads_.fetch_add(1)};
    if (mine.slot >= kMostThreads) return nullptr;
    Random random(seed_ + 1'000 + mine.slot);
    slots_[mine.slot].priority = random.Between(1, 1'000'000);
  }
  return mine.slot < kMostThreads ? &slots_[mine.slot] : nullptr;
}

void Schedule::Pass() {
  const std::uint64_t point = ++points_;
  Slot* const slot = MySlot();
  if (slot == nullptr) return;
  slot->last_point = point;
  if (std::find(falls_.begin(), falls_.end(), point) != falls_.end()) slot->priority = --lowest_;
  if (!IsOutranked(*slot)) return;
  ++stood_back_;
  for (int i = 0; i < kPatience && IsOutranked(*slot) && patience_ > 0; ++i) {
    --patience_;
    std::this_thread::yield();
  }
}

bool Schedule::IsOutranked(const Slot& own) const {
  const std::uint64_t now = points_;
  return std::any_of(slots_.begin(), slots_.end(), [&](const Slot& other) {
    const std::uint64_t seen = other.last_point;
    return seen != 0 && seen + kBusy > now && other.priority > own.priority;
  });
}

}  // namespace vecdb::test
