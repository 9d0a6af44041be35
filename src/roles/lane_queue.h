// The writes that wait for one lane. Whoever has the turn executes, under the lane, the writes of
// all who wait, and its own last: they sleep once, until their write is done and durable, and not a
// second time for the lane. Why: docs/adr/0031-the-turn-executes-for-all.md.
//
// Thread safety: all methods from any thread.
#pragma once

#include <optional>

#include "base/mutex.h"
#include "wal/sleepers.h"
#include "wal/writer.h"

namespace vecdb::roles {

struct WriteRequest;

// One write on its way through a lane; lives on its caller's stack. Who executes it or passes the
// turn sets `state`, and then wakes `sleeper`.
struct WriteTicket {
  enum class State {
    kWaiting,
    kTurn,  // execute it, and those that wait, yourself
    kDone,  // `outcome` is there
    kOutOfMemory,
    kAgain,  // memory ran out for another one: enter once more
  };
  explicit WriteTicket(const WriteRequest& of) : request(of) {}

  const WriteRequest& request;
  State state = State::kWaiting;
  std::optional<Result<wal::Position>> outcome;
  wal::Sleeper sleeper;
  WriteTicket* next = nullptr;
};

class LaneQueue {
 public:
  // True: the caller has the turn, until Leave(). False: sleep until the ticket's state says more.
  bool Enter(WriteTicket* ticket) EXCLUDES(mutex_);
  // True: the ticket has left the queue, and nobody will touch it. False: somebody has taken it out
  // or is about to, and wakes its sleeper.
  bool Withdraw(WriteTicket* ticket) EXCLUDES(mutex_);
  // Who waits, in order of arrival, as a list; only for who has the turn.
  WriteTicket* TakeWaiting() EXCLUDES(mutex_);
  // Passes the turn on.
  void Leave() EXCLUDES(mutex_);

 private:
  base::Mutex mutex_;  // leaf
  bool taken_ GUARDED_BY(mutex_) = false;
  WriteTicket* first_ GUARDED_BY(mutex_) = nullptr;
  WriteTicket* last_ GUARDED_BY(mutex_) = nullptr;
};

}  // namespace vecdb::roles
