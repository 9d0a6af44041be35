#include "query/plan.h"

#include <cmath>
#include <limits>

#include "base/status.h"
#include "chunk/chunk.h"
#include "chunk/index_spec.h"
#include "chunk/kinds.h"

namespace vecdb::query {
namespace {

Status CheckWindow(std::size_t limit, std::size_t offset) {
  if (limit == 0) return base::InvalidArgument("limit must be at least 1, not 0");
  if (limit > kMaxLimit || offset > kMaxLimit - limit) {
    return base::InvalidArgument("limit {} + offset {} is above the limit of {}", limit, offset,
                                 kMaxLimit);
  }
  return Status();
}

// The named vector field, or the only one when the name is empty.
Result<std::uint32_t> FindVectorField(const Schema& schema, std::string_view name) {
  const auto fields = schema.fields();
  std::uint32_t found = 0;
  std::size_t vectors = 0;
  for (std::uint32_t i = 0; i < fields.size(); ++i) {
    const bool is_vector = chunk::IsVector(fields[i].type);
    if (name.empty() && is_vector) {
      found = i;
      ++vectors;
    } else if (!name.empty() && fields[i].name == name) {
      if (!is_vector) {
        return base::InvalidArgument("field '{}' is a {}, not a vector", name,
                                     ToString(fields[i].type));
      }
      return i;
    }
  }
  if (!name.empty()) return base::InvalidArgument("there is no field named '{}'", name);
  if (vectors > 1) {
    return base::InvalidArgument("the schema has {} vector fields: name one in `field`", vectors);
  }
  return found;
}

Status CheckBound(std::string_view name, float bound) {
  if (std::isfinite(bound)) return Status();
  return base::InvalidArgument("{} must be a finite number, not {}", name, bound);
}

Result<std::optional<DistanceRange>> PlanRange(Metric metric, const std::optional<float>& radius,
                                               const std::optional<float>& range_filter) {
  if (radius) VECDB_TRY(CheckBound("radius", *radius));
  if (range_filter) VECDB_TRY(CheckBound("range_filter", *range_filter));
  if (!radius) {
    if (!range_filter) return std::optional<DistanceRange>();
    return base::InvalidArgument("range_filter is {} and needs a radius, which is not given",
                                 *range_filter);
  }
  const float end = DistanceOf(metric, *radius);
  DistanceRange range;
  range.farthest = std::nextafter(end, -std::numeric_limits<float>::infinity());
  if (!range_filter) return std::optional(range);
  range.nearest = DistanceOf(metric, *range_filter);
  if (range.nearest < end) return std::optional(range);
  return base::InvalidArgument(
      "range_filter must be {} the radius of {}, not {}: of {}, {} is nearer",
      LargerIsNearer(metric) ? "above" : "below", *radius, *range_filter, ToString(metric),
      LargerIsNearer(metric) ? "larger" : "smaller");
}

}  // namespace

Result<std::vector<std::uint32_t>> PlanOutput(const Schema& schema,
                                              std::span<const std::string> names) {
  std::vector<std::uint32_t> output;
  const auto fields = schema.fields();
  for (const std::string& name : names) {
    if (name == "*") {
      for (std::uint32_t i = 0; i < fields.size(); ++i) output.push_back(i);
      continue;
    }
    const Field* field = schema.Find(name);
    if (field == nullptr) return base::InvalidArgument("there is no field named '{}'", name);
    output.push_back(static_cast<std::uint32_t>(field - fields.data()));
  }
  return output;
}

Result<std::shared_ptr<const Filter>> PlanFilter(const Schema& schema, std::string_view text) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    return std::shared_ptr<const Filter>();
  }
  return Filter::Compile(text, schema);
}

namespace {

// All but the query.
Result<SearchPlan> PlanAnySearch(const Schema& schema, const SearchRequest& request) {
  SearchPlan plan;
  VECDB_TRY(CheckWindow(request.limit, request.offset));
  VECDB_TRY_ASSIGN(plan.field, FindVectorField(schema, request.field));
  plan.metric = schema.fields()[plan.field].metric;
  VECDB_TRY(chunk::CheckEffort(request.effort, request.limit + request.offset));
  plan.effort = request.effort;
  plan.limit = request.limit;
  plan.offset = request.offset;
  VECDB_TRY_ASSIGN(plan.range, PlanRange(plan.metric, request.radius, request.range_filter));
  VECDB_TRY_ASSIGN(plan.filter, PlanFilter(schema, request.filter));
  VECDB_TRY_ASSIGN(plan.output, PlanOutput(schema, request.output_fields));
  return plan;
}

Status TakeQuery(const Schema& schema, const QueryVector& query, SearchPlan* plan) {
  VECDB_TRY_ASSIGN(plan->distances, MakeDistances(schema.fields()[plan->field], query));
  plan->query = query;
  return Status();
}

// All but the query, and the distances from it.
SearchPlan CopyOf(const SearchPlan& plan) {
  SearchPlan copy;
  copy.field = plan.field;
  copy.metric = plan.metric;
  copy.effort = plan.effort;
  copy.limit = plan.limit;
  copy.offset = plan.offset;
  copy.range = plan.range;
  copy.filter = plan.filter;
  copy.output = plan.output;
  copy.deadline = plan.deadline;
  return copy;
}

}  // namespace

Result<SearchPlan> PlanSearch(const Schema& schema, const SearchRequest& request) {
  VECDB_TRY_ASSIGN(SearchPlan plan, PlanAnySearch(schema, request));
  VECDB_TRY(TakeQuery(schema, request.query, &plan));
  return plan;
}

Status CheckQueryCount(std::size_t count) {
  if (count >= 1 && count <= kMaxQueries) return Status();
  return base::InvalidArgument("the number of queries must be between 1 and {}, not {}",
                               kMaxQueries, count);
}

Result<std::vector<SearchPlan>> PlanSearches(const Schema& schema, const SearchRequest& request,
                                             std::span<const QueryVector> queries) {
  VECDB_TRY(CheckQueryCount(queries.size()));
  VECDB_TRY_ASSIGN(const SearchPlan any, PlanAnySearch(schema, request));
  std::vector<SearchPlan> plans;
  plans.reserve(queries.size());
  for (const QueryVector& query : queries) {
    plans.push_back(CopyOf(any));
    const Status taken = TakeQuery(schema, query, &plans.back());
    if (!taken.ok()) return base::Annotate(taken, base::Format("query {}", plans.size() - 1));
  }
  return plans;
}

Result<QueryPlan> PlanQuery(const Schema& schema, const QueryRequest& request) {
  QueryPlan plan;
  VECDB_TRY(CheckWindow(request.limit, request.offset));
  plan.limit = request.limit;
  plan.offset = request.offset;
  VECDB_TRY_ASSIGN(plan.filter, PlanFilter(schema, request.filter));
  VECDB_TRY_ASSIGN(plan.output, PlanOutput(schema, request.output_fields));
  if (plan.output.empty()) {
    plan.output.push_back(static_cast<std::uint32_t>(chunk::KeyFieldIndex(schema)));
  }
  return plan;
}

}  // namespace vecdb::query
