/* The part of vecdb/c.h about indexes of vector fields. Its conventions are those of vecdb/c.h,
 * which includes it.
 */
#ifndef VECDB_C_INDEXES_H_
#define VECDB_C_INDEXES_H_

#include <stddef.h>
#include <stdint.h>

#include "vecdb/c.h"

#ifdef __cplusplus
extern "C" {
#endif
/* NOLINTBEGIN(modernize-*, readability-redundant-*): this is C */

/* ---- indexes ------------------------------------------------------------------------- */

/* One of an index type's: {"M", "16"} */
typedef struct vecdb_parameter {
  vecdb_text name;
  vecdb_text value;
} vecdb_parameter;

/* vecdb::ParseIndexSpec, then vecdb::Collection::CreateIndex and ReplaceIndex. */
VECDB_C_API vecdb_code vecdb_create_index(vecdb_collection* collection, vecdb_text field,
                                          vecdb_text type, const vecdb_parameter* parameters,
                                          size_t parameter_count, vecdb_error* error);
VECDB_C_API vecdb_code vecdb_replace_index(vecdb_collection* collection, vecdb_text field,
                                           vecdb_text type, const vecdb_parameter* parameters,
                                           size_t parameter_count, vecdb_error* error);
/* vecdb::Collection::DropIndex. WaitForIndexes is in vecdb/c_limits.h. */
VECDB_C_API vecdb_code vecdb_drop_index(vecdb_collection* collection, vecdb_text field,
                                        vecdb_error* error);

/* vecdb::IndexState */
enum { VECDB_INDEX_BUILDING = 1, VECDB_INDEX_FINISHED = 2, VECDB_INDEX_FAILED = 3 };

/* vecdb::IndexedSegment */
typedef struct vecdb_indexed_segment {
  size_t struct_size;
  uint64_t segment;
  uint64_t rows;
  uint8_t indexed;
  vecdb_text what;
  vecdb_text why;
  uint64_t bytes;
  uint64_t build_ms;
  float recall_at_10;
  uint32_t ef_at_10;
} vecdb_indexed_segment;

/* vecdb::IndexInfo */
typedef struct vecdb_index_info {
  size_t struct_size;
  vecdb_text field;
  vecdb_text type; /* with the parameters: what vecdb_create_index() makes such a one of */
  const vecdb_parameter* parameters;
  size_t parameter_count;
  vecdb_metric metric;
  int32_t state;
  uint64_t total_rows;
  uint64_t indexed_rows;
  uint64_t pending_rows;
  uint64_t bytes;
  uint64_t build_ms;
  vecdb_code code;    /* VECDB_INDEX_FAILED: why, */
  vecdb_text message; /* in words */
  const vecdb_indexed_segment* const* segments;
  size_t segment_count;
  uint64_t growing_rows;
  uint64_t growing_indexed_rows;
  uint64_t growing_graph_rows;
  uint64_t growing_bytes;
  uint64_t probed_searches;
  float probed_recall;
} vecdb_index_info;

/* vecdb::Collection::DescribeIndex and ListIndexes. `visit` is called on this thread, once for each
 * index; what it gets is lent for that call, and each struct_size in it is what this library
 * fills. */
VECDB_C_API vecdb_code vecdb_describe_index(const vecdb_collection* collection, vecdb_text field,
                                            void (*visit)(void* user,
                                                          const vecdb_index_info* index),
                                            void* user, vecdb_error* error);
VECDB_C_API vecdb_code vecdb_list_indexes(const vecdb_collection* collection,
                                          void (*visit)(void* user, const vecdb_index_info* index),
                                          void* user, vecdb_error* error);

/* NOLINTEND(modernize-*, readability-redundant-*) */
#ifdef __cplusplus
}
#endif
#endif /* VECDB_C_INDEXES_H_ */
