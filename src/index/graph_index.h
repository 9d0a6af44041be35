// A graph file as an Index.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "index/beam.h"
#include "index/graph_file.h"
#include "index/index.h"
#include "index/search_plan.h"
#include "index/walk.h"

namespace vecdb::index {

// A walk on its way, whatever it walks through. It lies in memory of its own and needs no end.
class Walking {
 public:
  virtual Status Run(const base::Deadline& deadline) = 0;  // to the end
  virtual Result<bool> Turn() = 0;                         // see Walker::Turn()
  // What it has found; null when it gave up.
  virtual const Beam* Found() const = 0;

 protected:
  ~Walking() = default;
};

// A search on its way: so that several can take turns.
struct GraphSearch {
  const NearestRequest* request = nullptr;
  ExactDistances* exact = nullptr;
  std::vector<Neighbor>* out = nullptr;
  SearchPlan plan = {};
  std::optional<ScratchPool::Loan> scratch = {};
  Walking* walk = nullptr;  // in `room`; null: there is none, or it has ended
  alignas(64) std::byte room[448];
};

class GraphIndex final : public Index {
 public:
  explicit GraphIndex(GraphFile file);

  Status Search(const NearestRequest& request, ExactDistances* exact,
                std::vector<Neighbor>* out) const override;
  // The same, step by step: whether there is more to do.
  Result<bool> Begin(GraphSearch* search) const;
  Result<bool> Turn(GraphSearch* search) const;
  Status Verify() const override;
  Description Describe() const override;

  bool verified() const { return verified_.load(std::memory_order_acquire); }
  const GraphFile& graph() const { return graph_; }
  const Links& links() const { return links_; }

 private:
  // Encodes the query, and begins the walk that is planned.
  Status Prepare(GraphSearch* search) const;
  template <class Space>
  Status BeginWalk(const Space& space, GraphSearch* search) const;
  // What comes behind the walk, if there was one.
  Status Finish(GraphSearch* search) const;
  template <class Space>
  Status ScanCodes(const Space& space, const NearestRequest& request, const SearchPlan& plan,
                   Scratch* scratch) const;
  // The keys of the candidates say their distances exactly: nothing is left to compute.
  template <class Number>
  bool TakeExactKeys(const SearchPlan& plan, const Scratch& scratch,
                     std::vector<Neighbor>* out) const;
  Status Refine(const NearestRequest& request, const SearchPlan& plan, ExactDistances* exact,
                Scratch* scratch, std::vector<Neighbor>* out) const;
  Status ScanExact(const NearestRequest& request, const SearchPlan& plan, ExactDistances* exact,
                   std::vector<Neighbor>* out) const;

  // constant after construction
  const GraphFile graph_;
  const Links links_;
  const float key_unit_;  // the distance that a key of 1 says exactly; 0: none does
  // thread-safe by themselves
  mutable std::atomic<bool> verified_{false};
  mutable ScratchPool scratches_;
};

// Every Index is one.
inline const GraphIndex& GraphOf(const Index& index) {
  return static_cast<const GraphIndex&>(index);
}

}  // namespace vecdb::index
