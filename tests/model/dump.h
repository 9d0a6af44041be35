// All that a database holds, in bytes that can be compared.
#pragma once

#include <string>

#include "support/test_database.h"

namespace vecdb::test {

enum class DumpDepth {
  kLogical,   // every row ever written: key, timestamp, when it was deleted, every field
  kPhysical,  // and in which segment, at which place
};

// One line a row, in the order of collections, keys and timestamps.
std::string Dump(TestDatabase& database, DumpDepth depth);

}  // namespace vecdb::test
