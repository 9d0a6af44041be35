/* The part of vecdb/c.h that describes and changes collections. Its conventions are those of
 * vecdb/c.h, which includes it.
 */
#ifndef VECDB_C_COLLECTIONS_H_
#define VECDB_C_COLLECTIONS_H_

#include <stddef.h>
#include <stdint.h>

#include "vecdb/c.h"

#ifdef __cplusplus
extern "C" {
#endif
/* NOLINTBEGIN(modernize-*, readability-redundant-*): this is C */

/* ---- what may change of collections ------------------------------------------------ */

/* vecdb::CollectionProperties */
typedef struct vecdb_collection_properties {
  size_t struct_size;
  int64_t ttl_ms; /* 0: rows live until they are deleted */
  uint8_t auto_compaction;
  int32_t consistency;
  double compact_when_deleted;
} vecdb_collection_properties;

/* vecdb::CollectionInfo, without what the calls below give; the name is lent by the description. */
typedef struct vecdb_collection_info {
  size_t struct_size;
  uint64_t id;
  uint64_t created;
  vecdb_text name;
  size_t field_count;
  size_t alias_count;
} vecdb_collection_info;

/* Sets the defaults of the C++ struct; zeroes, and the size. */
VECDB_C_API void vecdb_collection_properties_init(vecdb_collection_properties* properties,
                                                  size_t struct_size);
VECDB_C_API void vecdb_collection_info_init(vecdb_collection_info* info, size_t struct_size);

/* vecdb_create_collection() with properties, too; NULL stands for the defaults. */
VECDB_C_API vecdb_code vecdb_create_collection_with(vecdb_db* db, vecdb_text name,
                                                    const vecdb_schema* schema,
                                                    const vecdb_collection_options* options,
                                                    const vecdb_collection_properties* properties,
                                                    vecdb_collection** out, vecdb_error* error);

/* vecdb::Database::DescribeCollection; then its parts: texts and defaults are lent by the
 * handle. */
VECDB_C_API vecdb_code vecdb_describe_collection(vecdb_db* db, vecdb_text name,
                                                 vecdb_description** out, vecdb_error* error);
VECDB_C_API vecdb_code vecdb_description_info(const vecdb_description* description,
                                              vecdb_collection_info* out, vecdb_error* error);
VECDB_C_API vecdb_code vecdb_description_options(const vecdb_description* description,
                                                 vecdb_collection_options* out, vecdb_error* error);
VECDB_C_API vecdb_code vecdb_description_properties(const vecdb_description* description,
                                                    vecdb_collection_properties* out,
                                                    vecdb_error* error);
VECDB_C_API vecdb_code vecdb_description_field(const vecdb_description* description, size_t i,
                                               vecdb_field* out, vecdb_error* error);
VECDB_C_API vecdb_code vecdb_description_alias(const vecdb_description* description, size_t i,
                                               vecdb_text* out, vecdb_error* error);
VECDB_C_API vecdb_code vecdb_description_free(vecdb_description* description);

/* The members of vecdb::Database of the same names. What is altered takes all properties: begin
 * with those of a description. Aliases come in pairs: text 2i is one, text 2i + 1 its
 * collection. */
VECDB_C_API vecdb_code vecdb_rename_collection(vecdb_db* db, vecdb_text name, vecdb_text new_name,
                                               vecdb_error* error);
VECDB_C_API vecdb_code vecdb_alter_collection(vecdb_db* db, vecdb_text name,
                                              const vecdb_collection_properties* properties,
                                              vecdb_error* error);
VECDB_C_API vecdb_code vecdb_create_alias(vecdb_db* db, vecdb_text alias, vecdb_text collection,
                                          vecdb_error* error);
VECDB_C_API vecdb_code vecdb_alter_alias(vecdb_db* db, vecdb_text alias, vecdb_text collection,
                                         vecdb_error* error);
VECDB_C_API vecdb_code vecdb_drop_alias(vecdb_db* db, vecdb_text alias, vecdb_error* error);
VECDB_C_API vecdb_code vecdb_list_aliases(vecdb_db* db, vecdb_texts** out, vecdb_error* error);

/* ---- partitions -------------------------------------------------------------------- */

/* The members of vecdb::Collection of the same names; vecdb_has_partition() stores 0 or 1. */
VECDB_C_API vecdb_code vecdb_create_partition(vecdb_collection* collection, vecdb_text name,
                                              vecdb_error* error);
VECDB_C_API vecdb_code vecdb_drop_partition(vecdb_collection* collection, vecdb_text name,
                                            vecdb_error* error);
VECDB_C_API vecdb_code vecdb_has_partition(const vecdb_collection* collection, vecdb_text name,
                                           int* out, vecdb_error* error);
VECDB_C_API vecdb_code vecdb_list_partitions(const vecdb_collection* collection, vecdb_texts** out,
                                             vecdb_error* error);
/* vecdb::Collection::Stats of one partition. */
VECDB_C_API vecdb_code vecdb_partition_stats(const vecdb_collection* collection,
                                             vecdb_text partition, vecdb_stats* stats,
                                             vecdb_error* error);

/* NOLINTEND(modernize-*, readability-redundant-*) */
#ifdef __cplusplus
}
#endif
#endif /* VECDB_C_COLLECTIONS_H_ */
