// Inner products of a sparse query with the rows of a column, one by one.
#pragma once

#include "query/distances.h"

namespace vecdb::chunk {
class SparseBytes;
}

namespace vecdb::query {

class SparseDistances final : public Distances {
 public:
  explicit SparseDistances(const SparseView& query) : query_(query) {}

  void Many(const chunk::ColumnView& view, std::size_t first, std::span<float> out) const override;
  void Ids(const chunk::ColumnView& view, std::span<const std::uint32_t> ids,
           std::span<float> out) const override;

 private:
  float DistanceTo(const chunk::SparseBytes& row) const;

  const SparseView query_;
};

}  // namespace vecdb::query
