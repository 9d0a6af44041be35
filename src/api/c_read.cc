#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "vecdb/request.h"

#include "api/c_call.h"
#include "api/c_objects.h"
#include "api/c_struct.h"
#include "api/c_value.h"

namespace vecdb::api {

template <>
struct CStruct<vecdb_read_options> {
  static constexpr std::string_view kName = "vecdb_read_options";
  static constexpr std::size_t kFirstSize = sizeof(vecdb_read_options);
  static vecdb_read_options Defaults() {
    vecdb_read_options out = {};
    out.struct_size = sizeof(out);
    return out;
  }
};

template <>
struct CStruct<vecdb_search_request> {
  static constexpr std::string_view kName = "vecdb_search_request";
  static constexpr std::size_t kFirstSize = offsetof(vecdb_search_request, read);
  static vecdb_search_request Defaults() {
    vecdb_search_request out = {};
    out.struct_size = sizeof(out);
    out.limit = SearchRequest().limit;
    return out;
  }
};

template <>
struct CStruct<vecdb_query_request> {
  static constexpr std::string_view kName = "vecdb_query_request";
  static constexpr std::size_t kFirstSize = offsetof(vecdb_query_request, read);
  static vecdb_query_request Defaults() {
    vecdb_query_request out = {};
    out.struct_size = sizeof(out);
    out.limit = QueryRequest().limit;
    return out;
  }
};

template <>
struct CStruct<vecdb_get_request> {
  static constexpr std::string_view kName = "vecdb_get_request";
  static constexpr std::size_t kFirstSize = offsetof(vecdb_get_request, read);
  static vecdb_get_request Defaults() {
    vecdb_get_request out = {};
    out.struct_size = sizeof(out);
    return out;
  }
};

namespace {

// The values that are vectors; a null becomes no vector at all, which the search refuses by field.
struct QueryOf {
  Result<QueryVector> operator()(std::monostate) const { return QueryVector(); }
  Result<QueryVector> operator()(std::span<const float> v) const { return QueryVector(v); }
  Result<QueryVector> operator()(std::span<const std::int8_t> v) const { return QueryVector(v); }
  Result<QueryVector> operator()(std::span<const std::uint8_t> v) const { return QueryVector(v); }
  Result<QueryVector> operator()(const SparseView& v) const { return QueryVector(v); }
  template <typename T>
  Result<QueryVector> operator()(const T&) const {
    return base::InvalidArgument("vecdb_search_request.query is a value of kind {}, not a vector",
                                 kind);
  }
  vecdb_kind kind = VECDB_VALUE_NULL;
};

Result<ReadOptions> OptionsOf(const vecdb_read_options* given) {
  VECDB_TRY_ASSIGN(const vecdb_read_options from, ReadOptional(given));
  ReadOptions options;
  VECDB_TRY_ASSIGN(options.partitions, OwnedTexts(from.partitions, from.partition_count,
                                                  "vecdb_read_options.partitions"));
  return options;
}

Result<SearchRequest> RequestOf(const vecdb_search_request& from) {
  SearchRequest request;
  VECDB_TRY_ASSIGN(request.field, Lent(from.field, "vecdb_search_request.field"));
  Views views;  // for kinds that are refused
  VECDB_TRY_ASSIGN(const ValueView query, ViewOf(from.query, "vecdb_search_request.query", &views));
  VECDB_TRY_ASSIGN(request.query, std::visit(QueryOf{from.query.kind}, query));
  request.limit = from.limit;
  request.offset = from.offset;
  VECDB_TRY_ASSIGN(request.filter, Lent(from.filter, "vecdb_search_request.filter"));
  VECDB_TRY_ASSIGN(request.output_fields, OwnedTexts(from.output_fields, from.output_field_count,
                                                     "vecdb_search_request.output_fields"));
  VECDB_TRY_ASSIGN(request.read, OptionsOf(from.read));
  return request;
}

Result<QueryRequest> RequestOf(const vecdb_query_request& from) {
  QueryRequest request;
  VECDB_TRY_ASSIGN(request.filter, Lent(from.filter, "vecdb_query_request.filter"));
  request.limit = from.limit;
  request.offset = from.offset;
  VECDB_TRY_ASSIGN(request.output_fields, OwnedTexts(from.output_fields, from.output_field_count,
                                                     "vecdb_query_request.output_fields"));
  VECDB_TRY_ASSIGN(request.read, OptionsOf(from.read));
  return request;
}

// Takes the rows over, and what is lent of them.
void Fill(const Collection& collection, Hits hits, RowsObject* rows) {
  rows->key_field = collection.schema().primary_key().name;
  rows->hits = std::move(hits);
  if (rows->hits.empty()) return;
  rows->fields = rows->hits.front().row.names.size();
  for (const Hit& hit : rows->hits) {
    for (const Value& value : hit.row.values) rows->values.Add(value);
  }
}

void Fill(const Collection& collection, std::vector<Row> found, RowsObject* rows) {
  Hits hits(found.size());
  for (std::size_t i = 0; i < found.size(); ++i) hits[i].row = std::move(found[i]);
  Fill(collection, std::move(hits), rows);
}

}  // namespace
}  // namespace vecdb::api

using namespace vecdb;       // NOLINT(google-build-using-namespace): these functions are its C face
using namespace vecdb::api;  // NOLINT(google-build-using-namespace)

void vecdb_read_options_init(vecdb_read_options* options, size_t struct_size) {
  InitStruct(options, struct_size);
}

void vecdb_search_request_init(vecdb_search_request* request, size_t struct_size) {
  InitStruct(request, struct_size);
}

void vecdb_query_request_init(vecdb_query_request* request, size_t struct_size) {
  InitStruct(request, struct_size);
}

void vecdb_get_request_init(vecdb_get_request* request, size_t struct_size) {
  InitStruct(request, struct_size);
}

vecdb_code vecdb_search(const vecdb_collection* collection, const vecdb_search_request* request,
                        vecdb_rows** out, vecdb_error* error) {
  return CallMaking<RowsObject>(out, error, [&](RowsObject& made) -> Status {
    VECDB_TRY_ASSIGN(const auto used, Use<CollectionObject>(collection));
    VECDB_TRY_ASSIGN(const vecdb_search_request asked, ReadStruct(request));
    VECDB_TRY_ASSIGN(const SearchRequest translated, RequestOf(asked));
    VECDB_TRY_ASSIGN(Hits hits, used->collection->Search(translated));
    made.searched = true;
    Fill(*used->collection, std::move(hits), &made);
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
    Fill(*used->collection, std::move(rows), &made);
    return Status();
  });
}

vecdb_code vecdb_get(const vecdb_collection* collection, const vecdb_get_request* request,
                     vecdb_rows** out, vecdb_keys** missing, vecdb_error* error) {
  if (missing != nullptr) *missing = nullptr;
  return CallMaking<RowsObject>(out, error, [&](RowsObject& made) -> Status {
    VECDB_TRY_ASSIGN(const auto used, Use<CollectionObject>(collection));
    VECDB_TRY_ASSIGN(const vecdb_get_request asked, ReadStruct(request));
    VECDB_TRY_ASSIGN(const std::vector<Key> keys, OwnedKeys(asked.keys, asked.key_count));
    VECDB_TRY_ASSIGN(const std::vector<std::string> fields,
                     OwnedTexts(asked.output_fields, asked.output_field_count,
                                "vecdb_get_request.output_fields"));
    VECDB_TRY_ASSIGN(const ReadOptions options, OptionsOf(asked.read));
    VECDB_TRY_ASSIGN(GetResult found, used->collection->Get(keys, fields, options));
    Fill(*used->collection, std::move(found.rows), &made);
    if (missing == nullptr) return Status();
    VECDB_TRY_ASSIGN(Made<KeysObject> not_found, Make<KeysObject>());
    not_found->keys = std::move(found.missing);
    *missing = not_found.Publish();
    return Status();
  });
}

vecdb_code vecdb_count(const vecdb_collection* collection, vecdb_text filter, uint64_t* out,
                       vecdb_error* error) {
  return vecdb_count_with(collection, filter, nullptr, out, error);
}

vecdb_code vecdb_count_with(const vecdb_collection* collection, vecdb_text filter,
                            const vecdb_read_options* options, uint64_t* out, vecdb_error* error) {
  return CallUsing<CollectionObject>(collection, error, [&](CollectionObject& o) -> Status {
    if (out == nullptr) return IsNull("out");
    *out = 0;
    VECDB_TRY_ASSIGN(const std::string_view condition, Lent(filter, "filter"));
    VECDB_TRY_ASSIGN(const ReadOptions how, OptionsOf(options));
    VECDB_TRY_ASSIGN(*out, o.collection->Count(condition, how));
    return Status();
  });
}
