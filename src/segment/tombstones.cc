#include "segment/tombstones.h"

#include <algorithm>

#include "base/canary.h"

namespace vecdb::segment {
namespace {

bool Earlier(const Tombstone& a, const Tombstone& b) {
  return a.timestamp < b.timestamp;
}

// The first mark after t.
std::vector<Tombstone>::const_iterator After(const std::vector<Tombstone>& marks, Timestamp t) {
  return std::upper_bound(marks.begin(), marks.end(), Tombstone{0, t, 0}, Earlier);
}

bool TestWithin(const base::Bitmap& bits, std::size_t i) {
  return i < bits.size() && bits.Test(i);
}

void Reach(base::Bitmap& bits, std::size_t i) {
  if (i >= bits.size()) bits.Resize(i + 1);
}

}  // namespace

void Tombstones::ChargeTo(base::MemoryBudget& budget) {
  base::MutexLock lock(mutex_);
  memory_ = budget.Take(base::MemoryAccount::kSegments, 0);
  Charge();
}

// The marks, and a bit a row here and in each of the copies that readers get.
void Tombstones::Charge() {
  memory_.Resize(marks_.capacity() * sizeof(Tombstone) + 3 * (deleted_.size() / 8));
}

bool Tombstones::Mark(RowIndex row, Timestamp timestamp, Lsn lsn) {
  base::SchedulePoint();
  base::MutexLock lock(mutex_);
  if (TestWithin(deleted_, row)) return false;
  Reach(deleted_, row);
  // At the end, unless a mark comes late: then all from there on count as unsaved again.
  const auto at = After(marks_, timestamp);
  saved_ = std::min(saved_, static_cast<std::size_t>(at - marks_.cbegin()));
  if (at != marks_.cend()) past_ = nullptr;
  marks_.insert(at, Tombstone{row, timestamp, lsn});
  deleted_.Set(row);  // nothing from here on needs memory
  if (marks_.capacity() * sizeof(Tombstone) > memory_.bytes()) Charge();
  cached_ = nullptr;
  return true;
}

void Tombstones::Load(std::span<const Tombstone> saved) {
  base::MutexLock lock(mutex_);
  marks_.assign(saved.begin(), saved.end());
  std::stable_sort(marks_.begin(), marks_.end(), Earlier);
  deleted_ = base::Bitmap();
  cached_ = nullptr;
  past_ = nullptr;
  std::erase_if(marks_, [this](const Tombstone& mark) NO_THREAD_SAFETY_ANALYSIS {
    if (TestWithin(deleted_, mark.row)) return true;  // its first mark counts
    Reach(deleted_, mark.row);
    deleted_.Set(mark.row);
    return false;
  });
  saved_ = marks_.size();
  Charge();
}

bool Tombstones::empty() const {
  return count() == 0;
}

std::size_t Tombstones::count() const {
  base::MutexLock lock(mutex_);
  return marks_.size();
}

bool Tombstones::IsMarked(RowIndex row) const {
  base::MutexLock lock(mutex_);
  return TestWithin(deleted_, row);
}

bool Tombstones::IsDeletedAt(RowIndex row, Timestamp t) const {
  constexpr std::ptrdiff_t kFew = 64;
  base::MutexLock lock(mutex_);
  if (!TestWithin(deleted_, row)) return false;
  const auto after = After(marks_, t);
  if (marks_.cend() - after > kFew) {
    return TestWithin(*PastOf(static_cast<std::size_t>(after - marks_.cbegin())), row);
  }
  return std::none_of(after, marks_.cend(),
                      [row](const Tombstone& mark) { return mark.row == row; });
}

std::shared_ptr<const base::Bitmap> Tombstones::DeletedAt(Timestamp t) const {
  base::SchedulePoint();
  base::MutexLock lock(mutex_);
  if (marks_.empty() || t < marks_.front().timestamp) return nullptr;
  if (t >= marks_.back().timestamp) {
    if (cached_ == nullptr) cached_ = std::make_shared<const base::Bitmap>(deleted_);
    return cached_;
  }
  return PastOf(static_cast<std::size_t>(After(marks_, t) - marks_.cbegin()));
}

const std::shared_ptr<const base::Bitmap>& Tombstones::PastOf(std::size_t marks) const {
  if (past_ != nullptr && past_marks_ == marks) return past_;
  auto past = std::make_shared<base::Bitmap>(deleted_);
  for (std::size_t i = marks; i < marks_.size(); ++i) past->Reset(marks_[i].row);
  past_ = std::move(past);
  past_marks_ = marks;
  return past_;
}

std::vector<Tombstone> Tombstones::MarkedAfter(Timestamp t) const {
  base::MutexLock lock(mutex_);
  return {After(marks_, t), marks_.cend()};
}

std::vector<Tombstone> Tombstones::All() const {
  base::MutexLock lock(mutex_);
  return marks_;
}

void Tombstones::MarkSaved(std::size_t count) {
  base::MutexLock lock(mutex_);
  saved_ = std::max(saved_, std::min(count, marks_.size()));
}

Lsn Tombstones::first_lsn_after(std::size_t count) const {
  base::MutexLock lock(mutex_);
  return count < marks_.size() ? marks_[count].lsn : kNoLsn;  // log order is time order
}

Lsn Tombstones::first_unsaved_lsn() const {
  base::MutexLock lock(mutex_);
  return saved_ < marks_.size() ? marks_[saved_].lsn : kNoLsn;
}

}  // namespace vecdb::segment
