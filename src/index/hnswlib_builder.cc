#include "index/hnswlib_builder.h"

#include <algorithm>
#include <cstring>
#include <vector>

// Without SIMD of its own, which is for distances that nobody asks it for; and in a namespace of
// ours: templates of the same name from another copy in the process would be exchanged for these.
#define NO_MANUAL_VECTORIZATION
#define hnswlib vecdb_hnswlib
#include <hnswlib/hnswlib.h>
#undef hnswlib

#include "base/status.h"
#include "index/code_space.h"
#include "index/code_table.h"
#include "index/guard.h"
#include "index/reachability.h"
#include "index/walk.h"

namespace vecdb::index {
namespace {

constexpr std::size_t kRowsAtOnce = 4096;  // between two looks at the progress
constexpr std::size_t kRowsOfTask = 16;
constexpr double kInsertShare = 0.95;  // of the work, for the progress

using Distance = std::int64_t;  // a key, which hnswlib negates

// Where this thread widens a row of halves, to compare it: the task lends it.
thread_local EncodedQuery* widened = nullptr;

std::uint32_t RowOf(const void* point) {
  std::uint32_t row = 0;
  std::memcpy(&row, point, sizeof row);
  return row;
}

// A point of hnswlib's is the number of a row, whose code stays where it is.
template <class Space>
class Points final : public vecdb_hnswlib::SpaceInterface<Distance> {
 public:
  explicit Points(const Space& space) : space_(space) {}

  const Space& space() const { return space_; }
  std::size_t get_data_size() override { return sizeof(std::uint32_t); }
  vecdb_hnswlib::DISTFUNC<Distance> get_dist_func() override { return DistanceOf; }
  void* get_dist_func_param() override { return &space_; }

 private:
  static Distance DistanceOf(const void* a, const void* b, const void* space) {
    const auto& codes = *static_cast<const Space*>(space);
    return codes.PairKey(codes.AsQuery(RowOf(b), widened), RowOf(a));
  }

  Space space_;
};

template <class Space>
class HnswlibBuilder {
 public:
  HnswlibBuilder(const Space& space, RowIndex rows, const GraphParameters& parameters,
                 const BuildContext& context)
      : context_(context),
        order_(Shuffled(rows)),
        degree_(2 * parameters.m),
        points_(space),
        engine_(&points_, rows, parameters.m, std::min(parameters.ef_construction, rows)) {}

  Result<Graph> Build(std::size_t entries, const HeldBack& held_back) {
    if (held_back.rows > 0) {
      VECDB_TRY(InsertUpTo(order_.size() - held_back.rows));
      VECDB_TRY_ASSIGN(const Graph graph, Freeze(entries));
      VECDB_TRY(held_back.use(graph.view(), std::span(order_).subspan(inserted_)));
    }
    VECDB_TRY(InsertUpTo(order_.size()));
    return Freeze(entries);
  }

 private:
  // body(i, scratch) for i < n, some of them a task, from which nothing is thrown.
  template <class Body>
  Status ForEach(std::size_t n, const Body& body) {
    return RunAll(context_, (n + kRowsOfTask - 1) / kRowsOfTask, [&](std::size_t task) {
      return Guarded([&] {
        const ScratchPool::Loan scratch(scratches_);
        widened = &scratch->query;
        const std::size_t end = std::min(n, (task + 1) * kRowsOfTask);
        for (std::size_t i = task * kRowsOfTask; i < end; ++i) body(i, *scratch);
        return Status();
      });
    });
  }

  Status InsertUpTo(std::size_t end) {
    while (inserted_ < end) {
      const std::size_t most = inserted_ == 0 ? 1 : kRowsAtOnce;  // the first is where all begin
      const std::span rows = std::span(order_).subspan(inserted_, std::min(most, end - inserted_));
      VECDB_TRY(ForEach(rows.size(),
                        [&](std::size_t i, Scratch&) { engine_.addPoint(&rows[i], rows[i]); }));
      inserted_ += rows.size();
      const double share = static_cast<double>(inserted_) / static_cast<double>(order_.size());
      if (context_.progress) context_.progress(kInsertShare * share);
    }
    return Status();
  }

  // The graph of the rows inserted so far. A row is on a higher level by chance alone, so none is a
  // better entry for it; the first rows have links that lead far.
  Result<Graph> Freeze(std::size_t entries) {
    Graph graph;
    graph.degree = degree_;
    graph.links.assign(order_.size() * degree_, kNoRow);
    graph.entries.assign(
        order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(std::min(entries, inserted_)));
    VECDB_TRY(ForEach(inserted_, [&](std::size_t i, Scratch& scratch) {
      CopyLinks(static_cast<vecdb_hnswlib::tableint>(i), &scratch, &graph);
    }));
    return graph;
  }

  // In order, the nearest first.
  void CopyLinks(vecdb_hnswlib::tableint point, Scratch* scratch, Graph* graph) {
    const std::uint32_t row = RowOf(engine_.getDataByInternalId(point));
    const auto* query = points_.space().AsQuery(row, &scratch->query);
    auto* const list = engine_.get_linklist0(point);
    std::vector<std::uint64_t> links(engine_.getListCount(list));
    for (std::size_t i = 0; i < links.size(); ++i) {
      const std::uint32_t to = RowOf(engine_.getDataByInternalId(list[1 + i]));
      links[i] = Beam::EntryOf(points_.space().PairKey(query, to), to);
    }
    std::sort(links.begin(), links.end());
    const auto end = std::unique(links.begin(), links.end());  // two threads may make the same link
    std::transform(links.begin(), end, graph->links.begin() + std::ptrdiff_t{row} * degree_,
                   Beam::IdOf);
  }

  const BuildContext& context_;
  const std::vector<std::uint32_t> order_;
  const std::uint32_t degree_;
  Points<Space> points_;
  vecdb_hnswlib::HierarchicalNSW<Distance> engine_;
  std::size_t inserted_ = 0;
  ScratchPool scratches_;
};

}  // namespace

std::uint64_t HnswlibMemory(const GraphParameters& parameters, RowIndex rows) {
  constexpr std::uint64_t kAlways = std::uint64_t{4} << 20;  // locks of labels
  // Of a row: a lock, a label and its place in a hash table, what lists of higher levels take,
  // its place in the order.
  constexpr std::uint64_t kBesideLinks = 128;
  constexpr std::uint64_t kMarks = std::uint64_t{2} * 64;  // of walks on as many threads
  const std::uint64_t links = 2 * std::uint64_t{parameters.m} * sizeof(std::uint32_t);
  return kAlways + rows * (kBesideLinks + kMarks + 2 * links);  // hnswlib's, and the graph's
}

Result<Graph> BuildLinksWithHnswlib(const CodeFormat& format, std::span<const std::byte> codes,
                                    RowIndex rows, const GraphParameters& parameters,
                                    const BuildContext& context, const HeldBack& held_back) {
  const auto build = [&](const auto& space) {
    return Guarded([&] {
      HnswlibBuilder builder(space, rows, parameters, context);
      return builder.Build(EntryCount(format, rows), held_back);
    });
  };
  VECDB_TRY_ASSIGN(Graph graph, WithSpace(format, codes.data(), build));
  const std::uint32_t ef = std::min(parameters.ef_construction, rows);
  VECDB_TRY(MakeReachable(format, codes, ef, context.deadline, &graph));
  return graph;
}

}  // namespace vecdb::index
