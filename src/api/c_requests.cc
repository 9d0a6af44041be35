#include "api/c_requests.h"

#include <chrono>
#include <span>
#include <string>
#include <utility>
#include <variant>

#include "api/c_call.h"
#include "api/c_request_structs.h"
#include "api/c_value.h"

namespace vecdb::api {
namespace {

// The values that are vectors; a null becomes no vector at all, which the search refuses by field.
struct VectorOf {
  Result<QueryVector> operator()(std::monostate) const { return QueryVector(); }
  Result<QueryVector> operator()(std::span<const float> v) const { return QueryVector(v); }
  Result<QueryVector> operator()(std::span<const std::int8_t> v) const { return QueryVector(v); }
  Result<QueryVector> operator()(std::span<const std::uint8_t> v) const { return QueryVector(v); }
  Result<QueryVector> operator()(const SparseView& v) const { return QueryVector(v); }
  template <typename T>
  Result<QueryVector> operator()(const T&) const {
    return base::InvalidArgument("{} is a value of kind {}, not a vector", what, kind);
  }
  std::string_view what;
  vecdb_kind kind = VECDB_VALUE_NULL;
};

}  // namespace

Result<std::stop_token> TokenOf(const vecdb_stop* stop) {
  if (stop == nullptr) return std::stop_token();
  VECDB_TRY_ASSIGN(const auto used, Use<StopObject>(stop));
  return used->source.get_token();
}

Result<CallLimits> LimitsOf(const vecdb_call_limits* given) {
  VECDB_TRY_ASSIGN(const vecdb_call_limits from, ReadOptional(given));
  CallLimits limits;
  limits.timeout = std::chrono::milliseconds(from.timeout_ms);
  VECDB_TRY_ASSIGN(limits.stop, TokenOf(from.stop));
  return limits;
}

Result<ReadOptions> OptionsOf(const vecdb_read_options* given) {
  VECDB_TRY_ASSIGN(const vecdb_read_options from, ReadOptional(given));
  ReadOptions options;
  if (from.consistency != 0) {
    VECDB_TRY_ASSIGN(options.consistency,
                     EnumOf<Consistency>(from.consistency, "vecdb_read_options.consistency"));
  }
  options.session = Timestamp{from.session};
  options.timeout = std::chrono::milliseconds(from.timeout_ms);
  VECDB_TRY_ASSIGN(options.stop, TokenOf(from.stop));
  VECDB_TRY_ASSIGN(options.partitions, OwnedTexts(from.partitions, from.partition_count,
                                                  "vecdb_read_options.partitions"));
  return options;
}

Result<QueryVector> QueryOf(const vecdb_value& from, std::string_view what) {
  Views views;  // for kinds that are refused
  VECDB_TRY_ASSIGN(const ValueView query, ViewOf(from, what, &views));
  return std::visit(VectorOf{what, from.kind}, query);
}

Result<SearchRequest> RequestOf(const vecdb_search_request& from) {
  SearchRequest request;
  VECDB_TRY_ASSIGN(request.field, Lent(from.field, "vecdb_search_request.field"));
  VECDB_TRY_ASSIGN(request.query, QueryOf(from.query, "vecdb_search_request.query"));
  request.limit = from.limit;
  request.offset = from.offset;
  VECDB_TRY_ASSIGN(request.filter, Lent(from.filter, "vecdb_search_request.filter"));
  VECDB_TRY_ASSIGN(request.output_fields, OwnedTexts(from.output_fields, from.output_field_count,
                                                     "vecdb_search_request.output_fields"));
  VECDB_TRY_ASSIGN(request.read, OptionsOf(from.read));
  request.effort = {.recall = from.recall, .ef = from.ef, .refine_k = from.refine_k};
  if (from.radius != nullptr) request.radius = *from.radius;
  if (from.range_filter != nullptr) request.range_filter = *from.range_filter;
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

Result<GetRequest> RequestOf(const vecdb_get_request& from) {
  GetRequest request;
  VECDB_TRY_ASSIGN(request.keys, OwnedKeys(from.keys, from.key_count));
  VECDB_TRY_ASSIGN(request.output_fields, OwnedTexts(from.output_fields, from.output_field_count,
                                                     "vecdb_get_request.output_fields"));
  VECDB_TRY_ASSIGN(request.read, OptionsOf(from.read));
  return request;
}

Result<IterateRequest> RequestOf(const vecdb_iterate_request& from) {
  IterateRequest request;
  VECDB_TRY_ASSIGN(request.filter, Lent(from.filter, "vecdb_iterate_request.filter"));
  VECDB_TRY_ASSIGN(request.output_fields, OwnedTexts(from.output_fields, from.output_field_count,
                                                     "vecdb_iterate_request.output_fields"));
  request.batch_size = from.batch_size;
  request.limit = from.limit;
  if (from.after != nullptr) {
    VECDB_TRY_ASSIGN(std::vector<Key> after, OwnedKeys(from.after, 1));
    request.after = std::move(after.front());
  }
  VECDB_TRY_ASSIGN(request.read, OptionsOf(from.read));
  return request;
}

Result<IterateSearchRequest> RequestOf(const vecdb_iterate_search_request& from) {
  IterateSearchRequest request;
  VECDB_TRY_ASSIGN(request.field, Lent(from.field, "vecdb_iterate_search_request.field"));
  VECDB_TRY_ASSIGN(request.query, QueryOf(from.query, "vecdb_iterate_search_request.query"));
  request.batch_size = from.batch_size;
  request.limit = from.limit;
  if (from.radius != nullptr) request.radius = *from.radius;
  if (from.range_filter != nullptr) request.range_filter = *from.range_filter;
  VECDB_TRY_ASSIGN(request.filter, Lent(from.filter, "vecdb_iterate_search_request.filter"));
  VECDB_TRY_ASSIGN(request.output_fields, OwnedTexts(from.output_fields, from.output_field_count,
                                                     "vecdb_iterate_search_request.output_fields"));
  VECDB_TRY_ASSIGN(request.read, OptionsOf(from.read));
  request.effort = {.recall = from.recall, .ef = from.ef, .refine_k = from.refine_k};
  return request;
}

// What is lent of a hit stays where it is when the list is moved.
void Fill(std::string_view key_field, Hits* found, RowsObject* rows) {
  rows->searched = true;
  rows->key_field = key_field;
  for (const Hit& hit : *found) {
    for (const Value& value : hit.row.values) rows->values.Add(value);
  }
  rows->hits = std::move(*found);
  if (!rows->hits.empty()) rows->fields = rows->hits.front().row.names.size();
}

// What is lent of a row stays where it is when the row is moved.
void Fill(std::string_view key_field, std::vector<Row>* found, RowsObject* rows) {
  Hits hits(found->size());
  rows->key_field = key_field;
  for (const Row& row : *found) {
    for (const Value& value : row.values) rows->values.Add(value);
  }
  for (std::size_t i = 0; i < hits.size(); ++i) hits[i].row = std::move((*found)[i]);
  rows->hits = std::move(hits);
  if (!rows->hits.empty()) rows->fields = rows->hits.front().row.names.size();
}

Status Fill(std::string_view key_field, GetResult found, RowsObject* rows, vecdb_keys** missing) {
  Fill(key_field, &found.rows, rows);
  if (missing == nullptr) return Status();
  VECDB_TRY_ASSIGN(Made<KeysObject> not_found, Make<KeysObject>());
  not_found->keys = std::move(found.missing);
  *missing = not_found.Publish();
  return Status();
}

}  // namespace vecdb::api
