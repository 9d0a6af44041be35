/* The part of vecdb/c.h that looks at databases: what lies on disk, and what an open one says of
 * itself. Its conventions are those of vecdb/c.h, which includes it.
 */
#ifndef VECDB_C_WATCH_H_
#define VECDB_C_WATCH_H_

#include <stddef.h>
#include <stdint.h>

#include "vecdb/c.h"

#ifdef __cplusplus
extern "C" {
#endif
/* NOLINTBEGIN(modernize-*, readability-redundant-*): this is C */

/* ---- what lies on disk ------------------------------------------------------------- */

/* vecdb::CheckReport */
typedef struct vecdb_check_counts {
  size_t struct_size;
  uint64_t collections;
  uint64_t segments;
  uint64_t segment_rows;
  uint64_t files;
  uint64_t bytes;
  uint64_t log_groups;
  uint64_t log_records;
  uint64_t visible_rows;
  uint64_t damaged;
  uint64_t unchecked;
  uint64_t notes;
} vecdb_check_counts;

enum { VECDB_DAMAGED = 1, VECDB_UNCHECKED = 2, VECDB_NOTE = 3 };

/* One thing that a check found; its texts are lent by the report. */
typedef struct vecdb_finding {
  int32_t kind;
  vecdb_text file; /* empty: none alone */
  vecdb_text text;
} vecdb_finding;

/* VECDB_OK means that it could be checked; clean it is when nothing is damaged or unchecked. */
VECDB_C_API vecdb_code vecdb_check(vecdb_text directory, int full, vecdb_report** out,
                                   vecdb_error* error);
/* Sets the size, and nothing found; then what was. */
VECDB_C_API void vecdb_check_counts_init(vecdb_check_counts* counts, size_t struct_size);
VECDB_C_API vecdb_code vecdb_report_counts(const vecdb_report* report, vecdb_check_counts* counts,
                                           vecdb_error* error);
/* First what is damaged, then what is unchecked, then the notes. */
VECDB_C_API size_t vecdb_report_finding_count(const vecdb_report* report);
VECDB_C_API vecdb_code vecdb_report_finding(const vecdb_report* report, size_t i,
                                            vecdb_finding* out, vecdb_error* error);
VECDB_C_API vecdb_code vecdb_report_free(vecdb_report* report);

/* One file in readable lines; `print` is called on this thread. */
VECDB_C_API vecdb_code vecdb_inspect(vecdb_text file, void (*print)(void* user, vecdb_text line),
                                     void* user, vecdb_error* error);

/* ---- events ------------------------------------------------------------------------ */

enum {
  VECDB_EVENT_SEALED = 1,
  VECDB_EVENT_FLUSHED = 2,
  VECDB_EVENT_FAILED = 3,
  VECDB_EVENT_COMPACTED = 4,
  VECDB_EVENT_INDEXED = 5
};

/* vecdb::Event; its texts are lent for the call. */
struct vecdb_event {
  size_t struct_size;
  int32_t type;
  uint32_t shard;
  vecdb_text collection;
  uint64_t segment;
  uint64_t rows;
  uint64_t bytes;
  vecdb_code code;        /* VECDB_EVENT_FAILED: why, */
  vecdb_text message;     /* in words */
  const uint64_t* inputs; /* VECDB_EVENT_COMPACTED: the segments that went */
  size_t input_count;
};

/* ---- watching ---------------------------------------------------------------------- */
/* `visit` is called on this thread, once for each; what it gets is lent for that call, and the
 * struct_size in it is what this library fills. */

enum { VECDB_SEGMENT_GROWING = 1, VECDB_SEGMENT_SEALED = 2, VECDB_SEGMENT_FLUSHED = 3 };

/* vecdb::SegmentInfo */
typedef struct vecdb_segment_info {
  size_t struct_size;
  uint64_t id;
  uint32_t shard;
  int32_t state;
  vecdb_text partition;
  uint64_t rows;
  uint64_t deleted_rows;
  uint64_t memory_bytes;
  uint64_t disk_bytes;
  uint64_t min_timestamp;
  uint64_t max_timestamp;
  uint8_t loaded;
  uint32_t level;
} vecdb_segment_info;

/* vecdb::Collection::Segments */
VECDB_C_API vecdb_code vecdb_collection_segments(const vecdb_collection* collection,
                                                 void (*visit)(void* user,
                                                               const vecdb_segment_info* segment),
                                                 void* user, vecdb_error* error);

/* vecdb::VchannelInfo */
typedef struct vecdb_vchannel_info {
  vecdb_text collection;
  uint32_t shard;
  uint64_t needed_lsn;
} vecdb_vchannel_info;

/* vecdb::ChannelInfo */
typedef struct vecdb_channel_info {
  size_t struct_size;
  uint32_t channel;
  uint32_t node;
  uint64_t first_log;
  uint64_t last_log;
  uint64_t next_lsn;
  uint64_t durable_lsn;
  uint64_t checkpoint;
  uint64_t log_bytes;
  const vecdb_vchannel_info* vchannels;
  size_t vchannel_count;
} vecdb_channel_info;

/* vecdb::Database::Channels */
VECDB_C_API vecdb_code vecdb_channels(vecdb_db* db,
                                      void (*visit)(void* user, const vecdb_channel_info* channel),
                                      void* user, vecdb_error* error);

/* vecdb::MemoryUse */
typedef struct vecdb_memory_use {
  uint64_t used;
  uint64_t peak;
  uint64_t limit;
} vecdb_memory_use;

/* vecdb::DatabaseStats */
typedef struct vecdb_db_stats {
  size_t struct_size;
  uint64_t collections;
  uint64_t rows;
  uint64_t deleted_rows;
  uint64_t growing_segments;
  uint64_t sealed_segments;
  uint64_t buffered_bytes;
  uint64_t memory_bytes;
  uint64_t disk_bytes;
  uint64_t log_bytes;
  uint64_t threads;
  uint64_t writes;
  uint64_t written_rows;
  uint64_t deleted_keys;
  uint64_t searches;
  uint64_t reads;
  uint64_t flushes;
  uint64_t compactions;
  uint64_t syncs;
  uint64_t written_bytes;
  uint64_t shared_reads;
  vecdb_memory_use memory;
  vecdb_memory_use growing_memory;
  vecdb_memory_use segment_memory;
  vecdb_memory_use column_memory;
  vecdb_memory_use filter_memory;
  vecdb_memory_use job_memory;
  vecdb_memory_use write_memory;
  vecdb_memory_use read_memory;
  uint64_t evictions;
  uint64_t reloads;
  uint64_t index_builds;
  uint64_t recall_probes;
} vecdb_db_stats;

/* Zeroes, and the size. */
VECDB_C_API void vecdb_db_stats_init(vecdb_db_stats* stats, size_t struct_size);
/* vecdb::Database::Stats */
VECDB_C_API vecdb_code vecdb_database_stats(vecdb_db* db, vecdb_db_stats* stats,
                                            vecdb_error* error);

enum { VECDB_LOGGED_INSERT = 1, VECDB_LOGGED_UPSERT = 2, VECDB_LOGGED_DELETE = 3 };

/* vecdb::LoggedWrite */
typedef struct vecdb_logged_write {
  uint64_t lsn;
  int32_t type;
  uint64_t timestamp;
  uint64_t segment;
} vecdb_logged_write;

/* vecdb::TracedRow */
typedef struct vecdb_traced_row {
  uint64_t segment;
  int32_t state; /* VECDB_SEGMENT_... */
  vecdb_text partition;
  uint64_t row;
  uint64_t written;
  uint64_t deleted; /* 0: it lives */
} vecdb_traced_row;

/* vecdb::KeyTrace */
typedef struct vecdb_key_trace {
  size_t struct_size;
  uint32_t channel;
  uint32_t shard;
  const vecdb_logged_write* writes;
  size_t write_count;
  const vecdb_traced_row* rows;
  size_t row_count;
  uint8_t present;
} vecdb_key_trace;

/* vecdb::Trace; `visit` is called once. */
VECDB_C_API vecdb_code vecdb_trace(vecdb_text directory, vecdb_text collection,
                                   const vecdb_key* key,
                                   void (*visit)(void* user, const vecdb_key_trace* trace),
                                   void* user, vecdb_error* error);

/* NOLINTEND(modernize-*, readability-redundant-*) */
#ifdef __cplusplus
}
#endif
#endif /* VECDB_C_WATCH_H_ */
