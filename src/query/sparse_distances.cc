#include "query/sparse_distances.h"

#include <string_view>

#include "chunk/sparse_value.h"

namespace vecdb::query {
namespace {

// SparseView with the questions of chunk::SparseBytes.
struct Lent {
  const SparseView& vector;
  std::size_t size() const { return vector.indices.size(); }
  std::uint32_t index(std::size_t i) const { return vector.indices[i]; }
  float value(std::size_t i) const { return vector.values[i]; }
};

// The first place in [from, size) whose index is not below `index`: in doubling steps, then halving
// ones, so that near places are found at once and far ones without a walk.
template <typename Vector>
std::size_t Seek(const Vector& in, std::size_t from, std::uint32_t index) {
  if (from == in.size() || in.index(from) >= index) return from;
  std::size_t step = 1;  // in.index(from) < index throughout
  while (from + step < in.size() && in.index(from + step) < index) {
    from += step;
    step *= 2;
  }
  std::size_t end = from + step < in.size() ? from + step : in.size();
  while (end - from > 1) {
    const std::size_t middle = from + (end - from) / 2;
    (in.index(middle) < index ? from : end) = middle;
  }
  return end;
}

// Every entry of the one with fewer is sought in the other.
template <typename Few, typename Many>
double InnerProduct(const Few& few, const Many& many) {
  double sum = 0;
  std::size_t at = 0;
  for (std::size_t i = 0; i < few.size(); ++i) {
    at = Seek(many, at, few.index(i));
    if (at == many.size()) break;
    if (many.index(at) == few.index(i)) sum += double{few.value(i)} * many.value(at);
  }
  return sum;
}

}  // namespace

float SparseDistances::DistanceTo(const chunk::SparseBytes& row) const {
  const Lent query{query_};
  const double product =
      query.size() < row.size() ? InnerProduct(query, row) : InnerProduct(row, query);
  return static_cast<float>(-product);
}

void SparseDistances::Many(const chunk::ColumnView& view, std::size_t first,
                           std::span<float> out) const {
  const std::span<const std::string_view> rows = view.As<std::string_view>();
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = DistanceTo(chunk::SparseBytes(rows[first + i]));
  }
}

void SparseDistances::Ids(const chunk::ColumnView& view, std::span<const std::uint32_t> ids,
                          std::span<float> out) const {
  const std::span<const std::string_view> rows = view.As<std::string_view>();
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = DistanceTo(chunk::SparseBytes(rows[ids[i]]));
  }
}

}  // namespace vecdb::query
