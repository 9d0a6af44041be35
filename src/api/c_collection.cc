#include "api/c_collection.h"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "vecdb/options.h"

#include "api/c_call.h"
#include "api/c_field.h"
#include "api/c_objects.h"
#include "api/c_struct.h"

namespace vecdb::api {

vecdb_collection_options LendOptions(const CollectionOptions& options) {
  vecdb_collection_options out = {};
  out.struct_size = sizeof(out);
  out.shards = options.shards;
  out.check_keys = options.check_keys ? 1 : 0;
  out.segment_bytes = options.segment_bytes;
  out.segment_rows = options.segment_rows;
  out.seal_after_idle_ms = options.seal_after_idle.count();
  out.partition_key = Lend(options.partition_key);
  out.num_partitions = options.num_partitions;
  out.clustering_key = Lend(options.clustering_key);
  return out;
}

template <>
struct CStruct<vecdb_stats> {
  static constexpr std::string_view kName = "vecdb_stats";
  static constexpr std::size_t kFirstSize = offsetof(vecdb_stats, pruned_segments);
  static vecdb_stats Defaults() { return {}; }
};

namespace {

Result<CollectionOptions> OptionsOf(const vecdb_collection_options* given) {
  VECDB_TRY_ASSIGN(const vecdb_collection_options from, ReadOptional(given));
  CollectionOptions options;
  options.shards = from.shards;
  VECDB_TRY_ASSIGN(options.check_keys,
                   FlagOf(from.check_keys, "vecdb_collection_options.check_keys"));
  options.segment_bytes = from.segment_bytes;
  options.segment_rows = from.segment_rows;
  options.seal_after_idle = std::chrono::milliseconds(from.seal_after_idle_ms);
  VECDB_TRY_ASSIGN(options.partition_key,
                   Lent(from.partition_key, "vecdb_collection_options.partition_key"));
  options.num_partitions = from.num_partitions;
  VECDB_TRY_ASSIGN(options.clustering_key,
                   Lent(from.clustering_key, "vecdb_collection_options.clustering_key"));
  return options;
}

}  // namespace
}  // namespace vecdb::api

using namespace vecdb;       // NOLINT(google-build-using-namespace): these functions are its C face
using namespace vecdb::api;  // NOLINT(google-build-using-namespace)

void vecdb_collection_options_init(vecdb_collection_options* options, size_t struct_size) {
  InitStruct(options, struct_size);
}

// Behind the creation nothing may fail any more: it is on disk. So the handle comes first.
vecdb_code vecdb_create_collection(vecdb_db* db, vecdb_text name, const vecdb_schema* schema,
                                   const vecdb_collection_options* options, vecdb_collection** out,
                                   vecdb_error* error) {
  return vecdb_create_collection_with(db, name, schema, options, nullptr, out, error);
}

// NOLINTNEXTLINE(readability-function-size): C has no default arguments
vecdb_code vecdb_create_collection_with(vecdb_db* db, vecdb_text name, const vecdb_schema* schema,
                                        const vecdb_collection_options* options,
                                        const vecdb_collection_properties* properties,
                                        vecdb_collection** out, vecdb_error* error) {
  return CallMaking<CollectionObject>(out, error, [&](CollectionObject& made) -> Status {
    VECDB_TRY_ASSIGN(const auto database, Use<DatabaseObject>(db));
    VECDB_TRY_ASSIGN(const std::string_view called, Lent(name, "name"));
    VECDB_TRY_ASSIGN(const auto draft, Use<SchemaObject>(schema));
    VECDB_TRY_ASSIGN(made.schema, draft->builder.Build());
    VECDB_TRY_ASSIGN(const CollectionOptions how, OptionsOf(options));
    CollectionProperties chosen;
    if (properties != nullptr) {
      VECDB_TRY_ASSIGN(chosen, PropertiesOf(properties));
    }
    for (const Field& field : made.schema->fields()) made.defaults.Add(field.default_value);
    VECDB_TRY_ASSIGN(made.collection,
                     database->database->CreateCollection(called, *made.schema, how, chosen));
    return Status();
  });
}

vecdb_code vecdb_open_collection(vecdb_db* db, vecdb_text name, vecdb_collection** out,
                                 vecdb_error* error) {
  return CallMaking<CollectionObject>(out, error, [&](CollectionObject& made) -> Status {
    VECDB_TRY_ASSIGN(const auto database, Use<DatabaseObject>(db));
    VECDB_TRY_ASSIGN(const std::string_view called, Lent(name, "name"));
    VECDB_TRY_ASSIGN(made.collection, database->database->OpenCollection(called));
    made.schema = made.collection->schema();
    for (const Field& field : made.schema->fields()) made.defaults.Add(field.default_value);
    return Status();
  });
}

vecdb_code vecdb_has_collection(vecdb_db* db, vecdb_text name, int* out, vecdb_error* error) {
  return CallUsing<DatabaseObject>(db, error, [&](DatabaseObject& o) -> Status {
    if (out == nullptr) return IsNull("out");
    *out = 0;
    VECDB_TRY_ASSIGN(const std::string_view called, Lent(name, "name"));
    VECDB_TRY_ASSIGN(const bool there, o.database->HasCollection(called));
    *out = there ? 1 : 0;
    return Status();
  });
}

vecdb_code vecdb_drop_collection(vecdb_db* db, vecdb_text name, vecdb_error* error) {
  return CallUsing<DatabaseObject>(db, error, [&](DatabaseObject& o) -> Status {
    VECDB_TRY_ASSIGN(const std::string_view called, Lent(name, "name"));
    return o.database->DropCollection(called);
  });
}

vecdb_code vecdb_list_collections(vecdb_db* db, vecdb_texts** out, vecdb_error* error) {
  return CallMaking<TextsObject>(out, error, [&](TextsObject& made) -> Status {
    VECDB_TRY_ASSIGN(const auto database, Use<DatabaseObject>(db));
    VECDB_TRY_ASSIGN(made.texts, database->database->ListCollections());
    return Status();
  });
}

vecdb_code vecdb_collection_free(vecdb_collection* collection) {
  return Free<CollectionObject>(collection);
}

vecdb_code vecdb_collection_name(const vecdb_collection* collection, vecdb_text* out,
                                 vecdb_error* error) {
  return CallUsing<CollectionObject>(collection, error, [&](CollectionObject& o) -> Status {
    if (out == nullptr) return IsNull("out");
    *out = Lend(o.collection->name());
    return Status();
  });
}

size_t vecdb_collection_field_count(const vecdb_collection* collection) {
  return CountIn<CollectionObject>(collection,
                                   [](CollectionObject& o) { return o.schema->fields().size(); });
}

vecdb_code vecdb_collection_field(const vecdb_collection* collection, size_t i, vecdb_field* out,
                                  vecdb_error* error) {
  return CallUsing<CollectionObject>(collection, error, [&](CollectionObject& o) -> Status {
    VECDB_TRY_ASSIGN(const Field* field, ElementOf(o.schema->fields(), i, "field"));
    return WriteStruct(LendField(*field, o.defaults[i]), out);
  });
}

vecdb_code vecdb_collection_flush(vecdb_collection* collection, vecdb_error* error) {
  return CallUsing<CollectionObject>(collection, error,
                                     [](CollectionObject& o) { return o.collection->Flush(); });
}

void vecdb_stats_init(vecdb_stats* stats, size_t struct_size) {
  InitStruct(stats, struct_size);
}

vecdb_code vecdb_collection_stats(const vecdb_collection* collection, vecdb_stats* stats,
                                  vecdb_error* error) {
  return vecdb_partition_stats(collection, {}, stats, error);
}

vecdb_code vecdb_partition_stats(const vecdb_collection* collection, vecdb_text partition,
                                 vecdb_stats* stats, vecdb_error* error) {
  return CallUsing<CollectionObject>(collection, error, [&](CollectionObject& o) -> Status {
    VECDB_TRY(CheckStruct(stats));
    VECDB_TRY_ASSIGN(const std::string_view called, Lent(partition, "partition"));
    VECDB_TRY_ASSIGN(const CollectionStats found, o.collection->Stats(called));
    vecdb_stats whole = {};
    whole.rows = found.rows;
    whole.deleted_rows = found.deleted_rows;
    whole.growing_segments = found.growing_segments;
    whole.sealed_segments = found.sealed_segments;
    whole.disk_bytes = found.disk_bytes;
    whole.memory_bytes = found.memory_bytes;
    whole.pruned_segments = found.pruned_segments;
    return WriteStruct(whole, stats);
  });
}
