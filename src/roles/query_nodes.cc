#include "roles/query_nodes.h"

#include <algorithm>
#include <numeric>

#include "base/canary.h"
#include "base/status.h"
#include "chunk/kinds.h"
#include "query/search.h"
#include "query/search_many.h"
#include "roles/memory_shares.h"
#include "segment/field_index.h"
#include "segment/index_part.h"

namespace vecdb::roles {
namespace {

// Bytes that a read looks at in one row, roughly: what decides whether it is worth more threads.
constexpr std::uint64_t kKeyBytes = 8;
constexpr std::uint64_t kFilterBytes = 16;
constexpr std::uint64_t kSparseBytes = 256;
constexpr std::uint64_t kFilterCacheBytes = std::uint64_t{16} << 20;
constexpr RowIndex kRowsOfIndexed = 2048;  // a search through an index looks at about so many

std::uint64_t VectorBytes(const Field& field) {
  const std::size_t fixed = chunk::FixedWidth(field.type, field.dimension);
  return fixed == 0 ? kSparseBytes : fixed;
}

std::uint64_t FilterBytes(const query::Filter* filter) {
  return filter == nullptr ? 0 : kFilterBytes;
}

// Of so many candidates, in a list that has doubled as it grew.
std::uint64_t AnswerBytes(std::uint64_t candidates) {
  return candidates * 2 * sizeof(query::Candidate);
}

// What one node reads of a View.
struct Share {
  std::uint64_t rows = 0;
  std::vector<std::size_t> segments;  // in the View
};

// One for each query node that has something to do, and one for the streaming node. The largest
// first: the others fill the time that it takes.
std::vector<Share> SharesOf(const segment::View& view) {
  std::vector<Share> shares(view.node_count() + 1);
  for (std::size_t i = 0; i < view.segments().size(); ++i) {
    const std::uint64_t rows = view.segments()[i]->rows();
    if (rows == 0) continue;
    Share& share = shares[std::min(view.nodes()[i], view.node_count())];
    share.rows += rows;
    share.segments.push_back(i);
  }
  std::erase_if(shares, [](const Share& share) { return share.segments.empty(); });
  std::sort(shares.begin(), shares.end(),
            [](const Share& a, const Share& b) { return a.rows > b.rows; });
  return shares;
}

// About how many rows a search by this field looks at.
std::uint64_t RowsLookedAt(const segment::Segment& segment, std::uint32_t field) {
  const auto parts = segment.parts() == nullptr ? nullptr : segment.parts()->Pin(field);
  const std::uint64_t rows = segment.rows();  // behind that: it has those of all parts
  if (segment.IndexOn(field) != nullptr) return std::min<std::uint64_t>(rows, kRowsOfIndexed);
  if (parts == nullptr || parts->empty()) return rows;
  return std::min<std::uint64_t>(
      rows, rows - parts->back()->range.end() + parts->size() * std::uint64_t{kRowsOfIndexed});
}

// How many queries are put together, and which segments are read apart from the others.
struct ManyShape {
  std::vector<Share> shares;
  std::size_t block = 0;  // queries
  std::size_t blocks = 0;
};

ManyShape ShapeOf(const segment::View& view, const query::SearchPlan& plan, std::size_t queries,
                  std::size_t threads) {
  constexpr std::size_t kEach = 8;  // so few queries of a thread's own are not worth it
  ManyShape shape;
  const std::size_t most = query::QueriesOfBlock(view.schema().fields()[plan.field]);
  std::uint64_t scanned = 0;  // rows
  std::uint64_t looked_at = 0;
  for (const auto& segment : view.segments()) {
    const bool asked = query::MayAskIndex(*segment, plan);
    (asked ? looked_at : scanned) += asked ? RowsLookedAt(*segment, plan.field) : segment->rows();
  }
  std::size_t rounds = 1;
  // What an index is asked for depends on what others have given: it is asked for less where all
  // segments are searched together.
  if (looked_at <= scanned && queries < threads * kEach) {
    shape.shares = SharesOf(view);
  } else {
    shape.shares.resize(1);
    for (std::size_t i = 0; i < view.segments().size(); ++i) shape.shares[0].segments.push_back(i);
    rounds = threads;  // each thread is to have as many blocks as the others
  }
  const std::size_t blocks = (queries + most - 1) / most;
  shape.blocks = (blocks + rounds - 1) / rounds * rounds;
  shape.block = (queries + shape.blocks - 1) / shape.blocks;
  shape.blocks = (queries + shape.block - 1) / shape.block;
  return shape;
}

// What reads each of some segments of a View by itself.
template <typename Offer>
auto OneByOne(const Offer& offer) {
  return [&offer](std::span<const std::size_t> segments, auto* into) -> Status {
    for (const std::size_t i : segments) VECDB_TRY(offer(i, into));
    return Status();
  };
}

struct Counted {
  std::uint64_t rows = 0;
  Counted Empty() const { return {}; }
  void Merge(const Counted& other) { rows += other.rows; }
};

}  // namespace

QueryNodes::QueryNodes(io::FileSystem& fs, const io::DatabaseUuid& database,
                       const segment::Loading& loading, std::uint32_t count, SearchPool& pool,
                       base::MemoryBudget& memory)
    : fs_(fs),
      database_(database),
      loading_(loading),
      count_(count),
      pool_(pool),
      memory_(memory),
      filters_(kFilterCacheBytes, memory),
      nodes_(count) {
}

// Ids of collections are as far apart as what each of them needed in between, which may well be a
// multiple of the number of nodes: they are mixed.
segment::Nodes QueryNodes::NodesFor(CollectionId collection) const {
  std::uint64_t mixed = (collection ^ (collection >> 30)) * 0xBF58'476D'1CE4'E5B9ULL;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D0'49BB'1331'11EBULL;
  return {count_, static_cast<std::uint32_t>((mixed ^ (mixed >> 31)) % count_)};
}

Result<std::shared_ptr<segment::SealedSegment>> QueryNodes::Open(
    const catalog::SegmentRecord& record, const Schema& schema,
    std::shared_ptr<segment::Tombstones> tombstones) const {
  return segment::SealedSegment::Open(fs_, database_, record, schema, std::move(tombstones),
                                      loading_);
}

Result<std::vector<std::shared_ptr<segment::Segment>>> QueryNodes::OpenAll(
    const catalog::State& state, const catalog::CollectionRecord& collection) const {
  std::vector<std::shared_ptr<segment::Segment>> segments;
  for (const auto& [id, record] : state.segments) {
    if (record.collection != collection.id) continue;
    VECDB_TRY_ASSIGN(auto segment, Open(record, collection.schema, nullptr));
    if (memory_.limited() && memory_.used() > memory_.limit()) {
      return memory_.Refused(base::MemoryAccount::kSegments, segment->memory_bytes());
    }
    segments.push_back(std::move(segment));
  }
  return segments;
}

void QueryNodes::NoteRead(std::uint32_t node, std::uint64_t reads) {
  if (node < count_) nodes_[node].reads.fetch_add(reads, std::memory_order_relaxed);
}

// One after the other, so that searches keep the other threads. Damage is noted by the index, and
// answered without it as if a search had met it.
void QueryNodes::VerifyIndexes(const segment::View& view, std::uint32_t field) {
  std::vector<std::shared_ptr<const segment::FieldIndex>> unread;
  for (const auto& segment : view.segments()) {
    const segment::FieldIndex* const index = segment->IndexOn(field);
    if (index != nullptr && index->TakeVerification()) unread.emplace_back(segment, index);
  }
  if (unread.empty()) return;
  (void)pool_.Post([unread = std::move(unread), ending = ending_] {
    for (const auto& index : unread) {
      if (*ending) return;
      (void)index->Verify();
    }
  });
}

std::size_t QueryNodes::ThreadsFor(const segment::View& view, const ReadCost& cost) const {
  const std::size_t segments = view.segments().size();
  if (segments < 2) return 1;
  return pool_.ThreadsFor(std::min<std::size_t>(segments, count_ + 1),
                          RowsToRead(view, cost) * cost.row_bytes);
}

std::uint64_t QueryNodes::RowsToRead(const segment::View& view, const ReadCost& cost) {
  std::uint64_t rows = 0;
  for (const auto& segment : view.segments()) {
    rows += cost.indexed ? RowsLookedAt(*segment, *cost.indexed) : segment->rows();
  }
  return rows;
}

QueryNodes::ReadCost QueryNodes::CostOf(const segment::View& view, const query::SearchPlan& plan) {
  const std::uint64_t row_bytes =
      VectorBytes(view.schema().fields()[plan.field]) + FilterBytes(plan.filter.get());
  ReadCost cost{row_bytes, plan.limit + plan.offset};
  if (plan.effort.ef != 0 || plan.effort.recall < 1) cost.indexed = plan.field;
  return cost;
}

// Each of the answers that are made side by side, the one that they are put together in, and the
// rows that the filter or deletes leave of a segment. Little is not charged.
Result<base::MemoryReservation> QueryNodes::Reserve(const segment::View& view, const ReadCost& cost,
                                                    std::size_t answers) {
  std::uint64_t most = 0;
  std::uint64_t all = 0;
  for (const auto& segment : view.segments()) {
    const std::uint64_t rows = segment->rows();
    most = std::max(most, rows);
    all += rows;
  }
  const std::uint64_t known = std::min(all, most * query::kSegmentsTogether);
  const std::uint64_t bytes = answers * (AnswerBytes(std::min(cost.candidates, all)) + known / 8);
  if (bytes < kSmallMemory) return base::MemoryReservation();
  return memory_.Reserve(base::MemoryAccount::kReads, bytes);
}

Result<base::MemoryReservation> QueryNodes::ReserveMany(const segment::View& view,
                                                        const ReadCost& cost, std::size_t answers,
                                                        std::size_t at_once) {
  std::uint64_t rows = 0;
  for (const auto& segment : view.segments()) rows += segment->rows();
  // Each block has the allowed rows that it asks indexes for, beside those that all have.
  const std::uint64_t allowed = (1 + (cost.indexed ? at_once : 0)) * rows / 8;
  const std::uint64_t bytes = answers * AnswerBytes(std::min(cost.candidates, rows)) + allowed;
  if (bytes < kSmallMemory) return base::MemoryReservation();
  return memory_.Reserve(base::MemoryAccount::kReads, bytes);
}

template <typename Answer, typename Offer>
Status QueryNodes::Read(const segment::View& view, const ReadCost& cost, Answer* answer,
                        const Offer& offer) {
  const auto read = [&](std::span<const std::size_t> segments, Answer* into) -> Status {
    for (const std::size_t i : segments) NoteRead(view.nodes()[i]);
    const Status offered = offer(segments, into);
    return base::Canary(29) ? Status() : offered;
  };
  const std::size_t threads = ThreadsFor(view, cost);
  VECDB_TRY_ASSIGN(const auto memory, Reserve(view, cost, threads < 2 ? 1 : count_ + 2));
  if (threads < 2) {
    std::vector<std::size_t> all(view.segments().size());
    std::iota(all.begin(), all.end(), 0);
    return read(all, answer);
  }
  const std::vector<Share> shares = SharesOf(view);
  std::vector<Answer> answers(shares.size(), answer->Empty());
  const auto read_share = [&](std::size_t number) -> Status {
    return read(shares[number].segments, &answers[number]);
  };
  VECDB_TRY(pool_.Run(shares.size(), threads, std::ref(read_share)));
  for (const Answer& part : answers) answer->Merge(part);
  return Status();
}

Status QueryNodes::Search(const segment::View& view, const segment::ReadTime& t,
                          const query::SearchPlan& plan, query::TopK* top) {
  std::vector<query::Portion> portions = query::PortionsOf(view, plan);
  const ReadCost cost = CostOf(view, plan);
  if (verify_when_searched_ && cost.indexed) VerifyIndexes(view, plan.field);
  const auto search = [&](std::span<const std::size_t> segments, query::TopK* into) {
    return query::SearchSegments(view, segments, t, plan,
                                 {into, portions, &filters_, crossings_.get()});
  };
  VECDB_TRY(Read(view, cost, top, search));
  return query::SearchAgain(view, t, plan, {top, portions, &filters_});
}

Status QueryNodes::SearchLeft(const segment::View& view, const segment::ReadTime& t,
                              const query::SearchPlan& plan, LeftRows* left, query::TopK* top) {
  const ReadCost cost = CostOf(view, plan);
  if (verify_when_searched_ && cost.indexed) VerifyIndexes(view, plan.field);
  const auto search = [&](std::size_t i, query::TopK* into) {
    return query::SearchLeft(*view.segments()[i], t, plan, &(*left)[i], into, &filters_);
  };
  return Read(view, cost, top, OneByOne(search));
}

Status QueryNodes::RunAll(std::size_t tasks, std::size_t threads, const SearchPool::Task& task) {
  if (threads > 1) return pool_.Run(tasks, threads, task);
  for (std::size_t i = 0; i < tasks; ++i) VECDB_TRY(task(i));
  return Status();
}

Result<std::vector<query::AllowedRows>> QueryNodes::AllowedIn(const segment::View& view,
                                                              const segment::ReadTime& t,
                                                              const query::SearchPlan& plan) {
  std::vector<query::AllowedRows> allowed(view.segments().size());
  const auto find = [&](std::size_t i) -> Status {
    VECDB_TRY_ASSIGN(allowed[i], query::AllowedRowsAt(*view.segments()[i], t, plan.filter.get(),
                                                      plan.deadline, &filters_));
    return Status();
  };
  const std::size_t threads = ThreadsFor(view, {FilterBytes(plan.filter.get()), 0});
  VECDB_TRY(RunAll(allowed.size(), threads, std::ref(find)));
  return allowed;
}

// Many queries are shared out among the threads, a block of them at a time, each of which reads
// all segments; of few queries each thread reads some segments for all, unless indexes do most
// of the work.
Status QueryNodes::SearchMany(const segment::View& view, const segment::ReadTime& t,
                              std::span<const query::SearchPlan> plans,
                              std::span<query::TopK> tops) {
  const query::SearchPlan& any = plans.front();
  const ReadCost cost = CostOf(view, any);
  if (verify_when_searched_ && cost.indexed) VerifyIndexes(view, any.field);
  const std::uint64_t bytes = RowsToRead(view, cost) * cost.row_bytes * plans.size();
  const std::size_t threads = pool_.ThreadsFor(pool_.most_threads(), bytes);
  const ManyShape shape = ShapeOf(view, any, plans.size(), threads);
  VECDB_TRY_ASSIGN(const auto memory, ReserveMany(view, cost, shape.shares.size() * plans.size(),
                                                  std::min(threads, shape.blocks)));
  VECDB_TRY_ASSIGN(const auto allowed, AllowedIn(view, t, any));

  std::vector<std::vector<query::TopK>> others(shape.shares.size());  // the first share has `tops`
  for (std::size_t i = 1; i < others.size(); ++i) others[i].resize(plans.size(), tops[0].Empty());
  const query::ManySearches searches{view, plans, allowed, &filters_, crossings_.get()};
  const auto search = [&](std::size_t task) -> Status {
    const std::size_t share = task / shape.blocks;
    const std::size_t first = task % shape.blocks * shape.block;
    const std::size_t count = std::min(shape.block, plans.size() - first);
    const std::span<const std::size_t> segments = shape.shares[share].segments;
    for (const std::size_t i : segments) NoteRead(view.nodes()[i], count);
    return query::SearchSegmentsMany(searches, segments, first, count,
                                     share == 0 ? tops : std::span(others[share]));
  };
  const std::size_t tasks = shape.shares.size() * shape.blocks;
  VECDB_TRY(RunAll(tasks, std::min(threads, tasks), std::ref(search)));
  for (std::size_t i = 1; i < others.size(); ++i) {
    for (std::size_t q = 0; q < plans.size(); ++q) tops[q].Merge(others[i][q]);
  }
  return Status();
}

Status QueryNodes::Query(const segment::View& view, const segment::ReadTime& t,
                         const query::Filter* filter, const base::Deadline& deadline,
                         query::FirstByKey* first) {
  const ReadCost cost{kKeyBytes + FilterBytes(filter), first->limit()};
  const auto read = [&](std::size_t i, query::FirstByKey* into) {
    return into->Offer(*view.segments()[i], t, filter, deadline);
  };
  return Read(view, cost, first, OneByOne(read));
}

Result<std::uint64_t> QueryNodes::Count(const segment::View& view, const segment::ReadTime& t,
                                        const query::Filter* filter,
                                        const base::Deadline& deadline) {
  Counted counted;
  const auto count = [&](std::size_t i, Counted* into) -> Status {
    const segment::Segment& segment = *view.segments()[i];
    VECDB_TRY_ASSIGN(const auto allowed, query::AllowedRowsAt(segment, t, filter, deadline));
    into->rows += allowed.Count();
    return Status();
  };
  VECDB_TRY(Read(view, {FilterBytes(filter), 0}, &counted, OneByOne(count)));
  return counted.rows;
}

std::vector<QueryNodeInfo> QueryNodes::Describe(
    const std::vector<std::shared_ptr<LiveCollection>>& collections) const {
  std::vector<QueryNodeInfo> nodes(count_);
  for (std::uint32_t i = 0; i < count_; ++i) {
    nodes[i].reads = nodes_[i].reads.load(std::memory_order_relaxed);
  }
  for (const auto& collection : collections) {
    const auto view = collection->board.Pin();
    for (std::size_t i = 0; i < view->segments().size(); ++i) {
      if (view->nodes()[i] >= count_) continue;  // growing
      QueryNodeInfo& node = nodes[view->nodes()[i]];
      ++node.segments;
      node.rows += view->segments()[i]->rows();
      node.bytes += view->segments()[i]->disk_bytes();
    }
  }
  return nodes;
}

}  // namespace vecdb::roles
