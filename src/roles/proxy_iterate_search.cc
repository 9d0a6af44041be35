// Searches page by page. What was found is taken out of the rows that are left, so that no page
// brings it again, whether an index or a scan answers; each piece is the nearest of what is left.
#include <algorithm>
#include <limits>

#include "base/status.h"
#include "query/plan.h"
#include "roles/proxy.h"

namespace vecdb::roles {
namespace {

SearchRequest RequestFor(const IterateSearchRequest& request, const QueryVector& query) {
  SearchRequest search;
  search.field = request.field;
  search.query = query;
  search.limit = request.batch_size;
  search.radius = request.radius;
  search.range_filter = request.range_filter;
  search.filter = request.filter;
  search.output_fields = request.output_fields;
  search.effort = request.effort;
  return search;
}

// A bit for each row.
std::uint64_t BytesOfLeft(const segment::View& view) {
  std::uint64_t bytes = 0;
  for (const auto& segment : view.segments()) bytes += segment->rows() / 8;
  return bytes;
}

// The one that has this segment; they are by id.
std::optional<query::AllowedRows>& LeftOf(const segment::View& view,
                                          const segment::Segment& segment,
                                          QueryNodes::LeftRows* left) {
  const auto segments = view.segments();
  const auto found = std::lower_bound(segments.begin(), segments.end(), segment.id(),
                                      [](const auto& one, SegmentId id) { return one->id() < id; });
  return (*left)[static_cast<std::size_t>(found - segments.begin())];
}

}  // namespace

Result<HitWalk> Proxy::StartSearch(const LiveCollection& collection,
                                   const IterateSearchRequest& request, const Moment* at) const {
  if (at == nullptr) VECDB_TRY(collection.CheckAlive());
  if (request.batch_size < 1 || request.batch_size > query::kMaxLimit) {
    return base::InvalidArgument("IterateSearchRequest::batch_size is {}, not between 1 and {}",
                                 request.batch_size, query::kMaxLimit);
  }
  HitWalk walk;
  walk.vector = std::make_unique<const query::OwnedVector>(request.query);
  VECDB_TRY_ASSIGN(walk.plan, query::PlanSearch(collection.record.schema,
                                                RequestFor(request, walk.vector->view())));
  VECDB_TRY_ASSIGN(walk.plan.deadline, DeadlineOf(request.read));
  VECDB_TRY_ASSIGN(walk.moment, PinUnless(at, collection, request.read, walk.plan.filter.get(),
                                          walk.plan.deadline));
  const std::uint64_t bytes = BytesOfLeft(*walk.moment.view);
  if (bytes >= kSmallMemory) {
    VECDB_TRY_ASSIGN(walk.memory, query_.memory().Reserve(base::MemoryAccount::kReads, bytes));
  }
  walk.left.resize(walk.moment.view->segments().size());
  walk.batch_size = request.batch_size;
  walk.rest = request.limit == 0 ? std::numeric_limits<std::uint64_t>::max() : request.limit;
  walk.read = request.read;
  walk.plan.limit = 0;  // nothing was asked for
  return walk;
}

// The first piece is a page; each is twice the one before, so that going far takes few searches.
// Nothing has changed when it fails: what it had found is found again.
Status Proxy::FindPiece(HitWalk* walk) const {
  const std::size_t most = query::kMaxLimit / walk->batch_size * walk->batch_size;
  const std::size_t next =
      std::min(walk->piece.empty() ? walk->batch_size : walk->piece.size() * 2, most);
  walk->plan.limit = static_cast<std::size_t>(std::min<std::uint64_t>(next, walk->rest));
  query::TopK top(walk->plan.limit, walk->plan.range);
  VECDB_TRY(
      query_.SearchLeft(*walk->moment.view, walk->moment.time, walk->plan, &walk->left, &top));
  walk->piece = top.Take();
  walk->at = 0;
  walk->found_all = walk->piece.size() < walk->plan.limit;
  for (const query::Candidate& found : walk->piece) {
    LeftOf(*walk->moment.view, *found.segment, &walk->left)->bitmap->Reset(found.row);
  }
  return Status();
}

// Only what was fetched as a whole is gone past.
Result<Hits> Proxy::NextHits(const Schema& schema, HitWalk* walk) const {
  VECDB_TRY_ASSIGN(walk->plan.deadline, DeadlineOf(walk->read));
  const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(walk->batch_size, walk->rest));
  if (most == 0) return Hits();
  if (walk->at == walk->piece.size() && !walk->found_all) VECDB_TRY(FindPiece(walk));
  const std::size_t count = std::min(most, walk->piece.size() - walk->at);
  ReadMemory memory(query_.memory());
  VECDB_TRY_ASSIGN(Hits hits, FetchHits(schema, walk->plan,
                                        std::span(walk->piece).subspan(walk->at, count), &memory));
  walk->at += count;
  walk->rest -= count;
  Counters::Add(counters_.searches);
  return hits;
}

}  // namespace vecdb::roles
