#include <string_view>

#include "api/c_call.h"
#include "api/c_objects.h"

using namespace vecdb;       // NOLINT(google-build-using-namespace): these functions are its C face
using namespace vecdb::api;  // NOLINT(google-build-using-namespace)

vecdb_code vecdb_create_partition(vecdb_collection* collection, vecdb_text name,
                                  vecdb_error* error) {
  return CallUsing<CollectionObject>(collection, error, [&](CollectionObject& o) -> Status {
    VECDB_TRY_ASSIGN(const std::string_view called, Lent(name, "name"));
    return o.collection->CreatePartition(called);
  });
}

vecdb_code vecdb_drop_partition(vecdb_collection* collection, vecdb_text name, vecdb_error* error) {
  return CallUsing<CollectionObject>(collection, error, [&](CollectionObject& o) -> Status {
    VECDB_TRY_ASSIGN(const std::string_view called, Lent(name, "name"));
    return o.collection->DropPartition(called);
  });
}

vecdb_code vecdb_has_partition(const vecdb_collection* collection, vecdb_text name, int* out,
                               vecdb_error* error) {
  return CallUsing<CollectionObject>(collection, error, [&](CollectionObject& o) -> Status {
    if (out == nullptr) return IsNull("out");
    *out = 0;
    VECDB_TRY_ASSIGN(const std::string_view called, Lent(name, "name"));
    VECDB_TRY_ASSIGN(const bool has, o.collection->HasPartition(called));
    *out = has ? 1 : 0;
    return Status();
  });
}

vecdb_code vecdb_list_partitions(const vecdb_collection* collection, vecdb_texts** out,
                                 vecdb_error* error) {
  return CallMaking<TextsObject>(out, error, [&](TextsObject& made) -> Status {
    VECDB_TRY_ASSIGN(const auto used, Use<CollectionObject>(collection));
    VECDB_TRY_ASSIGN(made.texts, used->collection->ListPartitions());
    return Status();
  });
}
