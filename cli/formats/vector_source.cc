#include "formats/vector_source.h"

#include <numeric>

#include "formats/schema_text.h"
#include "text.h"

namespace vecdb::cli {

Status CheckNumberKey(const Schema& schema, const std::string& path) {
  const Field& key = schema.primary_key();
  if (key.type == DataType::kInt64) return Status();
  return Bad("the key '{}' of the collection is text, rows of '{}' are keyed by number", key.name,
             path);
}

Status AddNumberKeys(const Schema& schema, std::uint64_t first, std::size_t rows,
                     std::vector<std::int64_t>* keys, Batch* batch) {
  const Field& key = schema.primary_key();
  if (key.auto_id) return Status();
  keys->resize(rows);
  std::iota(keys->begin(), keys->end(), static_cast<std::int64_t>(first));
  return batch->AddColumn(key.name, std::span<const std::int64_t>(*keys));
}

Result<std::unique_ptr<RowSource>> VectorSource::Open(std::unique_ptr<Input> input,
                                                      const SourceOptions& options) {
  const std::string ending = EndingOf(input->path());
  CLI_TRY_ASSIGN(auto reader, VectorReader::Of(std::move(input), ending));
  if (reader->dimension() == 0) {
    return Bad("'{}' is an array of one dimension: it has no vectors", reader->input().path());
  }
  return std::unique_ptr<RowSource>(new VectorSource(std::move(reader), options));
}

Result<std::vector<Field>> VectorSource::Guess() {
  Field key;
  key.name = options_.key_field.empty() ? "id" : options_.key_field;
  key.primary_key = true;
  Field vector;
  vector.name = options_.vector_field.empty() ? "vector" : options_.vector_field;
  vector.type = options_.vector_type.value_or(DataType::kFloatVector);
  vector.metric = options_.metric.value_or(UsualMetric(vector.type));
  vector.dimension = DimensionFor(vector.type, reader_->dimension());
  return std::vector<Field>{key, vector};
}

// The field that takes the vectors.
Result<const Field*> VectorSource::FindField() const {
  const Field* found = nullptr;
  for (const Field& field : schema_->fields()) {
    if (!IsVector(field.type)) continue;
    if (!options_.vector_field.empty() && field.name != options_.vector_field) continue;
    if (found != nullptr) return Bad("the collection has several vector fields: choose by --field");
    found = &field;
  }
  if (found != nullptr) return found;
  if (options_.vector_field.empty()) return Bad("the collection has no vector field");
  return Bad("the collection has no vector field '{}'", options_.vector_field);
}

Status VectorSource::Bind(const Schema& schema) {
  schema_ = schema;
  CLI_TRY_ASSIGN(field_, FindField());
  const std::string& path = reader_->input().path();
  CLI_TRY(CheckVectors(*field_, reader_->element(), reader_->dimension(), path));
  return CheckNumberKey(schema, path);
}

Result<std::size_t> VectorSource::Read(std::size_t max_rows, Batch* batch) {
  CLI_TRY_ASSIGN(const auto raw, reader_->Read(max_rows));
  const auto convert = [this](std::span<const std::byte> bytes) {
    return column_.Convert(*field_, reader_->element(), bytes);
  };
  CLI_TRY_ASSIGN(const std::size_t rows, reader_->Accept(raw, convert));
  first_ = reader_->row() - rows;
  if (rows == 0) return rows;
  CLI_TRY(AddNumberKeys(*schema_, first_, rows, &keys_, batch));
  CLI_TRY(Annotate(column_.AddTo(*field_, batch),
                   Format("'{}' {}", reader_->input().path(), LastRows())));
  return rows;
}

std::string VectorSource::LastRows() const {
  return Format("rows {} to {}", first_, reader_->row() - 1);
}

}  // namespace vecdb::cli
