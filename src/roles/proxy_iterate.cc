#include <algorithm>
#include <limits>

#include "base/status.h"
#include "chunk/validate.h"
#include "query/fetch.h"
#include "query/plan.h"
#include "roles/proxy.h"
#include "roles/read_memory.h"

namespace vecdb::roles {

Result<RowWalk> Proxy::StartWalk(const LiveCollection& collection, const IterateRequest& request,
                                 const Moment* at) const {
  if (at == nullptr) VECDB_TRY(collection.CheckAlive());
  const Schema& schema = collection.record.schema;
  if (request.batch_size < 1 || request.batch_size > query::kMaxLimit) {
    return base::InvalidArgument("IterateRequest::batch_size is {}, not between 1 and {}",
                                 request.batch_size, query::kMaxLimit);
  }
  if (request.after) VECDB_TRY(chunk::ValidateKeys(schema, std::span(&*request.after, 1)));
  VECDB_TRY_ASSIGN(auto filter, query::PlanFilter(schema, request.filter));
  VECDB_TRY_ASSIGN(auto output, query::PlanOutput(schema, request.output_fields));
  if (output.empty()) output.push_back(static_cast<std::uint32_t>(chunk::KeyFieldIndex(schema)));
  VECDB_TRY_ASSIGN(const base::Deadline deadline, DeadlineOf(request.read));
  VECDB_TRY_ASSIGN(Moment moment, PinUnless(at, collection, request.read, filter.get(), deadline));
  query::KeyWalk keys(moment.view, moment.time, std::move(filter), request.after);
  const std::uint64_t limit =
      request.limit == 0 ? std::numeric_limits<std::uint64_t>::max() : request.limit;
  return RowWalk{std::move(moment),  std::move(keys), std::move(output),
                 request.batch_size, limit,           request.read};
}

// Only what was fetched as a whole is gone past.
Result<std::vector<Row>> Proxy::NextRows(const Schema& schema, RowWalk* walk) const {
  VECDB_TRY_ASSIGN(const base::Deadline deadline, DeadlineOf(walk->read));
  const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(walk->batch_size, walk->left));
  std::vector<Row> rows;
  if (most == 0) return rows;
  VECDB_TRY_ASSIGN(const auto found, walk->keys.Peek(most, deadline));
  ReadMemory memory(query_.memory());
  rows.reserve(found.size());
  for (const query::Candidate& candidate : found) {
    VECDB_TRY(deadline.Check());
    VECDB_TRY_ASSIGN(Row row, query::FetchRow(schema, *candidate.segment, candidate.row,
                                              walk->output, deadline));
    VECDB_TRY(memory.Add(row));
    rows.push_back(std::move(row));
  }
  walk->keys.Advance(rows.size());
  walk->left -= rows.size();
  return rows;
}

}  // namespace vecdb::roles
