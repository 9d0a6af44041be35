// Requests checked against a schema: a plan exists only if it was found good.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "vecdb/request.h"
#include "vecdb/schema.h"

#include "base/deadline.h"
#include "query/distances.h"
#include "query/filter/filter.h"

namespace vecdb::query {

inline constexpr std::size_t kMaxLimit = 16'384;    // limit + offset
inline constexpr std::size_t kMaxQueries = 16'384;  // of one call

struct SearchPlan {
  std::uint32_t field = 0;
  Metric metric = Metric::kL2;
  std::unique_ptr<const Distances> distances;  // from the query, which the request lends
  QueryVector query;                           // the same
  SearchEffort effort;
  std::size_t limit = 0;
  std::size_t offset = 0;
  std::optional<DistanceRange> range;    // nothing = however far
  std::shared_ptr<const Filter> filter;  // nullptr = every row
  std::vector<std::uint32_t> output;     // field numbers, in the order asked
  base::Deadline deadline;               // who plans knows of none
};

struct QueryPlan {
  std::size_t limit = 0;
  std::size_t offset = 0;
  std::shared_ptr<const Filter> filter;
  std::vector<std::uint32_t> output;
  base::Deadline deadline;
};

Result<SearchPlan> PlanSearch(const Schema& schema, const SearchRequest& request);
// How many queries one call may have.
Status CheckQueryCount(std::size_t count);
// The same for each of the queries; request.query is not looked at.
Result<std::vector<SearchPlan>> PlanSearches(const Schema& schema, const SearchRequest& request,
                                             std::span<const QueryVector> queries);
Result<QueryPlan> PlanQuery(const Schema& schema, const QueryRequest& request);

// Names to field numbers; "*" is every field. kInvalidArgument names an unknown one.
Result<std::vector<std::uint32_t>> PlanOutput(const Schema& schema,
                                              std::span<const std::string> names);

// nullptr for an empty text.
Result<std::shared_ptr<const Filter>> PlanFilter(const Schema& schema, std::string_view text);

}  // namespace vecdb::query
