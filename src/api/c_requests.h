// What the C API is asked, in the words of C++, and how rows become its answers.
#pragma once

#include <stop_token>
#include <string_view>
#include <vector>

#include "vecdb/c.h"
#include "vecdb/request.h"
#include "vecdb/result.h"

#include "api/c_objects.h"

namespace vecdb::api {

Result<SearchRequest> RequestOf(const vecdb_search_request& from);
Result<QueryRequest> RequestOf(const vecdb_query_request& from);
Result<IterateRequest> RequestOf(const vecdb_iterate_request& from);
Result<IterateSearchRequest> RequestOf(const vecdb_iterate_search_request& from);
// `what` is where the value was given.
Result<QueryVector> QueryOf(const vecdb_value& from, std::string_view what);

// What a vecdb_get_request means.
struct GetRequest {
  std::vector<Key> keys;
  std::vector<std::string> output_fields;
  ReadOptions read;
};
Result<GetRequest> RequestOf(const vecdb_get_request& from);

// NULL is the defaults; `what` is where it was given.
Result<ReadOptions> OptionsOf(const vecdb_read_options* given);
Result<CallLimits> LimitsOf(const vecdb_call_limits* given);
// No token for NULL. It outlives the handle.
Result<std::stop_token> TokenOf(const vecdb_stop* stop);

// Take the rows over, and what is lent of them. Without the memory for that `found` still has them.
void Fill(std::string_view key_field, Hits* found, RowsObject* rows);
void Fill(std::string_view key_field, std::vector<Row>* found, RowsObject* rows);
// The answer of a get: rows into `rows`, what is missing into a new handle, unless that is NULL.
Status Fill(std::string_view key_field, GetResult found, RowsObject* rows, vecdb_keys** missing);

}  // namespace vecdb::api
