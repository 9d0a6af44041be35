#include <string_view>
#include <utility>
#include <vector>

#include "vecdb/request.h"
#include "vecdb/snapshot.h"

#include "api/c_call.h"
#include "api/c_objects.h"
#include "api/c_request_structs.h"
#include "api/c_requests.h"

using namespace vecdb;       // NOLINT(google-build-using-namespace): these functions are its C face
using namespace vecdb::api;  // NOLINT(google-build-using-namespace)

void vecdb_iterate_request_init(vecdb_iterate_request* request, size_t struct_size) {
  InitStruct(request, struct_size);
}

vecdb_code vecdb_snapshot_new(const vecdb_collection* collection, const vecdb_read_options* options,
                              vecdb_snapshot** out, vecdb_error* error) {
  return CallMaking<SnapshotObject>(out, error, [&](SnapshotObject& made) -> Status {
    VECDB_TRY_ASSIGN(const auto used, Use<CollectionObject>(collection));
    VECDB_TRY_ASSIGN(const ReadOptions read, OptionsOf(options));
    made.key_field = used->collection->schema().primary_key().name;
    VECDB_TRY_ASSIGN(made.snapshot, used->collection->Snapshot(read));
    return Status();
  });
}

vecdb_code vecdb_snapshot_timestamp(const vecdb_snapshot* snapshot, uint64_t* out,
                                    vecdb_error* error) {
  return CallUsing<SnapshotObject>(snapshot, error, [&](SnapshotObject& o) -> Status {
    if (out == nullptr) return IsNull("out");
    *out = static_cast<std::uint64_t>(o.snapshot->timestamp());
    return Status();
  });
}

vecdb_code vecdb_snapshot_search(const vecdb_snapshot* snapshot,
                                 const vecdb_search_request* request, vecdb_rows** out,
                                 vecdb_error* error) {
  return CallMaking<RowsObject>(out, error, [&](RowsObject& made) -> Status {
    VECDB_TRY_ASSIGN(const auto used, Use<SnapshotObject>(snapshot));
    VECDB_TRY_ASSIGN(const vecdb_search_request asked, ReadStruct(request));
    VECDB_TRY_ASSIGN(const SearchRequest translated, RequestOf(asked));
    VECDB_TRY_ASSIGN(Hits hits, used->snapshot->Search(translated));
    Fill(used->key_field, &hits, &made);
    return Status();
  });
}

vecdb_code vecdb_snapshot_query(const vecdb_snapshot* snapshot, const vecdb_query_request* request,
                                vecdb_rows** out, vecdb_error* error) {
  return CallMaking<RowsObject>(out, error, [&](RowsObject& made) -> Status {
    VECDB_TRY_ASSIGN(const auto used, Use<SnapshotObject>(snapshot));
    VECDB_TRY_ASSIGN(const vecdb_query_request asked, ReadStruct(request));
    VECDB_TRY_ASSIGN(const QueryRequest translated, RequestOf(asked));
    VECDB_TRY_ASSIGN(std::vector<Row> rows, used->snapshot->Query(translated));
    Fill(used->key_field, &rows, &made);
    return Status();
  });
}

vecdb_code vecdb_snapshot_get(const vecdb_snapshot* snapshot, const vecdb_get_request* request,
                              vecdb_rows** out, vecdb_keys** missing, vecdb_error* error) {
  if (missing != nullptr) *missing = nullptr;
  return CallMaking<RowsObject>(out, error, [&](RowsObject& made) -> Status {
    VECDB_TRY_ASSIGN(const auto used, Use<SnapshotObject>(snapshot));
    VECDB_TRY_ASSIGN(const vecdb_get_request asked, ReadStruct(request));
    VECDB_TRY_ASSIGN(const GetRequest translated, RequestOf(asked));
    VECDB_TRY_ASSIGN(GetResult found, used->snapshot->Get(translated.keys, translated.output_fields,
                                                          translated.read));
    return Fill(used->key_field, std::move(found), &made, missing);
  });
}

vecdb_code vecdb_snapshot_count(const vecdb_snapshot* snapshot, vecdb_text filter,
                                const vecdb_read_options* options, uint64_t* out,
                                vecdb_error* error) {
  return CallUsing<SnapshotObject>(snapshot, error, [&](SnapshotObject& o) -> Status {
    if (out == nullptr) return IsNull("out");
    *out = 0;
    VECDB_TRY_ASSIGN(const std::string_view condition, Lent(filter, "filter"));
    VECDB_TRY_ASSIGN(const ReadOptions read, OptionsOf(options));
    VECDB_TRY_ASSIGN(*out, o.snapshot->Count(condition, read));
    return Status();
  });
}

vecdb_code vecdb_snapshot_free(vecdb_snapshot* snapshot) {
  return Free<SnapshotObject>(snapshot);
}

vecdb_code vecdb_iterate(const vecdb_collection* collection, const vecdb_iterate_request* request,
                         vecdb_iterator** out, vecdb_error* error) {
  return CallMaking<IteratorObject>(out, error, [&](IteratorObject& made) -> Status {
    VECDB_TRY_ASSIGN(const auto used, Use<CollectionObject>(collection));
    VECDB_TRY_ASSIGN(const vecdb_iterate_request asked, ReadStruct(request));
    VECDB_TRY_ASSIGN(const IterateRequest translated, RequestOf(asked));
    made.key_field = used->collection->schema().primary_key().name;
    VECDB_TRY_ASSIGN(made.rows, used->collection->Iterate(translated));
    return Status();
  });
}

vecdb_code vecdb_snapshot_iterate(const vecdb_snapshot* snapshot,
                                  const vecdb_iterate_request* request, vecdb_iterator** out,
                                  vecdb_error* error) {
  return CallMaking<IteratorObject>(out, error, [&](IteratorObject& made) -> Status {
    VECDB_TRY_ASSIGN(const auto used, Use<SnapshotObject>(snapshot));
    VECDB_TRY_ASSIGN(const vecdb_iterate_request asked, ReadStruct(request));
    VECDB_TRY_ASSIGN(const IterateRequest translated, RequestOf(asked));
    made.key_field = used->key_field;
    VECDB_TRY_ASSIGN(made.rows, used->snapshot->Iterate(translated));
    return Status();
  });
}

void vecdb_iterate_search_request_init(vecdb_iterate_search_request* request, size_t struct_size) {
  InitStruct(request, struct_size);
}

vecdb_code vecdb_iterate_search(const vecdb_collection* collection,
                                const vecdb_iterate_search_request* request, vecdb_iterator** out,
                                vecdb_error* error) {
  return CallMaking<IteratorObject>(out, error, [&](IteratorObject& made) -> Status {
    VECDB_TRY_ASSIGN(const auto used, Use<CollectionObject>(collection));
    VECDB_TRY_ASSIGN(const vecdb_iterate_search_request asked, ReadStruct(request));
    VECDB_TRY_ASSIGN(const IterateSearchRequest translated, RequestOf(asked));
    made.key_field = used->collection->schema().primary_key().name;
    VECDB_TRY_ASSIGN(made.hits, used->collection->IterateSearch(translated));
    return Status();
  });
}

vecdb_code vecdb_snapshot_iterate_search(const vecdb_snapshot* snapshot,
                                         const vecdb_iterate_search_request* request,
                                         vecdb_iterator** out, vecdb_error* error) {
  return CallMaking<IteratorObject>(out, error, [&](IteratorObject& made) -> Status {
    VECDB_TRY_ASSIGN(const auto used, Use<SnapshotObject>(snapshot));
    VECDB_TRY_ASSIGN(const vecdb_iterate_search_request asked, ReadStruct(request));
    VECDB_TRY_ASSIGN(const IterateSearchRequest translated, RequestOf(asked));
    made.key_field = used->key_field;
    VECDB_TRY_ASSIGN(made.hits, used->snapshot->IterateSearch(translated));
    return Status();
  });
}

vecdb_code vecdb_iterator_next(vecdb_iterator* iterator, vecdb_rows** out, vecdb_error* error) {
  return CallMaking<RowsObject>(out, error, [&](RowsObject& made) -> Status {
    VECDB_TRY_ASSIGN(const auto used, Use<IteratorObject>(iterator));
    if (used->hits) {
      if (used->unread_hits.empty()) {
        VECDB_TRY_ASSIGN(used->unread_hits, used->hits->Next());
      }
      Fill(used->key_field, &used->unread_hits, &made);
      used->unread_hits.clear();
      return Status();
    }
    if (used->unread.empty()) {
      VECDB_TRY_ASSIGN(used->unread, used->rows->Next());
    }
    Fill(used->key_field, &used->unread, &made);
    used->unread.clear();
    return Status();
  });
}

vecdb_code vecdb_iterator_free(vecdb_iterator* iterator) {
  return Free<IteratorObject>(iterator);
}
