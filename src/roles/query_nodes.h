// The query nodes: each has some of the sealed segments of every collection, as the View says, and
// reads them. A read that is large asks all of them side by side, and beside them the streaming
// node that has the growing rows; a small one visits one after the other on its caller's thread.
// Either way the same reduction puts the answers together.
//
// Thread safety: all methods from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "vecdb/options.h"
#include "vecdb/result.h"

#include "base/deadline.h"
#include "base/memory_budget.h"
#include "catalog/state.h"
#include "io/file_system.h"
#include "query/crossings.h"
#include "query/filter_cache.h"
#include "query/plan.h"
#include "query/reduce.h"
#include "query/scan.h"
#include "roles/live_collection.h"
#include "roles/search_pool.h"
#include "segment/view.h"

namespace vecdb::roles {

class QueryNodes {
 public:
  // Everything lent outlives the nodes.
  QueryNodes(io::FileSystem& fs, const io::DatabaseUuid& database, const segment::Loading& loading,
             std::uint32_t count, SearchPool& pool, base::MemoryBudget& memory);

  // How a collection's Views fill the nodes.
  segment::Nodes NodesFor(CollectionId collection) const;

  // Opens and checks the files of one segment. At handoff `tombstones` are the growing segment's;
  // otherwise null and read from the deletes file.
  Result<std::shared_ptr<segment::SealedSegment>> Open(
      const catalog::SegmentRecord& record, const Schema& schema,
      std::shared_ptr<segment::Tombstones> tombstones) const;

  // Another file of a segment that is open. What is wrong with it is in the answer.
  Result<std::shared_ptr<const segment::FieldIndex>> OpenIndex(
      const segment::SealedSegment& segment, const catalog::IndexFileRecord& file) const {
    return segment.OpenIndex(fs_, database_, file, loading_);
  }

  // Every segment of a collection, by id. kResourceExhausted when what is always in memory of them
  // is above the budget.
  Result<std::vector<std::shared_ptr<segment::Segment>>> OpenAll(
      const catalog::State& state, const catalog::CollectionRecord& collection) const;

  // Offer the rows of all of the view's segments. A failure of one segment is the read's: there is
  // no partial answer.
  Status Search(const segment::View& view, const segment::ReadTime& t,
                const query::SearchPlan& plan, query::TopK* top);
  // The same by plans that differ in their queries alone, each into the top of the same place.
  Status SearchMany(const segment::View& view, const segment::ReadTime& t,
                    std::span<const query::SearchPlan> plans, std::span<query::TopK> tops);
  // The same as Search() of rows that are left: see query::SearchLeft. left[i] is of segment i.
  using LeftRows = std::vector<std::optional<query::AllowedRows>>;
  Status SearchLeft(const segment::View& view, const segment::ReadTime& t,
                    const query::SearchPlan& plan, LeftRows* left, query::TopK* top);
  Status Query(const segment::View& view, const segment::ReadTime& t, const query::Filter* filter,
               const base::Deadline& deadline, query::FirstByKey* first);
  Result<std::uint64_t> Count(const segment::View& view, const segment::ReadTime& t,
                              const query::Filter* filter, const base::Deadline& deadline);

  base::MemoryBudget& memory() const { return memory_; }
  // Of what filters have left of segments, kept for the next search: how many bytes that was.
  std::uint64_t ForgetFilters() { return filters_.Clear(); }

  // From now on a search has each index that it is the first to meet read whole, by a thread of the
  // pool, if that has any: there is no background that does. Before the first search.
  void VerifyWhenSearched() { verify_when_searched_ = true; }
  // Before the first search, in a build that has any.
  void UseCrossings(std::shared_ptr<query::Crossings> crossings) {
    crossings_ = std::move(crossings);
  }
  // Before the pools stop: of what goes on behind searches nothing is begun any more.
  void EndBackground() {
    *ending_ = true;
    if (index::kCrossings && crossings_ != nullptr) crossings_->End();
  }

  // What each node has of these collections.
  std::vector<QueryNodeInfo> Describe(
      const std::vector<std::shared_ptr<LiveCollection>>& collections) const;

 private:
  struct Node {
    std::atomic<std::uint64_t> reads{0};
  };
  void NoteRead(std::uint32_t node, std::uint64_t reads = 1);
  void VerifyIndexes(const segment::View& view, std::uint32_t field);
  // What a read looks at in each row, and how many of them its answer holds at most.
  struct ReadCost {
    std::uint64_t row_bytes = 0;
    std::uint64_t candidates = 0;
    std::optional<std::uint32_t> indexed = {};  // the field whose index spares it most rows
  };
  std::size_t ThreadsFor(const segment::View& view, const ReadCost& cost) const;
  static ReadCost CostOf(const segment::View& view, const query::SearchPlan& plan);
  static std::uint64_t RowsToRead(const segment::View& view, const ReadCost& cost);
  // Runs task(0) to task(tasks - 1), on threads of the pool where there are to be some.
  Status RunAll(std::size_t tasks, std::size_t threads, const SearchPool::Task& task);
  Result<std::vector<query::AllowedRows>> AllowedIn(const segment::View& view,
                                                    const segment::ReadTime& t,
                                                    const query::SearchPlan& plan);
  template <typename Answer, typename Offer>
  Status Read(const segment::View& view, const ReadCost& cost, Answer* answer, const Offer& offer);
  Result<base::MemoryReservation> Reserve(const segment::View& view, const ReadCost& cost,
                                          std::size_t answers);
  // Of so many answers to one question each, made so many blocks at once.
  Result<base::MemoryReservation> ReserveMany(const segment::View& view, const ReadCost& cost,
                                              std::size_t answers, std::size_t at_once);

  io::FileSystem& fs_;
  const io::DatabaseUuid database_;
  const segment::Loading loading_;
  const std::uint32_t count_;
  SearchPool& pool_;
  base::MemoryBudget& memory_;
  bool verify_when_searched_ = false;
  const std::shared_ptr<std::atomic<bool>> ending_ = std::make_shared<std::atomic<bool>>(false);
  query::FilterCache filters_;
  std::shared_ptr<query::Crossings> crossings_;  // null: a build without
  std::vector<Node> nodes_;
};

}  // namespace vecdb::roles
