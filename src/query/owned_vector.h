// A copy of a query's vector, for searches that go on when the call that began them has returned.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <variant>
#include <vector>

#include "vecdb/request.h"
#include "vecdb/types.h"

namespace vecdb::query {

class OwnedVector {
 public:
  explicit OwnedVector(const QueryVector& from) {
    std::visit([this](const auto& lent) { Take(lent); }, from);
  }
  // Lent by this.
  QueryVector view() const {
    return std::visit([](const auto& held) { return Lend(held); }, held_);
  }
  std::size_t bytes() const {
    return std::visit([](const auto& held) { return BytesOf(held); }, held_);
  }

 private:
  template <typename T>
  void Take(std::span<const T> lent) {
    held_ = std::vector<T>(lent.begin(), lent.end());
  }
  void Take(const SparseView& lent) {
    held_ = SparseVector{{lent.indices.begin(), lent.indices.end()},
                         {lent.values.begin(), lent.values.end()}};
  }
  template <typename T>
  static QueryVector Lend(const std::vector<T>& held) {
    return std::span<const T>(held);
  }
  static QueryVector Lend(const SparseVector& held) { return SparseView(held); }
  template <typename T>
  static std::size_t BytesOf(const std::vector<T>& held) {
    return held.size() * sizeof(T);
  }
  static std::size_t BytesOf(const SparseVector& held) {
    return BytesOf(held.indices) + BytesOf(held.values);
  }

  std::variant<std::vector<float>, std::vector<std::int8_t>, std::vector<std::uint8_t>,
               SparseVector>
      held_;
};

}  // namespace vecdb::query
