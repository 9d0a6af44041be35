#include "vecdb/version.h"

namespace vecdb {

std::string_view LibraryVersion() {
  return VECDB_VERSION;
}

}  // namespace vecdb
