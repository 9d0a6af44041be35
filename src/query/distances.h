// Distances from one query to rows of one type of vector. Inside, distances are smaller = nearer
// (rule 8).
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "vecdb/request.h"
#include "vecdb/schema.h"
#include "vecdb/status.h"

#include "chunk/column_view.h"

namespace vecdb::query {

struct NearPair;

// What several Distances say of the same rows.
//
// Thread safety: one thread at a time.
class DistancesTogether {
 public:
  virtual ~DistancesTogether() = default;
  // out[q * n + i] is out[i] of number q; n is at most Distances::kBatch, or ids.size().
  virtual void Many(const chunk::ColumnView& view, std::size_t first, std::size_t n,
                    float* out) = 0;
  virtual void Ids(const chunk::ColumnView& view, std::span<const std::uint32_t> ids,
                   float* out) = 0;
  // The same rows, but only which of them may be at most bounds[q] away from number q: pairs that
  // are not among those appended to `near` are farther. For much less than the distances, where few
  // are near; false, and no answer, where there is no way to tell, or it is more than `most`.
  virtual bool Near(const chunk::ColumnView& view, std::size_t first, std::size_t n,
                    std::span<const float> bounds, std::size_t most, std::vector<NearPair>* near);
  virtual bool NearIds(const chunk::ColumnView& view, std::span<const std::uint32_t> ids,
                       std::span<const float> bounds, std::size_t most,
                       std::vector<NearPair>* near);
};

// Thread safety: any number of threads may ask at once.
class Distances {
 public:
  // Rows whose distances are computed before anyone looks at them: enough to keep a kernel
  // streaming, few enough to stay in the first-level cache.
  static constexpr std::size_t kBatch = 256;

  virtual ~Distances() = default;
  // out[i] belongs to row first + i of `view`, or to row ids[i]; at most kBatch of them.
  virtual void Many(const chunk::ColumnView& view, std::size_t first,
                    std::span<float> out) const = 0;
  virtual void Ids(const chunk::ColumnView& view, std::span<const std::uint32_t> ids,
                   std::span<float> out) const = 0;
  // The same numbers of all of these, which are of one field and outlive the result. A row is read
  // once for several of them where there is a kernel for that.
  virtual std::unique_ptr<DistancesTogether> Together(std::span<const Distances* const> all) const;
};

// The query must be of the kind that the field takes, and what the field's vectors must be;
// kInvalidArgument names field, type and what came. Its numbers are lent to the result.
Result<std::unique_ptr<const Distances>> MakeDistances(const Field& field,
                                                       const QueryVector& query);

// A distance in the metric's own units again, and a score as a distance; neither rounds.
float ScoreOf(Metric metric, float distance);
float DistanceOf(Metric metric, float score);
bool LargerIsNearer(Metric metric);

// The distances that a search wants, both ends among them; not NaN.
struct DistanceRange {
  float nearest = -std::numeric_limits<float>::infinity();
  float farthest = std::numeric_limits<float>::infinity();
  bool Holds(float distance) const { return distance >= nearest && distance <= farthest; }
};

}  // namespace vecdb::query
