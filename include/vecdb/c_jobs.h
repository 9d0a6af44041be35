/* The part of vecdb/c.h that is about work in the background. Its conventions are those of
 * vecdb/c.h, which includes it.
 */
#ifndef VECDB_C_JOBS_H_
#define VECDB_C_JOBS_H_

#include <stddef.h>
#include <stdint.h>

#include "vecdb/c.h"

#ifdef __cplusplus
extern "C" {
#endif
/* NOLINTBEGIN(modernize-*, readability-redundant-*): this is C */

/* ---- work in the background ---------------------------------------------------------- */

enum { VECDB_JOB_FLUSH = 1, VECDB_JOB_COMPACTION = 2, VECDB_JOB_INDEX = 3 }; /* vecdb::JobKind */
enum {                                                                       /* vecdb::JobState */
       VECDB_JOB_WAITING = 1,
       VECDB_JOB_RUNNING = 2,
       VECDB_JOB_DONE = 3,
       VECDB_JOB_FAILED = 4,
       VECDB_JOB_CANCELLED = 5
};

/* vecdb::JobInfo, all of it in your memory */
typedef struct vecdb_job {
  size_t struct_size;
  uint64_t id;
  int32_t kind;
  int32_t state;
  double progress;
  uint64_t rows;
  uint64_t bytes;
  uint64_t started_ms;
  uint64_t ended_ms;
  char collection[256]; /* ends with a NUL */
  char error[508];      /* the same; cut between two characters if longer */
} vecdb_job;

/* Zeroes, and the size. */
VECDB_C_API void vecdb_job_init(vecdb_job* job, size_t struct_size);

/* vecdb::Collection::Compact and StartCompaction; `job` gets the id. */
VECDB_C_API vecdb_code vecdb_collection_compact(vecdb_collection* collection, vecdb_error* error);
VECDB_C_API vecdb_code vecdb_collection_start_compaction(vecdb_collection* collection,
                                                         uint64_t* job, vecdb_error* error);
/* vecdb::CompactOptions */
typedef struct vecdb_compact_options {
  size_t struct_size;
  uint8_t clustering;
} vecdb_compact_options;

/* Sets the defaults of the C++ struct. */
VECDB_C_API void vecdb_compact_options_init(vecdb_compact_options* options, size_t struct_size);
/* The two above with options; NULL stands for the defaults. */
VECDB_C_API vecdb_code vecdb_collection_compact_with(vecdb_collection* collection,
                                                     const vecdb_compact_options* options,
                                                     vecdb_error* error);
VECDB_C_API vecdb_code vecdb_collection_start_compaction_with(vecdb_collection* collection,
                                                              const vecdb_compact_options* options,
                                                              uint64_t* job, vecdb_error* error);
/* Which jobs there are: the ids of the first `room` of them, rising, and how many there are. `ids`
 * may be NULL when `room` is 0. */
VECDB_C_API vecdb_code vecdb_job_ids(vecdb_db* db, uint64_t* ids, size_t room, size_t* count,
                                     vecdb_error* error);
/* One of them, as it is now. */
VECDB_C_API vecdb_code vecdb_job_find(vecdb_db* db, uint64_t id, vecdb_job* out,
                                      vecdb_error* error);
/* vecdb::Database::WaitForJob; `out` may be NULL, and is filled only when the job has ended. */
VECDB_C_API vecdb_code vecdb_wait_for_job(vecdb_db* db, uint64_t id, int64_t timeout_ms,
                                          vecdb_job* out, vecdb_error* error);
/* The members of vecdb::Database of the same names. */
VECDB_C_API vecdb_code vecdb_pause_background(vecdb_db* db, vecdb_error* error);
VECDB_C_API vecdb_code vecdb_resume_background(vecdb_db* db, vecdb_error* error);

/* NOLINTEND(modernize-*, readability-redundant-*) */
#ifdef __cplusplus
}
#endif
#endif /* VECDB_C_JOBS_H_ */
