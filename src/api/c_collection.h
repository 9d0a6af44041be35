// The options of a collection in C.
#pragma once

#include <cstddef>

#include "vecdb/c.h"
#include "vecdb/c_collections.h"
#include "vecdb/options.h"

#include "api/c_struct.h"

namespace vecdb::api {

vecdb_collection_options LendOptions(const CollectionOptions& options);

template <>
struct CStruct<vecdb_collection_options> {
  static constexpr std::string_view kName = "vecdb_collection_options";
  static constexpr std::size_t kFirstSize = offsetof(vecdb_collection_options, partition_key);
  static vecdb_collection_options Defaults() {
    vecdb_collection_options out = LendOptions({});
    out.partition_key = {};  // what was lent is gone
    out.clustering_key = {};
    return out;
  }
};

vecdb_collection_properties LendProperties(const CollectionProperties& properties);
Result<CollectionProperties> PropertiesOf(const vecdb_collection_properties* given);

template <>
struct CStruct<vecdb_collection_properties> {
  static constexpr std::string_view kName = "vecdb_collection_properties";
  static constexpr std::size_t kFirstSize =
      offsetof(vecdb_collection_properties, compact_when_deleted);
  static vecdb_collection_properties Defaults() { return LendProperties({}); }
};

}  // namespace vecdb::api
