#include <algorithm>

#include "base/status.h"
#include "chunk/validate.h"
#include "query/fetch.h"
#include "query/plan.h"
#include "query/scan.h"
#include "roles/partition_choice.h"
#include "roles/proxy.h"
#include "roles/read_memory.h"

namespace vecdb::roles {
namespace {

Result<Consistency> LevelOf(const LiveCollection& collection, const ReadOptions& options) {
  if (!options.consistency) return collection.properties()->consistency;
  const Consistency level = *options.consistency;
  switch (level) {
    case Consistency::kStrong:
    case Consistency::kSession:
    case Consistency::kBounded:
    case Consistency::kEventual:
      return level;
  }
  return base::InvalidArgument("ReadOptions::consistency is {}, which names no Consistency",
                               static_cast<unsigned>(level));
}

std::span<const query::Candidate> BehindOffset(const std::vector<query::Candidate>& best,
                                               const query::SearchPlan& plan) {
  return std::span(best).subspan(std::min(best.size(), plan.offset));
}

// A partition that was dropped after the View was pinned counts as dropped before.
std::shared_ptr<const segment::View> OnlyOf(const Partitions::List& partitions,
                                            const std::shared_ptr<const segment::View>& view) {
  std::vector<PartitionId> ids;
  ids.reserve(partitions.size());
  for (const auto& partition : partitions) ids.push_back(partition->id);
  const auto segments = view->segments();
  const bool whole = std::all_of(segments.begin(), segments.end(), [&ids](const auto& segment) {
    return std::binary_search(ids.begin(), ids.end(), segment->partition());
  });
  return whole ? view : view->InPartitions(ids);
}

}  // namespace

Result<base::Deadline> Proxy::DeadlineOf(std::string_view option, std::chrono::milliseconds timeout,
                                         const std::stop_token& stop) const {
  VECDB_TRY(base::CheckTimeout(option, timeout));
  base::Deadline deadline(clock_, timeout, stop);
  VECDB_TRY(deadline.Check());
  return deadline;
}

Result<base::Deadline> Proxy::DeadlineOf(const ReadOptions& options) const {
  return DeadlineOf("ReadOptions::timeout", options.timeout, options.stop);
}

// What the session saw may be the timestamp of something else than a write; then it is enough that
// no write before it is missing.
Status Proxy::WaitForSession(Channel& channel, Timestamp session,
                             const base::Deadline& deadline) const {
  Watermark& watermark = channel.watermark;
  if (watermark.ReadTime() >= session) return Status();
  const Timestamp last = oracle_.last();
  if (session > last && !deadline.limited()) {
    return base::InvalidArgument(
        "ReadOptions::session is {}, and the last timestamp that this database gave is {}: with no "
        "timeout the wait for it might never end",
        base::Raw(session), base::Raw(last));
  }
  if (session <= last) StreamingNodes::SettleTimestamps(channel);
  const Status waited = session <= last ? watermark.WaitForBegun(session, deadline)
                                        : watermark.WaitFor(session, deadline);
  if (waited.code() != StatusCode::kOutcomeUnknown) return waited;
  return base::FailedPrecondition("a write of before {} will not become visible: {}",
                                  base::Raw(session), waited.message());
}

Result<Moment> Proxy::PinUnless(const Moment* at, const LiveCollection& collection,
                                const ReadOptions& options, const query::Filter* filter,
                                const base::Deadline& deadline) const {
  const auto choose = [&] {
    const Partitions::List* const known = at == nullptr ? nullptr : &at->partitions;
    return ChoosePartitions(collection, known, options.partitions, filter);
  };
  VECDB_TRY_ASSIGN(PartitionChoice partitions, choose());
  if (at != nullptr) return Moment{at->time, Chosen(collection, at->view, partitions, filter)};
  VECDB_TRY(collection.CheckLoaded());
  VECDB_TRY_ASSIGN(const Consistency level, LevelOf(collection, options));
  if (level == Consistency::kSession)
    VECDB_TRY(WaitForSession(*collection.channel, options.session, deadline));
  Moment moment;
  const Timestamp visible = collection.channel->watermark.ReadTime();
  moment.view = collection.board.Pin();  // behind that: a View never lacks a row of its past
  VECDB_TRY(collection.CheckAlive());    // a drop leaves an empty View
  VECDB_TRY(collection.CheckLoaded(*moment.view));
  // Again: a partition that is dropped loses its name before the View loses its rows.
  if (!options.partitions.empty()) {
    VECDB_TRY_ASSIGN(partitions, choose());
  }
  moment.view = Chosen(collection, std::move(moment.view), partitions, filter);
  moment.time = ReadTimeOf(collection, *moment.view, visible);
  return moment;
}

Result<Moment> Proxy::Pin(const LiveCollection& collection, const ReadOptions& options) const {
  VECDB_TRY(collection.CheckAlive());
  VECDB_TRY_ASSIGN(const base::Deadline deadline, DeadlineOf(options));
  VECDB_TRY_ASSIGN(Moment moment, PinUnless(nullptr, collection, options, nullptr, deadline));
  moment.partitions = collection.partitions.All();
  moment.view = OnlyOf(moment.partitions, moment.view);
  return moment;
}

Result<Hits> Proxy::Search(const LiveCollection& collection, const SearchRequest& request,
                           const Moment* at) const {
  if (at == nullptr) VECDB_TRY(collection.CheckAlive());
  const Schema& schema = collection.record.schema;
  VECDB_TRY_ASSIGN(query::SearchPlan plan, query::PlanSearch(schema, request));
  VECDB_TRY_ASSIGN(plan.deadline, DeadlineOf(request.read));
  VECDB_TRY_ASSIGN(const Moment moment,
                   PinUnless(at, collection, request.read, plan.filter.get(), plan.deadline));
  query::TopK top(plan.limit + plan.offset, plan.range);
  VECDB_TRY(query_.Search(*moment.view, moment.time, plan, &top));

  const std::vector<query::Candidate> best = top.Take();
  ReadMemory memory(query_.memory());
  VECDB_TRY_ASSIGN(Hits hits, FetchHits(schema, plan, BehindOffset(best, plan), &memory));
  Counters::Add(counters_.searches);
  if (probe_every_ != 0 && at == nullptr) KeepForProbe(collection, plan, request);
  return hits;
}

Result<std::vector<Hits>> Proxy::SearchMany(const LiveCollection& collection,
                                            const SearchRequest& request,
                                            std::span<const QueryVector> queries,
                                            const Moment* at) const {
  if (at == nullptr) VECDB_TRY(collection.CheckAlive());
  const Schema& schema = collection.record.schema;
  VECDB_TRY_ASSIGN(auto plans, query::PlanSearches(schema, request, queries));
  VECDB_TRY_ASSIGN(const base::Deadline deadline, DeadlineOf(request.read));
  for (query::SearchPlan& plan : plans) plan.deadline = deadline;
  const query::SearchPlan& any = plans.front();
  VECDB_TRY_ASSIGN(const Moment moment,
                   PinUnless(at, collection, request.read, any.filter.get(), deadline));
  std::vector<query::TopK> tops(plans.size(), query::TopK(any.limit + any.offset, any.range));
  VECDB_TRY(query_.SearchMany(*moment.view, moment.time, plans, tops));

  ReadMemory memory(query_.memory());
  std::vector<Hits> answers;
  answers.reserve(plans.size());
  for (query::TopK& top : tops) {
    const std::vector<query::Candidate> best = top.Take();
    VECDB_TRY_ASSIGN(Hits hits, FetchHits(schema, any, BehindOffset(best, any), &memory));
    answers.push_back(std::move(hits));
  }
  Counters::Add(counters_.searches, answers.size());
  return answers;
}

Result<Hits> Proxy::FetchHits(const Schema& schema, const query::SearchPlan& plan,
                              std::span<const query::Candidate> found, ReadMemory* memory) {
  Hits hits;
  hits.reserve(found.size());
  for (const query::Candidate& c : found) {
    VECDB_TRY(plan.deadline.Check());
    Hit hit{chunk::OwnedKey(c.key), query::ScoreOf(plan.metric, c.distance), {}};
    VECDB_TRY_ASSIGN(hit.row,
                     query::FetchRow(schema, *c.segment, c.row, plan.output, plan.deadline));
    VECDB_TRY(memory->Add(sizeof(Hit) - sizeof(Row) + MemoryOf(hit.row)));
    hits.push_back(std::move(hit));
  }
  return hits;
}

Result<std::vector<Row>> Proxy::Query(const LiveCollection& collection, const QueryRequest& request,
                                      const Moment* at) const {
  if (at == nullptr) VECDB_TRY(collection.CheckAlive());
  const Schema& schema = collection.record.schema;
  VECDB_TRY_ASSIGN(query::QueryPlan plan, query::PlanQuery(schema, request));
  VECDB_TRY_ASSIGN(plan.deadline, DeadlineOf(request.read));
  VECDB_TRY_ASSIGN(const Moment moment,
                   PinUnless(at, collection, request.read, plan.filter.get(), plan.deadline));
  query::FirstByKey first(plan.limit + plan.offset);
  VECDB_TRY(query_.Query(*moment.view, moment.time, plan.filter.get(), plan.deadline, &first));
  const std::vector<query::Candidate> found = first.Take();
  ReadMemory memory(query_.memory());
  std::vector<Row> rows;
  for (std::size_t i = plan.offset; i < found.size(); ++i) {
    VECDB_TRY(plan.deadline.Check());
    VECDB_TRY_ASSIGN(Row row, query::FetchRow(schema, *found[i].segment, found[i].row, plan.output,
                                              plan.deadline));
    VECDB_TRY(memory.Add(row));
    rows.push_back(std::move(row));
  }
  Counters::Add(counters_.reads);
  return rows;
}

Result<GetResult> Proxy::Get(const LiveCollection& collection, std::span<const Key> keys,
                             std::span<const std::string> output_fields, const ReadOptions& options,
                             const Moment* at) const {
  if (at == nullptr) VECDB_TRY(collection.CheckAlive());
  const Schema& schema = collection.record.schema;
  if (keys.size() > query::kMaxLimit) {
    return base::InvalidArgument("{} keys in one Get are above the limit of {}", keys.size(),
                                 query::kMaxLimit);
  }
  VECDB_TRY(chunk::ValidateKeys(schema, keys));
  VECDB_TRY_ASSIGN(std::vector<std::uint32_t> output, query::PlanOutput(schema, output_fields));
  if (output.empty()) output.push_back(static_cast<std::uint32_t>(chunk::KeyFieldIndex(schema)));
  VECDB_TRY_ASSIGN(const base::Deadline deadline, DeadlineOf(options));
  VECDB_TRY_ASSIGN(const Moment moment, PinUnless(at, collection, options, nullptr, deadline));
  ReadMemory memory(query_.memory());
  GetResult result;
  for (const Key& key : keys) {
    VECDB_TRY(deadline.Check());
    VECDB_TRY_ASSIGN(const auto place, moment.view->Find(chunk::ViewOf(key), moment.time));
    if (!place) {
      result.missing.push_back(key);
      continue;
    }
    VECDB_TRY_ASSIGN(Row row,
                     query::FetchRow(schema, *place->segment, place->row, output, deadline));
    VECDB_TRY(memory.Add(row));
    result.rows.push_back(std::move(row));
  }
  Counters::Add(counters_.reads);
  return result;
}

Result<std::uint64_t> Proxy::Count(const LiveCollection& collection, std::string_view filter,
                                   const ReadOptions& options, const Moment* at) const {
  if (at == nullptr) VECDB_TRY(collection.CheckAlive());
  VECDB_TRY_ASSIGN(const auto compiled, query::PlanFilter(collection.record.schema, filter));
  VECDB_TRY_ASSIGN(const base::Deadline deadline, DeadlineOf(options));
  VECDB_TRY_ASSIGN(const Moment moment,
                   PinUnless(at, collection, options, compiled.get(), deadline));
  VECDB_TRY_ASSIGN(const std::uint64_t count,
                   query_.Count(*moment.view, moment.time, compiled.get(), deadline));
  Counters::Add(counters_.reads);
  return count;
}

Result<CollectionStats> Proxy::Stats(const LiveCollection& collection,
                                     std::string_view partition) const {
  VECDB_TRY(collection.CheckAlive());
  const Timestamp visible = collection.channel->watermark.ReadTime();
  auto view = collection.board.Pin();
  VECDB_TRY(collection.CheckAlive());
  if (!partition.empty()) {
    VECDB_TRY_ASSIGN(const auto found, collection.FindPartition(partition));
    view = view->InPartitions(std::span(&found->id, 1));
  }
  const segment::ReadTime t = ReadTimeOf(collection, *view, visible);
  CollectionStats stats;
  if (partition.empty()) {
    stats.memory_bytes = collection.KeyFilterBytes();
    stats.pruned_segments = collection.pruned_segments;
  }
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
