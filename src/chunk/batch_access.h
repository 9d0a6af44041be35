// How the proxy borrows the columns of a public Batch.
#pragma once

#include "chunk/chunk.h"
#include "vecdb/batch.h"

namespace vecdb::chunk {

class BatchAccess {
 public:
  // The rows of `batch` as a chunk with every column complete (defaults and nulls filled in). The
  // key column of an auto_id schema is empty: the proxy assigns it. kInvalidArgument when the
  // columns disagree in length or a required one is missing, naming it.
  static Result<Chunk> TakeChunk(const Batch& batch);
};

}  // namespace vecdb::chunk
