// Segments that no View shows any more, and that readers may still have in a View of their own.
// Whoever reads last does not pay for taking them down (files to unmap, memory to give back, which
// takes milliseconds): the trash holds them too, and when nobody else does, they go with the next
// Take(), and then their folders, if no record names these. A folder that is not removed before the
// process ends is an orphan: the next open sweeps it.
//
// Thread safety: all methods from any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "base/mutex.h"
#include "segment/segment.h"

namespace vecdb::roles {

struct Retired {
  std::shared_ptr<segment::Segment> segment;
  std::optional<SegmentId> folder;  // that goes with it
};

class Trash {
 public:
  // Room for one more, so that Put() needs no memory; given back by one of the other two.
  void Reserve() EXCLUDES(mutex_);
  void Put(Retired one) EXCLUDES(mutex_);
  void GiveBack() EXCLUDES(mutex_);

  // Whether Take() would give any.
  bool ready() const EXCLUDES(mutex_);
  // Those that nobody else has any more.
  std::vector<Retired> Take() EXCLUDES(mutex_);

 private:
  mutable base::Mutex mutex_;  // leaf
  std::size_t reserved_ GUARDED_BY(mutex_) = 0;
  std::vector<Retired> waiting_ GUARDED_BY(mutex_);
};

// The segments that one step takes out of the View.
class Retiring {
 public:
  explicit Retiring(Trash* trash) : trash_(*trash) {}
  ~Retiring();
  Retiring(const Retiring&) = delete;
  Retiring& operator=(const Retiring&) = delete;

  // A sealed one goes with its folder.
  void Add(std::shared_ptr<segment::Segment> segment);
  // Another form of the segment takes its place, and with it the folder.
  void AddForm(std::shared_ptr<segment::Segment> segment);
  // The step is durable. Needs no memory; the segments may go from here on.
  void Done();

 private:
  void Add(std::shared_ptr<segment::Segment> segment, std::optional<SegmentId> folder);

  Trash& trash_;
  std::vector<Retired> retired_;
};

}  // namespace vecdb::roles
