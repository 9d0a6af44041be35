#include "index/reachability.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "index/walk.h"

namespace vecdb::index {
namespace {

class Reachability {
 public:
  explicit Reachability(Graph* graph) : graph_(*graph) {
    reached_.Reset(graph_.view().rows);
    for (const std::uint32_t entry : graph_.entries) Reach(entry);
  }

  bool Has(std::uint32_t row) const { return reached_.Has(row); }

  // Links `row` behind `before`, which may have no place left: then `row` takes over its last link,
  // so that what was reached is reached still. The links of `row` reached nobody so far.
  void Insert(std::uint32_t row, std::uint32_t before) {
    std::uint32_t* const to = ListOf(before);
    const std::uint32_t count = CountOf(before);
    if (count < graph_.degree) {
      to[count] = row;
    } else {
      const std::uint32_t place = std::min(CountOf(row), graph_.degree - 1);
      ListOf(row)[place] = std::exchange(to[count - 1], row);
    }
    ++graph_.repaired;
    Reach(row);
  }

 private:
  std::uint32_t* ListOf(std::uint32_t row) {
    return graph_.links.data() + std::size_t{row} * graph_.degree;
  }
  std::uint32_t CountOf(std::uint32_t row) {
    const std::uint32_t* const list = ListOf(row);
    return static_cast<std::uint32_t>(std::find(list, list + graph_.degree, kNoRow) - list);
  }

  // Marks what can be reached from `start` and was not reached before.
  void Reach(std::uint32_t start) {
    if (!reached_.Meet(start)) return;
    left_.assign(1, start);
    while (!left_.empty()) {
      const std::uint32_t* const list = ListOf(left_.back());
      left_.pop_back();
      for (std::uint32_t i = 0; i < graph_.degree && list[i] != kNoRow; ++i) {
        if (reached_.Meet(list[i])) left_.push_back(list[i]);
      }
    }
  }

  Graph& graph_;
  Visited reached_;
  std::vector<std::uint32_t> left_;
};

}  // namespace

Status MakeReachable(const CodeFormat& format, std::span<const std::byte> codes, std::uint32_t ef,
                     const base::Deadline& deadline, Graph* graph) {
  return WithSpace(format, codes.data(), [&](const auto& space) -> Status {
    Reachability reachability(graph);
    Scratch scratch;
    const Links links = graph->view();
    for (std::uint32_t row = 0; row < links.rows; ++row) {
      if (reachability.Has(row)) continue;
      const auto* query = space.AsQuery(row, &scratch.query);
      VECDB_TRY(Walk(space, query, links, ef, deadline, Unchecked(), &scratch));
      reachability.Insert(row, scratch.beam.id(0));
    }
    return Status();
  });
}

}  // namespace vecdb::index
