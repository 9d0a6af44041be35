/* The part of vecdb/c.h about calls that end early, and collections that are released and loaded.
 * Its conventions are those of vecdb/c.h, which includes it.
 */
#ifndef VECDB_C_LIMITS_H_
#define VECDB_C_LIMITS_H_

#include <stddef.h>
#include <stdint.h>

#include "vecdb/c.h"

#ifdef __cplusplus
extern "C" {
#endif
/* NOLINTBEGIN(modernize-*, readability-redundant-*): this is C */

/* ---- calls that end early ---------------------------------------------------------- */

/* A std::stop_source. Given to calls, it ends those that run and those that come; the call ends
 * with VECDB_CANCELLED. It may be freed while calls run that have it. */
VECDB_C_API vecdb_code vecdb_stop_new(vecdb_stop** out, vecdb_error* error);
VECDB_C_API vecdb_code vecdb_stop_request(vecdb_stop* stop, vecdb_error* error);
VECDB_C_API vecdb_code vecdb_stop_free(vecdb_stop* stop);

/* vecdb::CallLimits */
typedef struct vecdb_call_limits {
  size_t struct_size;
  int64_t timeout_ms;     /* 0: no limit */
  const vecdb_stop* stop; /* NULL: nobody will tell it to stop */
} vecdb_call_limits;

/* Sets the defaults of the C++ struct. */
VECDB_C_API void vecdb_call_limits_init(vecdb_call_limits* limits, size_t struct_size);

enum { VECDB_RELEASED = 1, VECDB_LOADING = 2, VECDB_LOADED = 3 }; /* vecdb::LoadState */

/* The members of vecdb::Collection of the same names; limits may be NULL. */
VECDB_C_API vecdb_code vecdb_collection_flush_within(vecdb_collection* collection,
                                                     const vecdb_call_limits* limits,
                                                     vecdb_error* error);
VECDB_C_API vecdb_code vecdb_collection_release(vecdb_collection* collection, vecdb_error* error);
VECDB_C_API vecdb_code vecdb_collection_load(vecdb_collection* collection,
                                             const vecdb_call_limits* limits, vecdb_error* error);
VECDB_C_API vecdb_code vecdb_wait_for_indexes(vecdb_collection* collection,
                                              const vecdb_call_limits* limits, vecdb_error* error);
VECDB_C_API vecdb_code vecdb_collection_load_state(const vecdb_collection* collection, int32_t* out,
                                                   vecdb_error* error);

/* NOLINTEND(modernize-*, readability-redundant-*) */
#ifdef __cplusplus
}
#endif
#endif /* VECDB_C_LIMITS_H_ */
