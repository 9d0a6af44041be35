/* vecdb in C: errors, text, keys and values, the words that all of vecdb/c.h speaks. The
 * conventions are there; include that one.
 */
#ifndef VECDB_C_VALUES_H_
#define VECDB_C_VALUES_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
/* NOLINTBEGIN(modernize-*, readability-redundant-*): this is C */

#define VECDB_C_API __attribute__((visibility("default")))

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

/* NOLINTEND(modernize-*, readability-redundant-*) */
#ifdef __cplusplus
}
#endif
#endif /* VECDB_C_VALUES_H_ */
