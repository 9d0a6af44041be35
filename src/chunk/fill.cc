#include "chunk/fill.h"

#include <algorithm>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "base/status.h"
#include "chunk/kinds.h"
#include "chunk/validate.h"
#include "chunk/value.h"

namespace vecdb::chunk {
namespace {

template <typename T>
inline constexpr std::string_view kNameOf = "SparseFloatVector";
template <>
inline constexpr std::string_view kNameOf<bool> = "Bool";
template <>
inline constexpr std::string_view kNameOf<std::int64_t> = "Int64";
template <>
inline constexpr std::string_view kNameOf<double> = "Double";
template <>
inline constexpr std::string_view kNameOf<std::string_view> = "VarChar";
template <typename T>
inline constexpr std::string_view kNameOf<std::span<const T>> = "Array";
template <>
inline constexpr std::string_view kNameOf<float> = "floats";
template <>
inline constexpr std::string_view kNameOf<std::uint16_t> = "halves";
template <>
inline constexpr std::string_view kNameOf<std::int8_t> = "int8";
template <>
inline constexpr std::string_view kNameOf<std::uint8_t> = "bytes";

template <typename T>
inline constexpr bool kIsArray = false;
template <typename T>
inline constexpr bool kIsArray<std::span<const T>> = true;

template <typename T>
bool Takes(DataType type) {
  switch (type) {
    case DataType::kBool:
      return std::is_same_v<T, bool>;
    case DataType::kInt8:
    case DataType::kInt16:
    case DataType::kInt32:
    case DataType::kInt64:
      return std::is_same_v<T, std::int64_t>;
    case DataType::kFloat:
    case DataType::kDouble:
      return std::is_same_v<T, std::int64_t> || std::is_same_v<T, double>;
    case DataType::kVarChar:
    case DataType::kJson:
      return std::is_same_v<T, std::string_view>;
    case DataType::kArray:
      return kIsArray<T>;
    case DataType::kSparseFloatVector:
      return std::is_same_v<T, SparseView>;
    case DataType::kFloatVector:
      return std::is_same_v<T, float>;
    case DataType::kFloat16Vector:
    case DataType::kBFloat16Vector:
      return std::is_same_v<T, float> || std::is_same_v<T, std::uint16_t>;
    case DataType::kInt8Vector:
      return std::is_same_v<T, std::int8_t>;
    case DataType::kBinaryVector:
      return std::is_same_v<T, std::uint8_t>;
  }
  return false;
}

Status AtRow(std::size_t row, const Status& status) {
  return status.ok() ? status : base::Annotate(status, base::Format("row {}", row));
}

// One value after the other. value_at(row) may be null.
template <typename ValueAt>
Status FillEach(const Field& field, const ValueView& fallback, std::size_t rows,
                const ValueAt& value_at, Column* column) {
  for (std::size_t row = 0; row < rows; ++row) {
    const ValueView value = value_at(row);
    if (Status status = ValidateValue(field, value); !status.ok()) return AtRow(row, status);
    column->AppendValue(std::holds_alternative<std::monostate>(value) ? fallback : value);
    VECDB_TRY(CheckBatchBytes(column->size_bytes()));
  }
  return Status();
}

// The values of `field`, all there, converted to the width they are stored in.
template <typename Stored, typename Given>
Status FillAs(const Field& field, std::span<const Given> values, Column* column) {
  std::vector<Stored> stored(values.size());
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (!Fits<Stored>(values[row])) return AtRow(row, ValidateValue(field, values[row]));
    stored[row] = static_cast<Stored>(values[row]);
  }
  column->AppendFixed(std::as_bytes(std::span<const Stored>(stored)), stored.size());
  return Status();
}

Status FillNumbers(const Field& field, std::span<const std::int64_t> values, Column* column) {
  if (field.type == DataType::kInt8) return FillAs<std::int8_t>(field, values, column);
  if (field.type == DataType::kInt16) return FillAs<std::int16_t>(field, values, column);
  if (field.type == DataType::kInt32) return FillAs<std::int32_t>(field, values, column);
  if (field.type == DataType::kFloat) return FillAs<float>(field, values, column);
  if (field.type == DataType::kDouble) return FillAs<double>(field, values, column);
  column->AppendFixed(std::as_bytes(values), values.size());
  return Status();
}

Status FillNumbers(const Field& field, std::span<const double> values, Column* column) {
  if (field.type == DataType::kFloat) return FillAs<float>(field, values, column);
  return FillAs<double>(field, values, column);
}

Status FillNumbers(const Field&, std::span<const bool> values, Column* column) {
  static_assert(sizeof(bool) == 1);
  column->AppendFixed(std::as_bytes(values), values.size());
  return Status();
}

}  // namespace

Status CheckBatchBytes(std::size_t size) {
  if (size <= kMaxBatchBytes) return Status();
  return base::InvalidArgument("a batch holds at most {} bytes, this would make it {}",
                               kMaxBatchBytes, size);
}

template <typename T>
Status CheckTakesColumn(const Field& field) {
  if (Takes<T>(field.type)) return Status();
  return base::InvalidArgument("field '{}' holds {}, got a column of {}", field.name,
                               ToString(field.type), kNameOf<T>);
}

template <typename T>
Status FillColumn(const Field& field, const ValueView& fallback, std::span<const T> values,
                  std::span<const std::uint8_t> valid, Column* column) {
  const bool nulls = std::find(valid.begin(), valid.end(), std::uint8_t{0}) != valid.end();
  if constexpr (std::is_arithmetic_v<T>) {
    if (!nulls) return FillNumbers(field, values, column);
  }
  const auto value_at = [&](std::size_t row) {
    return nulls && valid[row] == 0 ? ValueView() : ValueView(values[row]);
  };
  return FillEach(field, fallback, values.size(), value_at, column);
}

template <typename Component>
Status CheckTakesVectors(const Field& field, std::size_t components) {
  if (!Takes<Component>(field.type)) {
    return base::InvalidArgument("field '{}' holds {}, got vectors of {}", field.name,
                                 ToString(field.type), kNameOf<Component>);
  }
  const std::size_t each = field.dimension / (field.type == DataType::kBinaryVector ? 8 : 1);
  if (components % each == 0) return Status();
  return base::InvalidArgument(
      "field '{}' holds vectors of dimension {}; {} {} end in the middle of one", field.name,
      field.dimension, components, kNameOf<Component>);
}

template <typename Component>
Status FillVectors(const Field& field, std::span<const Component> row_major, Column* column) {
  const std::size_t each = field.dimension / (field.type == DataType::kBinaryVector ? 8 : 1);
  const std::size_t rows = row_major.size() / each;
  VECDB_TRY(CheckBatchBytes(rows * FixedWidth(field.type, field.dimension)));
  for (std::size_t row = 0; row < rows; ++row) {
    const auto vector = row_major.subspan(row * each, each);
    if (Status status = ValidateVector(field, vector); !status.ok()) return AtRow(row, status);
    if constexpr (std::is_same_v<Component, float>) {
      if (IsHalf(field.type)) column->AppendValue(vector);
    }
  }
  if (!IsHalf(field.type) || std::is_same_v<Component, std::uint16_t>) {
    column->AppendFixed(std::as_bytes(row_major), rows);
  }
  return Status();
}

#define VECDB_COLUMN_OF(T)                                                          \
  template Status CheckTakesColumn<T>(const Field&);                                \
  template Status FillColumn<T>(const Field&, const ValueView&, std::span<const T>, \
                                std::span<const std::uint8_t>, Column*)
VECDB_COLUMN_OF(bool);
VECDB_COLUMN_OF(std::int64_t);
VECDB_COLUMN_OF(double);
VECDB_COLUMN_OF(std::string_view);
VECDB_COLUMN_OF(std::span<const bool>);
VECDB_COLUMN_OF(std::span<const std::int64_t>);
VECDB_COLUMN_OF(std::span<const double>);
VECDB_COLUMN_OF(std::span<const std::string_view>);
VECDB_COLUMN_OF(SparseView);
#undef VECDB_COLUMN_OF

#define VECDB_VECTORS_OF(Component)                                        \
  template Status CheckTakesVectors<Component>(const Field&, std::size_t); \
  template Status FillVectors(const Field&, std::span<const Component>, Column*)
VECDB_VECTORS_OF(float);
VECDB_VECTORS_OF(std::uint16_t);
VECDB_VECTORS_OF(std::int8_t);
VECDB_VECTORS_OF(std::uint8_t);
#undef VECDB_VECTORS_OF

}  // namespace vecdb::chunk
