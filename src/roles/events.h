// Tells Options::listener what happens, one call at a time.
#pragma once

#include <functional>

#include "vecdb/event.h"

#include "base/log.h"
#include "base/mutex.h"
#include "roles/segment_events.h"

namespace vecdb::roles {

// Thread safety: all methods from any thread, with no lock of a writer or reader held.
class Events {
 public:
  // What is lent outlives this.
  Events(const std::function<void(const Event&)>& listener, const Guard& guard, base::Log& log)
      : listener_(listener), guard_(guard), log_(log) {}

  bool listening() const { return listener_ != nullptr; }
  // Never fails: what the listener throws is told to the log.
  void Emit(const Event& event) EXCLUDES(mutex_);

 private:
  const std::function<void(const Event&)>& listener_;
  const Guard& guard_;
  base::Log& log_;
  base::Mutex mutex_;  // leaf
};

}  // namespace vecdb::roles
