#include "chunk/validate.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "base/status.h"
#include "chunk/array_value.h"
#include "chunk/json_text.h"
#include "chunk/sparse_value.h"
#include "chunk/text.h"
#include "chunk/value.h"

namespace vecdb::chunk {
namespace {

Status WrongType(const Field& field, const ValueView& value) {
  return base::InvalidArgument("field '{}' holds {}, got {}", field.name, ToString(field.type),
                               Shown(value));
}

template <typename Stored>
Status ValidateInteger(const Field& field, const ValueView& value) {
  const auto* integer = std::get_if<std::int64_t>(&value);
  if (integer == nullptr) return WrongType(field, value);
  if (Fits<Stored>(*integer)) return Status();
  return base::InvalidArgument("field '{}' holds {} ({}..{}), got {}", field.name,
                               ToString(field.type), int{std::numeric_limits<Stored>::min()},
                               int{std::numeric_limits<Stored>::max()}, *integer);
}

template <typename Stored>
Status ValidateFloating(const Field& field, const ValueView& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    if (Fits<Stored>(*integer)) return Status();
    constexpr std::int64_t kExact = std::int64_t{1} << std::numeric_limits<Stored>::digits;
    return base::InvalidArgument("field '{}' holds {}, which takes integers from -{} to {}, got {}",
                                 field.name, ToString(field.type), kExact, kExact, *integer);
  }
  const auto* number = std::get_if<double>(&value);
  if (number == nullptr) return WrongType(field, value);
  if (Fits<Stored>(*number)) return Status();
  if (!std::isfinite(*number)) {
    return base::InvalidArgument("field '{}' holds finite numbers, got {}", field.name, *number);
  }
  constexpr Stored kLargest = std::numeric_limits<Stored>::max();
  return base::InvalidArgument("field '{}' holds {} ({}..{}), got {}", field.name,
                               ToString(field.type), -kLargest, kLargest, *number);
}

template <typename Component>
Status ValidateDense(const Field& field, const ValueView& value) {
  const auto* vector = std::get_if<std::span<const Component>>(&value);
  return vector != nullptr ? ValidateVector(field, *vector) : WrongType(field, value);
}

// A set of row numbers by the key they carry. Open addressing; when the keys turn out to collide
// more than chance allows, gives up, and the caller sorts instead.
class KeySet {
 public:
  explicit KeySet(KeySpan keys)
      : keys_(keys),
        slots_(std::bit_ceil(keys.size() * 2 + 1), kFree),
        patience_(keys.size() * 8 + 64) {}

  // The row that already carries the key of `row`, or kFree after adding it.
  std::uint32_t Add(std::uint32_t row) {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = HashKey(keys_[row]) & mask;; at = (at + 1) & mask) {
      if (slots_[at] == kFree) {
        slots_[at] = row;
        return kFree;
      }
      if (keys_[slots_[at]] == keys_[row]) return slots_[at];
      if (patience_ == 0) return kFree;
      --patience_;
    }
  }
  bool gave_up() const { return patience_ == 0; }

  static constexpr std::uint32_t kFree = std::numeric_limits<std::uint32_t>::max();

 private:
  KeySpan keys_;
  std::vector<std::uint32_t> slots_;
  std::size_t patience_;
};

using RowPair = std::pair<std::uint32_t, std::uint32_t>;

std::optional<RowPair> FindDuplicateBySorting(KeySpan keys) {
  std::vector<std::uint32_t> rows(keys.size());
  std::iota(rows.begin(), rows.end(), 0U);
  std::stable_sort(rows.begin(), rows.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return keys[a] < keys[b]; });
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (keys[rows[i - 1]] == keys[rows[i]]) return RowPair(rows[i - 1], rows[i]);
  }
  return std::nullopt;
}

bool StrictlyAscending(KeySpan keys) {
  for (std::size_t i = 1; i < keys.size(); ++i) {
    if (!(keys[i - 1] < keys[i])) return false;
  }
  return true;
}

std::optional<RowPair> FindDuplicate(KeySpan keys) {
  if (StrictlyAscending(keys)) return std::nullopt;  // the common bulk load
  KeySet seen(keys);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto row = static_cast<std::uint32_t>(i);
    const std::uint32_t earlier = seen.Add(row);
    if (earlier != KeySet::kFree) return RowPair(earlier, row);
    if (seen.gave_up()) return FindDuplicateBySorting(keys);
  }
  return std::nullopt;
}

Status ValidateShape(const Schema& schema, const Chunk& chunk) {
  const std::span<const Field> fields = schema.fields();
  if (chunk.columns.size() != fields.size()) {
    return base::InvalidArgument("the rows have {} columns, the schema has {} fields",
                                 chunk.columns.size(), fields.size());
  }
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const Column& column = chunk.columns[i];
    if (column.type() != fields[i].type || column.dimension() != fields[i].dimension) {
      return base::InvalidArgument("field '{}' holds {} of dimension {}, got {} of dimension {}",
                                   fields[i].name, ToString(fields[i].type), fields[i].dimension,
                                   ToString(column.type()), column.dimension());
    }
    if (column.rows() != chunk.rows) {
      return base::InvalidArgument("field '{}' has {} values for {} rows", fields[i].name,
                                   column.rows(), chunk.rows);
    }
  }
  return Status();
}

}  // namespace

Status ValidateText(const Field& field, std::string_view text) {
  if (text.size() > field.max_length) {
    return base::InvalidArgument("field '{}' holds at most {} bytes of text, got {} bytes: {}",
                                 field.name, field.max_length, text.size(), Quoted(text));
  }
  const std::size_t bad = FindBadUtf8(text);
  if (bad == std::string_view::npos) return Status();
  return base::InvalidArgument("field '{}' holds UTF-8 text, byte {} of {} is not", field.name, bad,
                               Quoted(text));
}

Status ValidateValue(const Field& field, const ValueView& value) {
  if (std::holds_alternative<std::monostate>(value)) {
    if (field.nullable || !std::holds_alternative<std::monostate>(field.default_value)) {
      return Status();
    }
    return base::InvalidArgument(
        "field '{}' may not be null: it is not nullable and has no default", field.name);
  }
  switch (field.type) {
    case DataType::kBool:
      return std::holds_alternative<bool>(value) ? Status() : WrongType(field, value);
    case DataType::kInt8:
      return ValidateInteger<std::int8_t>(field, value);
    case DataType::kInt16:
      return ValidateInteger<std::int16_t>(field, value);
    case DataType::kInt32:
      return ValidateInteger<std::int32_t>(field, value);
    case DataType::kInt64:
      return std::holds_alternative<std::int64_t>(value) ? Status() : WrongType(field, value);
    case DataType::kFloat:
      return ValidateFloating<float>(field, value);
    case DataType::kDouble:
      return ValidateFloating<double>(field, value);
    case DataType::kVarChar: {
      const auto* text = std::get_if<std::string_view>(&value);
      return text != nullptr ? ValidateText(field, *text) : WrongType(field, value);
    }
    case DataType::kJson: {
      const auto* text = std::get_if<std::string_view>(&value);
      return text != nullptr ? ValidateJson(field, *text) : WrongType(field, value);
    }
    case DataType::kArray:
      return ValidateArray(field, value);
    case DataType::kSparseFloatVector: {
      const auto* vector = std::get_if<SparseView>(&value);
      return vector != nullptr ? ValidateSparse(field, *vector) : WrongType(field, value);
    }
    case DataType::kFloatVector:
    case DataType::kFloat16Vector:
    case DataType::kBFloat16Vector:
      return ValidateDense<float>(field, value);
    case DataType::kInt8Vector:
      return ValidateDense<std::int8_t>(field, value);
    case DataType::kBinaryVector:
      return ValidateDense<std::uint8_t>(field, value);
  }
  return WrongType(field, value);
}

Status ValidateChunk(const Schema& schema, const Chunk& chunk) {
  if (chunk.rows == 0) return base::InvalidArgument("a write needs at least one row, got 0");
  if (chunk.rows > kMaxBatchRows) {
    return base::InvalidArgument("a batch holds at most {} rows, got {}", kMaxBatchRows,
                                 chunk.rows);
  }
  VECDB_TRY(ValidateShape(schema, chunk));
  if (const std::size_t size = chunk.size_bytes(); size > kMaxBatchBytes) {
    return base::InvalidArgument("a batch holds at most {} bytes, got {}", kMaxBatchBytes, size);
  }
  const KeySpan keys = KeysOf(schema, chunk);
  if (const std::optional<RowPair> twice = FindDuplicate(keys)) {
    return base::InvalidArgument(
        "key {} of field '{}' appears twice in the batch, in rows {} and {}",
        ToString(keys[twice->first]), schema.primary_key().name, twice->first, twice->second);
  }
  return Status();
}

Status ValidateKeys(const Schema& schema, std::span<const Key> keys) {
  const Field& field = schema.primary_key();
  for (const Key& key : keys) {
    const auto* text = std::get_if<std::string>(&key);
    if ((text != nullptr) != (field.type == DataType::kVarChar)) {
      return base::InvalidArgument("field '{}' holds {} keys, got {}", field.name,
                                   ToString(field.type), ToString(ViewOf(key)));
    }
    if (text != nullptr) VECDB_TRY(ValidateText(field, *text));
  }
  return Status();
}

}  // namespace vecdb::chunk
