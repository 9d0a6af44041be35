#include "segment/key_values.h"

#include "base/status.h"

namespace vecdb::segment {
namespace {

catalog::KeyValueView Real(double value) {
  if (value != value) return {};
  return value;
}

}  // namespace

catalog::KeyValueView KeyValueAt(const chunk::ColumnView& view, std::size_t row) {
  if (view.IsNull(row)) return {};
  switch (view.type) {
    case DataType::kInt8:
      return std::int64_t{view.As<std::int8_t>()[row]};
    case DataType::kInt16:
      return std::int64_t{view.As<std::int16_t>()[row]};
    case DataType::kInt32:
      return std::int64_t{view.As<std::int32_t>()[row]};
    case DataType::kInt64:
      return view.As<std::int64_t>()[row];
    case DataType::kFloat:
      return Real(view.As<float>()[row]);
    case DataType::kDouble:
      return Real(view.As<double>()[row]);
    case DataType::kVarChar:
      return view.As<std::string_view>()[row];
    case DataType::kBool:
    case DataType::kArray:
    case DataType::kJson:
    case DataType::kBinaryVector:
    case DataType::kFloatVector:
    case DataType::kFloat16Vector:
    case DataType::kBFloat16Vector:
    case DataType::kSparseFloatVector:
    case DataType::kInt8Vector:
      break;
  }
  VECDB_CHECK(false, "a clustering key is of a type that clusters nothing");
  return {};
}

Result<catalog::KeyRange> FindKeyRange(std::uint32_t field, RowIndex rows,
                                       const ColumnSource& read) {
  catalog::KeyRange range;
  range.field = field;
  for (RowIndex row = 0; row < rows;) {
    VECDB_TRY_ASSIGN(const chunk::ColumnView view, read(row, rows - row));
    for (std::size_t i = 0; i < view.rows; ++i) catalog::Include(KeyValueAt(view, i), &range);
    row += static_cast<RowIndex>(view.rows);
  }
  catalog::Shorten(&range);
  return range;
}

}  // namespace vecdb::segment
