// Searches made again, to see what share of the nearest rows an index finds: once as it was asked
// for and once by looking at every row, both at one moment, and on one thread of low priority.
#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "base/status.h"
#include "query/plan.h"
#include "query/portion.h"
#include "query/search.h"
#include "roles/proxy.h"

namespace vecdb::roles {
namespace {

constexpr SearchEffort kEveryRow{.recall = 1};

// How many of the nearest are among those found, by distance.
RecallProbes::Measured Compare(const std::vector<query::Candidate>& found,
                               const std::vector<query::Candidate>& nearest) {
  const auto near = [&](const query::Candidate& one) {
    return !nearest.empty() && one.distance <= nearest.back().distance;
  };
  const auto right = std::count_if(found.begin(), found.end(), near);
  return {1, static_cast<std::uint64_t>(right), nearest.size()};
}

}  // namespace

void Proxy::KeepForProbe(const LiveCollection& collection, const query::SearchPlan& plan,
                         const SearchRequest& request) const {
  const bool exact = plan.effort.ef == 0 && plan.effort.recall >= 1;
  if (exact || plan.range) return;  // of a range nobody wants the nearest
  const auto declared = collection.indexes();
  const auto index = declared->find(plan.field);
  if (index == declared->end() || !collection.probes.Wants(probe_every_)) return;
  KeptSearch search{.field = plan.field,
                    .index = index->second.id,
                    .request = {},
                    .query = query::OwnedVector(request.query)};
  search.request = {.field = request.field,
                    .limit = request.limit,
                    .offset = request.offset,
                    .filter = request.filter,
                    .effort = request.effort};
  search.request.read.partitions = request.read.partitions;
  collection.probes.Keep(std::move(search), query_.memory());
}

Status Proxy::Probe(const LiveCollection& collection, const std::function<bool()>& go_on) const {
  for (std::size_t i = 0; i < RecallProbes::kMostAtOnce && go_on(); ++i) {
    const auto search = collection.probes.Take();
    if (!search) break;
    VECDB_TRY(ProbeOne(collection, *search, go_on));
  }
  return Status();
}

// What was dropped or released meanwhile fails, and is not counted.
Status Proxy::ProbeOne(const LiveCollection& collection, const KeptSearch& search,
                       const std::function<bool()>& go_on) const {
  VECDB_TRY(collection.CheckAlive());
  SearchRequest request = search.request;
  request.query = search.query.view();
  VECDB_TRY_ASSIGN(const query::SearchPlan plan,
                   query::PlanSearch(collection.record.schema, request));
  request.effort = kEveryRow;
  VECDB_TRY_ASSIGN(const query::SearchPlan every_row,
                   query::PlanSearch(collection.record.schema, request));
  VECDB_TRY_ASSIGN(const Moment moment,
                   PinUnless(nullptr, collection, request.read, plan.filter.get(), plan.deadline));
  query::TopK found(plan.limit + plan.offset);
  query::TopK nearest = found.Empty();
  const auto segments = moment.view->segments();
  std::vector<query::Portion> portions = query::PortionsOf(*moment.view, plan);
  const query::SearchInto into{&found, portions};
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (!go_on()) return Status();
    VECDB_TRY(query::SearchSegments(*moment.view, {&i, 1}, moment.time, plan, into));
    VECDB_TRY(query::SearchSegment(*segments[i], moment.time, every_row, &nearest));
  }
  VECDB_TRY(query::SearchAgain(*moment.view, moment.time, plan, into));
  collection.probes.Note(search.field, search.index, Compare(found.Take(), nearest.Take()));
  Counters::Add(counters_.recall_probes);
  return Status();
}

}  // namespace vecdb::roles
