// A graph file as an Index.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "index/beam.h"
#include "index/graph_file.h"
#include "index/index.h"
#include "index/walk.h"

namespace vecdb::index {

class GraphIndex final : public Index {
 public:
  explicit GraphIndex(GraphFile file);

  Status Search(const SearchRequest& request, ExactDistances* exact,
                std::vector<Neighbor>* out) const override;
  Status Verify() const override;
  Description Describe() const override;

 private:
  struct Plan;
  template <class Space>
  Status SearchIn(const Space& space, const SearchRequest& request, const Plan& plan,
                  ExactDistances* exact, std::vector<Neighbor>* out) const;
  bool KeysAreExact() const;
  std::size_t RefineCount(const SearchRequest& request, std::size_t k) const;

  // constant after construction
  const GraphFile graph_;
  const Links links_;
  // thread-safe by themselves
  mutable std::atomic<bool> verified_{false};
  mutable ScratchPool scratches_;
};

}  // namespace vecdb::index
