#include "api/c_call.h"
#include "api/c_objects.h"
#include "api/c_struct.h"

namespace vecdb::api {

template <>
struct CStruct<vecdb_query_node> {
  static constexpr std::string_view kName = "vecdb_query_node";
  static constexpr std::size_t kFirstSize = sizeof(vecdb_query_node);
  static vecdb_query_node Defaults() { return {}; }
};

}  // namespace vecdb::api

using namespace vecdb;       // NOLINT(google-build-using-namespace): these functions are its C face
using namespace vecdb::api;  // NOLINT(google-build-using-namespace)

void vecdb_query_node_init(vecdb_query_node* node, size_t struct_size) {
  InitStruct(node, struct_size);
}

vecdb_code vecdb_query_node_count(vecdb_db* db, size_t* out, vecdb_error* error) {
  return CallUsing<DatabaseObject>(db, error, [&](DatabaseObject& o) -> Status {
    if (out == nullptr) return IsNull("out");
    VECDB_TRY_ASSIGN(const auto nodes, o.database->QueryNodes());
    *out = nodes.size();
    return Status();
  });
}

vecdb_code vecdb_query_node_at(vecdb_db* db, size_t i, vecdb_query_node* out, vecdb_error* error) {
  return CallUsing<DatabaseObject>(db, error, [&](DatabaseObject& o) -> Status {
    VECDB_TRY_ASSIGN(const auto nodes, o.database->QueryNodes());
    if (i >= nodes.size()) {
      return base::InvalidArgument("there is no query node {}: there are {}", i, nodes.size());
    }
    vecdb_query_node whole = {};
    whole.segments = nodes[i].segments;
    whole.rows = nodes[i].rows;
    whole.bytes = nodes[i].bytes;
    whole.reads = nodes[i].reads;
    return WriteStruct(whole, out);
  });
}
