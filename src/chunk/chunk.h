// Rows in transit: one Column per field, in the schema's field order. The currency between the
// proxy, the log and the segments.
#pragma once

#include <cstddef>
#include <vector>

#include "vecdb/schema.h"

#include "chunk/column.h"
#include "chunk/keys.h"

namespace vecdb::chunk {

struct Chunk {
  std::vector<Column> columns;
  std::size_t rows = 0;

  static Chunk For(const Schema& schema);  // no rows
  std::size_t size_bytes() const;
};

// The values of an Int64 or VarChar field, lent from `chunk`; and those of the key.
KeySpan ValuesOf(const Chunk& chunk, std::size_t field);
KeySpan KeysOf(const Schema& schema, const Chunk& chunk);

// Index of the primary key among schema.fields().
std::size_t KeyFieldIndex(const Schema& schema);

}  // namespace vecdb::chunk
