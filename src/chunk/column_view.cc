#include "chunk/column_view.h"

#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/status.h"
#include "chunk/array_value.h"
#include "chunk/half.h"
#include "chunk/sparse_value.h"

namespace vecdb::chunk {
namespace {

template <typename T>
std::vector<T> Copied(std::span<const T> values) {
  return {values.begin(), values.end()};
}

}  // namespace

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
    case DataType::kJson:
      return std::string(As<std::string_view>()[row]);
    case DataType::kArray: {
      const std::optional<ArrayView> array = ArrayView::From(As<std::string_view>()[row]);
      VECDB_CHECK(array.has_value(), "a column holds an array of no shape");
      return array->Owned();
    }
    case DataType::kSparseFloatVector:
      return SparseBytes(As<std::string_view>()[row]).Owned();
    case DataType::kFloatVector:
      return Copied(Vector<float>(row));
    case DataType::kInt8Vector:
      return Copied(Vector<std::int8_t>(row));
    case DataType::kBinaryVector:
      return Copied(Vector<std::uint8_t>(row));
    case DataType::kFloat16Vector:
    case DataType::kBFloat16Vector: {
      std::vector<float> widened(dimension);
      FromHalf(type, Vector<std::uint16_t>(row), widened.data());
      return widened;
    }
  }
  return std::monostate();
}

ColumnView ColumnView::Slice(std::size_t first, std::size_t count) const {
  const std::size_t stride =
      IsVariable(type) ? sizeof(std::string_view) : FixedWidth(type, dimension);
  ColumnView slice = *this;
  slice.rows = count;
  if (values != nullptr) slice.values = static_cast<const std::byte*>(values) + first * stride;
  if (valid != nullptr) slice.valid = valid + first;
  return slice;
}

}  // namespace vecdb::chunk
