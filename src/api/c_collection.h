// The options of a collection in C.
#pragma once

#include "vecdb/c.h"
#include "vecdb/options.h"

#include "api/c_struct.h"

namespace vecdb::api {

vecdb_collection_options LendOptions(const CollectionOptions& options);

template <>
struct CStruct<vecdb_collection_options> {
  static constexpr std::string_view kName = "vecdb_collection_options";
  static constexpr std::size_t kFirstSize = sizeof(vecdb_collection_options);
  static vecdb_collection_options Defaults() { return LendOptions({}); }
};

}  // namespace vecdb::api
