// Values of one field for some consecutive rows, lent: from a Column, a growing segment's block or
// a sealed segment's file. The one form in which filters, searches and fetches see data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "vecdb/types.h"

#include "chunk/kinds.h"

namespace vecdb::chunk {

struct ColumnView {
  DataType type = DataType::kInt64;
  std::uint32_t dimension = 0;
  std::size_t rows = 0;
  // Fixed-width types: rows * FixedWidth bytes, aligned for the type. IsVariable types:
  // string_views; those of arrays and sparse vectors have been checked for their shape.
  const void* values = nullptr;
  const std::uint8_t* valid = nullptr;  // one byte per row, 0 = null; nullptr = all valid
  std::shared_ptr<const void> keep;     // keeps `values` alive; may be empty when the owner does

  bool IsNull(std::size_t row) const { return valid != nullptr && valid[row] == 0; }

  template <typename T>
  std::span<const T> As() const {  // of scalars; bool columns: std::uint8_t
    return {static_cast<const T*>(values), rows};
  }
  // The components of one vector: float, std::uint16_t for halves, std::int8_t, or bytes of bits.
  template <typename T = float>
  std::span<const T> Vector(std::size_t row) const {
    const std::size_t size = FixedWidth(type, dimension) / sizeof(T);
    return {static_cast<const T*>(values) + row * size, size};
  }
  // One value, owned; std::monostate for null.
  Value At(std::size_t row) const;
  ColumnView Slice(std::size_t first, std::size_t count) const;
};

}  // namespace vecdb::chunk
