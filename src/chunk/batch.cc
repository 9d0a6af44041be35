#include "vecdb/batch.h"

#include <utility>
#include <variant>

#include "base/status.h"
#include "chunk/array_value.h"
#include "chunk/batch_body.h"
#include "chunk/fill.h"
#include "chunk/kinds.h"
#include "chunk/sparse_value.h"
#include "chunk/text.h"
#include "chunk/value.h"

namespace vecdb {
namespace chunk {

std::size_t BatchBytes(const Schema& schema, const Chunk& chunk) {
  const std::size_t keys = schema.primary_key().auto_id ? chunk.rows * sizeof(std::int64_t) : 0;
  return chunk.size_bytes() + keys;
}

namespace {

bool IsNull(const ValueView& value) {
  return std::holds_alternative<std::monostate>(value);
}

std::size_t BytesOf(const Field& field, const ValueView& value) {
  if (const auto* text = std::get_if<std::string_view>(&value)) return text->size();
  if (const auto* sparse = std::get_if<SparseView>(&value)) {
    return sparse->indices.size() * kSparseEntryBytes;
  }
  return IsNull(value) ? 0 : EncodedArrayBytes(field.element_type, value);
}

std::size_t BytesToAdd(const Field& field, const Column& column, const ValueView& value) {
  const std::size_t row = column.rows();
  const std::size_t marks = !column.validity().empty() ? 1 : (IsNull(value) ? row + 1 : 0);
  if (!IsVariable(field.type)) return FixedWidth(field.type, field.dimension) + marks;
  return BytesOf(field, value) + sizeof(std::uint32_t) + marks;
}

}  // namespace
}  // namespace chunk

Batch::Body::Body(const Schema& of)
    : schema(of), held(chunk::Chunk::For(of)), brought(of.fields().size()) {
  defaults.reserve(of.fields().size());
  for (const Field& field : schema.fields()) defaults.emplace_back(field.default_value);
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
    (*row)[index] = chunk::IsNull(named.value) ? defaults[index].view() : named.value;
    guess = index + 1;
  }
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (seen[i] || fields[i].auto_id) continue;
    (*row)[i] = defaults[i].view();
    if (!fields[i].nullable && chunk::IsNull((*row)[i])) {
      return base::InvalidArgument(
          "the row has no value for field '{}', which is not nullable and has no default",
          fields[i].name);
    }
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
    const Field& field = schema.fields()[i];
    size +=
        field.auto_id ? sizeof(std::int64_t) : chunk::BytesToAdd(field, held.columns[i], row[i]);
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

template <typename Fill>
Status Batch::Body::Bring(std::size_t index, std::size_t rows, std::span<const std::uint8_t> valid,
                          const Fill& fill) {
  VECDB_TRY(CheckRows(schema.fields()[index], rows, valid));
  Undo undo(*this);
  const Status ended = EndColumn(index, fill(&held.columns[index]));
  undo.done = true;
  return ended;
}

template <typename T>
Status Batch::Body::AddColumn(std::string_view name, std::span<const T> values,
                              std::span<const std::uint8_t> valid) {
  VECDB_TRY_ASSIGN(const std::size_t index, FindColumn(name));
  const Field& field = schema.fields()[index];
  VECDB_TRY(chunk::CheckTakesColumn<T>(field));
  return Bring(index, values.size(), valid, [&](chunk::Column* column) {
    return chunk::FillColumn(field, defaults[index].view(), values, valid, column);
  });
}

template <typename Component>
Status Batch::Body::AddVectors(std::string_view name, std::span<const Component> row_major) {
  VECDB_TRY_ASSIGN(const std::size_t index, FindColumn(name));
  const Field& field = schema.fields()[index];
  VECDB_TRY(chunk::CheckTakesVectors<Component>(field, row_major.size()));
  const std::size_t width = chunk::FixedWidth(field.type, field.dimension);
  const std::size_t stored = chunk::IsHalf(field.type) ? sizeof(std::uint16_t) : sizeof(Component);
  return Bring(index, row_major.size() * stored / width, {},
               [&](chunk::Column* column) { return chunk::FillVectors(field, row_major, column); });
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

Status Batch::AddColumn(std::string_view field,
                        std::span<const std::span<const std::int64_t>> values,
                        std::span<const std::uint8_t> valid) {
  return body_->AddColumn(field, values, valid);
}

Status Batch::AddColumn(std::string_view field, std::span<const std::span<const double>> values,
                        std::span<const std::uint8_t> valid) {
  return body_->AddColumn(field, values, valid);
}

Status Batch::AddColumn(std::string_view field, std::span<const std::span<const bool>> values,
                        std::span<const std::uint8_t> valid) {
  return body_->AddColumn(field, values, valid);
}

Status Batch::AddColumn(std::string_view field,
                        std::span<const std::span<const std::string_view>> values,
                        std::span<const std::uint8_t> valid) {
  return body_->AddColumn(field, values, valid);
}

Status Batch::AddVectors(std::string_view field, std::span<const float> row_major) {
  return body_->AddVectors(field, row_major);
}

Status Batch::AddVectors(std::string_view field, std::span<const std::uint16_t> row_major) {
  return body_->AddVectors(field, row_major);
}

Status Batch::AddVectors(std::string_view field, std::span<const std::int8_t> row_major) {
  return body_->AddVectors(field, row_major);
}

Status Batch::AddVectors(std::string_view field, std::span<const std::uint8_t> row_major) {
  return body_->AddVectors(field, row_major);
}

Status Batch::AddSparse(std::string_view field, std::span<const SparseView> rows) {
  return body_->AddColumn(field, rows, {});
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
