// Calls that may end early, and what ends them.
#include "api/c_call.h"
#include "api/c_objects.h"
#include "api/c_request_structs.h"
#include "api/c_requests.h"

using namespace vecdb;       // NOLINT(google-build-using-namespace): these functions are its C face
using namespace vecdb::api;  // NOLINT(google-build-using-namespace)

void vecdb_call_limits_init(vecdb_call_limits* limits, size_t struct_size) {
  InitStruct(limits, struct_size);
}

vecdb_code vecdb_stop_new(vecdb_stop** out, vecdb_error* error) {
  return CallMaking<StopObject>(out, error, [](StopObject&) { return Status(); });
}

vecdb_code vecdb_stop_request(vecdb_stop* stop, vecdb_error* error) {
  return CallUsing<StopObject>(stop, error, [](StopObject& o) {
    o.source.request_stop();
    return Status();
  });
}

vecdb_code vecdb_stop_free(vecdb_stop* stop) {
  return Free<StopObject>(stop);
}

vecdb_code vecdb_collection_flush_within(vecdb_collection* collection,
                                         const vecdb_call_limits* limits, vecdb_error* error) {
  return CallUsing<CollectionObject>(collection, error, [&](CollectionObject& o) -> Status {
    VECDB_TRY_ASSIGN(const CallLimits how, LimitsOf(limits));
    return o.collection->Flush(how);
  });
}

vecdb_code vecdb_collection_release(vecdb_collection* collection, vecdb_error* error) {
  return CallUsing<CollectionObject>(collection, error,
                                     [](CollectionObject& o) { return o.collection->Release(); });
}

vecdb_code vecdb_collection_load(vecdb_collection* collection, const vecdb_call_limits* limits,
                                 vecdb_error* error) {
  return CallUsing<CollectionObject>(collection, error, [&](CollectionObject& o) -> Status {
    VECDB_TRY_ASSIGN(const CallLimits how, LimitsOf(limits));
    return o.collection->Load(how);
  });
}

vecdb_code vecdb_collection_load_state(const vecdb_collection* collection, int32_t* out,
                                       vecdb_error* error) {
  return CallUsing<CollectionObject>(collection, error, [&](CollectionObject& o) -> Status {
    if (out == nullptr) return IsNull("out");
    *out = 0;
    VECDB_TRY_ASSIGN(const LoadState state, o.collection->load_state());
    *out = static_cast<int32_t>(state);
    return Status();
  });
}
