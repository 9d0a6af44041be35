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

KeySpan ValuesOf(const Chunk& chunk, std::size_t field) {
  const ColumnView values = chunk.columns[field].View();
  if (values.type == DataType::kVarChar) return values.As<std::string_view>();
  return values.As<std::int64_t>();
}

KeySpan KeysOf(const Schema& schema, const Chunk& chunk) {
  return ValuesOf(chunk, KeyFieldIndex(schema));
}

std::size_t KeyFieldIndex(const Schema& schema) {
  return static_cast<std::size_t>(&schema.primary_key() - schema.fields().data());
}

}  // namespace vecdb::chunk
