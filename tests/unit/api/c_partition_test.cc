// Partitions behind the C API.
#include <cstddef>

#include "unit/api/c_sample.h"

using namespace vecdb::test;

namespace {

vecdb_read_options Reading(const std::vector<vecdb_text>& partitions) {
  vecdb_read_options options;
  vecdb_read_options_init(&options, sizeof options);
  options.partitions = partitions.data();
  options.partition_count = partitions.size();
  return options;
}

vecdb_write_options Into(const char* partition) {
  vecdb_write_options options;
  vecdb_write_options_init(&options, sizeof options);
  options.partition = Text(partition);
  return options;
}

// Rows 1 to 3 in "old", 4 in the default partition.
void Fill(Handles* h) {
  OpenAll(h);
  C_OK(vecdb_create_partition(h->collection, Text("old"), &error));
  for (const int id : {1, 2, 3}) AddFullRow(h->batch, id);
  const vecdb_write_options old = Into("old");
  C_OK(vecdb_insert(h->collection, h->batch, &old, nullptr, &error));
  C_OK(vecdb_batch_clear(h->batch, &error));
  AddFullRow(h->batch, 4);
  C_OK(vecdb_upsert(h->collection, h->batch, nullptr, nullptr, &error));
}

std::uint64_t CountIn(const Handles& h, const std::vector<vecdb_text>& partitions) {
  const vecdb_read_options options = Reading(partitions);
  std::uint64_t count = 0;
  C_OK(vecdb_count_with(h.collection, Text(""), &options, &count, &error));
  return count;
}

}  // namespace

TEST_CASE("partitions are made, asked for, listed and dropped through C") {
  Handles h;
  OpenAll(&h);
  int has = -1;
  C_OK(vecdb_has_partition(h.collection, Text("old"), &has, &error));
  CHECK(has == 0);
  C_OK(vecdb_create_partition(h.collection, Text("old"), &error));
  C_OK(vecdb_has_partition(h.collection, Text("old"), &has, &error));
  CHECK(has == 1);
  C_OK(vecdb_list_partitions(h.collection, &h.texts, &error));
  REQUIRE(vecdb_texts_count(h.texts) == 2);
  vecdb_text name = {};
  C_OK(vecdb_texts_at(h.texts, 1, &name, &error));
  CHECK(StringOf(name) == "old");
  C_OK(vecdb_drop_partition(h.collection, Text("old"), &error));
  C_REFUSED(vecdb_drop_partition(h.collection, Text("old"), &error), VECDB_NOT_FOUND, "'old'");
  C_REFUSED(vecdb_create_partition(h.collection, Text("-"), &error), VECDB_INVALID_ARGUMENT,
            "partition name");
  C_REFUSED(vecdb_has_partition(h.collection, Text("old"), nullptr, &error), VECDB_INVALID_ARGUMENT,
            "out");
}

TEST_CASE("writes and reads name partitions through C") {
  Handles h;
  Fill(&h);
  CHECK(CountIn(h, {}) == 4);
  CHECK(CountIn(h, {Text("old")}) == 3);
  CHECK(CountIn(h, {Text("old"), Text("_default")}) == 4);
  const std::vector<vecdb_text> only = {Text("_default")};
  const vecdb_read_options options = Reading(only);
  vecdb_query_request query;
  vecdb_query_request_init(&query, sizeof query);
  query.read = &options;
  C_OK(vecdb_query(h.collection, &query, &h.rows, &error));
  REQUIRE(vecdb_rows_count(h.rows) == 1);
  vecdb_rows_free(h.rows);
  const std::array<float, 2> near = {1, 1};
  vecdb_search_request search;
  vecdb_search_request_init(&search, sizeof search);
  search.query = vecdb_value_floats(near.data(), near.size());
  search.read = &options;
  C_OK(vecdb_search(h.collection, &search, &h.rows, &error));
  REQUIRE(vecdb_rows_count(h.rows) == 1);
  vecdb_key key = {};
  C_OK(vecdb_rows_key(h.rows, 0, &key, &error));
  CHECK(key.integer == 4);
  vecdb_rows_free(h.rows);
  const std::array<vecdb_key, 2> keys = {vecdb_key_int64(1), vecdb_key_int64(4)};
  vecdb_get_request get;
  vecdb_get_request_init(&get, sizeof get);
  get.keys = keys.data();
  get.key_count = keys.size();
  get.read = &options;
  C_OK(vecdb_get(h.collection, &get, &h.rows, &h.keys, &error));
  CHECK(vecdb_rows_count(h.rows) == 1);
  CHECK(vecdb_keys_count(h.keys) == 1);
  const vecdb_write_options old = Into("old");
  C_OK(vecdb_delete(h.collection, keys.data(), keys.size(), &old, nullptr, &error));
  CHECK(CountIn(h, {Text("old")}) == 2);
  CHECK(CountIn(h, {}) == 3);
  vecdb_stats stats;
  vecdb_stats_init(&stats, sizeof stats);
  C_OK(vecdb_partition_stats(h.collection, Text("old"), &stats, &error));
  CHECK(stats.rows == 2);
  CHECK(stats.deleted_rows == 1);
}

TEST_CASE("a partition that does not exist is refused by name through C") {
  Handles h;
  Fill(&h);
  const vecdb_write_options lost = Into("lost");
  C_REFUSED(vecdb_upsert(h.collection, h.batch, &lost, nullptr, &error), VECDB_NOT_FOUND, "'lost'");
  const std::vector<vecdb_text> names = {Text("lost")};
  vecdb_read_options options = Reading(names);
  std::uint64_t count = 7;
  C_REFUSED(vecdb_count_with(h.collection, Text(""), &options, &count, &error), VECDB_NOT_FOUND,
            "'lost'");
  CHECK(count == 0);
  options.partitions = nullptr;
  C_REFUSED(vecdb_count_with(h.collection, Text(""), &options, &count, &error),
            VECDB_INVALID_ARGUMENT, "vecdb_read_options.partitions");
}

TEST_CASE("a partition key is chosen through C, and what it leaves out is counted") {
  Handles h;
  const vecdb_options quiet = QuietC();
  C_OK(vecdb_open_in_memory(&quiet, &h.db, &error));
  C_OK(vecdb_schema_new(&h.schema, &error));
  C_OK(vecdb_schema_primary_key(h.schema, Text("id"), VECDB_INT64, &error));
  C_OK(vecdb_schema_scalar(h.schema, Text("tenant"), VECDB_INT64, &error));
  C_OK(vecdb_schema_vector(h.schema, Text("v"), VECDB_FLOAT_VECTOR, 2, VECDB_L2, &error));
  vecdb_collection_options options;
  vecdb_collection_options_init(&options, sizeof options);
  CHECK(options.num_partitions == 16);
  options.partition_key = Text("lost");
  C_REFUSED(vecdb_create_collection(h.db, Text("t"), h.schema, &options, &h.collection, &error),
            VECDB_INVALID_ARGUMENT, "'lost'");
  options.partition_key = Text("tenant");
  options.num_partitions = 4;
  C_OK(vecdb_create_collection(h.db, Text("t"), h.schema, &options, &h.collection, &error));
  C_OK(vecdb_batch_new(h.collection, &h.batch, &error));
  const std::array<float, 2> v = {1, 1};
  for (int id = 0; id < 40; ++id) {
    const std::array<vecdb_named_value, 3> row = {
        {{Text("id"), vecdb_value_int64(id)},
         {Text("tenant"), vecdb_value_int64(id % 10)},
         {Text("v"), vecdb_value_floats(v.data(), v.size())}}};
    C_OK(vecdb_batch_add(h.batch, row.data(), row.size(), &error));
  }
  C_OK(vecdb_insert(h.collection, h.batch, nullptr, nullptr, &error));
  std::uint64_t count = 0;
  C_OK(vecdb_count(h.collection, Text("tenant == 3"), &count, &error));
  CHECK(count == 4);
  vecdb_stats stats;
  vecdb_stats_init(&stats, sizeof stats);
  C_OK(vecdb_collection_stats(h.collection, &stats, &error));
  CHECK(stats.rows == 40);
  CHECK(stats.growing_segments > 1);
  CHECK(stats.pruned_segments == stats.growing_segments - 1);
}

TEST_CASE("requests and options of programs from before partitions still do what they did") {
  Handles h;
  Fill(&h);
  const std::array<vecdb_key, 1> keys = {vecdb_key_int64(1)};
  vecdb_write_options write;
  vecdb_write_options_init(&write, offsetof(vecdb_write_options, partition));
  C_OK(vecdb_delete(h.collection, keys.data(), keys.size(), &write, nullptr, &error));
  vecdb_query_request query;
  vecdb_query_request_init(&query, offsetof(vecdb_query_request, read));
  C_OK(vecdb_query(h.collection, &query, &h.rows, &error));
  CHECK(vecdb_rows_count(h.rows) == 3);
}
