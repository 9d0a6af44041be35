// Folders of segments that no record names any more, and whose files readers may still have
// mapped. Who drops a segment gives it a notice; when the last View that holds it is gone, so is the
// notice, and the folder may be removed. No reader touches the disk for it. A folder that is not
// removed before the process ends is an orphan: the next open sweeps it.
//
// Thread safety: all methods from any thread.
#pragma once

#include <memory>
#include <vector>

#include "base/ids.h"

namespace vecdb::roles {

class Trash {
  struct State;

 public:
  // Made before the drop; from Arm() on, which needs no memory, its end means that the folder may
  // go. May outlive the trash.
  class Notice {
   public:
    Notice(std::shared_ptr<State> state, SegmentId id);
    ~Notice();
    Notice(const Notice&) = delete;
    Notice& operator=(const Notice&) = delete;
    void Arm() { armed_ = true; }
    SegmentId id() const { return id_; }

   private:
    const std::shared_ptr<State> state_;
    const SegmentId id_;
    bool armed_ = false;
  };

  Trash();
  std::shared_ptr<Notice> NoticeFor(SegmentId id);
  // Whether Take() would give any.
  bool empty() const;
  // Those whose last reader has gone since the last call.
  std::vector<SegmentId> Take();

 private:
  const std::shared_ptr<State> state_;
};

}  // namespace vecdb::roles
