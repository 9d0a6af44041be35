#include "vecdb/batch.h"

#include <algorithm>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/status.h"
#include "chunk/batch_body.h"
#include "chunk/text.h"
#include "chunk/value.h"

namespace vecdb {
namespace chunk {

std::size_t BatchBytes(const Schema& schema, const Chunk& chunk) {
  const std::size_t keys = schema.primary_key().auto_id ? chunk.rows * sizeof(std::int64_t) : 0;
  return chunk.size_bytes() + keys;
}

Status CheckBatchBytes(std::size_t size) {
  if (size <= kMaxBatchBytes) return Status();
  return base::InvalidArgument("a batch holds at most {} bytes, this would make it {}",
                               kMaxBatchBytes, size);
}

namespace {

bool IsNull(const ValueView& value) {
  return std::holds_alternative<std::monostate>(value);
}

// What a row without a value gets, if it may go without.
Result<ValueView> MissingValue(const Field& field) {
  if (field.nullable || !std::holds_alternative<std::monostate>(field.default_value)) {
    return ViewOf(field.default_value);
  }
  return base::InvalidArgument(
      "the row has no value for field '{}', which is not nullable and has no default", field.name);
}

std::size_t BytesToAdd(const Column& column, const ValueView& value) {
  const std::size_t row = column.rows();
  const std::size_t marks = !column.validity().empty() ? 1 : (IsNull(value) ? row + 1 : 0);
  if (column.type() != DataType::kVarChar) {
    return FixedWidth(column.type(), column.dimension()) + marks;
  }
  const auto* text = std::get_if<std::string_view>(&value);
  return (text != nullptr ? text->size() : 0) + sizeof(std::uint32_t) + marks;
}

Status AtRow(std::size_t row, const Status& status) {
  return status.ok() ? status : base::Annotate(status, base::Format("row {}", row));
}

template <typename T>
constexpr std::string_view kColumnOf = std::is_same_v<T, bool>           ? "Bool"
                                       : std::is_same_v<T, std::int64_t> ? "Int64"
                                       : std::is_same_v<T, double>       ? "Double"
                                                                         : "VarChar";

// The values of `field` converted to the width they are stored in.
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

Status WrongColumn(const Field& field, std::string_view kind) {
  return base::InvalidArgument("field '{}' holds {}, got a column of {}", field.name,
                               ToString(field.type), kind);
}

Status FillValid(const Field& field, std::span<const std::int64_t> values, Column* column) {
  switch (field.type) {
    case DataType::kInt8:
      return FillAs<std::int8_t>(field, values, column);
    case DataType::kInt16:
      return FillAs<std::int16_t>(field, values, column);
    case DataType::kInt32:
      return FillAs<std::int32_t>(field, values, column);
    case DataType::kInt64:
      column->AppendFixed(std::as_bytes(values), values.size());
      return Status();
    case DataType::kFloat:
      return FillAs<float>(field, values, column);
    case DataType::kDouble:
      return FillAs<double>(field, values, column);
    case DataType::kBool:
    case DataType::kVarChar:
    case DataType::kFloatVector:
      break;
  }
  return WrongColumn(field, kColumnOf<std::int64_t>);
}

Status FillValid(const Field& field, std::span<const double> values, Column* column) {
  if (field.type == DataType::kFloat) return FillAs<float>(field, values, column);
  return FillAs<double>(field, values, column);
}

Status FillValid(const Field&, std::span<const bool> values, Column* column) {
  static_assert(sizeof(bool) == 1);
  column->AppendFixed(std::as_bytes(values), values.size());
  return Status();
}

Status FillValid(const Field& field, std::span<const std::string_view> values, Column* column) {
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (Status status = ValidateText(field, values[row]); !status.ok()) return AtRow(row, status);
    column->AppendText(values[row]);
    VECDB_TRY(CheckBatchBytes(column->size_bytes()));
  }
  return Status();
}

template <typename T>
Status FillWithNulls(const Field& field, std::span<const T> values,
                     std::span<const std::uint8_t> valid, Column* column) {
  for (std::size_t row = 0; row < values.size(); ++row) {
    const ValueView value = valid[row] != 0 ? ValueView(values[row]) : ValueView();
    if (Status status = ValidateValue(field, value); !status.ok()) return AtRow(row, status);
    column->AppendValue(IsNull(value) ? ViewOf(field.default_value) : value);
    VECDB_TRY(CheckBatchBytes(column->size_bytes()));
  }
  return Status();
}

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
      return std::is_same_v<T, std::string_view>;
    case DataType::kFloatVector:
      return false;
  }
  return false;
}

Status FillVectors(const Field& field, std::span<const float> row_major, Column* column) {
  VECDB_TRY(CheckBatchBytes(row_major.size_bytes()));
  const std::size_t rows = row_major.size() / field.dimension;
  for (std::size_t row = 0; row < rows; ++row) {
    const auto vector = row_major.subspan(row * field.dimension, field.dimension);
    if (Status status = ValidateVector(field, vector); !status.ok()) return AtRow(row, status);
  }
  column->AppendFixed(std::as_bytes(row_major), rows);
  return Status();
}

}  // namespace
}  // namespace chunk

Batch::Body::Body(const Schema& of)
    : schema(of), held(chunk::Chunk::For(of)), brought(of.fields().size()) {
}

void Batch::Body::Clear() {
  for (chunk::Column& column : held.columns) column.Clear();
  held.rows = 0;
  door = Door::kNone;
  brought.assign(brought.size(), false);
}

// Rows usually name the fields in the schema's order, so `guess` is tried first.
Result<std::size_t> Batch::Body::FindField(std::string_view name, std::size_t guess) const {
  const std::span<const Field> fields = schema.fields();
  if (guess < fields.size() && fields[guess].name == name) return guess;
  const Field* field = schema.Find(name);
  if (field != nullptr) return static_cast<std::size_t>(field - fields.data());
  return base::NotFound("the schema has no field {}", chunk::Quoted(name));
}

Status Batch::Body::ResolveRow(std::span<const NamedValue> given, Row* row) const {
  const std::span<const Field> fields = schema.fields();
  std::array<bool, chunk::kMaxFields> seen{};
  std::size_t guess = 0;
  for (const NamedValue& named : given) {
    VECDB_TRY_ASSIGN(const std::size_t index, FindField(named.field, guess));
    const Field& field = fields[index];
    if (seen[index]) return base::InvalidArgument("the row gives field '{}' twice", field.name);
    if (field.auto_id) {
      return base::InvalidArgument(
          "field '{}' has auto_id: vecdb assigns it, a row may not give it", field.name);
    }
    VECDB_TRY(chunk::ValidateValue(field, named.value));
    seen[index] = true;
    (*row)[index] = chunk::IsNull(named.value) ? chunk::ViewOf(field.default_value) : named.value;
    guess = index + 1;
  }
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (seen[i] || fields[i].auto_id) continue;
    VECDB_TRY_ASSIGN((*row)[i], chunk::MissingValue(fields[i]));
  }
  return Status();
}

Status Batch::Body::CheckRoom(const Row& row) const {
  if (held.rows >= chunk::kMaxBatchRows) {
    return base::InvalidArgument("a batch holds at most {} rows, this would be one more",
                                 chunk::kMaxBatchRows);
  }
  std::size_t size = chunk::BatchBytes(schema, held);
  for (std::size_t i = 0; i < held.columns.size(); ++i) {
    const bool assigned = schema.fields()[i].auto_id;
    size += assigned ? sizeof(std::int64_t) : chunk::BytesToAdd(held.columns[i], row[i]);
  }
  return chunk::CheckBatchBytes(size);
}

// Takes back what was added to the columns when memory runs out on the way.
class Batch::Body::Undo {
 public:
  explicit Undo(Body& body) : body_(body) {}
  ~Undo() {
    if (done) return;
    for (std::size_t i = 0; i < body_.held.columns.size(); ++i) {
      const bool whole = body_.door != Door::kColumns || body_.brought[i];
      body_.held.columns[i].Truncate(whole ? body_.held.rows : 0);
    }
  }
  Undo(const Undo&) = delete;
  Undo& operator=(const Undo&) = delete;

  bool done = false;

 private:
  Body& body_;
};

Status Batch::Body::AddRow(std::span<const NamedValue> given) {
  if (door == Door::kColumns) {
    return base::InvalidArgument("this batch is filled by columns; a row cannot be mixed in");
  }
  Row row{};
  VECDB_TRY(ResolveRow(given, &row));
  VECDB_TRY(CheckRoom(row));
  const std::span<const Field> fields = schema.fields();
  Undo undo(*this);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (!fields[i].auto_id) held.columns[i].AppendValue(row[i]);
  }
  undo.done = true;
  ++held.rows;
  door = Door::kRows;
  return Status();
}

Result<std::size_t> Batch::Body::FindColumn(std::string_view name) const {
  VECDB_TRY_ASSIGN(const std::size_t index, FindField(name, 0));
  if (door == Door::kRows) {
    return base::InvalidArgument(
        "this batch is filled by rows; a column for field '{}' cannot be mixed in", name);
  }
  if (schema.fields()[index].auto_id) {
    return base::InvalidArgument("field '{}' has auto_id: vecdb assigns it, no column may bring it",
                                 name);
  }
  if (brought[index]) {
    return base::InvalidArgument("this batch already has the whole column of field '{}'", name);
  }
  return index;
}

Status Batch::Body::CheckRows(const Field& field, std::size_t rows,
                              std::span<const std::uint8_t> valid) const {
  if (!valid.empty() && valid.size() != rows) {
    return base::InvalidArgument("field '{}' brings {} values and {} validity bytes", field.name,
                                 rows, valid.size());
  }
  if (rows > chunk::kMaxBatchRows) {
    return base::InvalidArgument("a batch holds at most {} rows, field '{}' brings {}",
                                 chunk::kMaxBatchRows, field.name, rows);
  }
  if (door == Door::kColumns && rows != held.rows) {
    return base::InvalidArgument("field '{}' brings {} rows, the columns before it brought {}",
                                 field.name, rows, held.rows);
  }
  return Status();
}

Status Batch::Body::EndColumn(std::size_t index, const Status& filled) {
  chunk::Column& column = held.columns[index];
  const std::size_t rows_before = held.rows;
  Status status = filled;
  if (status.ok()) {
    held.rows = column.rows();
    status = chunk::CheckBatchBytes(chunk::BatchBytes(schema, held));
  }
  if (!status.ok()) {
    column.Clear();
    held.rows = rows_before;
    return status;
  }
  brought[index] = true;
  door = Door::kColumns;
  return status;
}

template <typename T>
Status Batch::Body::AddColumn(std::string_view name, std::span<const T> values,
                              std::span<const std::uint8_t> valid) {
  VECDB_TRY_ASSIGN(const std::size_t index, FindColumn(name));
  const Field& field = schema.fields()[index];
  if (!chunk::Takes<T>(field.type)) return chunk::WrongColumn(field, chunk::kColumnOf<T>);
  VECDB_TRY(CheckRows(field, values.size(), valid));
  chunk::Column* column = &held.columns[index];
  const bool nulls = std::find(valid.begin(), valid.end(), std::uint8_t{0}) != valid.end();
  Undo undo(*this);
  const Status ended = EndColumn(index, nulls ? chunk::FillWithNulls(field, values, valid, column)
                                              : chunk::FillValid(field, values, column));
  undo.done = true;
  return ended;
}

Status Batch::Body::AddVectors(std::string_view name, std::span<const float> row_major) {
  VECDB_TRY_ASSIGN(const std::size_t index, FindColumn(name));
  const Field& field = schema.fields()[index];
  if (field.type != DataType::kFloatVector) return chunk::WrongColumn(field, "FloatVector");
  if (row_major.size() % field.dimension != 0) {
    return base::InvalidArgument(
        "field '{}' holds vectors of dimension {}; {} floats end in the middle of one", field.name,
        field.dimension, row_major.size());
  }
  VECDB_TRY(CheckRows(field, row_major.size() / field.dimension, {}));
  Undo undo(*this);
  const Status ended = EndColumn(index, chunk::FillVectors(field, row_major, &held.columns[index]));
  undo.done = true;
  return ended;
}

Batch::Batch(const Schema& schema) : body_(std::make_unique<Body>(schema)) {
}
Batch::Batch(Batch&&) noexcept = default;
Batch& Batch::operator=(Batch&&) noexcept = default;
Batch::~Batch() = default;

Status Batch::Add(std::initializer_list<NamedValue> row) {
  return body_->AddRow({row.begin(), row.size()});
}

Status Batch::Add(std::span<const NamedValue> row) {
  return body_->AddRow(row);
}

Status Batch::AddColumn(std::string_view field, std::span<const std::int64_t> values,
                        std::span<const std::uint8_t> valid) {
  return body_->AddColumn(field, values, valid);
}

Status Batch::AddColumn(std::string_view field, std::span<const double> values,
                        std::span<const std::uint8_t> valid) {
  return body_->AddColumn(field, values, valid);
}

Status Batch::AddColumn(std::string_view field, std::span<const bool> values,
                        std::span<const std::uint8_t> valid) {
  return body_->AddColumn(field, values, valid);
}

Status Batch::AddColumn(std::string_view field, std::span<const std::string_view> values,
                        std::span<const std::uint8_t> valid) {
  return body_->AddColumn(field, values, valid);
}

Status Batch::AddVectors(std::string_view field, std::span<const float> row_major) {
  return body_->AddVectors(field, row_major);
}

std::size_t Batch::rows() const {
  return body_->held.rows;
}

const Schema& Batch::schema() const {
  return body_->schema;
}

void Batch::Clear() {
  body_->Clear();
}

}  // namespace vecdb
