#include "chunk/column_view.h"

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

namespace vecdb::chunk {

Value ColumnView::At(std::size_t row) const {
  if (IsNull(row)) return std::monostate();
  switch (type) {
    case DataType::kBool:
      return As<std::uint8_t>()[row] != 0;
    case DataType::kInt8:
      return std::int64_t{As<std::int8_t>()[row]};
    case DataType::kInt16:
      return std::int64_t{As<std::int16_t>()[row]};
    case DataType::kInt32:
      return std::int64_t{As<std::int32_t>()[row]};
    case DataType::kInt64:
      return As<std::int64_t>()[row];
    case DataType::kFloat:
      return static_cast<double>(As<float>()[row]);
    case DataType::kDouble:
      return As<double>()[row];
    case DataType::kVarChar:
      return std::string(As<std::string_view>()[row]);
    case DataType::kFloatVector: {
      const std::span<const float> vector = Vector(row);
      return std::vector<float>(vector.begin(), vector.end());
    }
  }
  return std::monostate();
}

ColumnView ColumnView::Slice(std::size_t first, std::size_t count) const {
  const std::size_t stride =
      type == DataType::kVarChar ? sizeof(std::string_view) : FixedWidth(type, dimension);
  ColumnView slice = *this;
  slice.rows = count;
  if (values != nullptr) slice.values = static_cast<const std::byte*>(values) + first * stride;
  if (valid != nullptr) slice.valid = valid + first;
  return slice;
}

}  // namespace vecdb::chunk
