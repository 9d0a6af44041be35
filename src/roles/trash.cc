#include "roles/trash.h"

#include <cstddef>
#include <utility>

#include "base/mutex.h"

namespace vecdb::roles {

struct Trash::State {
  base::Mutex mutex;  // leaf
  std::size_t notices GUARDED_BY(mutex) = 0;
  std::vector<SegmentId> gone GUARDED_BY(mutex);  // has room for every notice
};

Trash::Notice::Notice(std::shared_ptr<State> state, SegmentId id)
    : state_(std::move(state)), id_(id) {
  base::MutexLock lock(state_->mutex);
  state_->gone.reserve(state_->gone.size() + state_->notices + 1);
  ++state_->notices;
}

Trash::Notice::~Notice() {
  base::MutexLock lock(state_->mutex);
  --state_->notices;
  if (armed_) state_->gone.push_back(id_);
}

Trash::Trash() : state_(std::make_shared<State>()) {
}

std::shared_ptr<Trash::Notice> Trash::NoticeFor(SegmentId id) {
  return std::make_shared<Notice>(state_, id);
}

bool Trash::empty() const {
  base::MutexLock lock(state_->mutex);
  return state_->gone.empty();
}

std::vector<SegmentId> Trash::Take() {
  base::MutexLock lock(state_->mutex);
  std::vector<SegmentId> gone;
  gone.reserve(state_->notices);  // for those that are still to come
  gone.swap(state_->gone);
  return gone;
}

void Retiring::Add(std::shared_ptr<segment::Segment> segment) {
  auto notice = trash_.NoticeFor(segment->id());
  retired_.push_back({std::move(segment), std::move(notice)});
}

void Retiring::Done() {
  for (Retired& one : retired_) {
    one.notice->Arm();
    one.segment->WhenGone(std::move(one.notice));
  }
  retired_.clear();
}

}  // namespace vecdb::roles
