/* vecdb in C: the stable interface that other languages bind to. It does what the C++ headers say;
 * they are the manual for what each call means, this one for how it is made.
 *
 * Conventions, all of them:
 *  1. Handles are opaque. You free what you opened, with the matching _close or _free. NULL is no
 *     handle: freeing it does nothing, every other call refuses it. A handle is a number that is
 *     never given again, so one that is used after it was freed, freed twice, or made up is refused
 *     with VECDB_FAILED_PRECONDITION or VECDB_INVALID_ARGUMENT.
 *  2. Every call that can fail returns a vecdb_code and fills *error when error is not NULL (with
 *     VECDB_OK and an empty message when all went well). The error lives in your memory: nothing to
 *     free, nothing shared between threads. What a call makes is stored through its last pointer
 *     before `error`; after a failure there is NULL.
 *  3. Inputs are lent for the call. Text is UTF-8, passed as pointer and length, without a NUL at
 *     its end. What a call lends you says whose it is; it lives until that handle is freed.
 *  4. Structs that may grow begin with struct_size. Set them up with their _init function, which is
 *     told the size that your compiler saw; then change what you like. Flags are 0 or 1. Where a
 *     call takes a pointer to options, NULL means the defaults.
 *  5. Handles follow the thread rules of the C++ classes they stand for: a database and a
 *     collection may be used from any number of threads, a schema and a batch by one at a time.
 *     What was fetched (rows, keys, texts, a report, a description) does not change and may be read
 *     from any. A handle that is freed while another thread is in a call on it lives until that
 *     call returns.
 *  6. No call throws or ends the process.
 */
#ifndef VECDB_C_H_
#define VECDB_C_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
/* NOLINTBEGIN(modernize-*, readability-redundant-*): this is C */

#define VECDB_C_API __attribute__((visibility("default")))

typedef struct vecdb_db vecdb_db;                 /* an open database */
typedef struct vecdb_collection vecdb_collection; /* an open collection */
typedef struct vecdb_schema vecdb_schema;     /* a builder; a collection takes what it describes */
typedef struct vecdb_batch vecdb_batch;       /* rows going in */
typedef struct vecdb_rows vecdb_rows;         /* rows coming out */
typedef struct vecdb_keys vecdb_keys;         /* keys coming out */
typedef struct vecdb_texts vecdb_texts;       /* a list of names */
typedef struct vecdb_report vecdb_report;     /* what a check found */
typedef struct vecdb_stop vecdb_stop;         /* tells running calls to end */
typedef struct vecdb_snapshot vecdb_snapshot; /* a collection at one moment */
typedef struct vecdb_iterator vecdb_iterator; /* rows coming out piece by piece */
typedef struct vecdb_description vecdb_description; /* what a collection is */

/* Handles that are not freed yet, in the whole process: for tests that look for leaks. */
VECDB_C_API size_t vecdb_handle_count(void);

/* ---- errors ------------------------------------------------------------------------ */

/* vecdb::StatusCode, number by number. The hundreds say where to look: 1xx the request, 2xx the
 * moment (the same call may succeed later), 3xx the machine. */
typedef int32_t vecdb_code;
enum {
  VECDB_OK = 0,
  VECDB_INVALID_ARGUMENT = 101,
  VECDB_NOT_FOUND = 102,
  VECDB_ALREADY_EXISTS = 103,
  VECDB_FAILED_PRECONDITION = 104,
  VECDB_UNIMPLEMENTED = 105,
  VECDB_UNAVAILABLE = 201,
  VECDB_RESOURCE_EXHAUSTED = 202,
  VECDB_DEADLINE_EXCEEDED = 203,
  VECDB_CANCELLED = 204,
  VECDB_IO_ERROR = 301,
  VECDB_CORRUPTION = 302,
  VECDB_INTERNAL = 303,
  VECDB_OUTCOME_UNKNOWN = 304
};

/* What a call that failed has to say. */
typedef struct vecdb_error {
  vecdb_code code;
  char message[508]; /* ends with a NUL; cut between two characters if longer */
} vecdb_error;

/* "NotFound"; "Unknown" for a number that is no code. Never NULL, never freed. */
VECDB_C_API const char* vecdb_code_name(vecdb_code code);
/* Of the library that runs: "0.1.0". */
VECDB_C_API const char* vecdb_version(void);

/* ---- text, keys, values ------------------------------------------------------------ */

/* Text in UTF-8, or bytes, lent. */
typedef struct vecdb_text {
  const char* data; /* may be NULL when size is 0 */
  size_t size;
} vecdb_text;

/* The bytes up to the NUL; no text for NULL. */
VECDB_C_API vecdb_text vecdb_text_of(const char* text);

/* vecdb::DataType */
typedef int32_t vecdb_type;
enum {
  VECDB_BOOL = 1,
  VECDB_INT8 = 2,
  VECDB_INT16 = 3,
  VECDB_INT32 = 4,
  VECDB_INT64 = 5,
  VECDB_FLOAT = 10,
  VECDB_DOUBLE = 11,
  VECDB_VARCHAR = 21,
  VECDB_ARRAY = 22,
  VECDB_JSON = 23,
  VECDB_BINARY_VECTOR = 100,
  VECDB_FLOAT_VECTOR = 101,
  VECDB_FLOAT16_VECTOR = 102,
  VECDB_BFLOAT16_VECTOR = 103,
  VECDB_SPARSE_FLOAT_VECTOR = 104,
  VECDB_INT8_VECTOR = 105
};

/* vecdb::Metric */
typedef int32_t vecdb_metric;
enum {
  VECDB_L2 = 1,
  VECDB_INNER_PRODUCT = 2,
  VECDB_COSINE = 3,
  VECDB_HAMMING = 4,
  VECDB_JACCARD = 6
};

/* "VarChar", "COSINE"; "unknown" for a number that is none. */
VECDB_C_API const char* vecdb_type_name(vecdb_type type);
VECDB_C_API const char* vecdb_metric_name(vecdb_metric metric);

/* vecdb::Key */
typedef struct vecdb_key {
  vecdb_type type; /* VECDB_INT64 or VECDB_VARCHAR: which of the two below counts */
  int64_t integer;
  vecdb_text text;
} vecdb_key;

/* A key of this type; the text is lent. */
VECDB_C_API vecdb_key vecdb_key_int64(int64_t integer);
VECDB_C_API vecdb_key vecdb_key_text(vecdb_text text);

/* What vecdb::ValueView and vecdb::Value hold, number by number. */
typedef int32_t vecdb_kind;
enum {
  VECDB_VALUE_NULL = 0,
  VECDB_VALUE_BOOL = 1,   /* as.boolean, 0 or 1 */
  VECDB_VALUE_INT64 = 2,  /* as.integer: Int8 to Int64 */
  VECDB_VALUE_DOUBLE = 3, /* as.real: Float and Double */
  VECDB_VALUE_TEXT = 4,   /* as.text: VarChar; JSON, one JSON value */
  VECDB_VALUE_FLOATS = 5, /* as.floats: FloatVector, Float16Vector, BFloat16Vector */
  VECDB_VALUE_SPARSE = 6, /* as.sparse: SparseFloatVector */
  VECDB_VALUE_INT8S = 7,  /* as.int8s: Int8Vector */
  VECDB_VALUE_BITS = 8,   /* as.bits: BinaryVector, eight to a byte */
  VECDB_VALUE_BOOLS = 9,  /* this and below: Array, by what its elements are */
  VECDB_VALUE_INT64S = 10,
  VECDB_VALUE_DOUBLES = 11,
  VECDB_VALUE_TEXTS = 12
};

/* values[i] stands at indices[i]; indices rise. */
typedef struct vecdb_sparse {
  const uint32_t* indices;
  const float* values;
  size_t count;
} vecdb_sparse;

/* vecdb::ValueView on the way in, vecdb::Value on the way out; all that it points to is lent. */
typedef struct vecdb_value {
  vecdb_kind kind;
  union {
    uint8_t boolean;
    int64_t integer;
    double real;
    vecdb_text text;
    struct {
      const float* data;
      size_t count;
    } floats;
    vecdb_sparse sparse;
    struct {
      const int8_t* data;
      size_t count;
    } int8s;
    struct {
      const uint8_t* data;
      size_t count; /* of bytes */
    } bits;
    struct {
      const uint8_t* data; /* 0 or 1 each */
      size_t count;
    } bools;
    struct {
      const int64_t* data;
      size_t count;
    } int64s;
    struct {
      const double* data;
      size_t count;
    } doubles;
    struct {
      const vecdb_text* data;
      size_t count;
    } texts;
    uint64_t reserved[4]; /* the union keeps this size */
  } as;                   /* the one that goes with `kind` */
} vecdb_value;

/* A value of this kind; what `data` points to is lent. */
VECDB_C_API vecdb_value vecdb_value_null(void);
VECDB_C_API vecdb_value vecdb_value_bool(int truth);
VECDB_C_API vecdb_value vecdb_value_int64(int64_t integer);
VECDB_C_API vecdb_value vecdb_value_double(double real);
VECDB_C_API vecdb_value vecdb_value_text(vecdb_text text);
VECDB_C_API vecdb_value vecdb_value_floats(const float* data, size_t count);
VECDB_C_API vecdb_value vecdb_value_sparse(const uint32_t* indices, const float* values,
                                           size_t count);
VECDB_C_API vecdb_value vecdb_value_int8s(const int8_t* data, size_t count);
VECDB_C_API vecdb_value vecdb_value_bits(const uint8_t* data, size_t bytes);
VECDB_C_API vecdb_value vecdb_value_bools(const uint8_t* data, size_t count);
VECDB_C_API vecdb_value vecdb_value_int64s(const int64_t* data, size_t count);
VECDB_C_API vecdb_value vecdb_value_doubles(const double* data, size_t count);
VECDB_C_API vecdb_value vecdb_value_texts(const vecdb_text* data, size_t count);

/* ---- opening a database ------------------------------------------------------------ */

enum { VECDB_EVERY_WRITE = 1, VECDB_INTERVAL = 2, VECDB_FLUSH_ONLY = 3 }; /* vecdb::Durability */
enum { VECDB_MAPPED = 1, VECDB_RESIDENT = 2 };                            /* vecdb::LoadMode */
enum { VECDB_BUILDER_VECDB = 1, VECDB_BUILDER_HNSWLIB = 2 };              /* vecdb::GraphBuilder */
enum { VECDB_LOG_DEBUG = 0, VECDB_LOG_INFO = 1, VECDB_LOG_WARNING = 2, VECDB_LOG_ERROR = 3 };

/* Called one at a time, from any thread; must not call back into vecdb. */
typedef void (*vecdb_log_function)(void* user, int32_t level, vecdb_text line);

typedef struct vecdb_event vecdb_event; /* vecdb/c_watch.h */
/* As vecdb_log_function. */
typedef void (*vecdb_listener_function)(void* user, const vecdb_event* event);
/* vecdb::Options::executor: calls run(task) once, soon, on any thread, but not before it
 * returns. Called by several threads at once; `run` may come later than the end of the database. */
typedef void (*vecdb_executor_function)(void* user, void (*run)(void* task), void* task);

/* vecdb::Options */
typedef struct vecdb_options {
  size_t struct_size;
  uint8_t create_if_missing;
  uint8_t read_only;
  uint8_t own_threads;
  uint8_t allow_shared_directory;
  uint8_t allow_network_file_system;
  int32_t durability;
  int32_t load;
  uint32_t background_threads;
  int64_t sync_interval_ms;
  uint64_t write_buffer_bytes;
  vecdb_log_function log; /* NULL: nobody listens */
  void* log_user;         /* handed to log; yours until the database is closed */
  int64_t bounded_staleness_ms;
  vecdb_listener_function listener; /* NULL: nobody listens */
  void* listener_user;              /* as log_user */
  uint64_t merged_segment_bytes;
  uint64_t background_bytes_per_second;
  uint8_t auto_compaction;
  uint32_t search_threads;
  uint32_t query_nodes;
  uint32_t channels;
  uint32_t streaming_nodes;
  int64_t seal_after_ms;
  vecdb_executor_function executor; /* NULL: threads of its own */
  void* executor_user;              /* handed to executor; yours until the database is closed */
  uint64_t memory_budget_bytes;
  uint32_t index_threads;
  double background_share;
  uint32_t recall_probe_every;
  int32_t graph_builder;
} vecdb_options;

/* Sets the defaults of the C++ struct. */
VECDB_C_API void vecdb_options_init(vecdb_options* options, size_t struct_size);
/* vecdb::Database::Open, and OpenInMemory. */
VECDB_C_API vecdb_code vecdb_open(vecdb_text directory, const vecdb_options* options,
                                  vecdb_db** out, vecdb_error* error);
VECDB_C_API vecdb_code vecdb_open_in_memory(const vecdb_options* options, vecdb_db** out,
                                            vecdb_error* error);
/* Waits for running calls. The handle is gone afterwards, whatever the result, with one exception:
 * after VECDB_RESOURCE_EXHAUSTED it can be closed again. */
VECDB_C_API vecdb_code vecdb_close(vecdb_db* db, vecdb_error* error);

/* The members of vecdb::Database of the same names. */
VECDB_C_API vecdb_code vecdb_flush(vecdb_db* db, vecdb_error* error);
VECDB_C_API vecdb_code vecdb_wait_durable(vecdb_db* db, uint64_t timestamp, vecdb_error* error);
VECDB_C_API vecdb_code vecdb_run_background(vecdb_db* db, int64_t budget_ms, vecdb_error* error);
VECDB_C_API vecdb_code vecdb_health(vecdb_db* db, vecdb_error* error);

/* vecdb::RecoveryReport */
typedef struct vecdb_recovery {
  size_t struct_size;
  uint64_t logs_read;
  uint64_t groups_applied;
  uint64_t records_applied;
  uint64_t discarded_bytes;
  uint64_t first_lost_lsn;
  uint64_t orphans_removed;
  uint8_t clean;
  vecdb_text detail; /* lent by the database handle */
} vecdb_recovery;

/* Zeroes, and the size. */
VECDB_C_API void vecdb_recovery_init(vecdb_recovery* recovery, size_t struct_size);
/* What the opening of this database found. */
VECDB_C_API vecdb_code vecdb_recovery_report(vecdb_db* db, vecdb_recovery* recovery,
                                             vecdb_error* error);

/* ---- schema ------------------------------------------------------------------------ */

/* vecdb::Field */
typedef struct vecdb_field {
  size_t struct_size;
  vecdb_text name;
  vecdb_type type;
  vecdb_metric metric;
  uint32_t dimension;
  uint32_t max_length;
  vecdb_type element_type;
  uint32_t max_capacity;
  uint8_t primary_key;
  uint8_t auto_id;
  uint8_t nullable;
  vecdb_value default_value; /* null: none */
} vecdb_field;

/* Sets the defaults of the C++ struct. */
VECDB_C_API void vecdb_field_init(vecdb_field* field, size_t struct_size);

/* An empty one; the end of the handle. */
VECDB_C_API vecdb_code vecdb_schema_new(vecdb_schema** out, vecdb_error* error);
VECDB_C_API vecdb_code vecdb_schema_free(vecdb_schema* schema);
/* Fields in their order. What they mean together is checked by vecdb_schema_check() and by
 * vecdb_create_collection(). */
VECDB_C_API vecdb_code vecdb_schema_add(vecdb_schema* schema, const vecdb_field* field,
                                        vecdb_error* error);
VECDB_C_API vecdb_code vecdb_schema_primary_key(vecdb_schema* schema, vecdb_text name,
                                                vecdb_type type, vecdb_error* error);
VECDB_C_API vecdb_code vecdb_schema_auto_primary_key(vecdb_schema* schema, vecdb_text name,
                                                     vecdb_error* error);
VECDB_C_API vecdb_code vecdb_schema_scalar(vecdb_schema* schema, vecdb_text name, vecdb_type type,
                                           vecdb_error* error);
VECDB_C_API vecdb_code vecdb_schema_nullable(vecdb_schema* schema, vecdb_text name, vecdb_type type,
                                             vecdb_error* error);
VECDB_C_API vecdb_code vecdb_schema_vector(vecdb_schema* schema, vecdb_text name, vecdb_type type,
                                           uint32_t dimension, vecdb_metric metric,
                                           vecdb_error* error);
VECDB_C_API vecdb_code vecdb_schema_array(vecdb_schema* schema, vecdb_text name, vecdb_type element,
                                          uint32_t max_capacity, vecdb_error* error);
VECDB_C_API vecdb_code vecdb_schema_check(const vecdb_schema* schema, vecdb_error* error);

/* ---- collections ------------------------------------------------------------------- */

/* vecdb::CollectionOptions */
typedef struct vecdb_collection_options {
  size_t struct_size;
  uint32_t shards;
  uint8_t check_keys;
  uint64_t segment_bytes;
  uint64_t segment_rows;
  int64_t seal_after_idle_ms;
  vecdb_text partition_key; /* a field; empty: none */
  uint32_t num_partitions;
  vecdb_text clustering_key; /* a field; empty: none */
} vecdb_collection_options;

/* Sets the defaults of the C++ struct. */
VECDB_C_API void vecdb_collection_options_init(vecdb_collection_options* options,
                                               size_t struct_size);
/* The members of vecdb::Database of the same names; vecdb_has_collection() stores 0 or 1. */
VECDB_C_API vecdb_code vecdb_create_collection(vecdb_db* db, vecdb_text name,
                                               const vecdb_schema* schema,
                                               const vecdb_collection_options* options,
                                               vecdb_collection** out, vecdb_error* error);
VECDB_C_API vecdb_code vecdb_open_collection(vecdb_db* db, vecdb_text name, vecdb_collection** out,
                                             vecdb_error* error);
VECDB_C_API vecdb_code vecdb_has_collection(vecdb_db* db, vecdb_text name, int* out,
                                            vecdb_error* error);
VECDB_C_API vecdb_code vecdb_drop_collection(vecdb_db* db, vecdb_text name, vecdb_error* error);
VECDB_C_API vecdb_code vecdb_list_collections(vecdb_db* db, vecdb_texts** out, vecdb_error* error);
/* Closes nothing but the handle. It may outlive the handle of its database. */
VECDB_C_API vecdb_code vecdb_collection_free(vecdb_collection* collection);

/* Its name, lent by the handle; how many fields its schema has. */
VECDB_C_API vecdb_code vecdb_collection_name(const vecdb_collection* collection, vecdb_text* out,
                                             vecdb_error* error);
VECDB_C_API size_t vecdb_collection_field_count(const vecdb_collection* collection);
/* Field i of the schema; its texts and its default are lent by the collection handle. */
VECDB_C_API vecdb_code vecdb_collection_field(const vecdb_collection* collection, size_t i,
                                              vecdb_field* out, vecdb_error* error);

/* vecdb::Collection::Flush */
VECDB_C_API vecdb_code vecdb_collection_flush(vecdb_collection* collection, vecdb_error* error);

/* vecdb::CollectionStats */
typedef struct vecdb_stats {
  size_t struct_size;
  uint64_t rows;
  uint64_t deleted_rows;
  uint32_t growing_segments;
  uint32_t sealed_segments;
  uint64_t disk_bytes;
  uint64_t memory_bytes;
  uint64_t pruned_segments;
} vecdb_stats;

/* Zeroes, and the size. */
VECDB_C_API void vecdb_stats_init(vecdb_stats* stats, size_t struct_size);
/* vecdb::Collection::Stats */
VECDB_C_API vecdb_code vecdb_collection_stats(const vecdb_collection* collection,
                                              vecdb_stats* stats, vecdb_error* error);

/* ---- rows going in ----------------------------------------------------------------- */

/* vecdb::NamedValue */
typedef struct vecdb_named_value {
  vecdb_text field;
  vecdb_value value;
} vecdb_named_value;

/* For collections with the schema of this one. */
VECDB_C_API vecdb_code vecdb_batch_new(const vecdb_collection* collection, vecdb_batch** out,
                                       vecdb_error* error);
VECDB_C_API vecdb_code vecdb_batch_free(vecdb_batch* batch);
VECDB_C_API size_t vecdb_batch_rows(const vecdb_batch* batch); /* 0 for what is no batch */
VECDB_C_API vecdb_code vecdb_batch_clear(vecdb_batch* batch, vecdb_error* error);

/* By rows. Fields left out take their default, or null. */
VECDB_C_API vecdb_code vecdb_batch_add(vecdb_batch* batch, const vecdb_named_value* row,
                                       size_t values, vecdb_error* error);

/* By columns: each call brings a whole one. `valid` is NULL, or one byte a row: 0 for null, else 1.
 * The values of null rows are not looked at. */
VECDB_C_API vecdb_code vecdb_batch_bools(vecdb_batch* batch, vecdb_text field,
                                         const uint8_t* values, size_t rows, const uint8_t* valid,
                                         vecdb_error* error);
VECDB_C_API vecdb_code vecdb_batch_int64s(vecdb_batch* batch, vecdb_text field,
                                          const int64_t* values, size_t rows, const uint8_t* valid,
                                          vecdb_error* error);
VECDB_C_API vecdb_code vecdb_batch_doubles(vecdb_batch* batch, vecdb_text field,
                                           const double* values, size_t rows, const uint8_t* valid,
                                           vecdb_error* error);
VECDB_C_API vecdb_code vecdb_batch_texts(vecdb_batch* batch, vecdb_text field,
                                         const vecdb_text* values, size_t rows,
                                         const uint8_t* valid, vecdb_error* error);
/* A value for each row: arrays, all of one kind, and nulls. */
VECDB_C_API vecdb_code vecdb_batch_arrays(vecdb_batch* batch, vecdb_text field,
                                          const vecdb_value* arrays, size_t rows,
                                          vecdb_error* error);
VECDB_C_API vecdb_code vecdb_batch_sparse(vecdb_batch* batch, vecdb_text field,
                                          const vecdb_sparse* vectors, size_t rows,
                                          vecdb_error* error);
/* Bits of the field's own type, Float16Vector or BFloat16Vector, one vector after the other, as the
 * numbers of the calls below; `count` is how many: rows x dimension. */
VECDB_C_API vecdb_code vecdb_batch_halves(vecdb_batch* batch, vecdb_text field,
                                          const uint16_t* row_major, size_t count,
                                          vecdb_error* error);
VECDB_C_API vecdb_code vecdb_batch_int8s(vecdb_batch* batch, vecdb_text field,
                                         const int8_t* row_major, size_t count, vecdb_error* error);
/* Rows x dimension / 8 bytes. */
VECDB_C_API vecdb_code vecdb_batch_bits(vecdb_batch* batch, vecdb_text field,
                                        const uint8_t* row_major, size_t bytes, vecdb_error* error);
/* For FloatVector, Float16Vector and BFloat16Vector. */
VECDB_C_API vecdb_code vecdb_batch_floats(vecdb_batch* batch, vecdb_text field,
                                          const float* row_major, size_t count, vecdb_error* error);

/* ---- writing ----------------------------------------------------------------------- */

/* vecdb::WriteOptions */
typedef struct vecdb_write_options {
  size_t struct_size;
  int32_t durability;     /* 0: that of the database */
  vecdb_text partition;   /* empty: the default one; of a delete: any */
  int64_t timeout_ms;     /* 0: no limit */
  const vecdb_stop* stop; /* NULL: nobody will tell it to stop */
} vecdb_write_options;

/* Sets the defaults of the C++ struct. */
VECDB_C_API void vecdb_write_options_init(vecdb_write_options* options, size_t struct_size);

/* What a write left: its place in the database's time, and the keys in the order of the batch. */
typedef struct vecdb_receipt {
  uint64_t timestamp;
  vecdb_keys* keys; /* free it */
} vecdb_receipt;

/* `receipt` may be NULL; after a failure it is all zero. */
VECDB_C_API vecdb_code vecdb_insert(vecdb_collection* collection, const vecdb_batch* batch,
                                    const vecdb_write_options* options, vecdb_receipt* receipt,
                                    vecdb_error* error);
VECDB_C_API vecdb_code vecdb_upsert(vecdb_collection* collection, const vecdb_batch* batch,
                                    const vecdb_write_options* options, vecdb_receipt* receipt,
                                    vecdb_error* error);
VECDB_C_API vecdb_code vecdb_delete(vecdb_collection* collection, const vecdb_key* keys,
                                    size_t key_count, const vecdb_write_options* options,
                                    vecdb_receipt* receipt, vecdb_error* error);
/* vecdb::Collection::DeleteWhere */
VECDB_C_API vecdb_code vecdb_delete_where(vecdb_collection* collection, vecdb_text filter,
                                          const vecdb_write_options* options,
                                          vecdb_receipt* receipt, vecdb_error* error);

/* ---- what works beside what -------------------------------------------------------- */

/* vecdb::QueryNodeInfo */
typedef struct vecdb_query_node {
  size_t struct_size;
  uint32_t segments;
  uint64_t rows;
  uint64_t bytes;
  uint64_t reads;
} vecdb_query_node;

/* Zeroes, and the size. */
VECDB_C_API void vecdb_query_node_init(vecdb_query_node* node, size_t struct_size);
/* How many there are; node i. vecdb::Database::QueryNodes */
VECDB_C_API vecdb_code vecdb_query_node_count(vecdb_db* db, size_t* out, vecdb_error* error);
VECDB_C_API vecdb_code vecdb_query_node_at(vecdb_db* db, size_t i, vecdb_query_node* out,
                                           vecdb_error* error);

/* NOLINTEND(modernize-*, readability-redundant-*) */
#ifdef __cplusplus
}
#endif

#include "vecdb/c_collections.h" /* descriptions, names, properties, partitions */
#include "vecdb/c_indexes.h"     /* indexes of vector fields */
#include "vecdb/c_jobs.h"        /* compaction, and other work in the background */
#include "vecdb/c_limits.h"      /* calls that end early; release and load */
#include "vecdb/c_read.h"        /* search, query, get, snapshots, and answers */
#include "vecdb/c_watch.h"       /* check, inspect, segments, channels, statistics, events */

#endif /* VECDB_C_H_ */
