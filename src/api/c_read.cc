#include <string_view>
#include <utility>
#include <vector>

#include "vecdb/request.h"

#include "api/c_call.h"
#include "api/c_objects.h"
#include "api/c_request_structs.h"
#include "api/c_requests.h"

using namespace vecdb;       // NOLINT(google-build-using-namespace): these functions are its C face
using namespace vecdb::api;  // NOLINT(google-build-using-namespace)

void vecdb_search_request_init(vecdb_search_request* request, size_t struct_size) {
  InitStruct(request, struct_size);
}

void vecdb_query_request_init(vecdb_query_request* request, size_t struct_size) {
  InitStruct(request, struct_size);
}

void vecdb_get_request_init(vecdb_get_request* request, size_t struct_size) {
  InitStruct(request, struct_size);
}

void vecdb_read_options_init(vecdb_read_options* options, size_t struct_size) {
  InitStruct(options, struct_size);
}

vecdb_code vecdb_search(const vecdb_collection* collection, const vecdb_search_request* request,
                        vecdb_rows** out, vecdb_error* error) {
  return CallMaking<RowsObject>(out, error, [&](RowsObject& made) -> Status {
    VECDB_TRY_ASSIGN(const auto used, Use<CollectionObject>(collection));
    VECDB_TRY_ASSIGN(const vecdb_search_request asked, ReadStruct(request));
    VECDB_TRY_ASSIGN(const SearchRequest translated, RequestOf(asked));
    VECDB_TRY_ASSIGN(Hits hits, used->collection->Search(translated));
    Fill(used->collection->schema().primary_key().name, &hits, &made);
    return Status();
  });
}

vecdb_code vecdb_query(const vecdb_collection* collection, const vecdb_query_request* request,
                       vecdb_rows** out, vecdb_error* error) {
  return CallMaking<RowsObject>(out, error, [&](RowsObject& made) -> Status {
    VECDB_TRY_ASSIGN(const auto used, Use<CollectionObject>(collection));
    VECDB_TRY_ASSIGN(const vecdb_query_request asked, ReadStruct(request));
    VECDB_TRY_ASSIGN(const QueryRequest translated, RequestOf(asked));
    VECDB_TRY_ASSIGN(std::vector<Row> rows, used->collection->Query(translated));
    Fill(used->collection->schema().primary_key().name, &rows, &made);
    return Status();
  });
}

vecdb_code vecdb_get(const vecdb_collection* collection, const vecdb_get_request* request,
                     vecdb_rows** out, vecdb_keys** missing, vecdb_error* error) {
  if (missing != nullptr) *missing = nullptr;
  return CallMaking<RowsObject>(out, error, [&](RowsObject& made) -> Status {
    VECDB_TRY_ASSIGN(const auto used, Use<CollectionObject>(collection));
    VECDB_TRY_ASSIGN(const vecdb_get_request asked, ReadStruct(request));
    VECDB_TRY_ASSIGN(const GetRequest translated, RequestOf(asked));
    VECDB_TRY_ASSIGN(
        GetResult found,
        used->collection->Get(translated.keys, translated.output_fields, translated.read));
    return Fill(used->collection->schema().primary_key().name, std::move(found), &made, missing);
  });
}

vecdb_code vecdb_count_with(const vecdb_collection* collection, vecdb_text filter,
                            const vecdb_read_options* options, uint64_t* out, vecdb_error* error) {
  return CallUsing<CollectionObject>(collection, error, [&](CollectionObject& o) -> Status {
    if (out == nullptr) return IsNull("out");
    *out = 0;
    VECDB_TRY_ASSIGN(const std::string_view condition, Lent(filter, "filter"));
    VECDB_TRY_ASSIGN(const ReadOptions read, OptionsOf(options));
    VECDB_TRY_ASSIGN(*out, o.collection->Count(condition, read));
    return Status();
  });
}

vecdb_code vecdb_count(const vecdb_collection* collection, vecdb_text filter, uint64_t* out,
                       vecdb_error* error) {
  return vecdb_count_with(collection, filter, nullptr, out, error);
}
