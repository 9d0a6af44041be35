#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "vecdb/request.h"

#include "api/c_call.h"
#include "api/c_objects.h"
#include "api/c_request_structs.h"
#include "api/c_requests.h"
#include "query/plan.h"

using namespace vecdb;       // NOLINT(google-build-using-namespace): these functions are its C face
using namespace vecdb::api;  // NOLINT(google-build-using-namespace)

namespace {

struct Asked {
  SearchRequest request;
  std::vector<QueryVector> queries;
};

Result<Asked> AskedBy(const vecdb_search_request* request, const vecdb_value* queries,
                      std::size_t count) {
  VECDB_TRY_ASSIGN(vecdb_search_request from, ReadStruct(request));
  from.query = {};  // is not looked at
  VECDB_TRY_ASSIGN(const auto values, Lent(queries, count, "queries"));
  Asked asked;
  VECDB_TRY_ASSIGN(asked.request, RequestOf(from));
  VECDB_TRY(query::CheckQueryCount(count));
  for (std::size_t i = 0; i < values.size(); ++i) {
    VECDB_TRY_ASSIGN(const QueryVector query, QueryOf(values[i], base::Format("queries[{}]", i)));
    asked.queries.push_back(query);
  }
  return asked;
}

// A handle for each of the answers: all of them, or none.
Status GiveOut(std::string_view key_field, std::vector<Hits> answers, vecdb_rows** out) {
  std::vector<Made<RowsObject>> handles;
  handles.reserve(answers.size());
  for (Hits& hits : answers) {
    VECDB_TRY_ASSIGN(Made<RowsObject> made, Make<RowsObject>());
    Fill(key_field, &hits, &*made);
    handles.push_back(std::move(made));
  }
  for (std::size_t i = 0; i < handles.size(); ++i) out[i] = handles[i].Publish();
  return Status();
}

Status Clear(vecdb_rows** out, std::size_t count) {
  if (out == nullptr) return IsNull("out");
  std::fill_n(out, std::min(count, query::kMaxQueries), nullptr);
  return Status();
}

}  // namespace

vecdb_code vecdb_search_many(const vecdb_collection* collection,
                             const vecdb_search_request* request, const vecdb_value* queries,
                             size_t query_count, vecdb_rows** out, vecdb_error* error) {
  return Call(error, [&]() -> Status {
    VECDB_TRY(Clear(out, query_count));
    VECDB_TRY_ASSIGN(const auto used, Use<CollectionObject>(collection));
    VECDB_TRY_ASSIGN(const Asked asked, AskedBy(request, queries, query_count));
    VECDB_TRY_ASSIGN(auto answers, used->collection->SearchMany(asked.request, asked.queries));
    return GiveOut(used->collection->schema().primary_key().name, std::move(answers), out);
  });
}

vecdb_code vecdb_snapshot_search_many(const vecdb_snapshot* snapshot,
                                      const vecdb_search_request* request,
                                      const vecdb_value* queries, size_t query_count,
                                      vecdb_rows** out, vecdb_error* error) {
  return Call(error, [&]() -> Status {
    VECDB_TRY(Clear(out, query_count));
    VECDB_TRY_ASSIGN(const auto used, Use<SnapshotObject>(snapshot));
    VECDB_TRY_ASSIGN(const Asked asked, AskedBy(request, queries, query_count));
    VECDB_TRY_ASSIGN(auto answers, used->snapshot->SearchMany(asked.request, asked.queries));
    return GiveOut(used->key_field, std::move(answers), out);
  });
}
