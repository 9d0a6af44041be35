/* The part of vecdb/c.h that asks and answers. Its conventions are those of vecdb/c.h, which
 * includes it.
 */
#ifndef VECDB_C_READ_H_
#define VECDB_C_READ_H_

#include <stddef.h>
#include <stdint.h>

#include "vecdb/c.h"

#ifdef __cplusplus
extern "C" {
#endif
/* NOLINTBEGIN(modernize-*, readability-redundant-*): this is C */

/* ---- asking ------------------------------------------------------------------------ */

/* vecdb::Consistency */
enum { VECDB_STRONG = 1, VECDB_SESSION = 2, VECDB_BOUNDED = 3, VECDB_EVENTUAL = 4 };

/* vecdb::ReadOptions */
typedef struct vecdb_read_options {
  size_t struct_size;
  int32_t consistency;          /* 0: the collection's */
  uint64_t session;             /* of a vecdb_receipt, for VECDB_SESSION */
  int64_t timeout_ms;           /* 0: no limit */
  const vecdb_stop* stop;       /* NULL: nobody will tell it to stop */
  const vecdb_text* partitions; /* only rows in these; none: in any */
  size_t partition_count;
} vecdb_read_options;

/* Sets the defaults of the C++ struct. */
VECDB_C_API void vecdb_read_options_init(vecdb_read_options* options, size_t struct_size);

/* vecdb::SearchRequest */
typedef struct vecdb_search_request {
  size_t struct_size;
  vecdb_text field;  /* may be empty when the schema has one vector */
  vecdb_value query; /* as a value of the field: vecdb_value_floats(), ... */
  uint64_t limit;
  uint64_t offset;
  vecdb_text filter;               /* empty: every row */
  const vecdb_text* output_fields; /* none: key and score only; "*": every field */
  size_t output_field_count;
  const vecdb_read_options* read; /* NULL: the defaults */
  float recall;                   /* this and below: vecdb::SearchEffort */
  uint32_t ef;
  float refine_k;
  const float* radius;       /* NULL: rows however far */
  const float* range_filter; /* NULL: rows however near */
} vecdb_search_request;

/* vecdb::QueryRequest */
typedef struct vecdb_query_request {
  size_t struct_size;
  vecdb_text filter;
  uint64_t limit;
  uint64_t offset;
  const vecdb_text* output_fields; /* none: only the key */
  size_t output_field_count;
  const vecdb_read_options* read;
} vecdb_query_request;

/* What vecdb::Collection::Get is asked for. */
typedef struct vecdb_get_request {
  size_t struct_size;
  const vecdb_key* keys;
  size_t key_count;
  const vecdb_text* output_fields; /* none: only the key */
  size_t output_field_count;
  const vecdb_read_options* read;
} vecdb_get_request;

/* Sets the defaults of the C++ struct. */
VECDB_C_API void vecdb_search_request_init(vecdb_search_request* request, size_t struct_size);
VECDB_C_API void vecdb_query_request_init(vecdb_query_request* request, size_t struct_size);
VECDB_C_API void vecdb_get_request_init(vecdb_get_request* request, size_t struct_size);

/* The members of vecdb::Collection of the same names. */
VECDB_C_API vecdb_code vecdb_search(const vecdb_collection* collection,
                                    const vecdb_search_request* request, vecdb_rows** out,
                                    vecdb_error* error);
/* Stores query_count handles in out[]: all of them, or NULL in each. More queries than 16,384 are
 * refused: NULL stands in the first 16,384 then. request->query is not looked at. */
VECDB_C_API vecdb_code vecdb_search_many(const vecdb_collection* collection,
                                         const vecdb_search_request* request,
                                         const vecdb_value* queries, size_t query_count,
                                         vecdb_rows** out, vecdb_error* error);
VECDB_C_API vecdb_code vecdb_query(const vecdb_collection* collection,
                                   const vecdb_query_request* request, vecdb_rows** out,
                                   vecdb_error* error);
/* Rows in the order asked. `missing` may be NULL; else it takes the keys that were not found. */
VECDB_C_API vecdb_code vecdb_get(const vecdb_collection* collection,
                                 const vecdb_get_request* request, vecdb_rows** out,
                                 vecdb_keys** missing, vecdb_error* error);
VECDB_C_API vecdb_code vecdb_count(const vecdb_collection* collection, vecdb_text filter,
                                   uint64_t* out, vecdb_error* error);
VECDB_C_API vecdb_code vecdb_count_with(const vecdb_collection* collection, vecdb_text filter,
                                        const vecdb_read_options* options, uint64_t* out,
                                        vecdb_error* error);

/* ---- one moment, read for longer --------------------------------------------------- */

/* vecdb::IterateRequest */
typedef struct vecdb_iterate_request {
  size_t struct_size;
  vecdb_text filter;
  uint64_t batch_size;
  uint64_t limit;                  /* 0: all rows */
  const vecdb_key* after;          /* NULL: from the first key on */
  const vecdb_text* output_fields; /* none: only the key */
  size_t output_field_count;
  const vecdb_read_options* read;
} vecdb_iterate_request;

/* Sets the defaults of the C++ struct. */
VECDB_C_API void vecdb_iterate_request_init(vecdb_iterate_request* request, size_t struct_size);

/* vecdb::IterateSearchRequest */
typedef struct vecdb_iterate_search_request {
  size_t struct_size;
  vecdb_text field;
  vecdb_value query;
  uint64_t batch_size;
  uint64_t limit;            /* 0: all rows */
  const float* radius;       /* NULL: rows however far */
  const float* range_filter; /* NULL: rows however near */
  vecdb_text filter;
  const vecdb_text* output_fields; /* none: key and score only */
  size_t output_field_count;
  const vecdb_read_options* read;
  float recall;
  uint32_t ef;
  float refine_k;
} vecdb_iterate_search_request;

/* Sets the defaults of the C++ struct. */
VECDB_C_API void vecdb_iterate_search_request_init(vecdb_iterate_search_request* request,
                                                   size_t struct_size);

/* vecdb::Collection::Snapshot and the members of vecdb::Snapshot. Free it to let go of what it
 * pins. */
VECDB_C_API vecdb_code vecdb_snapshot_new(const vecdb_collection* collection,
                                          const vecdb_read_options* options, vecdb_snapshot** out,
                                          vecdb_error* error);
VECDB_C_API vecdb_code vecdb_snapshot_timestamp(const vecdb_snapshot* snapshot, uint64_t* out,
                                                vecdb_error* error);
VECDB_C_API vecdb_code vecdb_snapshot_search(const vecdb_snapshot* snapshot,
                                             const vecdb_search_request* request, vecdb_rows** out,
                                             vecdb_error* error);
VECDB_C_API vecdb_code vecdb_snapshot_search_many(const vecdb_snapshot* snapshot,
                                                  const vecdb_search_request* request,
                                                  const vecdb_value* queries, size_t query_count,
                                                  vecdb_rows** out, vecdb_error* error);
VECDB_C_API vecdb_code vecdb_snapshot_query(const vecdb_snapshot* snapshot,
                                            const vecdb_query_request* request, vecdb_rows** out,
                                            vecdb_error* error);
VECDB_C_API vecdb_code vecdb_snapshot_get(const vecdb_snapshot* snapshot,
                                          const vecdb_get_request* request, vecdb_rows** out,
                                          vecdb_keys** missing, vecdb_error* error);
VECDB_C_API vecdb_code vecdb_snapshot_count(const vecdb_snapshot* snapshot, vecdb_text filter,
                                            const vecdb_read_options* options, uint64_t* out,
                                            vecdb_error* error);
VECDB_C_API vecdb_code vecdb_snapshot_free(vecdb_snapshot* snapshot);

/* vecdb::Collection::Iterate, vecdb::Snapshot::Iterate, vecdb::RowIterator::Next. An iterator is
 * used by one thread at a time; no rows are the end. */
VECDB_C_API vecdb_code vecdb_iterate(const vecdb_collection* collection,
                                     const vecdb_iterate_request* request, vecdb_iterator** out,
                                     vecdb_error* error);
VECDB_C_API vecdb_code vecdb_snapshot_iterate(const vecdb_snapshot* snapshot,
                                              const vecdb_iterate_request* request,
                                              vecdb_iterator** out, vecdb_error* error);
/* The same with vecdb::SearchIterator: rows come with their scores. */
VECDB_C_API vecdb_code vecdb_iterate_search(const vecdb_collection* collection,
                                            const vecdb_iterate_search_request* request,
                                            vecdb_iterator** out, vecdb_error* error);
VECDB_C_API vecdb_code vecdb_snapshot_iterate_search(const vecdb_snapshot* snapshot,
                                                     const vecdb_iterate_search_request* request,
                                                     vecdb_iterator** out, vecdb_error* error);
VECDB_C_API vecdb_code vecdb_iterator_next(vecdb_iterator* iterator, vecdb_rows** out,
                                           vecdb_error* error);
VECDB_C_API vecdb_code vecdb_iterator_free(vecdb_iterator* iterator);

/* ---- answers ----------------------------------------------------------------------- */
/* Counts are 0 for what is no handle. Keys, names and values are lent by the handle. */

/* How many there are. */
VECDB_C_API size_t vecdb_rows_count(const vecdb_rows* rows);
/* The key of row i: always after a search; else when the key is among the output fields. */
VECDB_C_API vecdb_code vecdb_rows_key(const vecdb_rows* rows, size_t i, vecdb_key* out,
                                      vecdb_error* error);
/* Of a search only: in the metric's own units. */
VECDB_C_API vecdb_code vecdb_rows_score(const vecdb_rows* rows, size_t i, float* out,
                                        vecdb_error* error);
/* The output fields, in the order asked; none when there are no rows. */
VECDB_C_API size_t vecdb_rows_field_count(const vecdb_rows* rows);
VECDB_C_API vecdb_code vecdb_rows_field_name(const vecdb_rows* rows, size_t field, vecdb_text* out,
                                             vecdb_error* error);
VECDB_C_API vecdb_code vecdb_rows_value(const vecdb_rows* rows, size_t i, size_t field,
                                        vecdb_value* out, vecdb_error* error);
/* By name: VECDB_NOT_FOUND when it is not among the output fields. */
VECDB_C_API vecdb_code vecdb_rows_find(const vecdb_rows* rows, size_t i, vecdb_text name,
                                       vecdb_value* out, vecdb_error* error);
VECDB_C_API vecdb_code vecdb_rows_free(vecdb_rows* rows);

/* How many there are; key i; the end of the handle. */
VECDB_C_API size_t vecdb_keys_count(const vecdb_keys* keys);
VECDB_C_API vecdb_code vecdb_keys_at(const vecdb_keys* keys, size_t i, vecdb_key* out,
                                     vecdb_error* error);
VECDB_C_API vecdb_code vecdb_keys_free(vecdb_keys* keys);

/* How many there are; text i; the end of the handle. */
VECDB_C_API size_t vecdb_texts_count(const vecdb_texts* texts);
VECDB_C_API vecdb_code vecdb_texts_at(const vecdb_texts* texts, size_t i, vecdb_text* out,
                                      vecdb_error* error);
VECDB_C_API vecdb_code vecdb_texts_free(vecdb_texts* texts);

/* NOLINTEND(modernize-*, readability-redundant-*) */
#ifdef __cplusplus
}
#endif
#endif /* VECDB_C_READ_H_ */
