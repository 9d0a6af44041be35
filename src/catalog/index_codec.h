// The bytes of an index's spec:
//
//   spec = u8 type, u32 M, u32 efConstruction, u8 codec
//   type 1 AUTOINDEX, 2 FLAT, 3 HNSW, 4 HNSW_SQ; codec 1 SQ8, 2 SQ4U, 3 FP16, 4 BF16
//
// A number that the type lacks is 0, so that each spec has one spelling; FLAT has a codec, or 0.
#pragma once

#include "vecdb/index_spec.h"
#include "vecdb/status.h"

#include "base/bytes.h"

namespace vecdb::catalog {

void PutIndexSpec(const IndexSpec& spec, base::ByteWriter* out);
Result<IndexSpec> GetIndexSpec(base::ByteReader* in);

}  // namespace vecdb::catalog
