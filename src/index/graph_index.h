// A graph file as an Index.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "index/beam.h"
#include "index/graph_file.h"
#include "index/index.h"
#include "index/search_plan.h"
#include "index/walk.h"

namespace vecdb::index {

class GraphIndex final : public Index {
 public:
  explicit GraphIndex(GraphFile file);

  Status Search(const NearestRequest& request, ExactDistances* exact,
                std::vector<Neighbor>* out) const override;
  Status Verify() const override;
  Description Describe() const override;

 private:
  template <class Space, class Check>
  Status Find(const Space& space, const Check& check, const NearestRequest& request,
              SearchPlan* plan, Scratch* scratch) const;
  template <class Space, class Check>
  Status WalkAllowed(const Space& space, const Check& check, const NearestRequest& request,
                     const SearchPlan& plan, Scratch* scratch) const;
  template <class Space, class Check>
  Status ScanCodes(const Space& space, const Check& check, const NearestRequest& request,
                   const SearchPlan& plan, Scratch* scratch) const;
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

}  // namespace vecdb::index
