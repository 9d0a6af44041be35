#include "chunk/batch_access.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/status.h"
#include "chunk/batch_body.h"
#include "chunk/fill.h"
#include "chunk/value.h"

namespace vecdb::chunk {
namespace {

// Gives `column`, which nobody brought, the default or null of its field in every row. `room` is
// what the batch may still grow by.
Status FillMissing(const Field& field, std::size_t rows, std::size_t room, Column* column) {
  const LentValue value(field.default_value);
  if (std::holds_alternative<std::monostate>(value.view()) && !field.nullable) {
    return base::InvalidArgument(
        "the batch has no column for field '{}', which is not nullable and has no default",
        field.name);
  }
  for (std::size_t row = 0; row < rows; ++row) {
    column->AppendValue(value.view());
    if (column->size_bytes() > room) {
      return base::Annotate(CheckBatchBytes(kMaxBatchBytes - room + column->size_bytes()),
                            base::Format("the default of field '{}'", field.name));
    }
  }
  return Status();
}

Status FillMissing(const Schema& schema, Chunk* chunk) {
  const std::span<const Field> fields = schema.fields();
  for (std::size_t i = 0; i < fields.size(); ++i) {
    Column* column = &chunk->columns[i];
    if (column->rows() == chunk->rows || fields[i].auto_id) continue;
    const std::size_t size = BatchBytes(schema, *chunk);
    VECDB_TRY(FillMissing(fields[i], chunk->rows, kMaxBatchBytes - size, column));
  }
  return Status();
}

}  // namespace

std::size_t BatchAccess::SizeBytes(const Batch& batch) {
  return batch.body_->held.size_bytes();
}

Result<Chunk> BatchAccess::TakeChunk(const Batch& batch) {
  Chunk chunk = batch.body_->held;
  VECDB_TRY(FillMissing(batch.schema(), &chunk));
  return chunk;
}

Result<const Chunk*> BatchAccess::LendChunk(const Batch& batch, Chunk* filled) {
  const Chunk& held = batch.body_->held;
  const bool complete = std::all_of(held.columns.begin(), held.columns.end(),
                                    [&](const Column& c) { return c.rows() == held.rows; });
  if (complete && !batch.schema().primary_key().auto_id) return &held;
  VECDB_TRY_ASSIGN(*filled, TakeChunk(batch));
  return static_cast<const Chunk*>(filled);
}

}  // namespace vecdb::chunk
