#include <algorithm>
#include <numeric>
#include <vector>

#include "import.h"
#include "text.h"
#include "vector_file.h"

namespace vecdb::cli {
namespace {

constexpr std::uint64_t kGoodBatchBytes = std::uint64_t{4} << 20;
constexpr std::uint64_t kMaxBatchBytes = std::uint64_t{24} << 20;  // a batch holds 32 MiB
constexpr std::uint64_t kMaxBatchRows = 100'000;

Result<Schema> NewSchema(const ImportArguments& arguments, std::uint32_t dimension) {
  return SchemaBuilder()
      .PrimaryKey(arguments.key_field.empty() ? "id" : arguments.key_field)
      .Vector(arguments.field.empty() ? "vector" : arguments.field, dimension,
              arguments.metric.value_or(Metric::kL2))
      .Build();
}

// The field that takes the vectors.
Result<const Field*> VectorField(const ImportArguments& arguments, const Schema& schema) {
  const Field* found = nullptr;
  for (const Field& field : schema.fields()) {
    if (field.type != DataType::kFloatVector) continue;
    if (!arguments.field.empty() && field.name != arguments.field) continue;
    if (found != nullptr) return Bad("the collection has several vector fields: choose by --field");
    found = &field;
  }
  if (found != nullptr) return found;
  if (arguments.field.empty()) return Bad("the collection has no vector field");
  return Bad("the collection has no vector field '{}'", arguments.field);
}

Status CheckFits(const ImportArguments& arguments, const Schema& schema, const Field& field,
                 std::uint32_t dimension) {
  if (field.dimension != dimension) {
    return Bad("'{}' holds vectors of dimension {}, field '{}' takes {}", arguments.file, dimension,
               field.name, field.dimension);
  }
  if (arguments.metric && *arguments.metric != field.metric) {
    return Bad("--metric {}: field '{}' of the collection is compared by {}",
               ToString(*arguments.metric), field.name, ToString(field.metric));
  }
  const Field& key = schema.primary_key();
  if (!arguments.key_field.empty() && key.name != arguments.key_field) {
    return Bad("--key-field {}: the key of the collection is '{}'", arguments.key_field, key.name);
  }
  if (key.type == DataType::kInt64) return Status();
  return Bad("the key '{}' of the collection is text, rows of '{}' are keyed by number", key.name,
             arguments.file);
}

std::uint64_t BatchRows(const ImportArguments& arguments, std::uint32_t dimension) {
  const std::uint64_t row_bytes = std::uint64_t{dimension} * sizeof(float) + sizeof(std::int64_t);
  const std::uint64_t most =
      std::clamp(kMaxBatchBytes / row_bytes, std::uint64_t{1}, kMaxBatchRows);
  const std::uint64_t good = std::max<std::uint64_t>(1, kGoodBatchBytes / row_bytes);
  return std::min(arguments.batch_rows == 0 ? good : arguments.batch_rows, most);
}

Status WriteRows(VectorFile& file, const ImportArguments& arguments, const std::string& field,
                 RowSink* sink) {
  const Field& key = sink->schema().primary_key();
  const std::uint64_t batch_rows = BatchRows(arguments, file.dimension());
  Batch batch(sink->schema());
  std::vector<float> vectors;
  std::vector<std::int64_t> keys;
  for (std::int64_t first = 0;;) {
    const std::uint64_t room = sink->Room(batch_rows);
    if (room == 0) return Status();
    CLI_TRY_ASSIGN(const std::size_t rows, file.Read(static_cast<std::size_t>(room), &vectors));
    if (rows == 0) return Status();
    batch.Clear();
    if (!key.auto_id) {
      keys.resize(rows);
      std::iota(keys.begin(), keys.end(), first);
      CLI_TRY(batch.AddColumn(key.name, std::span<const std::int64_t>(keys)));
    }
    Status status = batch.AddVectors(field, vectors);
    if (status.ok()) status = sink->Write(batch, file.input());
    CLI_TRY(Annotate(status, Format("'{}' rows {} to {}", arguments.file, first,
                                    first + static_cast<std::int64_t>(rows) - 1)));
    first += static_cast<std::int64_t>(rows);
  }
}

}  // namespace

Status ImportVectors(const ImportArguments& arguments, std::unique_ptr<RowSink>* sink) {
  CLI_TRY_ASSIGN(const auto file,
                 VectorFile::Open(arguments.file, *VectorFormatOf(arguments.file)));
  CLI_TRY_ASSIGN(*sink, RowSink::Open(arguments, NewSchema(arguments, file->dimension())));
  CLI_TRY_ASSIGN(const Field* field, VectorField(arguments, (*sink)->schema()));
  CLI_TRY(CheckFits(arguments, (*sink)->schema(), *field, file->dimension()));
  if ((*sink)->created()) {
    Print(Format("created '{}': key {}, {} FloatVector({}) {}", arguments.collection,
                 (*sink)->schema().primary_key().name, field->name, field->dimension,
                 ToString(field->metric)));
  }
  return WriteRows(*file, arguments, field->name, sink->get());
}

}  // namespace vecdb::cli
