#include "chunk/chunk.h"

namespace vecdb::chunk {

Chunk Chunk::For(const Schema& schema) {
  Chunk chunk;
  chunk.columns.reserve(schema.fields().size());
  for (const Field& field : schema.fields()) chunk.columns.emplace_back(field);
  return chunk;
}

std::size_t Chunk::size_bytes() const {
  std::size_t size = 0;
  for (const Column& column : columns) size += column.size_bytes();
  return size;
}

KeySpan KeysOf(const Schema& schema, const Chunk& chunk) {
  const ColumnView keys = chunk.columns[KeyFieldIndex(schema)].View();
  if (keys.type == DataType::kVarChar) return keys.As<std::string_view>();
  return keys.As<std::int64_t>();
}

std::size_t KeyFieldIndex(const Schema& schema) {
  return static_cast<std::size_t>(&schema.primary_key() - schema.fields().data());
}

}  // namespace vecdb::chunk
