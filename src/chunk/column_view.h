// Values of one field for some consecutive rows, lent: from a Column, a growing segment's block or
// a sealed segment's file. The one form in which filters, searches and fetches see data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "vecdb/types.h"

namespace vecdb::chunk {

// Bytes of one value of a fixed-width type; 0 for VarChar.
constexpr std::size_t FixedWidth(DataType type, std::uint32_t dimension) {
  switch (type) {
    case DataType::kBool:
    case DataType::kInt8:
      return 1;
    case DataType::kInt16:
      return 2;
    case DataType::kInt32:
    case DataType::kFloat:
      return 4;
    case DataType::kInt64:
    case DataType::kDouble:
      return 8;
    case DataType::kVarChar:
      return 0;
    case DataType::kFloatVector:
      return std::size_t{4} * dimension;
  }
  return 0;
}

struct ColumnView {
  DataType type = DataType::kInt64;
  std::uint32_t dimension = 0;
  std::size_t rows = 0;
  // Fixed-width types: rows * FixedWidth bytes, aligned for the type. VarChar: string_views.
  const void* values = nullptr;
  const std::uint8_t* valid = nullptr;  // one byte per row, 0 = null; nullptr = all valid
  std::shared_ptr<const void> keep;     // keeps `values` alive; may be empty when the owner does

  bool IsNull(std::size_t row) const { return valid != nullptr && valid[row] == 0; }

  template <typename T>
  std::span<const T> As() const {  // bool columns: std::uint8_t; vectors: float, rows * dimension
    const std::size_t per_row = type == DataType::kFloatVector ? dimension : 1;
    return {static_cast<const T*>(values), rows * per_row};
  }
  std::span<const float> Vector(std::size_t row) const {
    return {static_cast<const float*>(values) + row * dimension, dimension};
  }
  // One value, owned; std::monostate for null.
  Value At(std::size_t row) const;
  ColumnView Slice(std::size_t first, std::size_t count) const;
};

}  // namespace vecdb::chunk
