// Folders of segments that no record names any more, and whose files readers may still have
// mapped. A segment that is dropped gets a notice; when the last View that holds it is gone, so is
// the notice, and the folder may be removed. No reader touches the disk for it. A folder that is
// not removed before the process ends is an orphan: the next open sweeps it.
//
// Thread safety: all methods from any thread.
#pragma once

#include <memory>
#include <vector>

#include "base/ids.h"
#include "segment/segment.h"

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

// The sealed segments that one edit drops.
class Retiring {
 public:
  explicit Retiring(Trash* trash) : trash_(*trash) {}
  void Add(std::shared_ptr<segment::Segment> segment);
  // The drop is durable. Needs no memory; the segments may go from here on.
  void Done();

 private:
  struct Retired {
    std::shared_ptr<segment::Segment> segment;
    std::shared_ptr<Trash::Notice> notice;
  };
  Trash& trash_;
  std::vector<Retired> retired_;
};

}  // namespace vecdb::roles
