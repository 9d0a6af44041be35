// A clustering key, compaction by it, and properties at creation, through C.
#include <array>

#include "c_sample.h"

using namespace vecdb::test;

namespace {

void MakeSchema(Handles* h) {
  const vecdb_options quiet = QuietC();
  C_OK(vecdb_open_in_memory(&quiet, &h->db, &error));
  C_OK(vecdb_schema_new(&h->schema, &error));
  C_OK(vecdb_schema_primary_key(h->schema, Text("id"), VECDB_INT64, &error));
  C_OK(vecdb_schema_scalar(h->schema, Text("number"), VECDB_INT64, &error));
  C_OK(vecdb_schema_vector(h->schema, Text("v"), VECDB_FLOAT_VECTOR, 2, VECDB_L2, &error));
}

void InsertTen(Handles* h) {
  C_OK(vecdb_batch_new(h->collection, &h->batch, &error));
  const std::array<float, 2> v = {1, 1};
  for (int id = 0; id < 10; ++id) {
    const std::array<vecdb_named_value, 3> row = {
        {{Text("id"), vecdb_value_int64(id)},
         {Text("number"), vecdb_value_int64(id * 7 % 10)},
         {Text("v"), vecdb_value_floats(v.data(), v.size())}}};
    C_OK(vecdb_batch_add(h->batch, row.data(), row.size(), &error));
  }
  C_OK(vecdb_insert(h->collection, h->batch, nullptr, nullptr, &error));
}

std::uint32_t LevelOf(vecdb_collection* collection) {
  std::uint32_t level = 0;
  C_OK(vecdb_collection_segments(
      collection,
      [](void* user, const vecdb_segment_info* segment) {
        if (segment->state != VECDB_SEGMENT_FLUSHED) return;
        *static_cast<std::uint32_t*>(user) = segment->level;
      },
      &level, &error));
  return level;
}

}  // namespace

TEST_CASE("rows are compacted by a clustering key through C, and segments left out by it") {
  Handles h;
  MakeSchema(&h);
  vecdb_collection_options options;
  vecdb_collection_options_init(&options, sizeof options);
  CHECK(options.clustering_key.size == 0);
  options.clustering_key = Text("v");
  C_REFUSED(vecdb_create_collection(h.db, Text("t"), h.schema, &options, &h.collection, &error),
            VECDB_INVALID_ARGUMENT, "'v'");
  options.clustering_key = Text("number");
  C_OK(vecdb_create_collection(h.db, Text("t"), h.schema, &options, &h.collection, &error));
  InsertTen(&h);
  C_OK(vecdb_collection_flush(h.collection, &error));
  CHECK(LevelOf(h.collection) == 1);
  vecdb_compact_options by_key;
  vecdb_compact_options_init(&by_key, sizeof by_key);
  CHECK(by_key.clustering == 0);
  by_key.clustering = 2;
  C_REFUSED(vecdb_collection_compact_with(h.collection, &by_key, &error), VECDB_INVALID_ARGUMENT,
            "vecdb_compact_options.clustering");
  by_key.clustering = 1;
  C_OK(vecdb_collection_compact_with(h.collection, &by_key, &error));
  CHECK(LevelOf(h.collection) == 2);
  std::uint64_t job = 0;
  C_OK(vecdb_collection_start_compaction_with(h.collection, &by_key, &job, &error));
  C_OK(vecdb_wait_for_job(h.db, job, 1'000, nullptr, &error));
  std::uint64_t count = 1;
  C_OK(vecdb_count(h.collection, Text("number > 100"), &count, &error));
  CHECK(count == 0);
  vecdb_stats stats;
  vecdb_stats_init(&stats, sizeof stats);
  C_OK(vecdb_collection_stats(h.collection, &stats, &error));
  CHECK(stats.pruned_segments == 1);
  C_OK(vecdb_describe_collection(h.db, Text("t"), &h.description, &error));
  vecdb_collection_options found;
  vecdb_collection_options_init(&found, sizeof found);
  C_OK(vecdb_description_options(h.description, &found, &error));
  CHECK(StringOf(found.clustering_key) == "number");
}

TEST_CASE("a collection is created with its properties through C") {
  Handles h;
  MakeSchema(&h);
  vecdb_collection_properties properties;
  vecdb_collection_properties_init(&properties, sizeof properties);
  CHECK(properties.compact_when_deleted == 0.2);
  properties.compact_when_deleted = 1.5;
  C_REFUSED(vecdb_create_collection_with(h.db, Text("t"), h.schema, nullptr, &properties,
                                         &h.collection, &error),
            VECDB_INVALID_ARGUMENT, "compact_when_deleted is 1.5");
  properties.compact_when_deleted = 0.75;
  properties.ttl_ms = 5'000;
  C_OK(vecdb_create_collection_with(h.db, Text("t"), h.schema, nullptr, &properties, &h.collection,
                                    &error));
  C_OK(vecdb_describe_collection(h.db, Text("t"), &h.description, &error));
  vecdb_collection_properties found;
  vecdb_collection_properties_init(&found, sizeof found);
  C_OK(vecdb_description_properties(h.description, &found, &error));
  CHECK(found.compact_when_deleted == 0.75);
  CHECK(found.ttl_ms == 5'000);
}
