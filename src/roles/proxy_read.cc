#include "base/canary.h"
#include "base/status.h"
#include "chunk/validate.h"
#include "query/fetch.h"
#include "query/plan.h"
#include "query/scan.h"
#include "query/search.h"
#include "roles/proxy.h"

namespace vecdb::roles {

Result<Hits> Proxy::Search(const LiveCollection& collection, const SearchRequest& request) const {
  VECDB_TRY(collection.CheckAlive());
  const Schema& schema = collection.record.schema;
  VECDB_TRY_ASSIGN(const query::SearchPlan plan, query::PlanSearch(schema, request));
  const segment::ReadTime t =
      ReadTimeOf(collection);  // first: a View never lacks a row of its past
  const auto view = collection.board.Pin();
  query::TopK top(plan.limit + plan.offset);
  VECDB_TRY(streaming_.Search(*view, t, plan, &top));
  const Status sealed = query_.Search(*view, t, plan, &top);
  if (!base::Canary(29)) VECDB_TRY(sealed);

  const std::vector<query::Candidate> best = top.Take();
  Hits hits;
  hits.reserve(best.size() - std::min(best.size(), plan.offset));
  for (std::size_t i = plan.offset; i < best.size(); ++i) {
    const query::Candidate& c = best[i];
    Hit hit{chunk::OwnedKey(c.key), query::ScoreOf(plan.metric, c.distance), {}};
    VECDB_TRY_ASSIGN(hit.row, query::FetchRow(schema, *c.segment, c.row, plan.output));
    hits.push_back(std::move(hit));
  }
  return hits;
}

Result<std::vector<Row>> Proxy::Query(const LiveCollection& collection,
                                      const QueryRequest& request) const {
  VECDB_TRY(collection.CheckAlive());
  const Schema& schema = collection.record.schema;
  VECDB_TRY_ASSIGN(const query::QueryPlan plan, query::PlanQuery(schema, request));
  const segment::ReadTime t = ReadTimeOf(collection);
  const auto view = collection.board.Pin();
  query::FirstByKey first(plan.limit + plan.offset);
  for (const auto& segment : view->segments()) {
    VECDB_TRY(first.Offer(*segment, t, plan.filter.get()));
  }
  const std::vector<query::Candidate> found = first.Take();
  std::vector<Row> rows;
  for (std::size_t i = plan.offset; i < found.size(); ++i) {
    VECDB_TRY_ASSIGN(Row row,
                     query::FetchRow(schema, *found[i].segment, found[i].row, plan.output));
    rows.push_back(std::move(row));
  }
  return rows;
}

Result<GetResult> Proxy::Get(const LiveCollection& collection, std::span<const Key> keys,
                             std::span<const std::string> output_fields) const {
  VECDB_TRY(collection.CheckAlive());
  const Schema& schema = collection.record.schema;
  if (keys.size() > query::kMaxLimit) {
    return base::InvalidArgument("{} keys in one Get are above the limit of {}", keys.size(),
                                 query::kMaxLimit);
  }
  VECDB_TRY(chunk::ValidateKeys(schema, keys));
  VECDB_TRY_ASSIGN(std::vector<std::uint32_t> output, query::PlanOutput(schema, output_fields));
  if (output.empty()) output.push_back(static_cast<std::uint32_t>(chunk::KeyFieldIndex(schema)));
  const segment::ReadTime t = ReadTimeOf(collection);
  const auto view = collection.board.Pin();
  GetResult result;
  for (const Key& key : keys) {
    VECDB_TRY_ASSIGN(const auto place, view->Find(chunk::ViewOf(key), t));
    if (!place) {
      result.missing.push_back(key);
      continue;
    }
    VECDB_TRY_ASSIGN(Row row, query::FetchRow(schema, *place->segment, place->row, output));
    result.rows.push_back(std::move(row));
  }
  return result;
}

Result<std::uint64_t> Proxy::Count(const LiveCollection& collection,
                                   std::string_view filter) const {
  VECDB_TRY(collection.CheckAlive());
  VECDB_TRY_ASSIGN(const auto compiled, query::PlanFilter(collection.record.schema, filter));
  const segment::ReadTime t = ReadTimeOf(collection);
  const auto view = collection.board.Pin();
  std::uint64_t count = 0;
  for (const auto& segment : view->segments()) {
    VECDB_TRY_ASSIGN(const auto allowed, query::AllowedRowsAt(*segment, t, compiled.get()));
    count += allowed.Count();
  }
  return count;
}

Result<CollectionStats> Proxy::Stats(const LiveCollection& collection) const {
  VECDB_TRY(collection.CheckAlive());
  const segment::ReadTime t = ReadTimeOf(collection);
  const auto view = collection.board.Pin();
  CollectionStats stats;
  stats.memory_bytes = collection.KeyFilterBytes();
  for (const auto& segment : view->segments()) {
    VECDB_TRY_ASSIGN(const auto allowed, query::AllowedRowsAt(*segment, t, nullptr));
    stats.rows += allowed.Count();
    stats.deleted_rows += allowed.rows - allowed.Count();
    if (segment->sealed()) {
      ++stats.sealed_segments;
      stats.disk_bytes += segment->disk_bytes();
    } else {
      ++stats.growing_segments;
      stats.memory_bytes += segment->memory_bytes();
    }
  }
  return stats;
}

}  // namespace vecdb::roles
