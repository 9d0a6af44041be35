#include "roles/trash.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace vecdb::roles {
namespace {

// What no View shows is copied by nobody any more, so this stays as it is. The files of a segment
// serve it in any form, with and without columns: they share its tombstones.
bool IsLast(const Retired& one) {
  const auto& tombstones = one.segment->shared_tombstones();
  return one.segment.use_count() == 1 && (!one.folder || tombstones.use_count() == 1);
}

}  // namespace

void Trash::Reserve() {
  base::MutexLock lock(mutex_);
  waiting_.reserve(waiting_.size() + reserved_ + 1);
  ++reserved_;
}

void Trash::Put(Retired one) {
  base::MutexLock lock(mutex_);
  --reserved_;
  waiting_.push_back(std::move(one));
}

void Trash::GiveBack() {
  base::MutexLock lock(mutex_);
  --reserved_;
}

bool Trash::ready() const {
  base::MutexLock lock(mutex_);
  return std::any_of(waiting_.begin(), waiting_.end(), IsLast);
}

std::vector<Retired> Trash::Take() {
  std::vector<Retired> gone;
  base::MutexLock lock(mutex_);
  gone.reserve(waiting_.size());
  const auto first = std::stable_partition(waiting_.begin(), waiting_.end(),
                                           [](const Retired& one) { return !IsLast(one); });
  std::move(first, waiting_.end(), std::back_inserter(gone));
  waiting_.erase(first, waiting_.end());
  return gone;
}

Retiring::~Retiring() {
  for (std::size_t i = 0; i < retired_.size(); ++i) trash_.GiveBack();
}

void Retiring::Add(std::shared_ptr<segment::Segment> segment) {
  const std::optional<SegmentId> folder =
      segment->sealed() ? std::optional(segment->id()) : std::nullopt;
  Add(std::move(segment), folder);
}

void Retiring::AddForm(std::shared_ptr<segment::Segment> segment) {
  Add(std::move(segment), std::nullopt);
}

void Retiring::Add(std::shared_ptr<segment::Segment> segment, std::optional<SegmentId> folder) {
  retired_.reserve(retired_.size() + 1);  // so that what is reserved is given back
  trash_.Reserve();
  retired_.push_back({std::move(segment), folder});
}

void Retiring::Done() {
  for (Retired& one : retired_) trash_.Put(std::move(one));
  retired_.clear();
}

}  // namespace vecdb::roles
