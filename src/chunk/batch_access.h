// How the proxy borrows the columns of a public Batch.
#pragma once

#include "vecdb/batch.h"

#include "chunk/chunk.h"

namespace vecdb::chunk {

class BatchAccess {
 public:
  // Of what `batch` holds, for budgets.
  static std::size_t SizeBytes(const Batch& batch);

  // The rows of `batch` as a chunk with every column complete (defaults and nulls filled in). The
  // key column of an auto_id schema is empty: the proxy assigns it. kInvalidArgument when the
  // columns disagree in length or a required one is missing, naming it.
  static Result<Chunk> TakeChunk(const Batch& batch);

  // The same without a copy when the batch already holds every column: then the chunk is lent from
  // `batch` until its next change. Otherwise, and for every auto_id schema, it is made in
  // `*filled`.
  static Result<const Chunk*> LendChunk(const Batch& batch, Chunk* filled);
};

}  // namespace vecdb::chunk
