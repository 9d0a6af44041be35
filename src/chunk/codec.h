// Chunks, keys and schemas as bytes, for the log and the manifest. docs/FORMAT.md has the grammar.
#pragma once

#include "vecdb/options.h"
#include "vecdb/schema.h"

#include "base/bytes.h"
#include "chunk/chunk.h"

namespace vecdb::chunk {

void EncodeChunk(const Chunk& chunk, base::Bytes* out);
// Refuses anything that does not fit `schema` or breaks a limit of chunk/validate.h.
Result<Chunk> DecodeChunk(const Schema& schema, std::span<const std::byte> bytes);

void EncodeKeys(KeySpan keys, base::Bytes* out);
Result<KeyList> DecodeKeys(const Schema& schema, std::span<const std::byte> bytes);

void EncodeSchema(const Schema& schema, base::ByteWriter* out);
Result<Schema> DecodeSchema(base::ByteReader* in);

void EncodeCollectionOptions(const CollectionOptions& options, base::ByteWriter* out);
Result<CollectionOptions> DecodeCollectionOptions(base::ByteReader* in);

}  // namespace vecdb::chunk
