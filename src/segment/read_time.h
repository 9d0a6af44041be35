// What a read goes by from its first row to its last: decided once, when it begins (rule 3).
#pragma once

#include "vecdb/types.h"

namespace vecdb::segment {

struct ReadTime {
  // Every row lives until it is deleted.
  ReadTime(Timestamp t) : at(t) {}  // NOLINT(google-explicit-constructor): a time is all it takes
  ReadTime(Timestamp t, Timestamp alive) : at(t), alive_from(alive) {}

  Timestamp at;               // writes up to here are seen
  Timestamp alive_from = {};  // rows written before have expired
};

}  // namespace vecdb::segment
