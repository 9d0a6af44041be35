// What threads wrote and what threads saw, and whether one order of the writes explains it all:
// each read is the state behind a prefix of the writes in timestamp order; a prefix that has every
// write acknowledged before the read began, and that never shrinks from one read of a thread to its
// next.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "vecdb/types.h"

namespace vecdb::test {

class History {
 public:
  using Changes = std::map<std::int64_t, std::optional<std::int64_t>>;  // key -> version, or gone
  using State = std::map<std::int64_t, std::int64_t>;                   // key -> version

  // A write that was acknowledged.
  void Wrote(Timestamp timestamp, Changes changes);
  // Before a read: what it must see at least.
  Timestamp Acknowledged() const;
  // A read by this thread of everything, or of the number of keys alone.
  void Saw(std::size_t thread, Timestamp acknowledged, State state);
  void Counted(std::size_t thread, Timestamp acknowledged, std::uint64_t keys);

  // When all threads have ended: empty, or what no order explains.
  std::string Contradiction() const;
  State Last() const;  // behind all writes
  std::size_t reads() const;

 private:
  struct Read {
    Timestamp acknowledged{0};
    std::optional<State> state;
    std::uint64_t keys = 0;
  };
  std::vector<State> States() const;

  mutable std::mutex mutex_;
  std::map<Timestamp, Changes> writes_;
  std::map<std::size_t, std::vector<Read>> reads_;  // by thread, in its order
};

}  // namespace vecdb::test
