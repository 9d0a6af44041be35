// What a read goes by from its first row to its last: decided once, when it begins (rule 3).
#pragma once

#include <algorithm>

#include "vecdb/types.h"

namespace vecdb::segment {

struct ReadTime {
  // Every row lives until it is deleted.
  ReadTime(Timestamp t) : at(t) {}  // NOLINT(google-explicit-constructor): a time is all it takes
  ReadTime(Timestamp t, Timestamp alive) : at(t), alive_from(alive) {}

  Timestamp at;               // writes up to here are seen
  Timestamp alive_from = {};  // rows written before have expired
};

// The later of both, in each of the two ways.
inline ReadTime Later(const ReadTime& a, const ReadTime& b) {
  return {std::max(a.at, b.at), std::max(a.alive_from, b.alive_from)};
}

}  // namespace vecdb::segment
